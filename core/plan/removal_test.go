package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const shanghai = "cn-shanghai"

// TestAbsent, TestProtectedReason, TestGrace and TestScopes have one row per line of the doc's table that
// begins with "absent" or "elsewhere".
func TestAbsent(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	runPlanRows(t, []planRow{
		{"deactivate", func(w *world) { w.addAssets(hostOf(i1)) }, []string{"deactivate i-1 instance_gone"},
			func(t *testing.T, a Approved) {
				c := a.Removals()[0]
				want := append(ownershipLabels(i1), inventory.Label{Name: "jms-due", Value: "20260308T0800Z"},
					inventory.Label{Name: "jms-gone", Value: "20260301T0800Z"})
				if !slices.Equal(c.Patch.Labels, want) || *c.Patch.Active || c.Patch.Name != nil {
					t.Errorf("patch %+v", c.Patch)
				}
				if c.Before == nil || c.Before.Name != "web" || c.Action != Deactivate {
					t.Errorf("change %+v", c)
				}
			}},
		{"switched off by a person: jms-off remembers", func(w *world) { w.addAssets(hostOf(i1, switchedOff)) },
			[]string{"deactivate i-1 instance_gone"}, func(t *testing.T, a Approved) {
				got := inventory.Asset{Labels: a.Removals()[0].Patch.Labels}
				if got.LabelCount(inventory.LabelOff) != 1 || got.LabelCount(inventory.LabelGone) != 1 {
					t.Errorf("labels %v", got.Labels)
				}
			}},
		{"active, with an old jms-off: forgotten", func(w *world) { w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelOff, "person"))) },
			[]string{"deactivate i-1 instance_gone"}, func(t *testing.T, a Approved) {
				got := inventory.Asset{Labels: a.Removals()[0].Patch.Labels}
				if got.LabelCount(inventory.LabelOff) != 0 {
					t.Errorf("labels %v", got.Labels)
				}
			}},
		{"in another region's listing", func(w *world) { w.addAssets(hostOf(i1)); w.addListing(scopeOf(prod, shanghai), owner, i1) },
			[]string{"keep i-1 seen_elsewhere", "skip i-1 other_region"}, nil},
		{"in another owner's listing of the region", func(w *world) {
			w.addAssets(hostOf(i1))
			w.addListing(scopeOf("other", beijing), "2", i1)
		}, []string{"update i-1 follows_cloud labels"}, nil},
		{"in a listing, without address", func(w *world) { w.addAssets(hostOf(i1)); w.addInstances(instanceInProd("i-1", "web", "")) },
			[]string{"unchanged 1"}, nil},
		{"in a listing, outside the whitelist", func(w *world) {
			w.addAssets(hostOf(i1))
			w.addInstances(i1)
			w.rules.Whitelist = parsePrefixes("10.1.0.0/16")
		}, []string{"skip i-1 not_whitelisted"}, nil},
		{"not ours", func(w *world) { w.addAssets(foreignHost("x", "web", "instance_id: i-1", true)) }, nil, nil},
		{"our id without our labels", func(w *world) { w.addAssets(hostOf(i1, withoutLabel(inventory.LabelRegion))) }, []string{"skip i-1 marks_lost"}, nil},
		{"our labels on another id", func(w *world) { w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.ID = "clone" })) }, []string{"skip i-1 is_copy"}, nil},
		{"our labels, not a host", func(w *world) { w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.Host = false })) }, nil, nil},
	})
}

