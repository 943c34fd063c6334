package wire

import (
	"context"
	"errors"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Loader reads the configuration. Where it comes from an object store, etag is the object's, and
// storage.ErrNotModified the answer where it is still the known one; else etag is "".
type Loader func(ctx context.Context, role session.Role, known string) (cfg config.Config, etag string, err error)

// NewLoader returns the Loader of a file or a reference; "" = what the variables name.
func NewLoader(file string, environ []string) Loader {
	return session.ConfigSource{File: file, Environ: environ}.LoadChanged
}

// lookupVariable returns a variable of an environment; "" = not set.
func lookupVariable(environ []string, name string) string {
	for _, pair := range environ {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// loadCurrent returns what is kept, after asking the store whether it is still what the store holds: one request, without
// a body where nothing has changed. A new version replaces all that is kept, or is refused with its mistakes: then nothing
// runs, not even with the old one, until it is right. What comes from files and variables is read once.
func (a *App) loadCurrent(ctx context.Context, role session.Role) (*loadedConfig, error) {
	ctx, cancel := session.WithReserve(ctx, a.now())
	defer cancel()
	for {
		w := a.current.Load()
		known := ""
		if w != nil {
			if w.etag == "" {
				return w, nil
			}
			known = w.etag
		}
		cfg, etag, err := a.load(ctx, role, known)
		if w != nil && errors.Is(err, storage.ErrNotModified) {
			return w, nil
		}
		if err != nil {
			return nil, err
		}
		next, err := a.newLoadedConfig(cfg, etag, w)
		if err != nil {
			return nil, err
		}
		// Invocations that begin together may read it twice; the first one stays, for they share a
		// client and an outbox.
		if a.current.CompareAndSwap(w, next) {
			a.flushReplaced(ctx, w, next)
			return next, nil
		}
	}
}
