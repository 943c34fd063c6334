package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// heartbeatRetention is how long a scope is remembered of which no complete run is heard any more.
const heartbeatRetention = 30 * 24 * time.Hour

// Heartbeat says when the scopes of one slice of runs were last part of a complete run: listed as a whole, in a
// run that nothing stopped. Each slice has its own, as runs of several go side by side.
type Heartbeat struct {
	ShardKey string      `json:"slice"`
	Scopes   []ScopeTime `json:"scopes"` // sorted by scope
	Nonce    string      `json:"nonce"`
}

// ScopeTime is when something was true of a scope.
type ScopeTime struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	At      time.Time       `json:"at"`
}

// Scope gives the scope.
func (s ScopeTime) Scope() inventory.Scope {
	return inventory.Scope{Cloud: s.Cloud, Account: s.Account, Region: s.Region}
}

// RecordHeartbeat notes that these scopes were part of a complete run now. Only one run of a slice does so at a time.
func (s *Store) RecordHeartbeat(ctx context.Context, slice string, scopes []inventory.Scope, now time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	key := s.prefix + "pulse/" + safeKeyPart(slice) + ".json"
	var known Heartbeat
	if _, err := s.loadObject(ctx, key, queueMaxBytes, &known); err != nil || known.ShardKey != slice {
		known = Heartbeat{} // none yet, or damaged: the other scopes are heard of by their next run
	}
	next := Heartbeat{ShardKey: slice, Nonce: s.nonce()}
	for _, at := range scopes {
		next.Scopes = append(next.Scopes, ScopeTime{Cloud: at.Cloud, Account: at.Account, Region: at.Region, At: now.UTC()})
	}
	for _, k := range known.Scopes {
		if !slices.Contains(scopes, k.Scope()) && now.Sub(k.At) < heartbeatRetention {
			next.Scopes = append(next.Scopes, k)
		}
	}
	slices.SortFunc(next.Scopes, func(x, y ScopeTime) int { return x.Scope().Compare(y.Scope()) })
	data, err := encodeObject(next, queueMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(ctx, key, data, storage.Always())
	}
	return wrapError("note a complete run", err)
}

// ListHeartbeats gives those of all slices. What cannot be read is left out; the error tells of it beside the others.
func (s *Store) ListHeartbeats(ctx context.Context) ([]Heartbeat, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"pulse/")
	if err != nil {
		return nil, wrapError("list complete runs", err)
	}
	all := make([]Heartbeat, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], queueMaxBytes, &all[n])
		if d, bad := asCorrupt(err); bad {
			all[n] = Heartbeat{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	all = slices.DeleteFunc(all, func(p Heartbeat) bool { return len(p.Scopes) == 0 })
	return all, wrapError("read complete runs", errors.Join(errs...))
}

// Alarm is that people were told that no complete run was made.
type Alarm struct {
	Since time.Time `json:"since"`
	Nonce string    `json:"nonce"`
}

func (s *Store) alarmKey() string { return s.prefix + "alarm.json" }

// LoadAlarm gives the alarm that was told; ok is false where there is none.
func (s *Store) LoadAlarm(ctx context.Context) (a Alarm, ok bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	_, err = s.loadObject(ctx, s.alarmKey(), smallMaxBytes, &a)
	if _, bad := asCorrupt(err); bad {
		return Alarm{}, true, nil // that there is one is all that it says
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Alarm{}, false, nil
	}
	return a, err == nil, wrapError("read the alarm", err)
}

// RaiseAlarm notes that the alarm is told now, and tells whether it is this caller's to tell: of several at once
// only one's, where the store can create only.
func (s *Store) RaiseAlarm(ctx context.Context, now time.Time) (mine bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if _, told, err := s.LoadAlarm(ctx); told || err != nil {
		return false, err
	}
	data, err := encodeObject(Alarm{Since: now.UTC(), Nonce: s.nonce()}, smallMaxBytes)
	if err == nil {
		_, err = s.saveObject(ctx, s.alarmKey(), data, s.createCondition(ctx))
	}
	if kind := inventory.KindOf(err); kind == inventory.Conflict {
		return false, nil
	}
	return err == nil, wrapError("note the alarm", err)
}

// ClearAlarm forgets the alarm: it is over, or could not be told.
func (s *Store) ClearAlarm(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return wrapError("end the alarm", s.bucket.Delete(ctx, s.alarmKey()))
}
