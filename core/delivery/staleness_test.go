package delivery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
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
	// Who knows no configuration sees every scope, and an alarm only where none is fresh.
	for late, minutes := range map[bool]string{false: "1m", true: "31m"} {
		f := delivery.NewFreshness([]state.Heartbeat{pulse("run", "a/r1 "+minutes), pulse("old", "gone/r1 9h")}, plan.Rules{}, 10*time.Minute, now)
		if f.Stalled != late || len(f.Scopes) != 2 {
			t.Errorf("without a configuration, after %s: %+v", minutes, f)
		}
	}
}

// TestAlarmIsNotToldTwice: while runs are made that fail, and said so, no alarm says it once more; once they stop, it does. The
// card that says that all works again is the only one.
func TestAlarmIsNotToldTwice(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.memory = store
	rules := plan.Rules{Accounts: map[string]plan.Account{"one": {Enabled: true, Regions: []string{"r1", "r2"}}}}
	record := func(finds ...string) {
		t.Helper()
		if err := s.cards().RecordHeartbeat(t.Context(), store, "run", rules, report.Build(s.input(finds...))); err != nil {
			t.Fatal(err)
		}
	}
	watch := func(title string) {
		t.Helper()
		if f, err := s.cards().CheckStaleness(t.Context(), store, rules); err != nil || !f.Stalled {
			t.Fatalf("%+v %v", f, err)
		}
		s.wantCard(title, "watched")
	}
	s.run(0, "")
	record()
	s.run(interval, "failed: temporarily unavailable", "down")
	for range 4 {
		s.run(interval, "", "down")
	}
	watch("")
	s.now = s.now.Add(31 * time.Minute) // nothing runs any more
	watch("alarm: No complete run for more than 30m0s")
	s.run(interval, endPlain)
	record()
	s.wantCard("", "the heartbeat after it")
	if _, raised, err := store.LoadAlarm(t.Context()); raised || err != nil {
		t.Errorf("the alarm stands: %v", err)
	}
	s.now = s.now.Add(31 * time.Minute) // nobody was told that a run failed
	watch("alarm: No complete run for more than 30m0s")
	s.run(interval, "")
	record()
	s.wantCard("back to normal: Complete runs are made again", "the heartbeat after it")
}

// TestAlarmBesideAMisspeltSlice: that the runs of one slice fail by their own mistake, and people know it, does not keep
// the alarm about the others from them.
func TestAlarmBesideAMisspeltSlice(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.memory = store
	rules := plan.Rules{Accounts: map[string]plan.Account{"one": {Enabled: true, Regions: []string{"r1", "r2"}}}}
	if err := s.cards().RecordHeartbeat(t.Context(), store, "run", rules, report.Build(s.input())); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		s.now = s.now.Add(interval)
		wrong := report.Input{Started: s.now, Language: language.English, Slice: "misspelt", Stopped: &inventory.Error{Kind: inventory.NotFound, Message: "no such account"}}
		_, _ = s.cards().Deliver(t.Context(), report.Build(wrong))
	}
	s.seen = len(s.robot.Cards)
	if f, err := s.cards().CheckStaleness(t.Context(), store, rules); err != nil || !f.Stalled || s.seen != 1 {
		t.Fatalf("%+v %v, %d cards", f, err, s.seen)
	}
	s.wantCard("alarm: No complete run for more than 30m0s", "watched")
}
