package plan

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// setWeakProof makes one instance's absence weakly proved; two kinds of calls agree on all others.
func (w *world) setWeakProof(instance string) {
	w.setProof(instance, Proof{Absent: true, Weak: errors.New("the index does not know it")})
}

// runWeakProofRows is runGuardRows with the number of assets that get jms-missing.
func runWeakProofRows(t *testing.T, rows []guardRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.listings, w.limits = nil, defaultLimits()
			r.setup(w)
			a := w.approve()
			got := outcomes(a)
			for _, c := range a.Updates() {
				if value, _ := (inventory.Asset{Labels: c.Patch.Labels}).Label(inventory.LabelMissing); value == inventory.FormatLabelTime(now()) {
					got["remembered"]++
				}
			}
			if !maps.Equal(got, r.want) {
				t.Errorf("got %v, want %v", got, r.want)
			}
			checkTexts(t, a)
		})
	}
}

// TestOneWitnessIsNoProof: an absence that only one kind of call shows is held, whatever the limits and people say,
// until a run ten minutes later finds the same.
func TestOneWitnessIsNoProof(t *testing.T) {
	t.Parallel()
	approved := func(w *world) { w.limits.Approved = map[string]bool{w.assets[0].ID: true} }
	runWeakProofRows(t, []guardRow{
		{"the first time", func(w *world) { w.fleet("a", 20, 3); w.setWeakProof("i-a-01") },
			map[string]int{"hold guard_weak": 1, "deactivate instance_gone": 2, "remembered": 1}},
		{"too soon", func(w *world) {
			w.fleet("a", 20, 3)
			missingFor(9 * time.Minute)(&w.assets[1])
			w.setWeakProof("i-a-01")
		}, map[string]int{"hold guard_weak": 1, "deactivate instance_gone": 2}},
		{"again", func(w *world) {
			w.fleet("a", 20, 3)
			missingFor(10 * time.Minute)(&w.assets[1])
			w.setWeakProof("i-a-01")
		}, map[string]int{"deactivate instance_gone": 3}},
		{"an unreadable memory is none", func(w *world) {
			w.fleet("a", 20, 1)
			withExtraLabel(inventory.LabelMissing, "monday")(&w.assets[0])
			w.setWeakProof("i-a-00")
		}, map[string]int{"hold guard_weak": 1, "remembered": 1}},
		{"an approval is no witness", func(w *world) { w.fleet("a", 20, 1); approved(w); w.setWeakProof("i-a-00") },
			map[string]int{"hold guard_weak": 1, "remembered": 1}},
		{"approved, and heard again", func(w *world) {
			w.fleet("a", 10, 5)
			missingFor(time.Hour)(&w.assets[0])
			approved(w)
			w.setWeakProof("i-a-00")
		}, map[string]int{"deactivate instance_gone": 1, "hold guard_share": 4}},
		{"held for its share: remembered all the same", func(w *world) { w.fleet("a", 10, 5); w.setWeakProof("i-a-00") },
			map[string]int{"hold guard_share": 5, "remembered": 1}},
		{"an empty scope that may be empty", func(w *world) { w.limits.AllowEmpty = true; w.fleet("a", 1, 1); w.setWeakProof("i-a-00") },
			map[string]int{"hold guard_weak": 1, "remembered": 1}},
		{"beside one that is there: not even remembered", func(w *world) {
			w.fleet("a", 20, 2)
			w.proof = func(c Change) (Proof, bool) {
				if c.InstanceID == "i-a-00" {
					return Proof{Absent: true, Weak: errors.New("unknown")}, true
				}
				return Proof{}, true
			}
		}, map[string]int{"skip still_there": 1, "hold guard_contradicts": 1}},
		{"a delete at the end of a grace", func(w *world) { w.fleet("a", 20, 1, deactivatedFor(8*24*time.Hour)); w.setWeakProof("i-a-00") },
			map[string]int{"hold guard_weak": 1, "remembered": 1}},
	})
}

// TestOneWitnessIsTold: the reason says why the second kind shows nothing, and from when on the absence counts.
func TestOneWitnessIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	w.addAssets(hostOf(i1))
	w.setWeakProof("i-1")
	p, a := w.approveWith(func(*Limits, Plan) {})
	for _, want := range []string{"the index does not know it", "2026-03-01T08:00:00Z", "2026-03-01T08:10:00Z"} {
		if got := a.Notes()[0].Reason.Text(language.English); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if held := p.ApprovableHolds(a); len(held) != 0 {
		t.Errorf("a person may approve %+v", held)
	}
	label, _ := inventory.Asset{Labels: a.Updates()[0].Patch.Labels}.Label(inventory.LabelMissing)
	if label != "20260301T0800Z" {
		t.Errorf("remembered is %q", label)
	}
	w.assets[0].Labels = a.Updates()[0].Patch.Labels
	w.rules.Now = now().Add(noticePeriod)
	if got := w.approve().Removals(); len(got) != 1 || got[0].InstanceID != "i-1" {
		t.Errorf("ten minutes later %+v", got)
	}
	w.addInstances(i1)
	if got := w.approve().Updates(); len(got) != 1 || slices.ContainsFunc(got[0].Patch.Labels, func(l inventory.Label) bool { return l.Is(inventory.LabelMissing) }) {
		t.Errorf("listed again %+v", got)
	}
}

