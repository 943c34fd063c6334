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

// OpenStore opens the state store that JMS_SYNC_STATE names, for the JumpServer of a configuration. It returns nil where
// the variable names none, and makes no call.
func OpenStore(cfg config.Config, role Role, environ []string) (*state.Store, error) {
	store, _, err := openStore(role, environ)
	if store == nil || err != nil {
		return nil, err
	}
	return store.ForInstallation(serverName(cfg), cfg.JumpServer.OrgID), nil
}

// openStore opens the state store that JMS_SYNC_STATE names; nil where it names none. The outage bounds its calls.
func openStore(role Role, environ []string) (*state.Store, *outage, error) {
	source := role.CredentialSource(environ)
	text := strings.TrimSpace(source.Env(config.EnvState))
	if text == "" {
		return nil, newOutage(""), nil
	}
	ref, err := storage.ParseRef(text)
	if err != nil {
		return nil, newOutage(""), err
	}
	credentials, err := source.CredentialsFor(ref)
	if err != nil {
		return nil, newOutage(""), err
	}
	bucket, prefix, err := stores.OpenPrefix(ref, credentials, stores.Options{})
	if err != nil {
		return nil, newOutage(""), err
	}
	o := newOutage(ref.String())
	store, err := state.New(boundedBucket{bucket, o}, prefix, state.Options{})
	return store, o, err
}

// serverName returns the name that keeps the state of JumpServers apart: jumpserver.id, otherwise the host of its URL in
// lower case, with a port that is not the scheme's and with any path, because each of them may be another JumpServer.
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

// buildRevision returns the revision that this program was built from.
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

// fingerprintSalt returns a hash of everything that decides what becomes of a listing: rules, limits, the organisation
// and the program's version. Where it changes, everything is compared anew.
func fingerprintSalt(cfg config.Config) string {
	matters := struct {
		Rules                 plan.Rules
		Limits                plan.Limits
		URL, Organisation, By string
		Mapping               string `json:",omitempty"`
	}{planRules(cfg), planLimits(cfg), cfg.JumpServer.URL, cfg.JumpServer.OrgID, buildRevision(), cfg.Mapping.Fingerprint()}
	text, err := json.Marshal(matters)
	if err != nil {
		return "" // cannot be: all of it is texts, numbers and lists
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
