package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// StateOptions is what a person's State is opened with.
type StateOptions struct {
	Source ConfigSource
	// Server and Organisation name one of the store's installations; "" = that of the configuration, or else the only one.
	Server, Organisation string
}

// State is the state store as a person reads it and orders by it. It needs JMS_SYNC_STATE and no other secret: what there
// is of a configuration only chooses the installation and words the texts.
type State struct {
	Store  *state.Store // nil = JMS_SYNC_STATE names none
	Config config.Config
	// Unread is why the configuration that is named could not be fetched; nil = it was, or there is none.
	Unread error
	// whole says that Config is a whole configuration: then accounts that it does not name are not looked for.
	whole bool
}

// InstallationError says that nobody knows which installation of a store is meant.
type InstallationError struct {
	Asked string               // the name that is not in the store; "" = none was given
	Known []state.Installation // of the store
}

// Error implements error.
func (e *InstallationError) Error() string {
	names := make([]string, 0, len(e.Known))
	for _, k := range e.Known {
		names = append(names, k.Server+" "+k.Organisation)
	}
	return fmt.Sprintf("which JumpServer is not clear; asked for %q, the store knows: %s", e.Asked, strings.Join(names, ", "))
}

// OpenState opens the state store for a person. It calls the store only where the configuration does not say whose state
// is meant: of one that could not be fetched nobody knows the organisation, and the variables beside it may name the
// JumpServer otherwise. Its errors are an *InstallationError and mistakes in the configuration.
func OpenState(ctx context.Context, o StateOptions) (State, error) {
	var s State
	if err := s.loadSettings(ctx, o.Source); err != nil {
		return s, err
	}
	store, _, err := openStore(Role{}, o.Source.Environ)
	if err != nil {
		return s, fmt.Errorf("%s: %w", config.EnvState, err)
	}
	if store == nil {
		return s, nil
	}
	named := s.Config.JumpServer.ID != "" || s.Config.JumpServer.URL != ""
	flagged := o.Server != "" || o.Organisation != ""
	ofConfig := store.ForInstallation(serverName(s.Config), s.Config.JumpServer.OrgID)
	if named && !flagged && s.Unread == nil {
		s.Store = ofConfig
		return s, nil
	}
	if o.Server == "" && named {
		o.Server = serverName(s.Config)
	}
	if org := s.Config.JumpServer.OrgID; o.Organisation == "" && org != config.DefaultOrgID {
		o.Organisation = org
	}
	s.Store, err = chooseInstallation(ctx, store, o)
	var unclear *InstallationError
	if named && !flagged && errors.As(err, &unclear) && len(unclear.Known) == 0 {
		s.Store, err = ofConfig, nil // an order that comes before the first run
	}
	return s, err
}

// chooseInstallation returns the state of the one installation of a store that has these names.
func chooseInstallation(ctx context.Context, store *state.Store, o StateOptions) (*state.Store, error) {
	known, err := store.ListInstallations(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	var meant []state.Installation
	for _, k := range known {
		if (o.Server == "" || strings.EqualFold(k.Server, o.Server)) && (o.Organisation == "" || k.Organisation == o.Organisation) {
			meant = append(meant, k)
		}
	}
	if len(meant) != 1 {
		return nil, &InstallationError{Asked: strings.TrimSpace(o.Server + " " + o.Organisation), Known: known}
	}
	return store.ForInstallation(meant[0].Server, meant[0].Organisation), nil
}

// configFetchTimeout is how long a person's order waits for a configuration that is an object.
const configFetchTimeout = 10 * time.Second

// loadSettings loads the configuration. Of one that cannot be used, or where there is none, it takes the settings that a
// State needs, and of one that cannot be fetched those of the environment: an order must not need another bucket.
func (s *State) loadSettings(ctx context.Context, from ConfigSource) error {
	short, cancel := context.WithTimeout(ctx, configFetchTimeout)
	defer cancel()
	var err error
	s.Config, err = from.Load(short)
	var mistakes *config.Error
	if err != nil && !errors.As(err, &mistakes) && ctx.Err() == nil {
		s.Unread = err
		_, err = config.Load(ctx, from.environmentOnly())
		errors.As(err, &mistakes)
	}
	s.whole = err == nil && s.Unread == nil
	if mistakes == nil {
		return err
	}
	some, usable := mistakes.StateSettings()
	if !usable {
		return err
	}
	s.Config = some
	return nil
}

// environmentOnly returns the source of the settings that variables hold.
func (s ConfigSource) environmentOnly() config.Source {
	environ := slices.DeleteFunc(slices.Clone(s.Environ), func(pair string) bool {
		return strings.HasPrefix(pair, config.EnvConfig+"=")
	})
	return config.Source{Env: environ, Clouds: Clouds(), Language: s.Language, ReadFile: func(string) ([]byte, error) {
		return nil, fs.ErrNotExist
	}}
}

// Freshness returns when complete runs happened. Where no whole configuration says which accounts there are, every scope
// counts, and runs have stopped only where all of them have.
func (s State) Freshness(ctx context.Context) (delivery.Freshness, error) {
	heartbeats, err := s.Store.ListHeartbeats(ctx)
	if err != nil {
		return delivery.Freshness{}, err // what cannot be read may be the newest
	}
	var rules plan.Rules
	if s.whole {
		rules = planRules(s.Config)
	}
	return delivery.NewFreshness(heartbeats, rules, s.Config.Sync.Interval, time.Now()), nil
}
