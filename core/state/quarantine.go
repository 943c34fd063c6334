package state

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Quarantine is what is remembered of an account whose credentials fail. It only saves requests: what is
// not known is asked.
type Quarantine struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Key     string          `json:"key"` // tells credentials apart; no secret can be read from it
	Since   time.Time       `json:"since"`
	Until   time.Time       `json:"until"`
	Told    time.Time       `json:"told,omitzero"`
	Tries   int             `json:"tries"`
	Kind    inventory.Kind  `json:"kind"`
	Message string          `json:"message"`
}

// ListQuarantines gives all. What is damaged is none; the error tells of it beside the others.
func (s *Store) ListQuarantines(ctx context.Context) ([]Quarantine, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"quarantine/")
	if err != nil {
		return nil, wrapError("list quarantines", err)
	}
	bodies := make([]Quarantine, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], smallMaxBytes, &bodies[n])
		if inventory.KindOf(err) == inventory.NotFound {
			return nil
		}
		if d, bad := asCorrupt(err); bad {
			bodies[n] = Quarantine{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	var all []Quarantine
	for n, q := range bodies {
		if errs[n] == nil && q.Account != "" {
			all = append(all, q)
		}
	}
	return all, wrapError("read quarantines", errors.Join(errs...))
}

// SaveQuarantine writes one, in place of that of the same account.
func (s *Store) SaveQuarantine(ctx context.Context, q Quarantine) error {
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
