package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// TestFresh: who counts as late.
func TestFresh(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	rules := plan.Rules{Accounts: map[string]plan.Account{
		"a": {Enabled: true, Regions: []string{"r1", "r2"}}, "all": {Enabled: true}, "off": {},
	}}
	pulse := func(slice string, scopes ...string) state.Heartbeat { // "account/region minutes"
		p := state.Heartbeat{ShardKey: slice}
		for _, s := range scopes {
			name, ago, _ := strings.Cut(s, " ")
			account, region, _ := strings.Cut(name, "/")
			d, err := time.ParseDuration(ago)
			if err != nil {
				t.Fatal(err)
			}
			p.Scopes = append(p.Scopes, state.ScopeTime{Cloud: inventory.Alibaba, Account: account, Region: region, At: now.Add(-d)})
		}
		return p
	}
	for _, c := range []struct {
		name   string
		pulses []state.Heartbeat
		late   bool
		stale  int
	}{
		{"nothing known", nil, false, 0},
		{"at the limit", []state.Heartbeat{pulse("run", "a/r1 30m", "a/r2 30m")}, false, 0},
		{"over it", []state.Heartbeat{pulse("run", "a/r1 31m", "a/r2 31m")}, true, 2},
		{"one scope fails, which each run tells", []state.Heartbeat{pulse("run", "a/r1 1m", "a/r2 31m")}, false, 1},
		{"one of two timers has stopped", []state.Heartbeat{pulse("1", "a/r1 1m"), pulse("2", "a/r2 31m")}, true, 1},
		{"a timer that another one took over", []state.Heartbeat{pulse("old", "a/r1 9h", "a/r2 9h"), pulse("run", "a/r1 1m", "a/r2 1m")}, false, 0},
		{"what is no longer configured", []state.Heartbeat{pulse("run", "a/r1 1m"), pulse("old", "a/r9 9h", "off/r1 9h", "gone/r1 9h")}, false, 0},
		{"all regions of an account", []state.Heartbeat{pulse("run", "all/r9 31m")}, true, 1},
	} {
		f := delivery.NewFreshness(c.pulses, rules, 10*time.Minute, now)
		if f.Stalled != c.late || len(f.StaleScopes(now)) != c.stale {
			t.Errorf("%s: late %v, stale %v", c.name, f.Stalled, f.StaleScopes(now))
		}
	}
}

// checkStaleness is one look by an event or a second timer.
func (r *stateWorld) checkStaleness() delivery.Freshness {
	r.t.Helper()
	r.robotClock.advance(4 * time.Second)
	e := r.newEngine()
	e.Cards.TimerInterval = 10 * time.Minute
	f, err := e.Cards.CheckStaleness(r.t.Context(), r.store, e.Rules)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// recordHeartbeat makes a run, and notes it as wire does.
func (r *stateWorld) recordHeartbeat() {
	r.t.Helper()
	r.robotClock.advance(4 * time.Second)
	e := r.newEngine()
	e.Cards.TimerInterval = 10 * time.Minute
	out := e.Run(r.t.Context(), engine.Request{})
	if err := e.Cards.RecordHeartbeat(r.t.Context(), r.store, "run", e.Rules, out.Report); err != nil {
		r.t.Fatal(err)
	}
}

// TestStaleness: one alarm, told again only if it could not be sent, and one all-clear.
func TestStaleness(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	cards := func(want ...string) {
		t.Helper()
		all := r.robot.Messages()[r.seenMessages:]
		r.seenMessages += len(all)
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
	r.runClock.advance(29 * time.Minute)
	if r.checkStaleness().Stalled {
		t.Error("late within three intervals")
	}
	r.runClock.advance(2 * time.Minute)
	r.robot.QueueFaults(dingtalktest.AnswerFaults(1, "keywords")...)
	if !r.checkStaleness().Stalled {
		t.Error("not late after three intervals")
	}
	r.seenMessages = len(r.robot.Messages())
	r.checkStaleness()
	cards("超过 30m0s 没有一次完整同步")
	r.checkStaleness()
	r.runClock.advance(48 * time.Hour)
	r.checkStaleness()
	cards()
	r.recordHeartbeat()
	cards("同步结果", "已恢复完整同步")
	r.recordHeartbeat()
	cards("同步结果")
	if f := r.checkStaleness(); f.Stalled || len(f.Scopes) != 2 {
		t.Errorf("%+v", f)
	}
	r.close()
}

// TestFailedRunsAreNoPulse: a run that stops, or whose scopes fail, is not complete.
func TestFailedRunsAreNoPulse(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.recordHeartbeat()
	r.runClock.advance(31 * time.Minute)
	r.injectBastionFault(bastionFault{Status: 500})
	r.recordHeartbeat()
	if !r.checkStaleness().Stalled {
		t.Error("a run that JumpServer stopped counts as complete")
	}
	r.healAll()
	r.injectCloudFault(cloudFault{Kind: alibabatest.NoPermission, Action: "any"})
	r.recordHeartbeat()
	if !r.checkStaleness().Stalled {
		t.Error("a run whose scopes all failed counts as complete")
	}
	r.healAll()
	r.recordHeartbeat()
	if r.checkStaleness().Stalled {
		t.Error("late after a complete run")
	}
}
