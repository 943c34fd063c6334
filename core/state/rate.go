package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Rate is how many requests a minute JumpServer accepted from one access key. It is a hint
// that saves refused requests: the client tries it anew.
type Rate struct {
	ClientHash string    `json:"of"` // identifies JumpServer and key; neither can be read from it
	PerMinute  int       `json:"requests"`
	LimitedAt  time.Time `json:"seen"` // when a request was last refused
}

// LoadRate returns the rate of a JumpServer and key; the zero value where none is known. A corrupt object
// counts as none and is Incomplete; the next SaveRate overwrites it.
func (s *Store) LoadRate(ctx context.Context, of string) (Rate, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var r Rate
	_, err := s.loadObject(ctx, s.rateKey(of), smallMaxBytes, &r)
	if _, corrupt := asCorrupt(err); corrupt {
		return Rate{}, asIncomplete(s.rateKey(of), err)
	}
	if inventory.KindOf(err) == inventory.NotFound || err == nil && r.ClientHash != of {
		return Rate{}, nil
	}
	return r, wrapError("read JumpServer's rate", err)
}

// SaveRate saves a rate in place of that of the same JumpServer and key. A rate of 0 requests means
// that there is no limit any more, and is deleted.
func (s *Store) SaveRate(ctx context.Context, r Rate) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if r.PerMinute == 0 {
		return wrapError("forget JumpServer's rate", s.bucket.Delete(ctx, s.rateKey(r.ClientHash)))
	}
	r.LimitedAt = r.LimitedAt.UTC()
	_, err := s.saveObject(ctx, s.rateKey(r.ClientHash), smallMaxBytes, r, storage.Always())
	return wrapError("keep JumpServer's rate", err)
}

func (s *Store) rateKey(of string) string { return s.prefix + "rate/" + safeKeyPart(of) + ".json" }
