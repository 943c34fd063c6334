package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
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

// crowd is several channels, each with a robot of its own, and a clock.
type crowd struct {
	*testing.T
	now      time.Time
	channels []delivery.Channel
	robots   []*enginetest.FakeNotifier
	memory   delivery.ConditionMemory
	backlog  *delivery.Backlog
}

// named is a notifier by another name.
type named struct {
	notify.Notifier
	name string
}

func (n named) Name() string { return n.name }

func newCrowd(t *testing.T, channels ...delivery.Channel) *crowd {
	c := &crowd{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), channels: channels, memory: &delivery.ProcessMemory{}}
	c.backlog = &delivery.Backlog{Process: new(delivery.ProcessBacklog), Log: slog.New(slog.DiscardHandler)}
	for n := range channels {
		robot := &enginetest.FakeNotifier{}
		c.robots = append(c.robots, robot)
		channels[n].Notifier = named{robot, fmt.Sprintf("channel-%d", n)}
	}
	return c
}

func (c *crowd) cards() delivery.Cards {
	return delivery.Cards{
		Channels: c.channels, Conditions: c.memory, Backlog: c.backlog, TimerInterval: 10 * time.Minute,
		Options: report.Options{Lang: language.English}, Now: func() time.Time { return c.now }, Log: slog.New(slog.DiscardHandler),
	}
}

// deliver delivers the report of a run, and returns how many cards each channel got and what went wrong.
func (c *crowd) deliver(in report.Input) (got string, delivered bool, err error) {
	c.Helper()
	in.Started, in.Language, in.OtherLanguage = c.now, language.English, c.cards().OtherLanguage()
	before := c.counts()
	delivered, err = c.cards().Deliver(c.Context(), report.Build(in))
	after := c.counts()
	for n := range after {
		after[n] -= before[n]
	}
	return fmt.Sprint(after), delivered, err
}

func (c *crowd) counts() []int {
	var n []int
	for _, r := range c.robots {
		n = append(n, len(r.Cards))
	}
	return n
}

func (c *crowd) want(want string, in report.Input) {
	c.Helper()
	got, delivered, err := c.deliver(in)
	if got != want || !delivered || err != nil {
		c.Errorf("cards %s, want %s; delivered %t: %v", got, want, delivered, err)
	}
}

func (c *crowd) last(channel int) notify.Message {
	c.Helper()
	cards := c.robots[channel].Cards
	if len(cards) == 0 {
		c.Fatalf("channel %d got no card", channel)
	}
	return cards[len(cards)-1]
}

// ran is a run of the accounts one and two, in which this happened.
func ran(what ...string) report.Input {
	in := report.Input{Slice: report.WholeSlice, Compared: true}
	one := inventory.Listing{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "r1"}}
	two := inventory.Listing{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "two", Region: "r1"}}
	for _, w := range what {
		verb, name, _ := strings.Cut(w, " ")
		change := plan.Change{Scope: one.Scope, Name: name, InstanceID: "i-" + name, AssetID: "a-" + name, Address: "10.0.0.1"}
		if strings.HasPrefix(name, "two") {
			change.Scope = two.Scope
		}
		switch verb {
		case "create":
			change.Action, change.Reason = plan.Create, reason.New(reason.NewInstance)
			in.Items = append(in.Items, apply.Item{Change: change, State: apply.Done})
		case "hold":
			change.Action, change.Reason = plan.Hold, reason.New(reason.GuardShare, 5, 9, 20)
			in.Notes = append(in.Notes, change)
		case "drift":
			change.Action, change.Reason = plan.Drift, reason.New(reason.Differs, "name")
			in.Notes = append(in.Notes, change)
		case "deny":
			two.Err = &inventory.Error{Kind: inventory.Denied, Message: "no right"}
		case "stop":
			in.Stopped = &inventory.Error{Kind: inventory.Temporary, Message: "refused"}
		}
	}
	if in.Stopped == nil {
		in.Listings = []inventory.Listing{one, two}
	}
	return in
}

