package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// setClockAhead puts the machine on which the runs are made ahead of the clouds.
func setClockAhead(w *enginetest.World, d time.Duration) {
	w.RunClock.Advance(d)
	w.SkewClock = w.RunClock.Now
}

// reasons are those of the changes of a report with an action.
func reasonsOf(rep report.Report, action plan.Action) []string {
	var all []string
	for _, c := range rep.Changes {
		if c.Action == action {
			all = append(all, c.Reason)
		}
	}
	return all
}

// expectClockError wants a report to say, as an error of the run, what is wrong with which clock.
func expectClockError(t *testing.T, rep report.Report, says string) {
	t.Helper()
	if !slices.ContainsFunc(rep.Errors, func(f report.ErrorEntry) bool {
		return f.Kind == inventory.ClockOff && strings.Contains(f.Message, says)
	}) {
		t.Errorf("%q is not told: %+v", says, rep.Errors)
	}
}

// TestClockAhead is case 21: the machine's clock is 8 days ahead, and the grace of what was deactivated minutes
// ago seems to be over. Nothing is removed, all else goes on, it is told, and ends when the clock is mended.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.SkewClock = r.RunClock.Now
	r.runWithApprovals()
	r.releaseInstances(0, 1)
	if rep := r.runWithApprovals(); rep.Deactivated != 1 || rep.Outcome != report.OK {
		t.Fatalf("with a clock that is right: %+v", rep)
	}
	const wrong = 8 * 24 * time.Hour
	setClockAhead(r.World, wrong)
	r.releaseInstances(1, 2)
	r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(50))
	rep := r.runWithApprovals()
	if rep.Deleted+rep.Deactivated != 0 || rep.Held != 2 || rep.Created != 1 || len(r.JumpServer.Hosts(jumpservertest.DefaultOrg)) != 41 || r.CountInactive() != 1 {
		t.Errorf("8 days ahead: %+v", rep)
	}
	for _, why := range reasonsOf(rep, plan.Hold) {
		if !strings.Contains(why, "本机快 192h") || !strings.Contains(why, "批准也不放行") {
			t.Errorf("held because of %q", why)
		}
	}
	expectClockError(t, rep, "本机快 192h")
	if len(rep.HeldSets) != 0 {
		t.Errorf("it asks for an approval that lets nothing pass: %+v", rep.HeldSets)
	}
	r.RunClock.Advance(-wrong)
	rep = r.runWithApprovals()
	if rep.Deactivated != 1 || rep.Deleted != 0 || r.CountInactive() != 2 || len(rep.Errors) != 0 {
		t.Errorf("mended: %+v", rep)
	}
	r.Close()
}

// TestClockAndApproval: what a person approved waits for a clock that is right.
func TestClockAndApproval(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{6 * time.Minute, -10 * time.Minute} {
		r := newStateWorld(t)
		r.SkewClock = r.RunClock.Now
		r.runWithApprovals()
		r.releaseInstances(0, 8)
		r.approveHeldSet(r.runWithApprovals())
		r.Cloud.SetDateAhead(-wrong)
		if rep := r.runWithApprovals(); rep.Deactivated != 0 || rep.Held != 8 || r.CountInactive() != 0 {
			t.Errorf("%s: %+v", wrong, rep)
		}
		r.Cloud.SetDateAhead(0)
		if rep := r.runWithApprovals(); rep.Deactivated != 8 || r.CountInactive() != 8 {
			t.Errorf("%s, mended: %+v", wrong, rep)
		}
		r.Close()
	}
}

// TestClockNearlyRight: less than five minutes is no clock that is off, and neither is one that nobody compares.
func TestClockNearlyRight(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(w *enginetest.World){
		"nearly right": func(w *enginetest.World) { w.Cloud.SetDateAhead(4 * time.Minute) },
		"not compared": func(w *enginetest.World) { w.Cloud.SetDateAhead(8 * 24 * time.Hour); w.SkewClock = nil },
	} {
		w := enginetest.NewEventWorld(t, nil)
		w.SkewClock = time.Now
		set(w.World)
		w.Accounts[0].Cloud.Remove("cn-beijing", "i-b1")
		if rep := w.RunFull().Report; rep.Deactivated != 1 || len(rep.Errors) != 0 {
			t.Errorf("%s: %+v", name, rep)
		}
		w.Close()
	}
}

