package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// pauses returns an order as jms-sync pause does; no time is until resumed.
func (r *stateWorld) pauses(removals bool, length time.Duration) {
	r.T.Helper()
	p := state.Pause{Removals: removals, Since: r.RunClock.Now(), By: "anna@ops", Reason: "upgrade"}
	if length > 0 {
		p.Until = p.Since.Add(length)
	}
	if err := r.store.SavePause(r.T.Context(), p); err != nil {
		r.T.Fatal(err)
	}
}

func (r *stateWorld) resumes() {
	r.T.Helper()
	if err := r.store.Resume(r.T.Context()); err != nil {
		r.T.Fatal(err)
	}
}

// pausing is the engine of a full run that knows of pauses, a minute later.
func (r *stateWorld) pausing() engine.Engine {
	r.T.Helper()
	r.RunClock.Advance(time.Minute)
	r.RobotClock.Advance(4 * time.Second)
	e := r.NewEngine()
	e.Incremental, e.Memory.Held, e.Memory.Owners, e.Memory.Pauses = enginetest.Incremental(r.store, r.salt), r.store.HeldStore(), r.store, r.store
	return e
}

func (r *stateWorld) paused() report.Report {
	r.T.Helper()
	return r.pausing().Run(r.T.Context(), engine.Request{}).Report
}

// TestPauseOfWrites: nothing is written while all writes are paused, whatever path a run takes, all of it is told,
// and what was left is made when the pause is over; that it is over is told once.
func TestPauseOfWrites(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.paused()
	for name, change := range map[string]func(){
		"a few":   func() { r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(50)) },
		"nothing": func() {},
		"a release": func() {
			r.releaseInstances(0, 1)
			r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(51))
		},
	} {
		change()
		r.pauses(false, time.Hour)
		r.JumpServer.ResetCounts()
		rep := r.paused()
		changes := map[string]int{"a few": 1, "nothing": 0, "a release": 2}[name]
		outcome := report.Held
		if changes == 0 {
			outcome = report.OK
		}
		if r.JumpServer.Writes() != 0 || rep.Held != changes || rep.Outcome != outcome || rep.Created+rep.Deactivated != 0 {
			t.Errorf("%s: %d writes, %+v", name, r.JumpServer.Writes(), rep)
		}
		if rep.Pause == nil || !rep.Pause.Stands || !rep.Pause.All || !strings.Contains(rep.Pause.Text, "anna@ops") {
			t.Errorf("%s: %+v", name, rep.Pause)
		}
		all := r.Robot.Messages()
		_, card, _ := strings.Cut(all[len(all)-1].Text, "\n\n") // after its title
		if !strings.HasPrefix(card, "**已暂停全部写入（anna") {
			t.Errorf("%s: the card begins with %.60q", name, card)
		}
		r.RunClock.Advance(2 * time.Hour)
		rep = r.paused()
		if rep.Created+rep.Deactivated != changes || rep.Outcome != report.OK || rep.Pause == nil || rep.Pause.Stands {
			t.Errorf("%s, when it is over: %+v, %+v", name, rep, rep.Pause)
		}
		rep = r.paused()
		if rep.Pause != nil {
			t.Errorf("%s: that it is over is told twice", name)
		}
	}
	if log := r.LogText.String(); !strings.Contains(log, "all writes are paused (by anna@ops") {
		t.Error("it is not in the log")
	}
	r.Close()
}

// TestPauseOfRemovals: assets are made, none is removed, approved or not; the approval serves when it is over.
func TestPauseOfRemovals(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.paused()
	r.releaseInstances(0, 8)
	r.pauses(true, 0)
	rep := r.paused()
	if rep.Held != 8 || len(rep.HeldSets) != 1 {
		t.Fatalf("a person does not see what else holds them: %+v", rep)
	}
	r.approveHeldSet(rep)
	r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(50))
	rep = r.paused()
	if rep.Created != 1 || rep.Deactivated != 0 || rep.Held != 8 || rep.Outcome != report.Held || r.CountInactive() != 0 || len(rep.HeldSets) != 0 {
		t.Errorf("%+v", rep)
	}
	for _, why := range reasonsOf(rep, plan.Hold) {
		if !strings.Contains(why, "已暂停移除（anna@ops") {
			t.Errorf("held because of %q", why)
		}
	}
	r.resumes()
	rep = r.paused()
	if rep.Deactivated != 8 || r.CountInactive() != 8 || rep.Pause != nil {
		t.Errorf("resumed: %+v", rep)
	}
	r.Close()
}

// failing is a store of which nobody knows what is paused.
type failing struct{ *state.Store }

func (failing) LoadPause(context.Context) (state.Pause, error) {
	return state.Pause{}, &inventory.Error{Kind: inventory.Temporary, Err: errors.New("the store is away")}
}

// TestUnreadablePause counts as one of removals, and is told as what it is.
func TestUnreadablePause(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(r *stateWorld, e *engine.Engine){
		"damaged": func(r *stateWorld, _ *engine.Engine) {
			r.pauses(true, time.Second) // over, were it readable
			if err := r.truncateObject("pause.json"); err != nil {
				t.Fatal(err)
			}
		},
		"a store that fails": func(r *stateWorld, e *engine.Engine) { e.Memory.Pauses = failing{r.store} },
	} {
		r := newStateWorld(t)
		r.paused()
		r.releaseInstances(0, 1)
		r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(50))
		e := r.pausing()
		breaks(r, &e)
		r.RunClock.Advance(time.Minute)
		rep := e.Run(t.Context(), engine.Request{}).Report
		if rep.Created != 1 || rep.Deactivated != 0 || rep.Held != 1 || r.CountInactive() != 0 {
			t.Errorf("%s: %+v", name, rep)
		}
		if rep.Pause == nil || !rep.Pause.Stands || !strings.Contains(rep.Pause.Text, "读不了暂停状态") {
			t.Errorf("%s: %+v", name, rep.Pause)
		}
		r.Close()
	}
}

