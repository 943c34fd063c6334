package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// memoryBucket is a bucket that has exactly the preconditions that it reports, and refuses others.
// Its ETags are hashes of the content, like those of the real stores: the same bytes have the same ETag.
type memoryBucket struct {
	abilities storage.Capabilities
	// before is called outside the lock, before each operation; its error is the answer.
	before func(op, key string) error
	// after is called after each Put that was done; its error is the answer all the same.
	after func(key string) error

	mu      sync.Mutex
	objects map[string][]byte
	calls   map[string]int
}

// allAbilities are the three levels of preconditions.
func allAbilities() map[string]storage.Capabilities {
	return map[string]storage.Capabilities{
		"if-match":    {CreateOnly: true, IfMatch: true},
		"create-only": {CreateOnly: true},
		"none":        {},
	}
}

// leasingAbilities are the levels that can keep a lease.
func leasingAbilities() map[string]storage.Capabilities {
	all := allAbilities()
	delete(all, "none")
	return all
}

func newMemoryBucket(can storage.Capabilities) *memoryBucket {
	return &memoryBucket{abilities: can, objects: map[string][]byte{}, calls: map[string]int{}}
}

// failRandomly makes one in so many operations fail, some of them after they were done. Operations come
// from several goroutines, so the random source is locked.
func (m *memoryBucket) failRandomly(by *rand.Rand, oneIn int) {
	var mu sync.Mutex
	strike := func() error {
		mu.Lock()
		defer mu.Unlock()
		if by.IntN(oneIn) == 0 {
			return newFault(inventory.Temporary, "broken")
		}
		return nil
	}
	m.before = func(string, string) error { return strike() }
	m.after = func(string) error { return strike() }
}

func newFault(kind inventory.Kind, text string) error {
	return &inventory.Error{Kind: kind, Message: text}
}

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

func (m *memoryBucket) beforeCall(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: err}
	}
	if m.before != nil {
		if err := m.before(op, key); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.calls[op]++
	if op == "list" {
		return nil
	}
	return storage.CheckKey(key)
}

func (m *memoryBucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	if err := m.beforeCall(ctx, "get", key); err != nil {
		return storage.Object{}, err
	}
	defer m.mu.Unlock()
	data, there := m.objects[key]
	switch {
	case !there:
		return storage.Object{}, newFault(inventory.NotFound, "memory: no "+key)
	case len(data) > storage.MaxObjectSize:
		return storage.Object{}, newFault(inventory.Invalid, "memory: too large: "+key)
	case knownETag != "" && knownETag == etagOf(data):
		return storage.Object{}, storage.ErrNotModified
	}
	return storage.Object{Data: slices.Clone(data), ETag: etagOf(data)}, nil
}

func (m *memoryBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if err := m.beforeCall(ctx, "put", key); err != nil {
		return "", err
	}
	defer m.mu.Unlock()
	old, there := m.objects[key]
	want, match := c.IfMatchETag()
	switch {
	case c.IsCreateOnly() && !m.abilities.CreateOnly, match && !m.abilities.IfMatch:
		return "", newFault(inventory.Unsupported, "memory: no such condition")
	case match && want == "":
		return "", newFault(inventory.Invalid, "memory: an empty ETag")
	case c.IsCreateOnly() && there, match && there && etagOf(old) != want:
		return "", newFault(inventory.Conflict, "memory: the condition does not hold for "+key)
	case match && !there:
		return "", newFault(inventory.NotFound, "memory: no "+key)
	}
	m.objects[key] = slices.Clone(data)
	if m.after != nil {
		if err := m.after(key); err != nil {
			return "", err
		}
	}
	return etagOf(data), nil
}

func (m *memoryBucket) List(ctx context.Context, prefix string) ([]string, error) {
	if err := m.beforeCall(ctx, "list", prefix); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	return m.keysUnder(prefix), nil
}

func (m *memoryBucket) keysUnder(prefix string) []string {
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (m *memoryBucket) Delete(ctx context.Context, key string) error {
	if err := m.beforeCall(ctx, "delete", key); err != nil {
		return err
	}
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

func (m *memoryBucket) Capabilities(context.Context) storage.Capabilities { return m.abilities }

// keysContaining returns the keys that contain a text, sorted.
func (m *memoryBucket) keysContaining(text string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(m.keysUnder(""), func(k string) bool { return !strings.Contains(k, text) })
}

func (m *memoryBucket) setObject(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = data
}

func (m *memoryBucket) callCount(op string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[op]
}

// fakeClock is a clock that tests advance.
type fakeClock struct{ offset atomic.Int64 }

var testStart = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func (c *fakeClock) Now() time.Time          { return testStart.Add(time.Duration(c.offset.Load())) }
func (c *fakeClock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// newStore returns a store with a fake clock, counted nonces, and picks that cycle.
func newStore(t testing.TB, b storage.Bucket) (*Store, *fakeClock) {
	t.Helper()
	c := &fakeClock{}
	return newStoreAt(t, b, c), c
}

// Each store has nonces of its own, as processes have: with equal ones two would take each other's lease for theirs.
func newStoreAt(t testing.TB, b storage.Bucket, c *fakeClock) *Store {
	t.Helper()
	var nonces, picks atomic.Int64
	s, err := New(b, "team/jms-sync/", Options{
		Now:   c.Now,
		Nonce: func() string { return fmt.Sprintf("n%p%06d", &nonces, nonces.Add(1)) },
		Pick:  func(n int) int { return int(picks.Add(1)) % n },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newScope(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

func wantKind(t *testing.T, err error, kind inventory.Kind) {
	t.Helper()
	if got := inventory.KindOf(err); got != kind {
		t.Fatalf("kind %q, want %q: %v", got, kind, err)
	}
}
