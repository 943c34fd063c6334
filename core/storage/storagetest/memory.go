package storagetest

import (
	"context"
	"crypto/md5" //nolint:gosec // an ETag, as the stores make it
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// NewMemoryBucket returns a bucket in memory that has only these preconditions. It stands for every kind of store in
// tests of what is built on a Bucket.
func NewMemoryBucket(able storage.Capabilities) storage.Bucket {
	return storage.Checked("memory://bucket", &memoryBucket{capabilities: able, objects: map[string][]byte{}}, InstantRetries())
}

type memoryBucket struct {
	capabilities storage.Capabilities
	mu           sync.Mutex
	objects      map[string][]byte
}

// etagOf returns the MD5 of the content in quotes, as the stores do for small objects.
func etagOf(data []byte) string {
	sum := md5.Sum(data) //nolint:gosec // see above
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// Get implements storage.Bucket.
func (m *memoryBucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, there := m.objects[key]
	switch {
	case ctx.Err() != nil:
		return storage.Object{}, ctx.Err()
	case !there:
		return storage.Object{}, &inventory.Error{Kind: inventory.NotFound, Message: "no object"}
	case etagOf(data) == knownETag:
		return storage.Object{}, storage.ErrNotModified
	}
	return storage.Object{Data: slices.Clone(data), ETag: etagOf(data)}, nil
}

// Put implements storage.Bucket.
func (m *memoryBucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	now, there := m.objects[key]
	if etag, asked := condition.IfMatchETag(); asked && (!there || etagOf(now) != etag) || condition.IsCreateOnly() && there {
		return "", &inventory.Error{Kind: inventory.Conflict, Message: "the condition does not hold"}
	}
	m.objects[key] = slices.Clone(data)
	return etagOf(data), nil
}

// List implements storage.Bucket.
func (m *memoryBucket) List(ctx context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys, ctx.Err()
}

// Delete implements storage.Bucket.
func (m *memoryBucket) Delete(ctx context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() == nil {
		delete(m.objects, key)
	}
	return ctx.Err()
}

// Capabilities implements storage.Bucket.
func (m *memoryBucket) Capabilities(context.Context) storage.Capabilities { return m.capabilities }
