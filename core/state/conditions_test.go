package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/storage"
)

// addCondition returns a change that adds a condition.
func addCondition(key string) ConditionChange {
	return func(known []Condition) ([]Condition, bool) {
		return append(slices.Clone(known), Condition{Key: key}), true
	}
}

// TestConditionsAtOnce: of many processes that note at once, none loses what another noted, on a store of either kind.
func TestConditionsAtOnce(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, _ *Store, c *fakeClock) {
		const processes = 12
		var all sync.WaitGroup
		for n := range processes {
			s := newStoreAt(t, m, c)
			all.Go(func() {
				if err := s.UpdateConditions(t.Context(), addCondition(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		known, err := newStoreAt(t, m, c).LoadConditions(t.Context())
		if err != nil || len(known) != processes {
			t.Errorf("%d of %d are remembered: %v", len(known), processes, err)
		}
	})
}

// hookedBucket calls a hook before it writes the first object with a key.
type hookedBucket struct {
	storage.Bucket
	key  string
	hook func()
	once sync.Once
}

// Put implements storage.Bucket.
func (b *hookedBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if key == b.key {
		b.once.Do(b.hook)
	}
	return b.Bucket.Put(ctx, key, data, c)
}

// TestConditionsBetweenReadAndWrite: a change by another process in the moment between reading and writing is not lost, also
// where the store has no If-Match.
func TestConditionsBetweenReadAndWrite(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, other *Store, c *fakeClock) {
		if err := other.UpdateConditions(t.Context(), addCondition("first")); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		hooked := &hookedBucket{Bucket: m, key: other.conditionsKey(), hook: func() {
			go func() {
				done <- other.UpdateConditions(t.Context(), addCondition("other"))
			}()
			select {
			case err := <-done:
				done <- err
			case <-time.After(100 * time.Millisecond): // it waits
			}
		}}
		s, err := New(hooked, "team/jms-sync/", Options{Now: c.Now})
		if err == nil {
			err = s.UpdateConditions(t.Context(), addCondition("this"))
		}
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		known, err := other.LoadConditions(t.Context())
		if err != nil || len(known) != 3 {
			t.Errorf("%+v %v", known, err)
		}
	})
}

// TestConditionsThatStay: what does not change is not written, and what is corrupt is moved aside and begun anew.
func TestConditionsThatStay(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, _ *fakeClock) {
		nothing := func(known []Condition) ([]Condition, bool) { return known, false }
		if err := s.UpdateConditions(t.Context(), nothing); err != nil {
			t.Fatal(err)
		}
		if keys, err := m.List(t.Context(), ""); err != nil || len(keys) != 0 {
			t.Errorf("%q was written for nothing: %v", keys, err)
		}
		if err := s.UpdateConditions(t.Context(), addCondition("a")); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Put(t.Context(), s.conditionsKey(), []byte("{}"), storage.Always()); err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateConditions(t.Context(), addCondition("b")); err != nil {
			t.Fatal(err)
		}
		known, err := s.LoadConditions(t.Context())
		if err != nil || len(known) != 1 || known[0].Key != "b" {
			t.Errorf("%+v %v", known, err)
		}
		keys, err := m.List(t.Context(), s.conditionsKey()+".damaged-")
		if err != nil || len(keys) != 1 {
			t.Errorf("%q %v", keys, err)
		}
	})
}

// TestConditionsTooMany: more than the object holds is an error, and what was there stays.
func TestConditionsTooMany(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, _ *fakeClock) {
		if err := s.UpdateConditions(t.Context(), addCondition("a")); err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateConditions(t.Context(), addCondition(strings.Repeat("x", conditionsMaxBytes))); err == nil {
			t.Error("too much was written")
		}
		if known, err := s.LoadConditions(t.Context()); err != nil || len(known) != 1 {
			t.Errorf("%+v %v", known, err)
		}
	})
}
