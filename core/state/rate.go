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
	ClientHash string    `json:"of"` // which JumpServer and key; nothing can be read from it
	PerMinute  int       `json:"requests"`
	LimitedAt  time.Time `json:"seen"` // when a request was refused last
}

// LoadRate returns what was kept of a JumpServer and key; the zero value where nothing is. What is
// damaged is nothing too, and an error of kind Incomplete says so; the next KeepRate writes over it.
func (s *Store) LoadRate(ctx context.Context, of string) (Rate, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var r Rate
	_, err := s.loadObject(ctx, s.rateKey(of), smallMaxBytes, &r)
	d, bad := asCorrupt(err)
	switch {
	case bad:
		return Rate{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + s.rateKey(of), Err: d}
	case inventory.KindOf(err) == inventory.NotFound, err == nil && r.ClientHash != of:
		return Rate{}, nil
	}
	return r, wrapError("read JumpServer's rate", err)
}

// SaveRate keeps a rate in place of that of the same JumpServer and key. One without requests says
// that there is no limit any more, and is forgotten.
func (s *Store) SaveRate(ctx context.Context, r Rate) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if r.PerMinute == 0 {
		return wrapError("forget JumpServer's rate", s.bucket.Delete(ctx, s.rateKey(r.ClientHash)))
	}
	r.LimitedAt = r.LimitedAt.UTC()
	data, err := encodeObject(r, smallMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.rateKey(r.ClientHash), data, storage.Always())
	}
	return wrapError("keep JumpServer's rate", err)
}

func (s *Store) rateKey(of string) string { return s.prefix + "rate/" + safeKeyPart(of) + ".json" }
