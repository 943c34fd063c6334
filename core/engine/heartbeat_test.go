package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// checkStaleness is one look by an event or a second timer.
func (r *stateWorld) checkStaleness() delivery.Freshness {
	r.T.Helper()
	r.RobotClock.Advance(4 * time.Second)
	e := r.NewEngine()
	e.Cards.TimerInterval = 10 * time.Minute
	f, err := e.Cards.CheckStaleness(r.T.Context(), r.store, e.Rules)
	if err != nil {
		r.T.Fatal(err)
	}
	return f
}

// recordHeartbeat makes a run, and notes it as wire does.
func (r *stateWorld) recordHeartbeat() {
	r.T.Helper()
	r.RobotClock.Advance(4 * time.Second)
	e := r.NewEngine()
	e.Cards.TimerInterval = 10 * time.Minute
	out := e.Run(r.T.Context(), engine.Request{})
	if err := e.Cards.RecordHeartbeat(r.T.Context(), r.store, "run", e.Rules, out.Report); err != nil {
		r.T.Fatal(err)
	}
}

// TestStaleness: one alarm, told again only if it could not be sent, and one all-clear.
func TestStaleness(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	cards := func(want ...string) {
		t.Helper()
		all := r.Robot.Messages()[r.SeenMessages:]
		r.SeenMessages += len(all)
		for n, m := range all {
			if n >= len(want) || !strings.Contains(m.Title+m.Text, want[n]) {
				t.Errorf("card %d: %s %s, want %q", n, m.Title, m.Text, want)
			}
		}
		if len(all) != len(want) {
			t.Errorf("%d cards, want %q", len(all), want)
		}
	}
	if r.checkStaleness().Stalled {
		t.Error("late before the first run")
	}
	r.recordHeartbeat()
	cards("同步结果")
	r.RunClock.Advance(29 * time.Minute)
	if r.checkStaleness().Stalled {
		t.Error("late within three intervals")
	}
	r.RunClock.Advance(2 * time.Minute)
	r.Robot.QueueFaults(dingtalktest.AnswerFaults(1, "keywords")...)
	if !r.checkStaleness().Stalled {
		t.Error("not late after three intervals")
	}
	r.SeenMessages = len(r.Robot.Messages())
	r.checkStaleness()
	cards("超过 30m0s 没有一次完整同步")
	r.checkStaleness()
	r.RunClock.Advance(48 * time.Hour)
	r.checkStaleness()
	cards()
	r.recordHeartbeat()
	cards("同步结果", "已恢复完整同步")
	r.recordHeartbeat()
	cards("同步结果")
	if f := r.checkStaleness(); f.Stalled || len(f.Scopes) != 2 {
		t.Errorf("%+v", f)
	}
	r.Close()
}

// TestFailedRunsAreNoPulse: a run that stops, or whose scopes fail, is not complete.
func TestFailedRunsAreNoPulse(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.recordHeartbeat()
	r.RunClock.Advance(31 * time.Minute)
	r.InjectBastionFault(enginetest.BastionFault{Status: 500})
	r.recordHeartbeat()
	if !r.checkStaleness().Stalled {
		t.Error("a run that JumpServer stopped counts as complete")
	}
	healAll(r.World)
	r.InjectCloudFault(enginetest.CloudFault{Kind: alibabatest.NoPermission, Action: "any"})
	r.recordHeartbeat()
	if !r.checkStaleness().Stalled {
		t.Error("a run whose scopes all failed counts as complete")
	}
	healAll(r.World)
	r.recordHeartbeat()
	if r.checkStaleness().Stalled {
		t.Error("late after a complete run")
	}
}
