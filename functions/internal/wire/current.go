package wire

import (
	"context"
	"log/slog"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
)

// Current is the configuration of an invocation, for a function that answers people.
type Current struct {
	app    *App
	loaded *loadedConfig
	role   session.Role
}

// Current returns the configuration as it is now.
func (a *App) Current(ctx context.Context, role session.Role) (Current, error) {
	w, err := a.loadCurrent(ctx, role)
	if err != nil {
		return Current{}, err
	}
	return Current{a, w, role}, nil
}

// Config returns the configuration.
func (c Current) Config() config.Config { return c.loaded.cfg }

// IsSame reports whether two are of one version of the configuration.
func (c Current) IsSame(other Current) bool { return c.loaded == other.loaded }

// Log returns the log of an invocation.
func (c Current) Log(ctx context.Context) *slog.Logger { return namedLog(ctx, c.loaded.log) }

// Open opens a session with the role of the invocation.
func (c Current) Open(ctx context.Context, hooks session.Hooks) (*session.Session, error) {
	return session.Open(session.Options{
		Config: c.loaded.cfg, Role: c.role, Environ: c.app.environ, RequireState: true, Cache: c.loaded.cache, Log: c.Log(ctx), Holder: c.app.name, Hooks: hooks,
	})
}

// Examination returns what doctor examines with the role of the invocation.
func (c Current) Examination() session.Examination {
	return session.Examination{Config: c.loaded.cfg, Role: c.role, Environ: c.app.environ}
}

// Source returns where the configuration comes from.
func (c Current) Source() session.ConfigSource { return session.ConfigSource{Environ: c.app.environ} }

// Log returns the log of an invocation that has no configuration.
func (a *App) Log(ctx context.Context) *slog.Logger { return namedLog(ctx, a.fallbackLog()) }