// TestPartialAddresses: an instance of which the cloud's lists left out an interface or a public address.
func TestPartialAddresses(t *testing.T) {
	t.Parallel()
	partial := func(i *inventory.Instance) { i.AddressesPartial = true }
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	protect := func(w *world) { w.rules.Protected = parsePrefixes("47.0.0.1/32") }
	runPlanRows(t, []planRow{
		{"none: not made yet", func(w *world) { w.addInstances(instanceInProd("i-1", "web", "10.0.0.2", partial)) }, []string{"skip i-1 addresses_unknown"}, nil},
		{"another address: kept, and told", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.2", partial))
			w.addAssets(hostOf(i1))
		},
			[]string{"drift i-1 addresses_unknown", "unchanged 1"}, nil},
		{"no address: kept", func(w *world) { w.addInstances(instanceInProd("i-1", "web", "", partial)); w.addAssets(hostOf(i1)) }, []string{"unchanged 1"}, nil},
		{"the same address", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", partial))
			w.addAssets(hostOf(i1))
		}, []string{"unchanged 1"}, nil},
		{"the name follows all the same", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web2", "10.0.0.2", partial))
			w.addAssets(hostOf(i1))
		},
			[]string{`update i-1 follows_cloud name="web2"`, "drift i-1 addresses_unknown"}, nil},
		{"an adopted one keeps the address that is not shown", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", partial))
			w.addAssets(hostOf(i1, func(a *inventory.Asset) {
				a.ID, a.Address = "adopted", "47.0.0.1"
				a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelAsset, Value: "adopted"})
			}))
		}, []string{"drift i-1 addresses_unknown", "unchanged 1"}, nil},
		{"protected by the address that is not shown", func(w *world) {
			protect(w)
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", partial, func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.9"} }))
			w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.Labels = append(a.Labels, protectedLabel()) }))
		}, []string{"unchanged 1"}, nil},
		{"listed by the address that is not shown", func(w *world) {
			w.rules.Whitelist = parsePrefixes("10.0.0.1/32")
			w.addInstances(instanceInProd("i-1", "web2", "10.9.0.2", partial))
			w.addAssets(hostOf(i1))
		}, []string{`update i-1 follows_cloud name="web2"`, "drift i-1 addresses_unknown"}, nil},
		{"outside the whitelist by all that is known", func(w *world) {
			w.rules.Whitelist = parsePrefixes("10.1.0.0/16")
			w.addInstances(instanceInProd("i-1", "web2", "10.0.0.2", partial))
			w.addAssets(hostOf(i1))
		}, []string{"skip i-1 not_whitelisted"}, nil},
		{"asked for by an event: open", func(w *world) {
			w.rules.Partial = true
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.2", partial))
			w.addAssets(hostOf(i1))
		}, []string{"skip i-1 addresses_unknown", "unchanged 1"}, nil},
		{"known again", func(w *world) { w.addInstances(instanceInProd("i-1", "web", "10.0.0.2")); w.addAssets(hostOf(i1)) },
			[]string{"update i-1 follows_cloud address=10.0.0.2"}, nil},
	})
}

// TestPartialAddressesAdoptNothing: an address is unique only if all addresses are known.
func TestPartialAddressesAdoptNothing(t *testing.T) {
	t.Parallel()
	for partial, want := range map[bool]reason.Code{false: reason.AdoptedByAddress, true: reason.AmbiguousUnread} {
		w := newWorld()
		w.addAssets(foreignHost("a", "web", "", true))
		w.addInstances(instanceInProd("i-1", "web", w.assets[0].Address), instanceInProd("i-2", "db", "10.9.9.9", func(i *inventory.Instance) { i.AddressesPartial = partial }))
		a := Adopt(w.input(), w.rules, true).ApproveLabelWrites()
		got := slices.Concat(a.Updates(), a.Notes())
		if len(got) != 1 || got[0].Reason.Code != want {
			t.Errorf("partial %t: %+v, want %s", partial, got, want)
		}
	}
}

// partialAddresses: an instance whose addresses are not all known gets no asset and no new address.
func partialAddresses(t *testing.T, w *world) {
	for _, c := range allWrites(w.approve()) {
		for _, l := range w.listings {
			if c.Scope == l.Scope && slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.ID == c.InstanceID && i.AddressesPartial }) &&
				(c.Action == Create || c.Patch != nil && c.Patch.Address != nil) {
				t.Errorf("%s of %s, whose addresses are not all known", c.Action, c.InstanceID)
			}
		}
	}
}
