package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// forgetPulse is how long a scope is remembered of which no complete run is heard any more.
const forgetPulse = 30 * 24 * time.Hour

// Pulse says when the scopes of one slice of runs were last part of a complete run: listed as a whole, in a
// run that nothing stopped. Each slice has its own, as runs of several go side by side.
type Pulse struct {
	Slice  string      `json:"slice"`
	Scopes []ScopeTime `json:"scopes"` // sorted by scope
	Nonce  string      `json:"nonce"`
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

// Beat notes that these scopes were part of a complete run now. Only one run of a slice does so at a time.
func (s *Store) Beat(ctx context.Context, slice string, scopes []inventory.Scope, now time.Time) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	key := s.prefix + "pulse/" + safe(slice) + ".json"
	var known Pulse
	if _, err := s.read(ctx, key, windowLimit, &known); err != nil || known.Slice != slice {
		known = Pulse{} // none yet, or damaged: the other scopes are heard of by their next run
	}
	next := Pulse{Slice: slice, Nonce: s.nonce()}
	for _, at := range scopes {
		next.Scopes = append(next.Scopes, ScopeTime{Cloud: at.Cloud, Account: at.Account, Region: at.Region, At: now.UTC()})
	}
	for _, k := range known.Scopes {
		if !slices.Contains(scopes, k.Scope()) && now.Sub(k.At) < forgetPulse {
			next.Scopes = append(next.Scopes, k)
		}
	}
	slices.SortFunc(next.Scopes, func(x, y ScopeTime) int { return x.Scope().Compare(y.Scope()) })
	data, err := encode(next, windowLimit)
	if err == nil {
		_, err = s.bucket.Put(ctx, key, data, storage.Always())
	}
	return wrap("note a complete run", err)
}

// Pulses gives those of all slices. What cannot be read is left out; the error tells of it beside the others.
func (s *Store) Pulses(ctx context.Context) ([]Pulse, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"pulse/")
	if err != nil {
		return nil, wrap("list complete runs", err)
	}
	all := make([]Pulse, len(keys))
	errs := each(len(keys), func(n int) error {
		_, err := s.read(ctx, keys[n], windowLimit, &all[n])
		if d, bad := isDamaged(err); bad {
			all[n] = Pulse{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	all = slices.DeleteFunc(all, func(p Pulse) bool { return len(p.Scopes) == 0 })
	return all, wrap("read complete runs", errors.Join(errs...))
}

// Alarm is that people were told that no complete run was made.
type Alarm struct {
	Since time.Time `json:"since"`
	Nonce string    `json:"nonce"`
}

func (s *Store) alarmKey() string { return s.prefix + "alarm.json" }

// Alarm gives the alarm that was told; ok is false where there is none.
func (s *Store) Alarm(ctx context.Context) (a Alarm, ok bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err = s.read(ctx, s.alarmKey(), smallLimit, &a)
	if _, bad := isDamaged(err); bad {
		return Alarm{}, true, nil // that there is one is all that it says
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Alarm{}, false, nil
	}
	return a, err == nil, wrap("read the alarm", err)
}

// Raise notes that the alarm is told now, and tells whether it is this caller's to tell: of several at once
// only one's, where the store can create only.
func (s *Store) Raise(ctx context.Context, now time.Time) (mine bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if _, told, err := s.Alarm(ctx); told || err != nil {
		return false, err
	}
	data, err := encode(Alarm{Since: now.UTC(), Nonce: s.nonce()}, smallLimit)
	if err == nil {
		_, err = s.put(ctx, s.alarmKey(), data, s.creating(ctx))
	}
	if kind := inventory.KindOf(err); kind == inventory.Conflict {
		return false, nil
	}
	return err == nil, wrap("note the alarm", err)
}

// EndAlarm forgets the alarm: it is over, or could not be told.
func (s *Store) EndAlarm(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return wrap("end the alarm", s.bucket.Delete(ctx, s.alarmKey()))
}
