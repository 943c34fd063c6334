package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// teller is a robot, a clock and what is remembered.
type teller struct {
	*testing.T
	robot  *enginetest.FakeNotifier
	now    time.Time
	memory delivery.ConditionMemory
	on     delivery.NotifyOn
	seen   int // cards that were looked at
}

func newTeller(t *testing.T) *teller {
	return &teller{T: t, robot: &enginetest.FakeNotifier{}, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), memory: &delivery.ProcessMemory{}, on: delivery.NotifyOnChange}
}

func (s *teller) cards() delivery.Cards {
	return delivery.Cards{
		Channels: delivery.NewChannels(s.on, s.robot), Conditions: s.memory, TimerInterval: 10 * time.Minute,
		Options: report.Options{Lang: language.English}, Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler),
	}
}

func scopeOf(region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: region}
}

// world is what a run of all regions finds: "denied", "busy" and "held 3" of a region r1, all else is as it should be.
func (s *teller) input(finds ...string) report.Input {
	in := report.Input{Started: s.now, Language: language.English, Slice: report.WholeSlice, Compared: true}
	l := inventory.Listing{Scope: scopeOf("r1")}
	other := inventory.Listing{Scope: scopeOf("r2")}
	for _, f := range finds {
		name, number, _ := strings.Cut(f, " ")
		n := 1
		if number != "" {
			_, _ = fmt.Sscan(number, &n)
		}
		note := plan.Change{Scope: scopeOf("r1"), InstanceID: "i-1", Name: "web-1", Address: "10.0.0.1"}
		switch name {
		case "denied":
			l.Err = &inventory.Error{Kind: inventory.Denied, Message: "no right"}
		case "busy":
			l.Err = &inventory.Error{Kind: inventory.Throttled, Message: "too many"}
		case "down":
			in.Stopped = &inventory.Error{Kind: inventory.Temporary, Message: "refused"}
		case "unchanged":
			in.Compared = false
		case "narrowed":
			in.Slice, l.Scope = "r2", other.Scope
		case "held":
			note.Action, note.Reason = plan.Hold, reason.New(reason.GuardShare, n, 9, 20)
		case "weak":
			note.Action, note.Reason = plan.Hold, reason.New(reason.GuardWeak, "x", "y", "z")
		case "drift":
			note.Action, note.Reason = plan.Drift, reason.New(reason.Differs, "name")
		case "account": // its regions could not be listed
			l.Scope.Region, other.Scope.Account, l.Err = inventory.AnyRegion, "two", &inventory.Error{Kind: inventory.Throttled, Message: "too many"}
		case "unnamed":
			note.Action, note.Reason = plan.Orphan, reason.New(reason.RegionNotNamed, "one", "r1")
		case "open":
			note.Action, note.Reason, note.Unlisted = plan.Skip, reason.New(reason.OtherOwner, "1", "2"), true
		}
		for range n {
			if note.Action != "" {
				in.Notes = append(in.Notes, note)
			}
		}
	}
	if in.Stopped == nil {
		in.Listings = []inventory.Listing{l}
		if l.Scope != other.Scope {
			in.Listings = append(in.Listings, other)
		}
	}
	return in
}

// run lets some time pass, makes a run, and wants a card with this title, or none where it is "".
func (s *teller) run(after time.Duration, title string, finds ...string) notify.Message {
	s.Helper()
	s.now = s.now.Add(after)
	_, _ = s.cards().Deliver(s.Context(), report.Build(s.input(finds...)))
	return s.wantCard(title, fmt.Sprint(finds))
}

func (s *teller) wantCard(title, what string) (last notify.Message) {
	s.Helper()
	fresh := s.robot.Cards[s.seen:]
	s.seen = len(s.robot.Cards)
	var titles []string
	for _, m := range fresh {
		titles = append(titles, m.Title)
		last = m
	}
	if got := strings.Join(titles, "; "); got != title {
		s.Errorf("%s, %s: cards %q, want %q", s.now.Format(time.DateTime), what, got, title)
	}
	return last
}

const (
	interval = 10 * time.Minute
	deniedT  = "regions not read: 1 · one"
	endT     = "back to normal · one"
	endPlain = "back to normal"
	heldT    = "removals on hold: 1 · one"
)

