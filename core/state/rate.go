package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Rate is how many requests a minute a JumpServer was seen to take of one access key. It is a hint
// that only saves refused requests: who reads it tries it anew.
type Rate struct {
	Of       string    `json:"of"` // which JumpServer and key; nothing can be read from it
	Requests int       `json:"requests"`
	Seen     time.Time `json:"seen"` // when a request was refused last
}

// Rate returns what was kept of a JumpServer and key; the zero value where nothing is. What is
// damaged is nothing too, and an error of kind Incomplete says so; the next KeepRate writes over it.
func (s *Store) Rate(ctx context.Context, of string) (Rate, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var r Rate
	_, err := s.read(ctx, s.rateKey(of), smallLimit, &r)
	d, bad := isDamaged(err)
	switch {
	case bad:
		return Rate{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + s.rateKey(of), Err: d}
	case inventory.KindOf(err) == inventory.NotFound, err == nil && r.Of != of:
		return Rate{}, nil
	}
	return r, wrap("read JumpServer's rate", err)
}

// KeepRate keeps a rate in place of that of the same JumpServer and key. One without requests says
// that there is no limit any more, and is forgotten.
func (s *Store) KeepRate(ctx context.Context, r Rate) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if r.Requests == 0 {
		return wrap("forget JumpServer's rate", s.bucket.Delete(ctx, s.rateKey(r.Of)))
	}
	r.Seen = r.Seen.UTC()
	data, err := encode(r, smallLimit)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.rateKey(r.Of), data, storage.Always())
	}
	return wrap("keep JumpServer's rate", err)
}

func (s *Store) rateKey(of string) string { return s.prefix + "rate/" + safe(of) + ".json" }
