package session

import (
	"context"
	"os"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// ConfigSource is where a configuration is loaded from.
type ConfigSource struct {
	File    string   // a file or a reference; "" = what Environ names, otherwise config.yaml
	Environ []string // settings, the variables that the configuration refers to, and credentials for the store
	// Language is that of a configuration that names none; "" = Chinese.
	Language language.Lang
}

// Load loads the configuration.
func (s ConfigSource) Load(ctx context.Context) (config.Config, error) {
	cfg, _, err := s.LoadChanged(ctx, Role{}, "")
	return cfg, err
}

// LoadChanged loads the configuration unless it is an object that still has the known etag: then the error is
// storage.ErrNotModified. The etag is "" where the configuration comes from a file or from variables. An object is read
// with the role's credentials where they are of the store's cloud, otherwise with those of Environ.
func (s ConfigSource) LoadChanged(ctx context.Context, role Role, known string) (cfg config.Config, etag string, err error) {
	cfg, err = config.Load(ctx, s.source(role, known, &etag))
	return cfg, etag, err
}

// Check is Load for those who show more than mistakes.
func (s ConfigSource) Check(ctx context.Context) (config.Checked, error) {
	var etag string
	return config.Check(ctx, s.source(Role{}, "", &etag))
}

// source returns what the configuration is read from. The etag of an object is put into etag.
func (s ConfigSource) source(role Role, known string, etag *string) config.Source {
	fetch := func(ctx context.Context, ref string) ([]byte, error) {
		object, err := fetchObject(ctx, ref, role.CredentialSource(s.Environ), known)
		*etag = object.ETag
		return object.Data, err
	}
	from := config.Source{File: s.File, Env: s.Environ, ReadFile: os.ReadFile, Fetchers: map[string]config.FetchFunc{}, Clouds: Clouds(), Language: s.Language}
	for _, scheme := range storage.Schemes() {
		if scheme != storage.SchemeFile {
			from.Fetchers[scheme] = fetch
		}
	}
	return from
}

// ReadDocument returns the text of a configuration from a file or a reference, unchanged.
func ReadDocument(ctx context.Context, ref string, environ []string) ([]byte, error) {
	scheme, path, found := strings.Cut(ref, "://")
	switch {
	case !found:
		return os.ReadFile(ref)
	case scheme == storage.SchemeFile:
		return os.ReadFile(path)
	}
	object, err := fetchObject(ctx, ref, Role{}.CredentialSource(environ), "")
	return object.Data, err
}

func fetchObject(ctx context.Context, text string, source storage.CredentialSource, known string) (storage.Object, error) {
	ref, err := storage.ParseRef(text)
	if err != nil {
		return storage.Object{}, err
	}
	credentials, err := source.CredentialsFor(ref)
	if err != nil {
		return storage.Object{}, err
	}
	bucket, key, err := stores.Open(ref, credentials, stores.Options{})
	if err != nil {
		return storage.Object{}, err
	}
	return bucket.Get(ctx, key, known)
}
