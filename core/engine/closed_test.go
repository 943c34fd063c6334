package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// TestRecycleBin: the life of an asset whose instance goes into a recycle bin. It is deactivated, stays while the bin keeps
// the instance, is active again if the instance is restored, and is deleted only after the instance was absent for the
// grace, with the proof of every delete.
func TestRecycleBin(t *testing.T) {
	t.Parallel()
	for name, unlisted := range map[string]bool{"listed": false, "shown by its id only": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, enginetest.SyncSettings(map[string]any{"removal": map[string]any{"mode": "delete", "grace": "7d"}}))
			run := func(bin ...string) []string {
				e := h.NewEngine()
				e.Clouds = enginetest.RecycleBin{Clouds: e.Clouds, IDs: bin, Unlisted: unlisted}
				out := e.Run(h.T.Context(), engine.Request{})
				if out.Err != nil || out.Report.Failures > 0 {
					t.Fatalf("%v\n%s", out.Err, enginetest.Describe(out.Report))
				}
				var lines []string
				for _, c := range out.Report.Changes {
					if c.InstanceID == "i-b1" && c.Action != plan.Keep {
						lines = append(lines, string(c.Action))
					}
				}
				return lines
			}
			expect := func(step string, got []string, host string, want ...string) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q", step, got, want)
				}
				h.ExpectHost("i-b1", host)
			}
			expect("closed", run("i-b1"), "web-1 10.0.0.1 off gone", "deactivate")
			h.RunClock.Advance(30 * 24 * time.Hour)
			expect("a month later", run("i-b1"), "web-1 10.0.0.1 off gone")
			expect("once more", run("i-b1"), "web-1 10.0.0.1 off gone")
			expect("restored", run(), "web-1 10.0.0.1 on -", "update")
			expect("closed again", run("i-b1"), "web-1 10.0.0.1 off gone", "deactivate")
			h.RunClock.Advance(30 * 24 * time.Hour)
			enginetest.Releasing("i-b1")(h)
			expect("absent at last", run(), "web-1 10.0.0.1 off gone")
			h.RunClock.Advance(6 * 24 * time.Hour)
			expect("in its grace", run(), "web-1 10.0.0.1 off gone")
			h.RunClock.Advance(2 * 24 * time.Hour)
			expect("grace over", run(), "", "delete")
			h.Close()
		})
	}
}

// TestClosedDoesNotHoldItsScope: an instance that only the answer by its id shows, as closed, holds no other removal.
func TestClosedDoesNotHoldItsScope(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	enginetest.Releasing("i-b2")(h)
	e := h.NewEngine()
	e.Clouds = enginetest.RecycleBin{Clouds: e.Clouds, IDs: []string{"i-b1"}, Unlisted: true}
	out := e.Run(t.Context(), engine.Request{})
	if len(out.Report.StaysOpen) > 0 {
		t.Errorf("%s", enginetest.Describe(out.Report))
	}
	h.ExpectHost("i-b1", "web-1 10.0.0.1 off gone")
	h.ExpectHost("i-b2", "web-2 10.0.0.2 off gone")
	host, _ := h.FindHost(h.AssetOf("i-b1"))
	if !enginetest.HasLabel(host, inventory.LabelClosed) {
		t.Errorf("%q", host.Labels)
	}
	h.Close()
}
