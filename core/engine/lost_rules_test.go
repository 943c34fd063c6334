package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/report"
)

// stopping returns a world whose rules switch off what is stopped.
func stopping(t *testing.T) *enginetest.SlowWorld {
	t.Helper()
	w := enginetest.NewSlowWorld(t, 10)
	off := false
	var mistakes []mapping.Mistake
	w.Mapping, mistakes = mapping.Compile([]mapping.Rule{{
		When: mapping.Condition{Keys: map[string][]string{"status": {"Stopped"}}}, Set: mapping.Settings{Active: &off},
	}}, mapping.Options{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return w
}

// stop stops instances.
func stop(w *enginetest.SlowWorld, from, to int) {
	for n := from; n < to; n++ {
		i := w.Instances[enginetest.SlowID(n)]
		i.Status, i.Facts = "Stopped", &inventory.Facts{Status: "Stopped"}
		w.Instances[i.ID] = i
	}
}

// TestKilledAfterRuleOff: a process that is killed between a deactivation by a rule and its card: a later one tells it, as
// any removal.
func TestKilledAfterRuleOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := stopping(t)
		stop(w, 0, 4)
		w.RunKilled(func() { w.RunFor(5 * time.Minute) })
		w.WaitForServer(10 * time.Minute)
		r := w.Run()
		w.ExpectOK(r)
		if _, off, _, _ := w.Notified(); r.Deactivated != 4 || off != 4 {
			t.Errorf("%d deactivated, %d told: %s", r.Deactivated, off, enginetest.LastLines(w.Log.String(), 20))
		}
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestAnswerOfRuleOffIsLost: a deactivation by a rule whose answer never comes is seen by its label, and made once.
func TestAnswerOfRuleOffIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := stopping(t)
		stop(w, 0, 4)
		w.SetRowCost(20 * time.Second) // longer than the time-out
		r := w.Run()
		if _, off, _, _ := w.Notified(); r.Deactivated != 4 || off != 4 || r.Unknown+r.Failures != 0 {
			t.Errorf("%d deactivated, %d told, %d unknown, %d failed", r.Deactivated, off, r.Unknown, r.Failures)
		}
		w.SetRowCost(0)
		w.WaitForServer(time.Hour)
		w.ExpectQuietRun()
	})
}

// TestUnreadIsTold: where clouds do not show the tags on which rules rest, one line of the report says how many assets stay as
// they are, and names some. It is no failure.
func TestUnreadIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.NewSlowWorld(t, 10)
		off := false
		w.Mapping, _ = mapping.Compile([]mapping.Rule{{
			When: mapping.Condition{Keys: map[string][]string{"tag.off": {"yes"}}}, Set: mapping.Settings{Active: &off},
		}}, mapping.Options{})
		for n := range 10 {
			i := w.Instances[enginetest.SlowID(n)]
			i.Facts = &inventory.Facts{TagsUnread: n < 4}
			w.Instances[i.ID] = i
		}
		r := w.Run()
		w.ExpectOK(r)
		said := 0
		for _, e := range r.Errors {
			if e.Kind == inventory.Incomplete && strings.HasPrefix(e.Message, "4 assets (web-000, web-001, web-002) keep") {
				said++
			}
		}
		if said != 1 || r.Outcome != report.OK {
			t.Errorf("%s: %+v", r.Outcome, r.Errors)
		}
	})
}
