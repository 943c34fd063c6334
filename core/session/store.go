package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	stores "github.com/jms-sync/jms-sync/core/storage/all"
)

// OpenStore opens the state store that JMS_SYNC_STATE names, for the JumpServer of a configuration. It is nil where
// the variable names none. No call is made.
func OpenStore(cfg config.Config, role Role, environ []string) (*state.Store, error) {
	who := role.CredentialSource(environ)
	text := strings.TrimSpace(who.Env(config.EnvState))
	if text == "" {
		return nil, nil
	}
	ref, err := storage.ParseRef(text)
	if err != nil {
		return nil, err
	}
	credentials, err := who.CredentialsFor(ref)
	if err != nil {
		return nil, err
	}
	bucket, prefix, err := stores.OpenPrefix(ref, credentials, stores.Options{})
	if err != nil {
		return nil, err
	}
	store, err := state.New(bucket, prefix, state.Options{})
	if err != nil {
		return nil, err
	}
	return store.ForInstallation(serverName(cfg), cfg.JumpServer.OrgID), nil
}

// serverName returns the name of the configured JumpServer, by which state is told apart: jumpserver.id, else
// the host of its URL, in lower case, with a port that is not the scheme's and a path where there are any:
// all of them may be another JumpServer's.
func serverName(cfg config.Config) string {
	if cfg.JumpServer.ID != "" {
		return strings.ToLower(cfg.JumpServer.ID)
	}
	at, err := url.Parse(cfg.JumpServer.URL)
	if err != nil || at.Host == "" {
		return cfg.JumpServer.URL // refused by the configuration's check
	}
	host := strings.ToLower(at.Host)
	for scheme, port := range map[string]string{"https": ":443", "http": ":80"} {
		if at.Scheme == scheme {
			host = strings.TrimSuffix(host, port)
		}
	}
	return host + strings.TrimRight(at.EscapedPath(), "/")
}

// buildRevision says which program this is: the revision that it was built from.
func buildRevision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	text := info.GoVersion + " " + info.Main.Version
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs.") {
			text += " " + s.Value
		}
	}
	return text
}

// fingerprintSalt returns a hash of all that decides what is made of a listing: rules, limits, the organisation
// and the program's version. Where it changes, everything is compared anew.
func fingerprintSalt(cfg config.Config) string {
	matters := struct {
		Rules                 plan.Rules
		Limits                plan.Limits
		URL, Organisation, By string
	}{planRules(cfg), planLimits(cfg), cfg.JumpServer.URL, cfg.JumpServer.OrgID, buildRevision()}
	text, err := json.Marshal(matters)
	if err != nil {
		return "" // cannot be: all of it is texts, numbers and lists
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
