// Package storagetest checks that a store keeps the contract of storage.Bucket. It has an emulator of three
// object stores to check against, and a bucket in memory for tests of what builds on one.
package storagetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
)

// World is one empty store, new for each test.
type World struct {
	// Open returns a bucket of the store, as another process would.
	Open func(t testing.TB, policy storage.RetryPolicy) storage.Bucket
	// Server can show faults; nil = the store has no network.
	Server *Server
	// Fill stores an object faster than Put; nil = there is no faster way.
	Fill func(key string, data []byte)
}

// Harness is what an adapter's test provides.
type Harness struct {
	New       func(t testing.TB) World
	Abilities storage.Capabilities // that the store must report
	Links     bool                 // it hands out links
}

// Run runs the whole contract.
func Run(t *testing.T, h Harness) {
	tests := map[string]func(*testing.T, Harness){
		"round trip":    testRoundTrip,
		"not modified":  testNotModified,
		"absent":        testMissingObject,
		"keys":          testKeys,
		"sizes":         testSizes,
		"list":          testList,
		"abilities":     testAbilities,
		"create only":   testCreateOnly,
		"one winner":    testOneWinner,
		"if match":      testIfMatch,
		"nothing lost":  testNoLostUpdates,
		"whole objects": testAtomicReads,
		"cancelled":     testCancelled,
		"link":          testLink,
	}
	if h.New(t).Server != nil {
		for name, test := range map[string]func(*testing.T, Harness){
			"heals": testTransientFaults, "fails": testPermanentFaults, "never half a list": testNoPartialAnswers,
			"lost answer": testLostAnswer, "hangs": testHangingStore,
		} {
			tests[name] = test
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// InstantRetries returns a policy whose waits take no time.
func InstantRetries() storage.RetryPolicy {
	return storage.RetryPolicy{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// GoodCredentials returns the credentials that a Server knows.
func GoodCredentials() storage.Credentials {
	return storage.Credentials{ID: secret.New(GoodID), Secret: secret.New(GoodSecret), Token: secret.New(GoodToken)}
}

// newBucket returns a bucket of a new store.
func (h Harness) newBucket(t *testing.T) storage.Bucket { return h.New(t).Open(t, InstantRetries()) }

// WantKind fails the test unless the error has one of these kinds, names the key, and
// shows no secret.
func WantKind(t testing.TB, err error, key string, want ...inventory.Kind) {
	t.Helper()
	kind := inventory.KindOf(err)
	if !slices.Contains(want, kind) {
		t.Errorf("kind %q, want one of %q: %v", kind, want, err)
	}
	if err == nil {
		return
	}
	for _, hidden := range []string{GoodID, GoodSecret, GoodToken, "Signature=", "Credential="} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("the error shows a secret: %s", strings.ReplaceAll(err.Error(), hidden, "<<SECRET>>"))
		}
	}
	if !strings.Contains(err.Error(), key) {
		t.Errorf("the error does not name %q: %v", key, err)
	}
}

func mustPut(t testing.TB, b storage.Bucket, key, text string, condition storage.Condition) string {
	t.Helper()
	etag, err := b.Put(t.Context(), key, []byte(text), condition)
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	if etag == "" {
		t.Fatalf("put %s: no ETag", key)
	}
	return etag
}

func wantText(t testing.TB, b storage.Bucket, key, text string) storage.Object {
	t.Helper()
	object, err := b.Get(t.Context(), key, "")
	if err != nil || string(object.Data) != text {
		t.Fatalf("get %s: %.100q, error %v; want %.100q", key, object.Data, err, text)
	}
	return object
}
