package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestKeepMeansKeep: nothing removes an asset with jms-keep, in whatever spelling: no run, no event and no person's
// order, whatever is approved.
func TestKeepMeansKeep(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	const long = 30 * 24 * time.Hour
	never := withExtraLabel(inventory.LabelDue, inventory.DueNever)
	paths := map[string]func(keep func(*inventory.Asset)) Approved{
		"deactivated": func(keep func(*inventory.Asset)) Approved { return approveRemovalOf(hostOf(i1, keep), nil) },
		"deleted": func(keep func(*inventory.Asset)) Approved {
			return approveRemovalOf(hostOf(i1, deactivatedFor(long), keep), nil)
		},
		"deleted at once": func(keep func(*inventory.Asset)) Approved {
			return approveRemovalOf(hostOf(i1, keep), func(w *world) { w.rules.Grace = 0 })
		},
		"by an event": func(keep func(*inventory.Asset)) Approved {
			return approveRemovalOf(hostOf(i1, keep), func(w *world) { w.rules.Partial = true })
		},
		"adopted": func(keep func(*inventory.Asset)) Approved {
			return approveRemovalOf(hostOf(i1, adoptedAs("own"), keep), nil)
		},
		"retired": func(keep func(*inventory.Asset)) Approved {
			w := newWorld()
			w.addAssets(hostOfLeftAccount("i-1", beijing, keep))
			return w.approveRetirement(Retire(w.input(), w.rules, Retirement{Account: leftAccount}), true)
		},
		"retired, with a key": func(keep func(*inventory.Asset)) Approved {
			w := newWorld()
			w.rules.Grace = 0
			w.addListing(scopeOf(leftAccount, beijing), owner)
			w.addAssets(hostOfLeftAccount("i-1", beijing, keep))
			return w.approveRetirement(Retire(w.input(), w.rules, Retirement{Account: leftAccount, CloudsWithKey: []inventory.Cloud{inventory.Alibaba}}), true)
		},
		"adopted long ago": func(keep func(*inventory.Asset)) Approved {
			w := newWorld()
			w.addAssets(hostOf(i1, adoptedAs("own"), deactivatedFor(long), never, keep))
			return w.approveRetirement(RetireAdopted(w.input(), w.rules, "", ""), true)
		},
	}
	for name, path := range paths {
		if got := path(func(*inventory.Asset) {}); len(got.Removals()) != 1 {
			t.Errorf("%s: nothing is removed without the label: %q", name, renderLines(got))
		}
		for _, spelling := range []string{
			"jms-keep", "JMS-Keep", "JMS-KEEP", "jms-keep ", " jms-keep", "jms-keep\t", "jms_keep", "jms - keep", "jms-keep\u200b", "ｊｍｓ－ｋｅｅｐ", "jms–keep",
		} {
			got := path(withExtraLabel(spelling, "db"))
			if len(got.Removals()) != 0 || len(got.Notes()) != 1 || got.Notes()[0].Reason.Code != reason.KeptByLabel {
				t.Errorf("%s, %q: %q", name, spelling, renderLines(got))
			}
		}
		for _, other := range []string{"keep", "jms-keeper", "jms-kept", "team", ""} {
			if got := path(withExtraLabel(other, "db")); len(got.Removals()) != 1 {
				t.Errorf("%s, %q: %q", name, other, renderLines(got))
			}
		}
	}
}

// approveRemovalOf plans a run for one asset whose instance is gone, with all removals approved.
func approveRemovalOf(a inventory.Asset, setup func(*world)) Approved {
	w := newWorld()
	w.addInstances(instanceInProd("i-live", "live", "10.0.0.8"))
	w.addAssets(a)
	if setup != nil {
		setup(w)
	}
	_, approved := w.approveWith(func(l *Limits, p Plan) {
		l.Approved = map[string]bool{}
		for _, c := range p.Candidates() {
			l.Approved[c.AssetID] = true
		}
	})
	approved.notes = slices.DeleteFunc(approved.notes, func(c Change) bool { return c.InstanceID != "i-1" })
	return approved
}
