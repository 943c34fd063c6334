package apply_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestLostRename: a rename without an answer is sent again only if the name is still as the plan saw it.
func TestLostRename(t *testing.T) {
	t.Parallel()
	for _, person := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1")}
			id := w.addAsset(instance("i-1", "old", "10.0.0.1"), nil)
			s := &unansweredServer{fakeBastion: w.bastion, script: []time.Duration{never}, retryAfter: 20 * time.Second}
			state, name, writes := apply.Done, "new", 2
			if person {
				state, name, writes = apply.Kept, "mine", 1
				time.AfterFunc(time.Second, func() { w.edit(id, func(a *inventory.Asset) { a.Name = "mine" }) })
			}
			i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options()))
			if a, _ := w.asset(id); i.State != state || a.Name != name || len(s.requests) != writes {
				t.Errorf("%s, the name is %s after %d writes", i.State, a.Name, len(s.requests))
			}
		})
	}
}

// TestLostSwap: in a swap the name that counts is the one from the step before.
func TestLostSwap(t *testing.T) {
	t.Parallel()
	for lost := range 3 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.instances = []inventory.Instance{instance("i-1", "b", "10.0.0.1"), instance("i-2", "a", "10.0.0.2")}
			one := w.addAsset(instance("i-1", "a", "10.0.0.1"), nil)
			two := w.addAsset(instance("i-2", "b", "10.0.0.2"), nil)
			s := &unansweredServer{fakeBastion: w.bastion, script: append(slices.Repeat([]time.Duration{answered}, lost), never), retryAfter: 20 * time.Second}
			r := apply.Run(t.Context(), s, w.approve(), options())
			want(t, r, map[string]int{"update done": 3})
			if w.bastion.assets[one].Name != "b" || w.bastion.assets[two].Name != "a" || len(s.requests) != 4 {
				t.Errorf("step %d: %d writes, %s", lost, len(s.requests), w.bastion.assets[one].Name)
			}
		})
	}
}
