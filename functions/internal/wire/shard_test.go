package wire

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

func newFolderStore(t *testing.T) *state.Store {
	t.Helper()
	s, err := state.New(dir.Open(t.TempDir()), "", state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSharing(t *testing.T) {
	t.Parallel()
	now := time.Now()
	part := Firing{FiredAt: now, Request: engine.Request{Shard: Shard{Number: 1, Count: 2}}}
	cfg := config.Config{StaleAfter: 10 * time.Minute}
	cfg.JumpServer.URL, cfg.JumpServer.OrgID = "https://one", "org"
	if newShardGroup(t.Context(), cfg, nil, part, now) != nil || newShardGroup(t.Context(), cfg, newFolderStore(t), Firing{FiredAt: now}, now) != nil {
		t.Error("something is shared without a store, or by a whole run")
	}
	one := newShardGroup(t.Context(), cfg, newFolderStore(t), part, now)
	if one.CardWait != 20*time.Minute || !one.FiredAt.Equal(now) {
		t.Errorf("%+v", one)
	}
	long, cancel := context.WithDeadline(t.Context(), now.Add(time.Hour))
	defer cancel()
	cfg.JumpServer.URL = "https://two"
	if two := newShardGroup(long, cfg, newFolderStore(t), part, now); two.CardWait != 71*time.Minute || two.Name == one.Name {
		t.Errorf("%+v", two)
	}
}

// countingNotifier counts what is sent.
type countingNotifier struct{ n int }

func (c *countingNotifier) Name() string                               { return "cards" }
func (c *countingNotifier) Send(context.Context, notify.Message) error { c.n++; return nil }

// TestBusyParts: a part that finds its like of an earlier tick at work reports that; one that finds
// the very same tick, delivered twice, leaves it to that one.
func TestBusyParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ahead time.Duration
		want  int
	}{{"an earlier tick", -5 * time.Minute, 1}, {"the same tick", 0, 0}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store, sent := newFolderStore(t), &countingNotifier{}
			tick := Firing{FiredAt: time.Now(), Request: engine.Request{Accounts: []string{"a"}, Shard: Shard{Number: 1, Count: 1}}}
			earlier := tick
			earlier.FiredAt = tick.FiredAt.Add(c.ahead)
			if _, err := store.AcquireLease(t.Context(), shardKey(tick.Request), time.Minute, holderName("fc-timer", earlier)); err != nil {
				t.Fatal(err)
			}
			log := slog.New(slog.DiscardHandler)
			e := engine.Engine{Now: time.Now, Log: log, Cards: delivery.Cards{Now: time.Now, Log: log, Notifiers: []notify.Notifier{sent}}}
			e.ShardGroup = newShardGroup(t.Context(), config.Config{}, store, tick, time.Now())
			out := RunWithState(t.Context(), e, store, "", time.Hour, holderName("fc-timer", tick), tick.Request)
			if len(out.Report.Errors) != 1 || out.Report.Errors[0].Kind != "busy" || sent.n != c.want {
				t.Errorf("%d cards, %+v", sent.n, out.Report)
			}
		})
	}
}
