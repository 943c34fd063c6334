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

// memory is a bucket that keeps exactly the conditions it says it can, and refuses others.
// Its ETags are hashes of the content, as the stores' are: the same bytes have the same.
type memory struct {
	can storage.Abilities
	// before is called outside the lock, before each operation; its error is the answer.
	before func(op, key string) error
	// after is called after a Put that was done; its error is the answer nevertheless.
	after func(key string) error

	mu      sync.Mutex
	objects map[string][]byte
	calls   map[string]int
}

// levels are the three that there are.
func levels() map[string]storage.Abilities {
	return map[string]storage.Abilities{
		"if-match":    {CreateOnly: true, IfMatch: true},
		"create-only": {CreateOnly: true},
		"none":        {},
	}
}

// leasing are the levels that can keep a lease.
func leasing() map[string]storage.Abilities {
	all := levels()
	delete(all, "none")
	return all
}

func newMemory(can storage.Abilities) *memory {
	return &memory{can: can, objects: map[string][]byte{}, calls: map[string]int{}}
}

// strikes lets one in so many operations fail, some of them although they were done. Operations come
// from several goroutines, which may not share the randomness without a lock.
func (m *memory) strikes(by *rand.Rand, oneIn int) {
	var mu sync.Mutex
	strike := func() error {
		mu.Lock()
		defer mu.Unlock()
		if by.IntN(oneIn) == 0 {
			return fault(inventory.Temporary, "broken")
		}
		return nil
	}
	m.before = func(string, string) error { return strike() }
	m.after = func(string) error { return strike() }
}

func fault(kind inventory.Kind, text string) error {
	return &inventory.Error{Kind: kind, Message: text}
}

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

func (m *memory) begin(ctx context.Context, op, key string) error {
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

func (m *memory) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	if err := m.begin(ctx, "get", key); err != nil {
		return storage.Object{}, err
	}
	defer m.mu.Unlock()
	data, there := m.objects[key]
	switch {
	case !there:
		return storage.Object{}, fault(inventory.NotFound, "memory: no "+key)
	case len(data) > storage.MaxSize:
		return storage.Object{}, fault(inventory.Invalid, "memory: too large: "+key)
	case knownETag != "" && knownETag == etagOf(data):
		return storage.Object{}, storage.ErrNotModified
	}
	return storage.Object{Data: slices.Clone(data), ETag: etagOf(data)}, nil
}

func (m *memory) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if err := m.begin(ctx, "put", key); err != nil {
		return "", err
	}
	defer m.mu.Unlock()
	old, there := m.objects[key]
	want, match := c.IfMatch()
	switch {
	case c.CreateOnly() && !m.can.CreateOnly, match && !m.can.IfMatch:
		return "", fault(inventory.Unsupported, "memory: no such condition")
	case match && want == "":
		return "", fault(inventory.Invalid, "memory: an empty ETag")
	case c.CreateOnly() && there, match && there && etagOf(old) != want:
		return "", fault(inventory.Conflict, "memory: the condition does not hold for "+key)
	case match && !there:
		return "", fault(inventory.NotFound, "memory: no "+key)
	}
	m.objects[key] = slices.Clone(data)
	if m.after != nil {
		if err := m.after(key); err != nil {
			return "", err
		}
	}
	return etagOf(data), nil
}

func (m *memory) List(ctx context.Context, prefix string) ([]string, error) {
	if err := m.begin(ctx, "list", prefix); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	return m.under(prefix), nil
}

func (m *memory) under(prefix string) []string {
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (m *memory) Delete(ctx context.Context, key string) error {
	if err := m.begin(ctx, "delete", key); err != nil {
		return err
	}
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

func (m *memory) Abilities(context.Context) storage.Abilities { return m.can }

// keys gives the keys that hold a text, sorted.
func (m *memory) keys(text string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(m.under(""), func(k string) bool { return !strings.Contains(k, text) })
}

func (m *memory) set(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = data
}

func (m *memory) count(op string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[op]
}

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// newStore makes a store with a clock, nonces that count, and picks that go round.
func newStore(t testing.TB, b storage.Bucket) (*Store, *clock) {
	t.Helper()
	c := &clock{}
	return storeAt(t, b, c), c
}

func storeAt(t testing.TB, b storage.Bucket, c *clock) *Store {
	t.Helper()
	var nonces, picks atomic.Int64
	s, err := New(b, "team/jms-sync/", Options{
		Now:   c.Now,
		Nonce: func() string { return fmt.Sprintf("n%p%06d", c, nonces.Add(1)) },
		Pick:  func(n int) int { return int(picks.Add(1)) % n },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scopeOf(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

func wantKind(t *testing.T, err error, kind inventory.Kind) {
	t.Helper()
	if got := inventory.KindOf(err); got != kind {
		t.Fatalf("kind %q, want %q: %v", got, kind, err)
	}
}