// TestProtectedReason: absent assets of ours that the rules protect.
func TestProtectedReason(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	address := func(ip string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Address = ip } }
	runPlanRows(t, []planRow{
		{"gateway", func(w *world) { w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.Platform = "Gateway" })) },
			[]string{"skip i-1 is_gateway"}, nil},
		{"protected address", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Protected = parsePrefixes("10.0.0.1") },
			[]string{"skip i-1 is_protected"}, nil},
		{"protected network", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Protected = parsePrefixes("10.0.0.0/24") },
			[]string{"skip i-1 is_protected"}, nil},
		{"protected IPv6, as it is written otherwise", func(w *world) {
			w.addAssets(hostOf(i1, address("2001:db8:0:0::1")))
			w.rules.Protected = parsePrefixes("2001:db8::1")
		}, []string{"skip i-1 is_protected"}, nil},
		{"protected, mapped into IPv6", func(w *world) {
			w.addAssets(hostOf(i1, address("::ffff:10.0.0.1")))
			w.rules.Protected = parsePrefixes("10.0.0.1")
		}, []string{"skip i-1 is_protected"}, nil},
		{"protected, and its grace is over", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(8*24*time.Hour)))
			w.rules.Protected = parsePrefixes("10.0.0.1")
		},
			[]string{"skip i-1 is_protected"}, nil},
		{"others are protected", func(w *world) {
			w.addAssets(hostOf(i1))
			w.rules.Protected = parsePrefixes("10.0.0.2", "2001:db8::/32")
		},
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"an address that is none is not protected", func(w *world) {
			w.addAssets(hostOf(i1, address("web.internal")))
			w.rules.Protected = parsePrefixes("0.0.0.0/0")
		},
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"outside the whitelist", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Whitelist = parsePrefixes("10.1.0.0/16") },
			[]string{"skip i-1 not_whitelisted"}, nil},
		{"inside the whitelist", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Whitelist = parsePrefixes("10.0.0.0/16") },
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"no_delete: not deactivated", func(w *world) { w.addAssets(hostOf(i1)); w.rules.NoDelete = true },
			[]string{"skip i-1 no_delete"}, nil},
		{"no_delete: not deleted", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(8*24*time.Hour))); w.rules.NoDelete = true },
			[]string{"skip i-1 no_delete"}, nil},
	})
}

// TestGrace: what happens to deactivated assets, and when.
func TestGrace(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	reopened := withExtraLabel(inventory.LabelReopened, reopenedBy)
	runPlanRows(t, []planRow{
		{"unreadable", func(w *world) {
			w.addAssets(hostOf(i1, switchedOff, withExtraLabel(inventory.LabelGone, "2026-03-01")))
		},
			[]string{"skip i-1 gone_unreadable"}, nil},
		{"two jms-gone", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(30*24*time.Hour), deactivatedFor(29*24*time.Hour)))
		},
			[]string{"skip i-1 gone_unreadable"}, nil},
		{"jms-gone far in the future", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(-25*time.Hour))) },
			[]string{"skip i-1 gone_unreadable"}, nil},
		{"jms-gone a clock's difference ahead", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(-time.Hour))) },
			[]string{"keep i-1 in_grace"}, nil},
		{"jms-gone, yet active", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(8*24*time.Hour), func(a *inventory.Asset) { a.Active = true }))
		},
			[]string{"update i-1 remembers labels", "skip i-1 switched_on"}, nil},
		{"jms-gone, yet active, noted before", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(8*24*time.Hour), reopened, func(a *inventory.Asset) { a.Active = true }))
		}, []string{"skip i-1 switched_on"}, nil},
		{"switched on by a person, and off again", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(30*24*time.Hour), reopened)) },
			[]string{"skip i-1 switched_off_again"}, nil},
		{"mode deactivate, grace over", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(99*24*time.Hour)))
			w.rules.Mode = ModeDeactivate
		},
			[]string{"keep i-1 stays_deactivated"}, nil},
		{"mode deactivate without grace", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Mode, w.rules.Grace = ModeDeactivate, 0 },
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"grace not over by a second", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(7*24*time.Hour-time.Second))) },
			[]string{"keep i-1 in_grace"}, nil},
		{"grace over to the second", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(7*24*time.Hour))) },
			[]string{"delete i-1 grace_over"}, nil},
		{"grace 0", func(w *world) { w.addAssets(hostOf(i1)); w.rules.Grace = 0 },
			[]string{"delete i-1 gone_at_once"}, func(t *testing.T, a Approved) {
				if c := a.Removals()[0]; c.Patch != nil || c.Before == nil {
					t.Errorf("%+v", c)
				}
			}},
		{"grace 0, deactivated before", func(w *world) { w.addAssets(hostOf(i1, deactivatedFor(time.Minute))); w.rules.Grace = 0 },
			[]string{"delete i-1 grace_over"}, nil},
		{"jms-gone in another zone of time", func(w *world) {
			w.addAssets(hostOf(i1, switchedOff, withExtraLabel(inventory.LabelGone, "2026-02-22T16:00:00+08:00")))
		}, []string{"delete i-1 grace_over"}, nil},
	})
}

// Accounts of some tests.
const (
	secondAccount  = "second"
	renamedAccount = "renamed"
)

// listingRow is a listing without instances, or a failed one.
type listingRow struct {
	account, region, owner string
	failed                 bool
}

type scopeRow struct {
	name     string
	accounts []string
	readings []listingRow
	want     string
}

