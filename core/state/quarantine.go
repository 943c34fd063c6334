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

// Quarantines gives all. What is damaged is none; the error tells of it beside the others.
func (s *Store) Quarantines(ctx context.Context) ([]Quarantine, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"quarantine/")
	if err != nil {
		return nil, wrap("list quarantines", err)
	}
	bodies := make([]Quarantine, len(keys))
	errs := each(len(keys), func(n int) error {
		_, err := s.read(ctx, keys[n], smallLimit, &bodies[n])
		if inventory.KindOf(err) == inventory.NotFound {
			return nil
		}
		if d, bad := isDamaged(err); bad {
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
	return all, wrap("read quarantines", errors.Join(errs...))
}

// KeepQuarantine writes one, in place of that of the same account.
func (s *Store) KeepQuarantine(ctx context.Context, q Quarantine) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	const longest = 1000 // bytes of a message, which may be a page of a proxy
	q.Message = q.Message[:min(len(q.Message), longest)]
	data, err := encode(q, smallLimit)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.quarantineKey(q.Cloud, q.Account), data, storage.Always())
	}
	return wrap("keep the quarantine of "+q.Account, err)
}

// EndQuarantine forgets that of an account.
func (s *Store) EndQuarantine(ctx context.Context, of inventory.Cloud, account string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return wrap("end the quarantine of "+account, s.bucket.Delete(ctx, s.quarantineKey(of, account)))
}

func (s *Store) quarantineKey(of inventory.Cloud, account string) string {
	return s.prefix + "quarantine/" + safe(string(of), account) + ".json"
}