// TestChannelsAreToldTheirOwn: each channel hears what it asks for: by occasion, account and severity.
func TestChannelsAreToldTheirOwn(t *testing.T) {
	t.Parallel()
	all := func(t *testing.T) *crowd {
		return newCrowd(t,
			delivery.Channel{On: delivery.NotifyAlways},
			delivery.Channel{On: delivery.NotifyOnChange},
			delivery.Channel{On: delivery.NotifyOnFailure},
			delivery.Channel{On: delivery.NotifyOnChange, Accounts: []string{"TW?"}},
			delivery.Channel{On: delivery.NotifyOnChange, Severity: notify.SeverityWarning},
			delivery.Channel{On: delivery.NotifyAlways, Severity: notify.SeverityError},
			delivery.Channel{On: delivery.NotifyAlways, Accounts: []string{"one", "three"}},
		)
	}
	for what, want := range map[string]string{
		"":           "[1 0 0 0 0 0 1]",
		"create web": "[1 1 0 0 0 0 1]",
		"create two": "[1 1 0 1 0 0 1]",
		"hold web":   "[1 1 1 0 1 0 1]",
		"hold two":   "[1 1 1 1 1 0 1]",
		"drift web":  "[1 1 0 0 1 0 1]",
		"deny":       "[1 1 1 1 1 1 1]",
		"stop":       "[1 1 1 1 1 1 1]",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			all(t).want(want, ran(what))
		})
	}
}

// TestMentionIsOfTheChannel: whoever hears of a run by what was written is not mentioned for what is another's.
func TestMentionIsOfTheChannel(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange}, delivery.Channel{On: delivery.NotifyOnChange, Accounts: []string{"one"}})
	c.want("[1 1]", ran("create web", "deny"))
	if !c.last(0).Mention || c.last(1).Mention {
		t.Errorf("mentioned: %t and %t", c.last(0).Mention, c.last(1).Mention)
	}
	if c.last(0).Severity != notify.SeverityError || c.last(1).Severity != notify.SeverityInfo {
		t.Errorf("severity %s and %s", c.last(0).Severity, c.last(1).Severity)
	}
}

// TestOneDeadChannel: the others are told, what is lost is named, and only its own card is sent again.
func TestOneDeadChannel(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]bool{"in the process": false, "in the store": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange}, delivery.Channel{On: delivery.NotifyOnChange})
			if store {
				s, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true}), "", state.Options{Now: func() time.Time { return c.now }})
				if err != nil {
					t.Fatal(err)
				}
				c.backlog = &delivery.Backlog{Store: s, Log: slog.New(slog.DiscardHandler)}
			}
			c.robots[1].Refuse = func(int) bool { return true }
			for n, host := range []string{"first", "second"} {
				got, delivered, err := c.deliver(ran("create "+host, "hold kept"))
				if got != "[1 0]" || !delivered || err == nil || !strings.HasPrefix(err.Error(), "channel-1: ") {
					t.Errorf("run %d: %s, delivered %t: %v", n, got, delivered, err)
				}
				c.now = c.now.Add(10 * time.Minute)
			}
			got, delivered, err := c.deliver(ran("hold kept"))
			if got != "[0 0]" || !delivered || err == nil || !strings.HasPrefix(err.Error(), "channel-1: an earlier card: ") {
				t.Errorf("without news: %s, delivered %t: %v", got, delivered, err)
			}
			c.now = c.now.Add(10 * time.Minute)
			c.robots[1].Refuse = nil
			c.want("[0 1]", ran("hold kept"))
			m := c.last(1)
			for _, word := range []string{"first", "second", "- kept"} {
				if strings.Count(m.Markdown, word) != 1 {
					t.Errorf("%s stands %d times in\n%s", word, strings.Count(m.Markdown, word), m.Markdown)
				}
			}
			if strings.Contains(m.Markdown, "told of before") {
				t.Errorf("what the channel was not told counts as known:\n%s", m.Markdown)
			}
			if !m.Mention {
				t.Error("nobody is mentioned of what is held")
			}
			c.now = c.now.Add(10 * time.Minute)
			c.want("[0 0]", ran("hold kept"))
		})
	}
}

