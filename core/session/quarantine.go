package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/state"
)

// quarantines returns what remembers accounts whose credentials fail: the state store, else the process; nil = nothing.
func (s *Session) quarantines() cloud.QuarantineStore {
	switch {
	case s.store != nil:
		return quarantineStore{s.store}
	case s.cache.quarantines != nil:
		return s.cache.quarantines
	}
	return nil
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
