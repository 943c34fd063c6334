package plan

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// lossWorld returns a scope of active assets, recently deactivated ones, and lost candidates.
func lossWorld(active, recent, lost int) *world {
	w := newWorld()
	w.listings = nil
	w.limits = Limits{Percent: 20, Min: 3, PerRun: 1000, AllowEmpty: true}
	var rows []inventory.Instance
	for n := range active {
		i := instanceInProd(fmt.Sprintf("i-%03d", n), fmt.Sprintf("web-%03d", n), fmt.Sprintf("10.0.0.%d", n))
		w.addAssets(hostOf(i))
		if n >= lost {
			rows = append(rows, i)
		}
	}
	for n := range recent {
		w.addAssets(hostOf(instanceInProd(fmt.Sprintf("i-r%02d", n), fmt.Sprintf("old-%02d", n), fmt.Sprintf("10.0.1.%d", n)), deactivatedFor(23*time.Hour)))
	}
	w.addAssets(hostOf(instanceInProd("i-old", "older", "10.0.2.1"), deactivatedFor(24*time.Hour)))
	w.addListing(scopeOf(prod, beijing), owner, rows...)
	return w
}

// TestLossCounterIsTheGuard: one by one, as many removals pass as a full run's guard lets pass at once.
// Invariants: 4.
func TestLossCounterIsTheGuard(t *testing.T) {
	t.Parallel()
	for _, active := range []int{1, 3, 4, 10, 20, 21, 40} {
		for _, recent := range []int{0, 1, 2, 3, 4, 9} {
			most := 0
			for lost := 1; lost <= active; lost++ {
				if len(lossWorld(active, recent, lost).approve().Removals()) == lost {
					most = lost
				}
			}
			w := lossWorld(active, recent, active)
			asked := 0
			l := NewLossCounter(w.limits, w.assets, now(), func(labels []inventory.Label) (int, error) {
				asked++
				return active, nil
			})
			passed := 0
			for _, a := range w.assets[:active] {
				if _, holds, err := l.Hold(a); !holds && err == nil {
					passed++
				}
			}
			if passed != most || asked > 2 || active+recent <= 3 && asked > 0 {
				t.Errorf("%d active, %d deactivated lately: %d let go, asked %d times; the guard lets go %d", active, recent, passed, asked, most)
			}
		}
	}
}

// TestLossCounterOfAnOwner: losses of several accounts of one owner count together, those of another owner do not;
// each scope's assets are counted by the labels that they share. An unknown size lets nothing pass.
func TestLossCounterOfAnOwner(t *testing.T) {
	t.Parallel()
	const second, other = "aliyun-second", "1000000000000002"
	of := func(account, owner string, n int) inventory.Asset {
		return hostOf(instanceInProd(fmt.Sprintf("i-%s-%d", account, n), "web", "10.0.0.1", func(i *inventory.Instance) { i.Account, i.Owner = account, owner }))
	}
	var asked []string
	failing := errors.New("no answer")
	var fails error
	l := NewLossCounter(Limits{Percent: 20, Min: 3}, nil, now(), func(labels []inventory.Label) (int, error) {
		asked = append(asked, fmt.Sprint(labels))
		return 16, fails
	})
	hold := func(a inventory.Asset) bool {
		t.Helper()
		why, holds, err := l.Hold(a)
		if (err != nil) != (fails != nil) || holds && why.Code != reason.EventLeak {
			t.Errorf("%v, %v", why, err)
		}
		return holds || err != nil
	}
	for n := range 3 {
		if hold(of(prod, owner, n)) || n > 0 && hold(of("aliyun-third", other, n)) {
			t.Errorf("loss %d is held", n)
		}
	}
	fails = failing
	if !hold(of(second, owner, 0)) {
		t.Error("it is let go, and its size is not known")
	}
	fails = nil
	if !hold(of(second, owner, 1)) { // 4 of 16 of the owner, 1 of the account
		t.Error("the place loses too much")
	}
	want := fmt.Sprint([]inventory.Label{{Name: inventory.LabelCloud, Value: "alibaba"}, {Name: inventory.LabelRegion, Value: beijing}, {Name: inventory.LabelOwner, Value: owner}})
	if !slices.Equal(asked, []string{want, want}) {
		t.Errorf("asked for %q", asked)
	}
}
