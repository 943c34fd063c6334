package state

import (
	"context"
	"encoding/json"
	"regexp"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// PlanRetention is how long a plan that a person may apply is kept.
const PlanRetention = 24 * time.Hour

// planMaxBytes bounds a kept plan: some 40,000 changes.
const planMaxBytes = 24 << 20

// planID is the form of the id of a kept plan, which is part of a key.
var planID = regexp.MustCompile(`^[0-9a-f]{64}$`)

type planBody struct {
	ID   string          `json:"id"`
	At   time.Time       `json:"at"`
	Plan json.RawMessage `json:"plan"`
}

// SavePlan keeps a plan that a person looks at, for PlanRetention, and forgets older ones. Its id is its hash.
func (s *Store) SavePlan(ctx context.Context, id string, plan []byte, at time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !planID.MatchString(id) || !json.Valid(plan) {
		return &inventory.Error{Kind: inventory.Invalid, Message: "keep a plan: it has another form"}
	}
	_, err := s.saveObject(ctx, s.planKey(id, at), planMaxBytes, planBody{id, at.UTC(), plan}, storage.Always())
	if err != nil {
		return wrapError("keep a plan", err)
	}
	return wrapError("the plan is kept; forget old ones", s.prunePlans(ctx, at))
}

func (s *Store) planKey(id string, at time.Time) string {
	return s.prefix + "plans/" + at.UTC().Format(dayLayout) + "/" + id + ".json"
}

// LoadPlan returns a kept plan. The error's kind is NotFound where there is none that is young enough.
func (s *Store) LoadPlan(ctx context.Context, id string, now time.Time) ([]byte, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !planID.MatchString(id) {
		return nil, &inventory.Error{Kind: inventory.NotFound, Message: "no plan has this id"}
	}
	var err error
	for _, at := range []time.Time{now, now.Add(-day), now.Add(day)} {
		var body planBody
		key := s.planKey(id, at)
		_, err = s.loadObject(ctx, key, planMaxBytes, &body)
		switch {
		case err == nil && body.ID == id && now.Sub(body.At) < PlanRetention:
			return body.Plan, nil
		case err == nil:
			err = &inventory.Error{Kind: inventory.NotFound, Message: "the plan is too old"}
		case inventory.KindOf(err) != inventory.NotFound:
			return nil, wrapError("read a plan", asIncomplete(key, err))
		}
	}
	return nil, wrapError("read a plan", err)
}

// prunePlans deletes the plans of two days that are over.
func (s *Store) prunePlans(ctx context.Context, at time.Time) error {
	for _, ago := range []time.Duration{2, 3} {
		keys, err := s.bucket.List(ctx, s.prefix+"plans/"+at.UTC().Add(-ago*day).Format(dayLayout)+"/")
		if err != nil {
			return err
		}
		if err := s.deleteAll(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}
