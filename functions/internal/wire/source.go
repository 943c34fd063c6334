package wire

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// Loader reads the configuration. Where it comes from an object store, etag is the object's, and
// storage.ErrNotModified the answer where it is still the known one; else etag is "".
type Loader func(ctx context.Context, role session.Role, known string) (cfg config.Config, etag string, err error)

// NewLoader gives the Loader of a file or a reference, "" = what the variables name. The object is
// read with the role's credentials where they are of the store's cloud, else with the variables'.
func NewLoader(file string, environ []string) Loader {
	return func(ctx context.Context, role session.Role, known string) (config.Config, string, error) {
		etag := ""
		fetch := func(ctx context.Context, ref string) ([]byte, error) {
			object, err := fetchObject(ctx, ref, role.CredentialSource(environ), known)
			etag = object.ETag
			return object.Data, err
		}
		from := config.Source{File: file, Env: environ, ReadFile: os.ReadFile, Fetchers: map[string]config.FetchFunc{}, Clouds: session.Clouds()}
		for _, scheme := range storage.Schemes() {
			if scheme != storage.SchemeFile {
				from.Fetchers[scheme] = fetch
			}
		}
		cfg, err := config.Load(ctx, from)
		return cfg, etag, err
	}
}

// ReadDocument returns the text of a configuration, from a file or a reference, as it is.
func ReadDocument(ctx context.Context, ref string, environ []string) ([]byte, error) {
	scheme, path, found := strings.Cut(ref, "://")
	switch {
	case !found:
		return os.ReadFile(ref)
	case scheme == storage.SchemeFile:
		return os.ReadFile(path)
	}
	object, err := fetchObject(ctx, ref, session.Role{}.CredentialSource(environ), "")
	return object.Data, err
}

// fetchObject reads one object.
func fetchObject(ctx context.Context, text string, who storage.CredentialSource, known string) (storage.Object, error) {
	ref, err := storage.ParseRef(text)
	if err != nil {
		return storage.Object{}, err
	}
	credentials, err := who.CredentialsFor(ref)
	if err != nil {
		return storage.Object{}, err
	}
	bucket, key, err := stores.Open(ref, credentials, stores.Options{})
	if err != nil {
		return storage.Object{}, err
	}
	return bucket.Get(ctx, key, known)
}

// lookupVariable looks one up in an environment; "" = not set.
func lookupVariable(environ []string, name string) string {
	for _, pair := range environ {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// loadCurrent gives what is kept, after asking the store whether it still holds: one request that has
// no body where nothing changed. A new version takes the place of all that is kept, or is
// refused with its mistakes; then nothing runs, not even on the old one, until it is right. What
// comes from files and variables is read once.
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
