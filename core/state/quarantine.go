package state

import (
	"context"
	"errors"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ListQuarantines returns all. A corrupt one is left out and named by the error.
func (s *Store) ListQuarantines(ctx context.Context) ([]inventory.Quarantine, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"quarantine/")
	if err != nil {
		return nil, wrapError("list quarantines", err)
	}
	bodies, errs := loadAll[inventory.Quarantine](ctx, s, keys, smallMaxBytes)
	var all []inventory.Quarantine
	for n, q := range bodies {
		if errs[n] == nil && q.Account != "" {
			all = append(all, q)
		}
	}
	return all, wrapError("read quarantines", errors.Join(errs...))
}

// SaveQuarantine saves a quarantine in place of that of the same account.
func (s *Store) SaveQuarantine(ctx context.Context, q inventory.Quarantine) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	const longest = 1000 // bytes of a message, which may be a proxy's page
	q.Message = q.Message[:min(len(q.Message), longest)]
	_, err := s.saveObject(ctx, s.quarantineKey(q.Cloud, q.Account), smallMaxBytes, q, storage.Always())
	return wrapError("keep the quarantine of "+q.Account, err)
}

// DeleteQuarantine deletes that of an account.
func (s *Store) DeleteQuarantine(ctx context.Context, of inventory.Cloud, account string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return wrapError("end the quarantine of "+account, s.bucket.Delete(ctx, s.quarantineKey(of, account)))
}

func (s *Store) quarantineKey(of inventory.Cloud, account string) string {
	return s.prefix + "quarantine/" + safeKeyPart(string(of), account) + ".json"
}
