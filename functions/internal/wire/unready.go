package wire

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
)

// unreadyInterval is after how long people are told once more that the configuration cannot be used.
const unreadyInterval = time.Hour

// runbookURL is where a card leads whose configuration does not tell where JumpServer is.
const runbookURL = "https://github.com/jms-sync/jms-sync/blob/main/docs/runbook.md"

// notifyUnready tells people that nothing was run, because the configuration cannot be read or used: otherwise every
// tick would fail in silence. The card goes to the robot of what could be read of the configuration, else to that
// of the environment, else to that of the last configuration which was right.
func (a *App) notifyUnready(ctx context.Context, role session.Role, why error) {
	if ctx.Err() != nil {
		return
	}
	log := a.fallbackLog()
	cfg, known := a.notifiableConfig(why)
	if !known {
		log.Warn("nobody is told that the configuration cannot be used: no webhook is known")
		return
	}
	robots, err := session.NewNotifiers(cfg)
	if err != nil {
		log.Warn("nobody is told that the configuration cannot be used", "error", err)
		return
	}
	ctx, cancel := session.WithReserve(ctx, a.now())
	defer cancel()
	if !a.mayNotify(ctx, role, cfg, why, log) {
		return
	}
	o := session.ReportOptions(cfg)
	if cfg.JumpServer.URL == "" {
		o.AssetURL = runbookURL
	}
	if err := notify.SendAll(ctx, robots, report.NewConfigAlarm(a.name, why.Error(), a.now(), o)); err != nil {
		log.Warn("nobody is told that the configuration cannot be used", "error", err)
	}
}

// fallbackLog returns the log of the last configuration, or one to standard output with the default settings.
func (a *App) fallbackLog() *slog.Logger {
	if w := a.current.Load(); w != nil {
		return w.log
	}
	to := config.Default().Log
	log, err := logs.NewConsole(to.Level, to.JSONFormat, to.Detailed, os.Stdout)
	if err != nil {
		return slog.Default() // never: the level is one
	}
	return log
}

// notifiableConfig returns a configuration by which people can be told.
func (a *App) notifiableConfig(why error) (cfg config.Config, known bool) {
	var mistakes *config.Error
	if errors.As(why, &mistakes) && mistakes.Notifiable != nil {
		return *mistakes.Notifiable, true
	}
	const prefix = "JMS_SYNC_NOTIFICATION_DINGTALK_"
	webhook := cmp.Or(lookupVariable(a.environ, prefix+"WEBHOOK"), lookupVariable(a.environ, "DINGTALK_WEBHOOK"))
	if webhook != "" && lookupVariable(a.environ, prefix+"ENABLED") != "false" {
		cfg = config.Default()
		cfg.Language = cmp.Or(lookupVariable(a.environ, "JMS_SYNC_LANGUAGE"), cfg.Language)
		cfg.Proxy = secret.New(lookupVariable(a.environ, "JMS_SYNC_PROXY"))
		d := &cfg.Notification.DingTalk
		d.Enabled, d.Webhook = true, secret.New(webhook)
		d.Secret = secret.New(cmp.Or(lookupVariable(a.environ, prefix+"SECRET"), lookupVariable(a.environ, "DINGTALK_SECRET")))
		return cfg, true
	}
	if w := a.current.Load(); w != nil && w.cfg.Notification.DingTalk.Enabled {
		return w.cfg, true
	}
	return config.Config{}, false
}

// mayNotify reports whether it is this invocation's turn to tell: of all functions and processes that share a state
// store one for each reason and hour, without a store one of this process.
func (a *App) mayNotify(ctx context.Context, role session.Role, cfg config.Config, why error, log *slog.Logger) bool {
	sum := sha256.Sum256([]byte(why.Error()))
	reason := hex.EncodeToString(sum[:8])
	now := a.now()
	if last, told := a.unreadyNotified.Load(reason); told && now.Sub(last.(time.Time)) < unreadyInterval {
		return false
	}
	store, err := session.OpenStore(cfg, role, a.environ)
	if err == nil && store != nil {
		_, err = store.AcquireLease(ctx, "unready-"+reason, unreadyInterval, a.name)
		if errors.Is(err, state.ErrLeaseTaken) {
			return false
		}
	}
	if err != nil {
		log.Info("other processes may tell the same", "reason", err)
	}
	a.unreadyNotified.Store(reason, now)
	return true
}
