package wire

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/state"
)

// Quarantined gives an engine for one run in which accounts whose credentials fail are put into
// quarantine: remembered by the store, else by the process. A dry run asks every account and remembers
// nothing; with every, those in quarantine are asked too.
func Quarantined(e engine.Engine, store *state.Store, kept Kept, req engine.Request, every bool) engine.Engine {
	fleet, is := e.Clouds.(cloud.Fleet)
	var memory cloud.Memory
	switch {
	case store != nil:
		memory = inStore{store}
	case kept.Recent != nil:
		memory = kept.Recent
	}
	if !is || req.DryRun || memory == nil {
		return e
	}
	watched := fleet.Watched(memory, e.Now)
	if every {
		watched.Every()
	}
	e.Clouds = watched
	return e
}

// inStore is the memory of quarantines that a state store is.
type inStore struct{ *state.Store }

// All implements cloud.Memory.
func (s inStore) All(ctx context.Context) ([]cloud.Quarantine, error) {
	kept, err := s.Quarantines(ctx)
	all := make([]cloud.Quarantine, 0, len(kept))
	for _, q := range kept {
		all = append(all, cloud.Quarantine(q))
	}
	return all, err
}

// Keep implements cloud.Memory.
func (s inStore) Keep(ctx context.Context, q cloud.Quarantine) error {
	return s.KeepQuarantine(ctx, state.Quarantine(q))
}

// Forget implements cloud.Memory.
func (s inStore) Forget(ctx context.Context, of inventory.Cloud, account string) error {
	return s.EndQuarantine(ctx, of, account)
}
