package wire

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/state"
)

// unreadyInterval is how long people are not notified again of the same unusable configuration.
const unreadyInterval = time.Hour

// unreadyStoreTimeout is how long the card about an unusable configuration waits for the state store.
const unreadyStoreTimeout = 2 * time.Second

// runbookURL is where a card links to if the configuration does not say where JumpServer is.
const runbookURL = "https://github.com/jms-sync/jms-sync/blob/main/docs/runbook.md"

// notifyUnready notifies people that nothing was run because the configuration cannot be read or used; otherwise every
// firing would fail in silence. The card goes to the robot named in what could be read of the configuration, otherwise
// in the environment, otherwise in the last good configuration.
func (a *App) notifyUnready(ctx context.Context, role session.Role, why error) {
	if ctx.Err() != nil {
		return
	}
	a.tellUnready(ctx, role, why, false, namedLog(ctx, a.fallbackLog()))
}

// NotifyUnready notifies people that a configuration cannot be read or used, for a program that loads it itself and is
// started anew for each run. Without a state store nobody knows what was told before, so that nobody is told.
func (a *App) NotifyUnready(ctx context.Context, why error, log *slog.Logger) {
	if strings.TrimSpace(lookupVariable(a.environ, config.EnvState)) == "" {
		log.Debug("no card about the configuration: it would be sent with each run, as there is no state store")
		return
	}
	a.tellUnready(ctx, session.Role{}, why, true, log)
}

func (a *App) tellUnready(ctx context.Context, role session.Role, why error, onHost bool, log *slog.Logger) {
	cfg, known := a.notifiableConfig(why)
	if !known {
		log.Warn("nobody is told that the configuration cannot be used: no channel is known")
		return
	}
	channels, err := session.NewChannels(cfg)
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
	o.OnHost = onHost
	if cfg.JumpServer.URL == "" {
		o.AssetURL = runbookURL
	}
	word := func(o report.Options) notify.Message {
		return report.NewConfigAlarm(a.name, language.ErrorText(why, o.Lang), a.now(), o)
	}
	if err := session.SendNotice(ctx, channels, o, log, word); err != nil {
		log.Warn("nobody is told that the configuration cannot be used", "error", err)
	}
}

// fallbackLog returns the log of the last configuration, or one to standard output with the settings of the environment.
func (a *App) fallbackLog() *slog.Logger {
	if w := a.current.Load(); w != nil {
		return w.log
	}
	log, err := newConsoleLog(config.FromEnvironment(a.environ), os.Stdout)
	if err != nil {
		return slog.Default() // never: the level is one
	}
	return log
}

// notifiableConfig returns a configuration that names a robot.
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
	if w := a.current.Load(); w != nil && (w.cfg.Notification.DingTalk.Enabled || len(w.cfg.Notification.Channels) > 0) {
		return w.cfg, true
	}
	return config.Config{}, false
}

// mayNotify reports whether this invocation is the one to notify people: one for each reason and hour among all
// functions and processes that share a state store; without a store, among those of this process.
func (a *App) mayNotify(ctx context.Context, role session.Role, cfg config.Config, why error, log *slog.Logger) bool {
	sum := sha256.Sum256([]byte(why.Error()))
	reason := hex.EncodeToString(sum[:8])
	now := a.now()
	if last, notified := a.unreadyNotified.Load(reason); notified && now.Sub(last.(time.Time)) < unreadyInterval {
		return false
	}
	store, err := session.OpenStore(cfg, role, a.environ)
	if err == nil && store != nil {
		short, cancel := context.WithTimeout(ctx, unreadyStoreTimeout)
		_, err = store.AcquireLease(short, "unready-"+reason, unreadyInterval, a.name)
		cancel()
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