// TestConditionsOverTime is the table of when people are notified: as it begins, after six hours, then daily, and as it
// ends; and of nothing in between.
func TestConditionsOverTime(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*teller){
		"it begins, lasts and ends": func(s *teller) {
			begin := s.run(0, deniedT, "denied")
			if !begin.Mention || strings.Contains(begin.Markdown, "since") {
				s.Errorf("the first card: %t\n%s", begin.Mention, begin.Markdown)
			}
			for range 35 {
				s.run(interval, "", "denied")
			}
			again := s.run(interval, deniedT, "denied")
			if !again.Mention || !strings.Contains(again.Markdown, "(since 2026-03-01 08:00)") {
				s.Errorf("the reminder: %t\n%s", again.Mention, again.Markdown)
			}
			s.run(23*time.Hour, "", "denied")
			s.run(time.Hour, deniedT, "denied")
			s.run(24*time.Hour, deniedT, "denied")
			end := s.run(interval, endT)
			if end.Mention || !strings.Contains(end.Markdown, "### Back to normal") || !strings.Contains(end.Markdown, "since 2026-03-01 08:00, for 54h10m") {
				s.Errorf("the end: %t\n%s", end.Mention, end.Markdown)
			}
			s.run(interval, "")
		},
		"a quiet run says nothing": func(s *teller) { s.run(0, ""); s.run(interval, ""); s.run(48*time.Hour, "") },
		"all on one card": func(s *teller) {
			s.run(0, deniedT, "denied")
			s.run(4*time.Hour, "regions not read: 1, removals on hold: 1 · one", "denied", "held") // and so the other one's reminder comes with it
			s.run(3*time.Hour, "", "denied", "held")
			s.run(3*time.Hour, heldT, "denied", "held")
			s.run(18*time.Hour, "regions not read: 1, removals on hold: 1 · one", "denied", "held")
		},
		"what changes is told at once": func(s *teller) {
			s.run(0, deniedT, "busy")
			s.run(interval, deniedT, "denied") // a person must act
			s.run(interval, "", "busy")
			s.run(interval, "", "denied")
			s.run(interval, endT)
		},
		"what grows": func(s *teller) {
			s.run(0, "removals on hold: 2 · one", "held 2")
			s.run(interval, "", "held 3")
			s.run(interval, "", "held 2")
			s.run(time.Hour, "removals on hold: 3 · one", "held 3")
			s.run(2*time.Hour, "", "held 1")
			s.run(interval, "removals on hold: 2 · one", "held 2")
		},
		"what mostly ends by itself": func(s *teller) {
			s.run(0, "", "weak")
			s.run(interval, "", "weak")
			s.run(interval, "")
			s.run(interval, "", "weak")
			s.run(59*time.Minute, "", "weak")
			s.run(time.Minute, heldT, "weak")
			s.run(interval, endT)
		},
		"what comes and goes": func(s *teller) {
			s.run(0, deniedT, "denied")
			s.run(interval, endT)
			s.run(interval, deniedT, "denied")
			for range 17 {
				s.run(interval, "")
				s.run(interval, "", "denied")
			}
			s.run(interval, "")
			s.run(interval, deniedT, "denied") // six hours later
			s.run(interval, "")
			s.run(50*time.Minute, "")
			s.run(interval, endT)
			s.run(2*time.Hour, deniedT, "denied") // another one
		},
		"who has not looked ends nothing": func(s *teller) {
			s.run(0, "removals on hold: 1, drift 1 · one", "held", "drift")
			s.run(interval, "", "unchanged")
			s.run(interval, "", "narrowed")
			s.run(interval, deniedT, "denied")
			s.run(interval, "failed: temporarily unavailable", "down")
			s.run(interval, "", "down")
			end := s.run(interval, endT)
			if n := strings.Count(end.Markdown, "\n- "); n != 4 {
				s.Errorf("%d conditions end:\n%s", n, end.Markdown)
			}
		},
		"what people wait for is no failure": func(s *teller) {
			card := s.run(0, "still open 1", "open")
			if card.Mention || !strings.Contains(card.Markdown, "stay open") && !strings.Contains(card.Markdown, "open") {
				s.Errorf("%t\n%s", card.Mention, card.Markdown)
			}
			s.run(6*time.Hour, "still open 1", "open")
			s.run(interval, "back to normal")
		},
		"another failure of what comes and goes": func(s *teller) {
			s.run(0, deniedT, "busy")
			s.run(interval, endT)
			s.run(interval, deniedT, "busy")
			s.run(interval, "")
			s.run(interval, deniedT, "denied") // a person must act
			s.run(interval, "", "denied")
		},
		"a region that failed ends nothing that stays open": func(s *teller) {
			s.run(0, "still open 1", "open")
			if card := s.run(interval, deniedT, "denied"); strings.Contains(card.Markdown, "Back to normal") {
				s.Errorf("the end of what was not looked at:\n%s", card.Markdown)
			}
			end := s.run(interval, endT, "open")
			if n := strings.Count(end.Markdown[strings.Index(end.Markdown, "Back to normal"):], "since 2026"); n != 1 {
				s.Errorf("%d conditions end:\n%s", n, end.Markdown)
			}
		},
		"who has not asked for the regions ends no orphan": func(s *teller) {
			s.run(0, "orphans 1 · one", "unnamed")
			s.run(interval, "", "narrowed")
			if card := s.run(interval, deniedT, "account"); strings.Contains(card.Markdown, "Back to normal") {
				s.Errorf("the end of what was not looked at:\n%s", card.Markdown)
			}
			s.run(interval, endT, "unnamed")
			s.run(interval, endT)
		},
		"a clock that was ahead": func(s *teller) {
			s.now = s.now.Add(8 * 24 * time.Hour)
			s.run(0, deniedT, "denied")
			s.now = s.now.Add(-8 * 24 * time.Hour)
			s.run(0, "", "denied")
			s.run(6*time.Hour, deniedT, "denied")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newTeller(t))
		})
	}
}