// TestPauseWhileRunning: an order that is given while a run is at work stops its removals.
func TestPauseWhileRunning(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.paused()
	r.releaseInstances(0, 8)
	r.approveHeldSet(r.paused()) // they are too many, and what is approved serves when the pause is over
	r.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(50))
	ordered := false
	r.JumpServer.OnRequest(func(q *http.Request) {
		if q.Method == http.MethodPost && strings.HasSuffix(q.URL.Path, "/assets/hosts/") && !ordered { // it makes the new host
			ordered = true
			r.pauses(true, 0)
		}
	})
	rep := r.paused()
	if !ordered || rep.Created != 1 || rep.Deactivated != 0 || rep.Held != 8 || rep.Outcome != report.Held || r.CountInactive() != 0 {
		t.Errorf("ordered %v: %+v", ordered, rep)
	}
	if rep.Pause == nil || !rep.Pause.Stands || rep.Pause.All {
		t.Errorf("%+v", rep.Pause)
	}
	if n := r.store.LoadSnapshot(t.Context(), []inventory.Scope{inBeijing}).ScopeState(inBeijing).HeldRemovals; n != 8 {
		t.Errorf("%d are remembered as held, for events to leave them", n)
	}
	r.resumes()
	rep = r.paused()
	if rep.Deactivated != 8 {
		t.Errorf("resumed: %+v", rep)
	}
	r.Close()
}

// TestPauseIsTold at least daily, whatever notification.on says; a run that only looks does not count.
func TestPauseIsTold(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.ChangeSettings(map[string]any{"notification": map[string]any{"on": "failure"}})
	r.paused()
	r.pauses(true, 0)
	for _, c := range []struct {
		after time.Duration
		cards int
	}{{time.Minute, 1}, {time.Hour, 0}, {22 * time.Hour, 0}, {2 * time.Hour, 1}, {time.Hour, 0}} {
		r.RunClock.Advance(c.after)
		before := len(r.Robot.Messages())
		r.pausing().Run(t.Context(), engine.Request{DryRun: true})
		r.paused()
		if n := len(r.Robot.Messages()) - before; n != c.cards {
			t.Errorf("after %s: %d cards, want %d", c.after, n, c.cards)
		}
	}
	r.Close()
}

// TestPauseAndDryRun: a run that only looks shows what would be done without the pause, and that there is one.
func TestPauseAndDryRun(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.paused()
	r.releaseInstances(0, 1)
	r.pauses(false, time.Hour)
	rep := r.pausing().Run(t.Context(), engine.Request{DryRun: true}).Report
	if rep.Deactivated != 1 || rep.Pause == nil || r.CountInactive() != 0 {
		t.Errorf("%+v", rep)
	}
	r.Close()
}

// paused is a store of which only the pause is known.
func pausedBy(h *enginetest.EventWorld, p state.Pause) engine.Pauses { return fixed{p} }

type fixed struct{ p state.Pause }

func (f fixed) LoadPause(context.Context) (state.Pause, error) { return f.p, nil }
func (fixed) LoadPauseNotice(context.Context) (state.PauseNotice, error) {
	return state.PauseNotice{}, nil
}
func (fixed) SavePauseNotice(context.Context, state.PauseNotice) error { return nil }
func hearPaused(h *enginetest.EventWorld, p state.Pause, e ...string) reconcile.EventReport {
	h.T.Helper()
	v := h.NewEventHandler()
	v.Engine.Memory.Pauses = pausedBy(h, p)
	ctx, cancel := context.WithDeadline(h.T.Context(), h.RunClock.Now().Add(time.Minute))
	defer cancel()
	return v.Run(ctx, enginetest.ParseEvents(e...))
}

// TestPauseAndEvents: a release is not applied, is told, and need not come again, also where the cloud does not show it
// yet; what is new is made unless all writes are paused. The next full run does what was left.
func TestPauseAndEvents(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Redelivers = true
	removals := state.Pause{Removals: true, Since: h.RunClock.Now(), By: "anna@ops"}
	all := state.Pause{Since: h.RunClock.Now(), Until: h.RunClock.Now().Add(time.Hour), By: "anna@ops"}
	enginetest.Releasing("i-b1")(h)
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
	for _, p := range []state.Pause{all, removals} {
		h.ExpectEvents(hearPaused(h, p, enginetest.StateEvent("i-b1 Deleted")), "held: 已暂停")
		h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
		h.ExpectMessages(1, "已暂停", "web-1")
		h.ExpectEvents(hearPaused(h, p, enginetest.StateEvent("i-b2 Deleted")), "later: ")
	}
	h.RobotClock.Advance(time.Minute)
	h.ExpectEvents(hearPaused(h, all, enginetest.StateEvent("i-new Running")), "held: 已暂停全部写入")
	h.ExpectHost("i-new", "")
	h.ExpectEvents(hearPaused(h, removals, enginetest.StateEvent("i-new Running")), "done: 新增")
	h.ExpectEvents(hearPaused(h, state.Pause{}, enginetest.StateEvent("i-b1 Deleted")), "done: 释放")
	h.Close()
}
