package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// paused returns a pause of removals, or of all writes.
func paused(all bool) Pause { return NewPause(all, "anna@ops", now(), time.Time{}, "") }

// TestGuardPause: a paused removal passes with no approval; other reasons to hold it come first.
func TestGuardPause(t *testing.T) {
	t.Parallel()
	pause := func(w *world) { w.limits.Pause = paused(false) }
	approved := func(w *world) {
		w.limits.Approved = map[string]bool{}
		for _, a := range w.assets {
			w.limits.Approved[a.ID] = true
		}
	}
	runGuardRows(t, []guardRow{
		{"a removal", func(w *world) { w.fleet("a", 20, 1); pause(w) }, map[string]int{"hold guard_paused": 1}},
		{"a deletion", func(w *world) { w.fleet("a", 20, 1, deactivatedFor(8*24*time.Hour)); pause(w) }, map[string]int{"hold guard_paused": 1}},
		{"approved", func(w *world) { w.fleet("a", 20, 8); pause(w); approved(w) }, map[string]int{"hold guard_paused": 8}},
		{"too many", func(w *world) { w.fleet("a", 20, 8); pause(w) }, map[string]int{"hold guard_share": 8}},
		{"unread", func(w *world) { w.fleet("a", 20, 1); w.limits.Pause = UnreadablePause("denied") }, map[string]int{"hold guard_paused": 1}},
		{"there after all", func(w *world) { w.fleet("a", 20, 1); pause(w); w.setProof("i-a-00", Proof{}) }, map[string]int{"skip still_there": 1}},
	})
}

// TestPauseOfAllWrites: no change passes, and each is reported; a pause of removals lets all else pass.
func TestPauseOfAllWrites(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		w := newWorld()
		w.listings, w.limits = nil, defaultLimits()
		w.fleet("a", 20, 1)
		w.listings[0].Instances = append(w.listings[0].Instances, instanceInProd("i-new", "new", "10.0.9.9", func(i *inventory.Instance) { i.Region = "a" }))
		w.listings[0].Instances[0].PrivateIPs = []string{"10.0.8.8"}
		before := slices.Collect(w.approve().Changes())
		w.limits.Pause = paused(all)
		a := w.approve()
		held := 0
		for _, n := range a.Notes() {
			if n.Action == Hold && n.Reason.Code == reason.GuardPaused {
				held++
			}
		}
		want := 1
		if all {
			want = len(before)
		}
		if left := len(slices.Collect(a.Changes())); len(before) != 3 || held != want || left != len(before)-want {
			t.Errorf("all %v: of %d changes %d are held, %d left", all, len(before), held, left)
		}
		if all != (len(a.Creates())+len(a.Updates()) == 0) || len(a.Removals()) != 0 {
			t.Errorf("all %v: %+v", all, a)
		}
	}
}

// TestPauseOfOrders: a person's orders (adopt, disown) are held by a pause of all writes only.
func TestPauseOfOrders(t *testing.T) {
	t.Parallel()
	order := Approved{updates: []Change{{Action: Update, AssetID: "a", Patch: &inventory.Patch{}}}}
	if got := order.HoldPaused(paused(false)); len(got.Updates()) != 1 || len(got.Notes()) != 0 {
		t.Errorf("%+v", got)
	}
	got := order.HoldPaused(paused(true))
	if len(got.Updates()) != 0 || len(got.Notes()) != 1 || got.Notes()[0].Action != Hold || got.Notes()[0].Patch != nil {
		t.Errorf("%+v", got)
	}
	if len(order.HoldPaused(Pause{}).Updates()) != 1 {
		t.Error("held without a pause")
	}
}

// TestPauseWords: the text says who, since when, until when, why, and how it ends.
func TestPauseWords(t *testing.T) {
	t.Parallel()
	since, until := now(), now().Add(time.Hour)
	for _, c := range []struct {
		r    reason.Reason
		says []string
	}{
		{NewPause(true, "anna@ops", since, until, "upgrade").HoldReason(), []string{"all writes", "anna@ops", formatTime(since), "until " + formatTime(until), "upgrade"}},
		{NewPause(true, "anna@ops", since, until, "upgrade").Why, []string{"all writes", "anna@ops", "upgrade", "jms-sync resume"}},
		{NewPause(false, "anna@ops", since, time.Time{}, "").HoldReason(), []string{"removals are paused", "anna@ops", "until resumed", "no reason"}},
		{UnreadablePause("denied").HoldReason(), []string{"denied"}},
		{UnreadablePause("denied").Why, []string{"denied", "nothing is deactivated or deleted"}},
		{PauseEndedReason(false, "anna@ops", since, until, "upgrade"), []string{"until " + formatTime(until), "it is over", "upgrade"}},
	} {
		for _, word := range c.says {
			if got := c.r.Text(language.English); !strings.Contains(got, word) {
				t.Errorf("%q does not say %q", got, word)
			}
		}
		if IsApprovable(c.r.Code) {
			t.Errorf("%s can be approved", c.r.Code)
		}
	}
}
