package state

import (
	"context"
	"errors"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ListQuarantines gives all. What is damaged is none; the error tells of it beside the others.
func (s *Store) ListQuarantines(ctx context.Context) ([]inventory.Quarantine, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"quarantine/")
	if err != nil {
		return nil, wrapError("list quarantines", err)
	}
	bodies := make([]inventory.Quarantine, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], smallMaxBytes, &bodies[n])
		if inventory.KindOf(err) == inventory.NotFound {
			return nil
		}
		if d, bad := asCorrupt(err); bad {
			bodies[n] = inventory.Quarantine{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	var all []inventory.Quarantine
	for n, q := range bodies {
		if errs[n] == nil && q.Account != "" {
			all = append(all, q)
		}
	}
	return all, wrapError("read quarantines", errors.Join(errs...))
}

// SaveQuarantine writes one, in place of that of the same account.
func (s *Store) SaveQuarantine(ctx context.Context, q inventory.Quarantine) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	const longest = 1000 // bytes of a message, which may be a page of a proxy
	q.Message = q.Message[:min(len(q.Message), longest)]
	data, err := encodeObject(q, smallMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.quarantineKey(q.Cloud, q.Account), data, storage.Always())
	}
	return wrapError("keep the quarantine of "+q.Account, err)
}

// DeleteQuarantine forgets that of an account.
func (s *Store) DeleteQuarantine(ctx context.Context, of inventory.Cloud, account string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return wrapError("end the quarantine of "+account, s.bucket.Delete(ctx, s.quarantineKey(of, account)))
}

func (s *Store) quarantineKey(of inventory.Cloud, account string) string {
	return s.prefix + "quarantine/" + safeKeyPart(string(of), account) + ".json"
}