// TestAllChannelsDead: then nobody was told, and the next run tells it all.
func TestAllChannelsDead(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange}, delivery.Channel{On: delivery.NotifyOnFailure})
	for _, r := range c.robots {
		r.Refuse = func(n int) bool { return n == 1 }
	}
	got, delivered, err := c.deliver(ran("deny"))
	if got != "[0 0]" || delivered || err == nil || len(strings.Split(err.Error(), "\n")) != 2 {
		t.Errorf("%s, delivered %t: %v", got, delivered, err)
	}
	c.now = c.now.Add(10 * time.Minute)
	c.want("[1 1]", ran("deny"))
}

// stuck is a channel that answers when its context has ended.
type stuck struct{}

func (stuck) Name() string { return "stuck" }

func (stuck) Send(ctx context.Context, _ notify.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestStuckChannel: one that does not answer delays no other.
func TestStuckChannel(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyAlways})
	told := make(chan struct{})
	c.robots[0].Refuse = func(int) bool {
		close(told)
		return false
	}
	cards := c.cards()
	cards.Channels = append([]delivery.Channel{{Notifier: stuck{}, On: delivery.NotifyAlways}}, cards.Channels...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	go func() {
		<-told // although the first channel still waits
		cancel()
	}()
	deadline, end := context.WithDeadline(ctx, time.Now().Add(2*time.Second))
	defer end()
	delivered, err := cards.Deliver(deadline, report.Build(ran("create web")))
	if !delivered || !errors.Is(err, context.DeadlineExceeded) || len(c.robots[0].Cards) != 1 {
		t.Errorf("delivered %t, %d cards: %v", delivered, len(c.robots[0].Cards), err)
	}
}

// TestQuietHours: what is neither a failure nor a hold waits for their end, by the clock of the time zone; the rest does not.
func TestQuietHours(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("", 8*60*60)
	quiet := delivery.Quiet{From: 22 * time.Hour, To: 8 * time.Hour, Location: shanghai}
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange, Quiet: quiet}, delivery.Channel{On: delivery.NotifyOnChange})
	c.now = time.Date(2026, 3, 1, 23, 0, 0, 0, shanghai)
	c.want("[0 1]", ran("create first"))
	c.now = c.now.Add(time.Hour)
	c.want("[1 1]", ran("create second", "deny"))
	if strings.Contains(c.last(0).Markdown, "first") {
		t.Error("what waits is told with a failure")
	}
	c.now = c.now.Add(time.Hour)
	c.want("[0 1]", ran("create third"))
	c.now = time.Date(2026, 3, 2, 7, 59, 59, 0, shanghai)
	c.want("[0 0]", ran())
	c.now = c.now.Add(time.Second)
	c.want("[1 0]", ran())
	for _, word := range []string{"first", "third", "Created | 2 |"} {
		if !strings.Contains(c.last(0).Markdown, word) {
			t.Errorf("%s is missing in\n%s", word, c.last(0).Markdown)
		}
	}
	c.backlog = nil // nothing can wait: then it is told at once
	c.now = time.Date(2026, 3, 2, 23, 0, 0, 0, shanghai)
	c.want("[1 1]", ran("create fourth"))
}

