package session

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/secret"
)

// newStoreSession opens a session whose state store is a folder, and which can reach nothing but a robot.
func newStoreSession(t *testing.T, cfg config.Config, holder string) *Session {
	t.Helper()
	if cfg.JumpServer.URL == "" {
		cfg.JumpServer.URL = "http://jumpserver.invalid"
	}
	cfg.JumpServer.AccessKeyID = secret.New(jumpservertest.KeyID)
	if cfg.JumpServer.AccessKeySecret.IsEmpty() {
		cfg.JumpServer.AccessKeySecret = secret.New("word")
	}
	s, err := Open(Options{
		Config: cfg, Environ: []string{config.EnvState + "=file://" + t.TempDir()}, RequireState: true,
		Log: slog.New(slog.DiscardHandler), Holder: holder,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShardGroup(t *testing.T) {
	t.Parallel()
	shard := fullRun{firedAt: time.Now(), request: engine.Request{Shard: inventory.Shard{Number: 1, Count: 2}}}
	cfg := config.Config{StaleAfter: 10 * time.Minute}
	cfg.JumpServer.URL = "https://one"
	s := newStoreSession(t, cfg, "test")
	alone := *s
	alone.store = nil
	if alone.newShardGroup(t.Context(), shard) != nil || s.newShardGroup(t.Context(), fullRun{firedAt: shard.firedAt}) != nil {
		t.Error("something is shared without a store, or by a whole run")
	}
	one := s.newShardGroup(t.Context(), shard)
	if one.CardWait != 20*time.Minute || !one.FiredAt.Equal(shard.firedAt) {
		t.Errorf("%+v", one)
	}
	long, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	cfg.JumpServer.URL = "https://two"
	two := newStoreSession(t, cfg, "test").newShardGroup(long, shard)
	if two.CardWait.Round(time.Minute) != 71*time.Minute || two.Name == one.Name {
		t.Errorf("%+v", two)
	}
}

// TestBusyShards: a shard that finds its like of an earlier firing at work reports that; one that finds the very same
// firing, delivered twice, leaves it to that one.
func TestBusyShards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ahead time.Duration
		want  int
	}{{"an earlier firing", -5 * time.Minute, 1}, {"the same firing", 0, 0}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			robot := dingtalktest.New(dingtalktest.Options{Token: "t", Secret: "SECs", ReportUnexpected: t.Errorf})
			server := httptest.NewServer(robot)
			t.Cleanup(server.Close)
			var cfg config.Config
			d := &cfg.Notification.DingTalk
			d.Enabled, d.Secret, d.Webhook = true, secret.New("SECs"), secret.New(server.URL+dingtalktest.WebhookPath+"?access_token=t")
			s := newStoreSession(t, cfg, "fc-timer")
			r := Request{FiredAt: time.Now(), Accounts: []string{"a"}, Shard: inventory.Shard{Number: 1, Count: 1}}
			earlier := fullRun{firedAt: r.FiredAt.Add(c.ahead), request: engine.Request{Accounts: r.Accounts, Shard: r.Shard}}
			if _, err := s.store.AcquireLease(t.Context(), shardKey(earlier.request), time.Minute, s.holderOf(earlier)); err != nil {
				t.Fatal(err)
			}
			out := s.Sync(t.Context(), r)
			if len(out.Report.Errors) != 1 || out.Report.Errors[0].Kind != "busy" || len(robot.Messages()) != c.want {
				t.Errorf("%d cards, %+v", len(robot.Messages()), out.Report)
			}
		})
	}
}
