package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// heartbeatRetention is how long a scope is remembered after its last complete run.
const heartbeatRetention = 30 * 24 * time.Hour

// Heartbeat says when each scope of one shard was last part of a complete run: listed as a whole, by a
// run that ended without an error. Each shard has its own, as the runs of several overlap.
type Heartbeat struct {
	ShardKey string      `json:"slice"`
	Scopes   []ScopeTime `json:"scopes"` // sorted by scope
	Nonce    string      `json:"nonce"`
}

// ScopeTime is when something was last true of a scope.
type ScopeTime struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	At      time.Time       `json:"at"`
}

// Scope returns the scope.
func (s ScopeTime) Scope() inventory.Scope {
	return inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region}
}

// RecordHeartbeat records that these scopes were part of a complete run now. Only one run of a shard may call it at a time.
func (s *Store) RecordHeartbeat(ctx context.Context, shardKey string, scopes []inventory.Scope, now time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	key := s.prefix + "pulse/" + safeKeyPart(shardKey) + ".json"
	var known Heartbeat
	if _, err := s.loadObject(ctx, key, queueMaxBytes, &known); err != nil || known.ShardKey != shardKey {
		known = Heartbeat{} // there is none, or it is corrupt: the next run of the other scopes adds them
	}
	next := Heartbeat{ShardKey: shardKey, Nonce: s.nonce()}
	for _, at := range scopes {
		next.Scopes = append(next.Scopes, ScopeTime{Cloud: at.Cloud, Account: at.Account, Region: at.Region, At: now.UTC()})
	}
	for _, k := range known.Scopes {
		if !slices.Contains(scopes, k.Scope()) && now.Sub(k.At) < heartbeatRetention {
			next.Scopes = append(next.Scopes, k)
		}
	}
	sorting.By(next.Scopes, func(x, y ScopeTime) int { return x.Scope().Compare(y.Scope()) })
	_, err := s.saveObject(ctx, key, queueMaxBytes, next, storage.Always())
	return wrapError("note a complete run", err)
}

// ListHeartbeats returns those of all shards. What cannot be read is left out and named by the error.
func (s *Store) ListHeartbeats(ctx context.Context) ([]Heartbeat, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"pulse/")
	if err != nil {
		return nil, wrapError("list complete runs", err)
	}
	all, errs := loadAll[Heartbeat](ctx, s, keys, queueMaxBytes)
	all = slices.DeleteFunc(all, func(p Heartbeat) bool { return len(p.Scopes) == 0 })
	return all, wrapError("read complete runs", errors.Join(errs...))
}

// Alarm records that people were notified of missing complete runs.
type Alarm struct {
	Since time.Time `json:"since"`
	Nonce string    `json:"nonce"`
}

func (s *Store) alarmKey() string { return s.prefix + "alarm.json" }

// LoadAlarm returns the alarm that was raised; ok is false where there is none.
func (s *Store) LoadAlarm(ctx context.Context) (a Alarm, ok bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	_, err = s.loadObject(ctx, s.alarmKey(), smallMaxBytes, &a)
	if _, corrupt := asCorrupt(err); corrupt {
		return Alarm{}, true, nil // that it exists is all that matters
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Alarm{}, false, nil
	}
	return a, err == nil, wrapError("read the alarm", err)
}

// RaiseAlarm records the alarm and reports whether this caller is to send it. Of several callers at once only one is,
// where the store can create only.
func (s *Store) RaiseAlarm(ctx context.Context, now time.Time) (mine bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if _, raised, err := s.LoadAlarm(ctx); raised || err != nil {
		return false, err
	}
	_, err = s.saveObject(ctx, s.alarmKey(), smallMaxBytes, Alarm{Since: now.UTC(), Nonce: s.nonce()}, s.createCondition(ctx))
	if inventory.KindOf(err) == inventory.Conflict {
		return false, nil
	}
	return err == nil, wrapError("note the alarm", err)
}

// ClearAlarm deletes the alarm: it is over, or could not be sent.
func (s *Store) ClearAlarm(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return wrapError("end the alarm", s.bucket.Delete(ctx, s.alarmKey()))
}