// TestQuietIncludes: from and to, over midnight and not.
func TestQuietIncludes(t *testing.T) {
	t.Parallel()
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 1, hour, minute, 30, 0, time.UTC) }
	night := delivery.Quiet{From: 22 * time.Hour, To: 8 * time.Hour}
	noon := delivery.Quiet{From: 12 * time.Hour, To: 13*time.Hour + 30*time.Minute}
	for _, c := range []struct {
		quiet delivery.Quiet
		at    time.Time
		want  bool
	}{
		{night, at(21, 59), false}, {night, at(22, 0), true}, {night, at(0, 0), true}, {night, at(7, 59), true}, {night, at(8, 0), false},
		{noon, at(11, 59), false}, {noon, at(12, 0), true}, {noon, at(13, 29), true}, {noon, at(13, 30), false}, {delivery.Quiet{}, at(0, 0), false},
	} {
		if c.quiet.Includes(c.at) != c.want {
			t.Errorf("%v at %s: want %t", c.quiet, c.at, c.want)
		}
	}
}

// TestLanguages: each channel reads all of a card in its own language, reasons too, also one that was kept.
func TestLanguages(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange}, delivery.Channel{On: delivery.NotifyOnChange, Lang: language.Chinese})
	c.robots[1].Refuse = func(n int) bool { return n == 1 }
	check := func() {
		t.Helper()
		if english, chinese := c.last(0).Markdown, c.last(1).Markdown; !strings.Contains(english, "the scope would lose") || strings.Contains(english, "区域") ||
			!strings.Contains(chinese, "该区域将失去") || strings.Contains(chinese, "the scope would lose") {
			t.Errorf("\n%s\n\n%s", english, chinese)
		}
	}
	if got, _, err := c.deliver(ran("hold web")); got != "[1 0]" || err == nil {
		t.Errorf("%s: %v", got, err)
	}
	c.now = c.now.Add(10 * time.Minute)
	c.want("[0 1]", ran("hold web"))
	check()
	c.now = c.now.Add(24 * time.Hour)
	c.want("[1 1]", ran("hold web"))
	check()
}

// TestAlerts: who keeps track of what lasts gets all of it from every run, whatever people were told, and its end.
func TestAlerts(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, delivery.Channel{On: delivery.NotifyOnChange}, delivery.Channel{On: delivery.NotifyOnFailure, Tracks: true, Accounts: []string{"two"}})
	began := c.now
	c.want("[1 1]", ran("deny", "hold web", "drift two"))
	c.now = c.now.Add(10 * time.Minute)
	c.want("[0 1]", ran("deny", "hold web", "drift two"))
	alerts := c.last(1).Alerts
	if len(alerts) != 2 || alerts[0].Name != "drift" || alerts[1].Name != "scope_failed" || alerts[1].Labels["account"] != "two" ||
		!alerts[1].StartsAt.Equal(began) || alerts[1].Severity != notify.SeverityError || alerts[0].Severity != notify.SeverityWarning {
		t.Fatalf("%+v", alerts)
	}
	for _, a := range alerts {
		if life := a.EndsAt.Sub(c.now); life < 30*time.Minute || life > time.Hour {
			t.Errorf("%s would end after %s without a run", a.Key, life)
		}
	}
	c.want("[1 1]", ran("stop")) // which saw nothing of the two
	if stopped := c.last(1).Alerts; len(stopped) != 1 || stopped[0].Name != "run_failed" {
		t.Errorf("%+v", stopped)
	}
	c.now = c.now.Add(10 * time.Minute)
	c.robots[1].Refuse = func(int) bool { return true }
	if _, delivered, err := c.deliver(ran("hold web", "drift two")); !delivered || err == nil { // and people are told of the end
		t.Errorf("delivered %t: %v", delivered, err)
	}
	c.robots[1].Refuse = nil
	c.now = c.now.Add(10 * time.Minute)
	c.want("[0 1]", ran("hold web", "drift two"))
	ended := c.last(1).Alerts
	if len(ended) != 3 || ended[1].Name != "run_failed" || ended[1].EndsAt.After(c.now) || ended[2].Name != "scope_failed" || ended[2].EndsAt.After(c.now) ||
		!ended[0].EndsAt.After(c.now) {
		t.Errorf("%+v", ended)
	}
	c.want("[0 0]", report.Input{DryRun: true})
}