func scopeRows() []scopeRow {
	const removed = "deactivate i-1 instance_gone"
	return []scopeRow{
		{"read", []string{prod}, []listingRow{{prod, beijing, owner, false}}, removed},
		{"failed", []string{prod}, []listingRow{{prod, beijing, owner, true}}, "keep i-1 scope_failed"},
		{"failed before its owner was learnt", []string{prod}, []listingRow{{prod, beijing, "", true}}, "keep i-1 scope_failed"},
		{"regions could not be listed", []string{prod}, []listingRow{{prod, "*", owner, true}}, "keep i-1 scope_failed"},
		{"regions could not be listed, yet one was", []string{prod},
			[]listingRow{{prod, beijing, owner, false}, {prod, "*", owner, true}}, "keep i-1 scope_failed"},
		{"another region failed", []string{prod},
			[]listingRow{{prod, beijing, owner, false}, {prod, shanghai, owner, true}}, removed},
		{"another region only", []string{prod}, []listingRow{{prod, shanghai, owner, false}}, "keep i-1 scope_not_asked"},
		{"run narrowed to another account", []string{prod, secondAccount},
			[]listingRow{{secondAccount, beijing, otherOwner, false}}, "keep i-1 scope_not_asked"},
		{"narrowed to another account of the owner", []string{prod, secondAccount},
			[]listingRow{{secondAccount, beijing, owner, false}}, "keep i-1 scope_not_asked"},
		{"nothing was asked", []string{prod}, nil, "keep i-1 scope_not_asked"},
		{"another owner's key", []string{prod}, []listingRow{{prod, beijing, otherOwner, false}}, "skip i-1 other_owner"},
		{"owner not known", []string{prod}, []listingRow{{prod, beijing, "", false}}, "skip i-1 other_owner"},
		{"renamed in the configuration", []string{renamedAccount}, []listingRow{{renamedAccount, beijing, owner, false}}, "orphan i-1 not_configured"},
		{"renamed, and failed", []string{renamedAccount}, []listingRow{{renamedAccount, beijing, owner, true}}, "orphan i-1 not_configured"},
		{"renamed, and its owner was not learnt", []string{renamedAccount, secondAccount},
			[]listingRow{{renamedAccount, beijing, "", true}, {secondAccount, beijing, owner, false}}, "orphan i-1 not_configured"},
		{"renamed, and its regions could not be listed", []string{renamedAccount, secondAccount},
			[]listingRow{{renamedAccount, "*", "", true}, {secondAccount, beijing, owner, false}}, "orphan i-1 not_configured"},
		{"taken out of the configuration", []string{secondAccount}, []listingRow{{secondAccount, beijing, otherOwner, false}}, "orphan i-1 not_configured"},
		{"another account of the owner failed", []string{prod, secondAccount},
			[]listingRow{{prod, beijing, owner, false}, {secondAccount, beijing, owner, true}}, "keep i-1 scope_failed"},
		{"another account of the owner could not list regions", []string{prod, secondAccount},
			[]listingRow{{prod, beijing, owner, false}, {secondAccount, "*", owner, true}}, "keep i-1 scope_failed"},
		{"a stranger failed", []string{prod, secondAccount},
			[]listingRow{{prod, beijing, owner, false}, {secondAccount, beijing, otherOwner, true}}, removed},
		{"a stranger's key is wrong", []string{prod, secondAccount},
			[]listingRow{{prod, beijing, owner, false}, {secondAccount, "*", "", true}}, removed},
	}
}

// TestScopes: whose listing counts for an absent asset.
func TestScopes(t *testing.T) {
	t.Parallel()
	for _, r := range scopeRows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.listings, w.rules.Accounts = nil, map[string]Account{}
			for _, a := range r.accounts {
				w.rules.Accounts[a] = Account{Type: "aliyun", Enabled: true}
			}
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
			for _, l := range r.readings {
				if l.failed {
					w.addFailedListing(scopeOf(l.account, l.region), l.owner)
				} else {
					w.addListing(scopeOf(l.account, l.region), l.owner)
				}
			}
			a := w.approve()
			if got := renderLines(a); !slices.Equal(got, []string{r.want}) {
				t.Errorf("got %q, want %q", got, r.want)
			}
			checkTexts(t, a)
		})
	}
}

// TestSameNameInAnotherCloud: an account's name says nothing about another cloud's assets.
func TestSameNameInAnotherCloud(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Cloud = "tencent" })))
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"keep i-1 scope_not_asked"}) {
		t.Error(got)
	}
}