// TestOnFailure: only failures and holds, with the same rests between; a run that wrote, or what waits for people, sends
// nothing.
func TestOnFailure(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	s.on = delivery.NotifyOnFailure
	s.run(0, "", "drift")
	s.run(interval, deniedT, "denied")
	s.run(interval, "", "denied")
	s.run(interval, endT)
	s.on = delivery.NotifyAlways
	s.run(interval, "drift 1 · one", "drift")
	s.run(interval, "done, no changes", "drift")
}

// TestRefusedCardCountsAsNone: what was not accepted is told by the next run, begin, reminder and end alike.
func TestRefusedCardCountsAsNone(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	refusing := false
	s.robot.Refuse = func(int) bool { return refusing }
	refused := func(after time.Duration, finds ...string) {
		t.Helper()
		refusing = true
		s.run(after, "", finds...)
		refusing = false
	}
	refused(0, "denied")
	s.run(interval, deniedT, "denied")
	refused(6*time.Hour, "denied")
	s.run(interval, deniedT, "denied")
	refused(interval)
	s.run(interval, endT)
	refused(2*time.Hour, "denied")
	s.run(interval, endT) // a failure that nobody heard of is told all the same
}

// TestKilledWhileSending: a process that dies between its note and the answer of the robot leaves the card to a later run.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	killed := s.cards()
	killed.Conditions = deafMemory{s.memory, new(int)}
	_, _ = killed.Deliver(t.Context(), report.Build(s.input("denied")))
	s.seen = len(s.robot.Cards)
	s.run(time.Minute, "", "denied") // it may still be on its way
	s.run(interval, deniedT, "denied")
	s.run(interval, "", "denied")
}

// deafMemory takes the first change and no other.
type deafMemory struct {
	delivery.ConditionMemory
	calls *int
}

func (m deafMemory) UpdateConditions(ctx context.Context, change state.ConditionChange) error {
	*m.calls++
	if *m.calls > 1 {
		return errors.New("dead")
	}
	return m.ConditionMemory.UpdateConditions(ctx, change)
}

// TestProcessesTellOnce: many processes that find the same at once send one card, on each kind of store; and so do those
// that find its end.
func TestProcessesTellOnce(t *testing.T) {
	t.Parallel()
	for _, able := range []storage.Capabilities{{CreateOnly: true}, {CreateOnly: true, IfMatch: true}} {
		s := newTeller(t)
		bucket := storagetest.NewMemoryBucket(able)
		process := func(finds ...string) {
			store, err := state.New(bucket, "", state.Options{Now: func() time.Time { return s.now }})
			if err != nil {
				t.Error(err)
				return
			}
			c := s.cards()
			c.Conditions = delivery.StoredMemory{Store: store, Log: slog.New(slog.DiscardHandler)}
			if _, err := c.Deliver(t.Context(), report.Build(s.input(finds...))); err != nil {
				t.Error(err)
			}
		}
		atOnce := func(finds ...string) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { process(finds...) })
			}
			all.Wait()
		}
		atOnce("denied")
		s.wantCard(deniedT, "at once")
		s.now = s.now.Add(6 * time.Hour)
		atOnce("denied")
		s.wantCard(deniedT, "six hours later")
		s.now = s.now.Add(interval)
		atOnce()
		s.wantCard(endT, "its end")
	}
}

// TestDeadStore: while the store fails, the process remembers what it knew; a process that makes one run tells what failed.
func TestDeadStore(t *testing.T) {
	t.Parallel()
	s := newTeller(t)
	fails := false
	s.memory = delivery.StoredMemory{
		Store: failingMemory{&delivery.ProcessMemory{}, &fails}, Process: &delivery.ProcessMemory{}, Log: slog.New(slog.DiscardHandler),
	}
	s.run(0, deniedT, "denied")
	fails = true
	s.run(interval, "", "denied")
	s.run(interval, endT)
	s.memory = delivery.StoredMemory{Store: failingMemory{&delivery.ProcessMemory{}, &fails}, Log: slog.New(slog.DiscardHandler)}
	s.run(interval, deniedT, "denied")
	s.run(interval, deniedT, "denied")
	s.run(interval, "", "drift")
}

// failingMemory fails while it is told to.
type failingMemory struct {
	delivery.ConditionMemory
	fails *bool
}

func (m failingMemory) UpdateConditions(ctx context.Context, change state.ConditionChange) error {
	if *m.fails {
		return errors.New("no answer")
	}
	return m.ConditionMemory.UpdateConditions(ctx, change)
}
