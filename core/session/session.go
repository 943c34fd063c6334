// Package session assembles a run once and completely: whoever starts it, it has quarantine, lease, card window, pause
// and history. Timer, events and every command of jms-sync go through a Session; none of them can build an engine by
// itself.
package session

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/metrics"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// Options is what a session is opened with.
type Options struct {
	Config config.Config
	Role   Role
	// Environ names the state store (JMS_SYNC_STATE), and may hold credentials for it.
	Environ []string
	// RequireState makes Open fail where the store that Environ names cannot be used. Otherwise runs go on without it
	// and remove nothing, because nobody knows what is paused.
	RequireState bool
	// Remap makes every run of the session one in which the mapping rules decide on existing assets too, see
	// plan.Rules.Remap. It needs a session without a Cache.
	Remap  bool
	Cache  *Cache // of the process; nil = the session has its own
	Log    *slog.Logger
	Hooks  Hooks
	Holder string // names the run in leases, for people
}

// Hooks let a program show progress. All may be nil.
type Hooks struct {
	Stage    func(name string)
	Progress func(done, total int)
}

// Session is one or several runs or operator actions of one configuration. Open returns it.
type Session struct {
	cfg      config.Config
	role     Role
	log      *slog.Logger
	holder   string
	remap    bool // see Options
	cache    *Cache
	ownCache bool
	store    *state.Store // nil = nothing is remembered
	storeErr error        // why the named store could not be opened
	outage   *outage      // of the store
	engine   engine.Engine
	sinks    *metrics.Sinks
	saveRate func(context.Context) // stores how many requests JumpServer accepts
}

// Open returns a complete session. It makes no call. Its errors are mistakes in the configuration.
func Open(o Options) (*Session, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Session{cfg: o.Config, role: o.Role, log: o.Log, holder: o.Holder, cache: o.Cache, remap: o.Remap}
	s.store, s.outage, s.storeErr = openStore(o.Role, o.Environ)
	if s.store != nil {
		s.store = s.store.ForInstallation(serverName(o.Config), o.Config.JumpServer.OrgID)
	}
	if s.storeErr != nil {
		s.storeErr = fmt.Errorf("%s: %w", config.EnvState, s.storeErr)
		if o.RequireState {
			return nil, s.storeErr
		}
		s.log.Warn("run without state", "error", s.storeErr)
	}
	var err error
	s.ownCache = s.cache == nil
	if s.ownCache {
		s.cache, err = newOwnCache(o.Config, s.rules().Needs(), o.Log)
	}
	if err == nil {
		s.engine, err = s.newEngine(o.Hooks)
	}
	if err == nil {
		s.sinks, err = newSinks(o.Config, o.Role)
	}
	if err != nil {
		return nil, err
	}
	s.saveRate = useStoredRate(s.store, s.cache.client, s.log)
	return s, nil
}

// Config returns the configuration.
func (s *Session) Config() config.Config { return s.cfg }

// Language returns the language of texts for people.
func (s *Session) Language() language.Lang { return language.Lang(s.cfg.Language) }

// Log returns the session's log.
func (s *Session) Log() *slog.Logger { return s.log }

// Now returns the time by which the session decides.
func (s *Session) Now() time.Time { return s.engine.Now() }

// rules returns the rules of the session's configuration.
func (s *Session) rules() plan.Rules {
	rules := planRules(s.cfg)
	rules.Remap = s.remap
	return rules
}

// Rules returns the rules by which the session plans.
func (s *Session) Rules() plan.Rules { return s.engine.Rules }

// Store returns the state store; nil = none is named.
func (s *Session) Store() *state.Store { return s.store }

// ListInstances lists the configured clouds as a run does, including accounts in quarantine, and stores nothing.
func (s *Session) ListInstances(ctx context.Context) []inventory.Listing {
	ctx, end := s.WithRunTimeout(ctx)
	defer end()
	return s.engine.Clouds.List(ctx, cloud.Filter{})
}

// KeyOwner returns the cloud account to which the key of a configured account belongs.
func (s *Session) KeyOwner(ctx context.Context, account string) (string, error) {
	return s.fleet().KeyOwner(ctx, account)
}

// Flush sends the cards of events that still wait. It is called before the process ends.
func (s *Session) Flush(ctx context.Context) { s.engine.Cards.Flush(ctx) }

// Close closes the connections of a session that has a cache of its own.
func (s *Session) Close() {
	if s.ownCache {
		s.cache.client.Close()
	}
}
