package wire

import (
	"context"
	"errors"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Loader loads the configuration. Where it comes from an object store, etag is the object's, and the error is
// storage.ErrNotModified while the object is still the known one; otherwise etag is "".
type Loader func(ctx context.Context, role session.Role, known string) (cfg config.Config, etag string, err error)

// NewLoader returns the Loader of a file or a reference; "" = what the variables name. The object is read with the
// role's credentials where they are of the store's cloud, otherwise with those of the variables.
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

// loadCurrent returns the current configuration. It asks the store whether that is still the current one: a single
// request, without a body where nothing changed. A new version replaces everything kept, or is refused with its
// mistakes; then nothing runs, not even on the old version, until it is corrected. What comes from files and variables
// is read once.
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
		// Invocations that begin together may load it twice; the first result stays, because they share a client and an
		// outbox.
		if a.current.CompareAndSwap(w, next) {
			a.flushReplaced(ctx, w, next)
			return next, nil
		}
	}
}
