package cloud_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// ward is an account under watch, run by run.
type ward struct {
	*testing.T
	lister *fake
	memory *cloud.MemoryQuarantineStore
	now    time.Time
	key    string
	narrow cloud.Filter
}

func newWard(t *testing.T) *ward {
	return &ward{T: t, lister: &fake{}, memory: cloud.NewMemoryQuarantineStore(), now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), key: "key"}
}

// fails lets every listing of these regions fail so; none = all.
func (w *ward) fails(kind inventory.Kind, regions ...string) {
	w.lister.list = func(region string) ([]inventory.Instance, error) {
		for _, r := range regions {
			if r == region {
				return nil, kindError(kind)
			}
		}
		if len(regions) == 0 {
			return nil, kindError(kind)
		}
		return nil, nil
	}
}

// run lists once, as one run does, and says whether the cloud was asked, and what came of region r1.
func (w *ward) run() (asked bool, l inventory.Listing, notified bool) {
	w.Helper()
	t := target("one", w.lister, "r1", "r2")
	t.Account.AccessKeyID = secret.New(w.key)
	f := cloud.NewFleet([]cloud.OpenedAccount{t, target("two", &fake{}, "r1")}).WithQuarantine(w.memory, func() time.Time { return w.now })
	before := w.lister.owners.Load()
	listings := f.List(w.Context(), w.narrow)
	again := f.List(w.Context(), w.narrow) // a run may list twice
	var q, same *cloud.QuarantineError
	if errors.As(listings[0].Err, &q) && (!errors.As(again[0].Err, &same) || q.WasNotified() != same.WasNotified()) {
		w.Errorf("%v, and then %v", listings[0].Err, again[0].Err)
	}
	if last := listings[len(listings)-1]; last.Account == "two" && !last.IsComplete() {
		w.Errorf("the other account: %v", last.Err)
	}
	return w.lister.owners.Load() > before, listings[0], q != nil && q.WasNotified()
}

// TestQuarantine: tried again with growing distance, told once and then daily, ended by an answer.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.fails(inventory.BadCredentials)
	var tries, tellings []time.Duration
	start := w.now
	for ; w.now.Sub(start) < 50*time.Hour; w.now = w.now.Add(time.Minute) {
		asked, l, notified := w.run()
		var q *cloud.QuarantineError
		if first := w.now.Equal(start); errors.As(l.Err, &q) == first || inventory.KindOf(l.Err) != inventory.BadCredentials || !first && !q.Until.After(w.now) {
			t.Fatalf("after %s: %v", w.now.Sub(start), l.Err)
		}
		if asked {
			tries = append(tries, w.now.Sub(start))
		}
		if !notified && !w.now.Equal(start) || q == nil {
			tellings = append(tellings, w.now.Sub(start))
		}
	}
	want := []time.Duration{0, 1, 6, 16, 36, 76, 156, 316, 636, 996, 1356, 1716, 2076, 2436, 2796}
	if len(tries) != len(want) {
		t.Fatalf("tries at %v", tries)
	}
	for n := range want {
		if tries[n] != want[n]*time.Minute {
			t.Errorf("try %d at %s, want %d minutes", n, tries[n], want[n])
		}
	}
	if len(tellings) != 3 || tellings[0] != 0 || tellings[1] != 24*time.Hour || tellings[2] != 48*time.Hour {
		t.Errorf("told at %v", tellings)
	}
	w.lister.list = nil
	if asked, l, _ := w.run(); asked || l.IsComplete() {
		t.Error("asked before its time")
	}
	w.now = w.now.Add(6 * time.Hour)
	if asked, l, _ := w.run(); !asked || !l.IsComplete() {
		t.Errorf("its time has come: %v", l.Err)
	}
	if all, _ := w.memory.ListQuarantines(t.Context()); len(all) != 0 {
		t.Errorf("it has answered, yet %v", all)
	}
}

// TestQuarantineOfWhom: what is no failure of the credentials is asked again by the next run.
func TestQuarantineOfWhom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		kind    inventory.Kind
		regions []string
		narrow  []string
		want    bool
	}{
		{"a wrong key", inventory.BadCredentials, nil, nil, true},
		{"a wrong key, asked for one region", inventory.BadCredentials, nil, []string{"r1"}, true},
		{"denied everywhere", inventory.Denied, nil, nil, true},
		{"denied in one region", inventory.Denied, []string{"r1"}, nil, false},
		{"denied in all that was asked for", inventory.Denied, nil, []string{"r1"}, false},
		{"throttled", inventory.Throttled, nil, nil, false},
		{"broken", inventory.Temporary, nil, nil, false},
	} {
		w := newWard(t)
		w.fails(c.kind, c.regions...)
		w.narrow.Regions = c.narrow
		_, l, _ := w.run()
		if l.IsComplete() {
			t.Errorf("%s: complete", c.name)
		}
		w.run()
		if asked, _, _ := w.run(); asked == c.want {
			t.Errorf("%s: asked again: %v", c.name, asked)
		}
		w.key = "another"
		if asked, _, _ := w.run(); !asked {
			t.Errorf("%s: not asked with another key", c.name)
		}
	}
}
