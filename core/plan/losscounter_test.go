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
	w.limits = Limits{Percent: 20, Min: 3, Fleet: Share{100, 1000}, PerRun: 1000, AllowEmpty: true}
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
				if _, holds, err := l.Hold(a, false); !holds && err == nil {
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
	l := NewLossCounter(Limits{Percent: 20, Min: 3, Fleet: Share{100, 1000}}, nil, now(), func(labels []inventory.Label) (int, error) {
		asked = append(asked, fmt.Sprint(labels))
		return 16, fails
	})
	hold := func(a inventory.Asset) bool {
		t.Helper()
		why, holds, err := l.Hold(a, false)
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

// TestLossCounterOfTheFleet: losses of several scopes stay within the share of all assets, whatever is known of their
// scopes; those that people approved do not count. JumpServer counts once, and only beyond the minimum.
func TestLossCounterOfTheFleet(t *testing.T) {
	t.Parallel()
	of := func(region, n int, edits ...func(*inventory.Asset)) inventory.Asset {
		return hostOf(instanceInProd(fmt.Sprintf("i-%d-%d", region, n), "web", "10.0.0.1", func(i *inventory.Instance) { i.Region = regionOf(region) }), edits...)
	}
	closed := func(regions, each int, edits ...func(*inventory.Asset)) (all []inventory.Asset) {
		for region := range regions {
			for n := range each {
				all = append(all, of(region, n, append(edits, deactivatedFor(time.Hour))...))
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		before          []inventory.Asset
		regions, assets int // over which the releases are spread; active in all
		passes, asked   int
	}{
		"none before":            {nil, 16, 48, 10, 1},
		"of a large fleet":       {nil, 16, 100, 20, 1},
		"some before":            {closed(4, 2), 16, 48, 3, 1}, // with these 8 it is 11 of 56
		"as many as there may":   {closed(5, 3), 16, 48, 0, 1},
		"approved before":        {closed(5, 3, approvedEdit), 16, 48, 10, 1},
		"one scope":              {nil, 1, 48, 30, 0},
		"one scope, and another": {closed(2, 1), 1, 48, 8, 1},
	} {
		asked := 0
		l := NewLossCounter(defaultLimits(), c.before, now(), func(labels []inventory.Label) (int, error) {
			asked++
			if want := []inventory.Label{{Name: inventory.LabelOwner, Value: "*"}}; !slices.Equal(labels, want) {
				t.Errorf("%s: asked for %v", name, labels)
			}
			return c.assets, nil
		})
		passed := 0
		for n := range 30 {
			why, holds, err := l.Hold(of(n%c.regions, 50+n), true)
			if holds && why.Code != reason.EventFleet || err != nil {
				t.Errorf("%s: %v, %v", name, why, err)
			}
			passed += b2i(!holds)
		}
		if passed != c.passes || asked != c.asked {
			t.Errorf("%s: %d pass, asked %d times; want %d and %d", name, passed, asked, c.passes, c.asked)
		}
	}
	failing := errors.New("no answer")
	l := NewLossCounter(defaultLimits(), closed(5, 3), now(), func([]inventory.Label) (int, error) { return 0, failing })
	if _, _, err := l.Hold(of(9, 9), true); !errors.Is(err, failing) {
		t.Errorf("%v: it is let go, and the fleet's size is not known", err)
	}
}
