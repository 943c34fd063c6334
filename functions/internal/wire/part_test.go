package wire

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

func folder(t *testing.T) *state.Store {
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
	part := Tick{At: now, Request: engine.Request{Part: Part{Number: 1, Of: 2}}}
	cfg := config.Config{StaleAfter: 10 * time.Minute}
	cfg.JumpServer.URL, cfg.JumpServer.OrgID = "https://one", "org"
	if sharing(t.Context(), cfg, nil, part, now) != nil || sharing(t.Context(), cfg, folder(t), Tick{At: now}, now) != nil {
		t.Error("something is shared without a store, or by a whole run")
	}
	one := sharing(t.Context(), cfg, folder(t), part, now)
	if one.Wait != 20*time.Minute || !one.Fired.Equal(now) {
		t.Errorf("%+v", one)
	}
	long, cancel := context.WithDeadline(t.Context(), now.Add(time.Hour))
	defer cancel()
	cfg.JumpServer.URL = "https://two"
	if two := sharing(long, cfg, folder(t), part, now); two.Wait != 71*time.Minute || two.Name == one.Name {
		t.Errorf("%+v", two)
	}
}

// cards counts what is sent.
type cards struct{ n int }

func (c *cards) Name() string                               { return "cards" }
func (c *cards) Send(context.Context, notify.Message) error { c.n++; return nil }

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
			store, sent := folder(t), &cards{}
			tick := Tick{At: time.Now(), Request: engine.Request{Accounts: []string{"a"}, Part: Part{Number: 1, Of: 1}}}
			earlier := tick
			earlier.At = tick.At.Add(c.ahead)
			if _, err := store.Acquire(t.Context(), slice(tick.Request), time.Minute, holder("fc-timer", earlier)); err != nil {
				t.Fatal(err)
			}
			e := engine.Engine{Now: time.Now, Log: slog.New(slog.DiscardHandler), Notifiers: []notify.Notifier{sent}}
			e.Sharing = sharing(t.Context(), config.Config{}, store, tick, time.Now())
			out := Remembered(t.Context(), e, store, "", time.Hour, holder("fc-timer", tick), tick.Request)
			if len(out.Report.Errors) != 1 || out.Report.Errors[0].Kind != "busy" || sent.n != c.want {
				t.Errorf("%d cards, %+v", sent.n, out.Report)
			}
		})
	}
}