// TestClockBehindWritesNoTimes: by a clock that is behind no first look and no notice is written, or the next
// run, with the clock mended, would take them for old ones.
func TestClockBehindWritesNoTimes(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.SkewClock = h.RunClock.Now
	h.Accounts[0].Cloud.Remove("cn-beijing", "i-b1", "i-b2", "i-b3") // a small scope, which has to be empty twice
	h.RunClock.Advance(-8 * 24 * time.Hour)
	if rep := h.RunFull().Report; rep.Held != 3 || rep.Deactivated != 0 {
		t.Errorf("behind: %+v", rep)
	}
	for _, host := range h.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		if slices.ContainsFunc(host.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelMissing) }) {
			t.Errorf("%s carries the time of a clock that is wrong: %q", host.Name, host.Labels)
		}
	}
	h.RunClock.Advance(8 * 24 * time.Hour)
	if rep := h.RunFull().Report; rep.Held != 3 || rep.Deactivated != 0 {
		t.Errorf("mended, the first look: %+v", rep)
	}
	h.RunClock.Advance(11 * time.Minute)
	h.Cloud.SetDateAhead(11 * time.Minute) // the time passes for all
	if rep := h.RunFull().Report; rep.Deactivated != 3 {
		t.Errorf("the second look: %+v", rep)
	}
	h.Close()
}

// TestClockAndEvents: an event closes nothing by a clock that is off, and need not come again.
func TestClockAndEvents(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	enginetest.Releasing("i-b1")(h)
	h.SkewClock = time.Now
	h.Cloud.SetDateAhead(-8 * 24 * time.Hour)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "held: 本机快 192h")
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "done: 新增")
	h.Cloud.SetDateAhead(0)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "done: 释放")
	h.Close()
}

// skewedClient is a JumpServer whose clock is off.
type skewedClient struct {
	*jumpserver.Client
	skew time.Duration
}

func (e skewedClient) Skew() time.Duration { return e.skew }

// TestClockOfJumpServer: its clock alone is told, and decides nothing.
func TestClockOfJumpServer(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.SkewClock = time.Now
	h.Accounts[0].Cloud.Remove("cn-beijing", "i-b1")
	e := h.NewEngine()
	e.Bastion = skewedClient{h.Client, -time.Hour}
	out := e.Run(t.Context(), engine.Request{})
	if out.Report.Deactivated != 1 || out.Report.Outcome != report.OK {
		t.Errorf("%+v", out.Report)
	}
	expectClockError(t, out.Report, "JumpServer 与本机相差 1h0m0s")
	h.Close()
}

// TestRefusedByTime: where a cloud refuses the time of our requests nothing is removed, the card says what to do
// and how much the clock is off, and the account is asked again as soon as the clock is right, for it is not
// the key's fault.
func TestRefusedByTime(t *testing.T) {
	t.Parallel()
	for lang, says := range map[string]string{"zh": "本机时钟慢 20m", "en": "this machine's clock is 20m"} {
		h := enginetest.NewEventWorld(t, map[string]any{"language": lang})
		h.SkewClock = time.Now
		h.Accounts[0].Cloud.Remove("cn-beijing", "i-b1")
		memory := cloud.NewMemoryQuarantineStore()
		run := func() report.Report {
			h.RunClock.Advance(time.Minute)
			h.RobotClock.Advance(4 * time.Second)
			e := h.NewEngine()
			e.Clouds = h.NewFleet(h.LoadConfig()).WithQuarantine(memory, h.RunClock.Now)
			return e.Run(t.Context(), engine.Request{}).Report
		}
		h.Cloud.SetClockAhead(20 * time.Minute)
		for n := range 3 {
			rep := run()
			if rep.Deactivated != 0 || len(rep.Scopes) != 3 {
				t.Fatalf("run %d: %+v", n, rep)
			}
			for _, s := range rep.Scopes {
				if s.Complete || s.Error.Kind != inventory.ClockOff || !strings.Contains(s.Error.Message, says) {
					t.Errorf("run %d: %+v", n, s)
				}
			}
		}
		if all, err := memory.ListQuarantines(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("in quarantine: %v, %v", all, err)
		}
		h.Cloud.SetClockAhead(0)
		if rep := run(); rep.Deactivated != 1 {
			t.Errorf("mended: %+v", rep)
		}
		h.Close()
	}
}
