package wire

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/state"
)

// WithQuarantine gives an engine for one run in which accounts whose credentials fail are put into
// quarantine: remembered by the store, else by the process. A dry run asks every account and remembers
// nothing; with every, those in quarantine are asked too.
func WithQuarantine(e engine.Engine, store *state.Store, kept ProcessCache, req engine.Request, every bool) engine.Engine {
	fleet, is := e.Clouds.(cloud.Fleet)
	var memory cloud.QuarantineStore
	switch {
	case store != nil:
		memory = quarantineStore{store}
	case kept.Recent != nil:
		memory = kept.Recent
	}
	if !is || req.DryRun || memory == nil {
		return e
	}
	watched := fleet.WithQuarantine(memory, e.Now)
	if every {
		watched.IncludeQuarantined()
	}
	e.Clouds = watched
	return e
}

// quarantineStore is the memory of quarantines that a state store is.
type quarantineStore struct{ *state.Store }

// Load implements cloud.QuarantineStore.
func (s quarantineStore) Load(ctx context.Context) ([]cloud.Quarantine, error) {
	kept, err := s.ListQuarantines(ctx)
	all := make([]cloud.Quarantine, 0, len(kept))
	for _, q := range kept {
		all = append(all, cloud.Quarantine(q))
	}
	return all, err
}

// Save implements cloud.QuarantineStore.
func (s quarantineStore) Save(ctx context.Context, q cloud.Quarantine) error {
	return s.SaveQuarantine(ctx, state.Quarantine(q))
}

// Delete implements cloud.QuarantineStore.
func (s quarantineStore) Delete(ctx context.Context, of inventory.Cloud, account string) error {
	return s.DeleteQuarantine(ctx, of, account)
}
