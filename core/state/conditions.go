package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// conditionsMaxBytes bounds what is remembered of conditions: some two thousand of them.
const conditionsMaxBytes = 1 << 20

// Condition is something that lasts beyond one run, and when people were notified of it. It only decides when they are
// notified again.
type Condition struct {
	Key     string          `json:"key"`
	Kind    string          `json:"kind"`
	Code    string          `json:"code,omitempty"` // as people know it
	Cloud   inventory.Cloud `json:"cloud,omitempty"`
	Account string          `json:"account,omitempty"`
	Region  string          `json:"region,omitempty"`
	Slice   string          `json:"slice,omitempty"` // the runs that can see it; "" = all
	Size    int             `json:"size,omitempty"`  // the least since people were notified
	Text    string          `json:"text"`
	Patient bool            `json:"patient,omitempty"`

	Since      time.Time `json:"since"`
	SeenAt     time.Time `json:"seen"`                 // by a run, not always by the last one
	NotifiedAt time.Time `json:"told,omitzero"`        // the last time
	Notices    int       `json:"times,omitempty"`      // how often, since it is as it is
	ClaimedAt  time.Time `json:"claimed,omitzero"`     // a run is sending a card about it
	Claim      string    `json:"claimed_by,omitempty"` // that run
	GoneSince  time.Time `json:"gone,omitzero"`        // it is over, and people were not notified yet
	EndedAt    time.Time `json:"ended,omitzero"`       // people were notified that it is over
	Relapsed   bool      `json:"relapsed,omitempty"`   // it came back soon after its end
}

type conditionsBody struct {
	Conditions []Condition `json:"conditions"` // sorted by key
	Nonce      string      `json:"nonce"`
}

// ConditionChange returns what is remembered after a change, and whether that differs from what was. It may be called
// several times, and changes nothing else.
type ConditionChange func(known []Condition) (next []Condition, changed bool)

func (s *Store) conditionsKey() string { return s.prefix + "conditions.json" }

// LoadConditions returns what is remembered of conditions. A corrupt object is as none.
func (s *Store) LoadConditions(ctx context.Context) ([]Condition, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	body, _, err := s.loadConditions(ctx)
	return body.Conditions, wrapError("read what people were told", err)
}

// UpdateConditions changes what is remembered of conditions. Where several do so at once, each change is made to what the
// others left.
func (s *Store) UpdateConditions(ctx context.Context, change ConditionChange) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	can := s.bucket.Capabilities(ctx)
	if !can.CreateOnly || can.IfMatch {
		return wrapError("note what people were told", s.updateConditionsByCAS(ctx, change))
	}
	body, _, err := s.loadConditions(ctx) // mostly there is nothing to change
	if err != nil {
		return wrapError("read what people were told", err)
	}
	if _, changed := change(body.Conditions); !changed {
		return nil
	}
	return wrapError("note what people were told", s.withShortLease(ctx, "conditions", func(lease Lease) error {
		return s.updateConditionsOnce(ctx, change, func() error {
			if !lease.IsValid(s.now()) {
				return newLostError("the lease ended before it was noted what people were told")
			}
			return nil
		})
	}))
}

// updateConditionsByCAS changes the object by compare-and-swap, again while others are faster.
func (s *Store) updateConditionsByCAS(ctx context.Context, change ConditionChange) error {
	for {
		body, etag, err := s.loadConditions(ctx)
		if err != nil {
			return err
		}
		next, changed := change(body.Conditions)
		if !changed {
			return nil
		}
		_, err = s.replaceObject(ctx, s.conditionsKey(), conditionsMaxBytes, conditionsBody{Conditions: next, Nonce: s.nonce()}, etag)
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return err
		}
		if err := s.waitForOthers(ctx); err != nil {
			return err
		}
	}
}

// updateConditionsOnce changes the object under a lease.
func (s *Store) updateConditionsOnce(ctx context.Context, change ConditionChange, mayWrite func() error) error {
	body, _, err := s.loadConditions(ctx)
	if err != nil {
		return err
	}
	next, changed := change(body.Conditions)
	if !changed {
		return nil
	}
	if err := mayWrite(); err != nil {
		return err
	}
	_, err = s.saveObject(ctx, s.conditionsKey(), conditionsMaxBytes, conditionsBody{Conditions: next, Nonce: s.nonce()}, storage.Always())
	return err
}

// loadConditions returns the object and its ETag, "" where there is none. A corrupt one is moved aside.
func (s *Store) loadConditions(ctx context.Context) (conditionsBody, string, error) {
	var body conditionsBody
	etag, err := s.loadObject(ctx, s.conditionsKey(), conditionsMaxBytes, &body)
	if corrupt, is := asCorrupt(err); is {
		moved, warning := s.moveCorrupt(ctx, s.conditionsKey(), corrupt)
		if !moved {
			return conditionsBody{}, "", warning
		}
		return conditionsBody{}, "", nil
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return conditionsBody{}, "", nil
	}
	return body, etag, err
}
