package session

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// handlerTransport hands requests to a handler, and counts those that are refused.
type handlerTransport struct {
	http.Handler
	refused int
}

// RoundTrip implements http.RoundTripper.
func (d *handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code == http.StatusTooManyRequests {
		d.refused++
	}
	return w.Result(), nil
}

// hangingBucket is a bucket that never answers a Get.
type hangingBucket struct{ storage.Bucket }

// Get implements storage.Bucket.
func (hangingBucket) Get(ctx context.Context, _, _ string) (storage.Object, error) {
	<-ctx.Done()
	return storage.Object{}, ctx.Err()
}

// TestRateIsKept: the next process knows the rate that this one learnt, and is refused at most once a minute. A store
// that fails or hangs costs a second at most.
func TestRateIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, MaxRequests: 180, TB: t})
		memory := storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})
		// run makes some requests, long after any before, and returns how many were refused.
		run := func(bucket storage.Bucket, requests int) (refused int, took time.Duration) {
			t.Helper()
			time.Sleep(2 * time.Minute)
			started := time.Now()
			store, err := state.New(bucket, "", state.Options{})
			if err != nil {
				t.Fatal(err)
			}
			transport := &handlerTransport{Handler: server}
			c, err := jumpserver.New(jumpserver.Options{
				URL: "http://jms.example", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret), Transport: transport,
			})
			if err != nil {
				t.Fatal(err)
			}
			keep := useStoredRate(store, c, slog.New(slog.DiscardHandler))
			for range requests {
				if _, _, err := c.Organisation(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			keep(t.Context())
			return transport.refused, time.Since(started)
		}
		objectCount := func() int {
			keys, err := memory.List(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			return len(keys)
		}
		if refused, _ := run(memory, 20); refused != 0 || objectCount() != 0 {
			t.Errorf("a run that is not refused: %d refused, %d objects", refused, objectCount())
		}
		if refused, took := run(memory, 200); refused != 1 || took > 61*time.Second || objectCount() != 1 {
			t.Errorf("the first run that is: %d refused, %v, %d objects", refused, took, objectCount())
		}
		if refused, took := run(memory, 400); refused != 2 || took > 122*time.Second || objectCount() != 1 {
			t.Errorf("the next one: %d refused, %v, %d objects", refused, took, objectCount())
		}
		if refused, took := run(hangingBucket{memory}, 20); refused != 0 || took != rateLoadTimeout {
			t.Errorf("a store that hangs: %d refused, %v", refused, took)
		}
		if refused, took := run(readOnlyBucket(memory), 200); refused != 1 || took > 61*time.Second {
			t.Errorf("a store that takes nothing: %d refused, %v", refused, took)
		}
	})
}

// TestOperatorActionsUseTheStoredRate: an operator action knows from its first request how many JumpServer accepts, as a run
// does.
func TestOperatorActionsUseTheStoredRate(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(jumpservertest.New(jumpservertest.Options{TB: t}))
	t.Cleanup(server.Close)
	var cfg config.Config
	cfg.JumpServer.URL, cfg.JumpServer.AccessKeySecret = server.URL, secret.New(jumpservertest.KeySecret)
	s := newStoreSession(t, cfg, "test")
	known := state.Rate{ClientHash: s.cache.client.KeyFingerprint(), PerMinute: 600, LimitedAt: time.Now().Add(-time.Hour)}
	if err := s.store.SaveRate(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	if out, err := s.Disown(t.Context(), operator.Action{}); err != nil || out.Err != nil {
		t.Fatal(err, out.Err)
	}
	if r, _ := s.cache.client.LearntRate(); r.Requests != known.PerMinute {
		t.Errorf("%+v", r)
	}
}

// TestRateWithoutStore: without a store nothing is read or stored.
func TestRateWithoutStore(t *testing.T) {
	t.Parallel()
	useStoredRate(nil, nil, nil)(t.Context())
}

// readOnlyBucket returns a bucket that refuses writes.
func readOnlyBucket(b storage.Bucket) storage.Bucket {
	m := &moodyBucket{Bucket: b}
	m.mood.Store("fails")
	return m
}
