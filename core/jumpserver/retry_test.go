package jumpserver

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// A call that reads takes at most 4 tries and 10 s, or one configured time-out, whatever hangs.
func TestCallBudget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		timeout time.Duration
		tries   int
	}{"default": {0, 2}, "short": {time.Second, 4}, "as long as the budget": {10 * time.Second, 1}, "longer than the budget": {time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStub(t)
				s.on("GET "+apiCurrent, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
				c := s.client(realSleep, func(o *Options) { o.RequestTimeout = test.timeout })
				start := time.Now()
				_, _, err := c.Organisation(t.Context())
				wantKind(t, err, inventory.Temporary)
				if took := time.Since(start); took > max(callBudget, test.timeout) || len(s.seen) != test.tries {
					t.Errorf("%v, %d tries", took, len(s.seen))
				}
			})
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	good := answer(200, `{"id":"`+DefaultOrganisation+`","name":"DEFAULT"}`)
	s.script("GET "+apiCurrent, answer(500, `{"error":"Server internal error"}`), answer(statusBroken, ""), answer(503, ""), good)
	if id, name, err := s.client().Organisation(t.Context()); err != nil || id != DefaultOrganisation || name != "DEFAULT" {
		t.Error(id, name, err)
	}
}

// The promise: after a cancelled context no further request is sent, by any method and
// also between two tries.
func TestCancelled(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	c := s.client()
	if _, err := c.verifiedFacts(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := len(s.seen)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	id := testID(1)
	name := "x"
	_, readErr := c.Read(ctx)
	_, createErr := c.Create(ctx, inventory.NewAsset{ID: id, Name: "a", Address: "10.0.0.1", Platform: "Linux", NodeIDs: []string{nodeA}})
	_, assetsErr := c.AssetsByID(ctx, []string{id})
	errs := []error{readErr, createErr, assetsErr, c.EnsureNodes(ctx, []string{"/DEFAULT/a"}),
		c.Update(ctx, []inventory.Patch{{ID: id, Name: &name}}, nil)[0], c.Remove(ctx, []string{id}, nil)[0]}
	for i, err := range errs {
		if inventory.KindOf(err) != inventory.Deadline {
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(s.seen) != sent {
		t.Errorf("sent %q", s.seen[sent:])
	}

	ctx, cancel = context.WithCancel(t.Context())
	s.on("PATCH "+apiHosts+id+"/", func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		reply(w, 500, "")
	})
	errs = c.Update(ctx, []inventory.Patch{{ID: id, Name: &name}, {ID: id, Name: &name}}, nil)
	wantKind(t, errs[0], inventory.Unanswered) // it had been sent
	wantKind(t, errs[1], inventory.Deadline)
	if got := s.requests("PATCH"); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// Neither key, secret nor signature appear in a log, at any level.
func TestLogs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newStub(t)
	s.script("GET "+apiCurrent, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		reply(w, 429, `{}`)
	}, answer(500, ""), answer(200, `{"id":"`+DefaultOrganisation+`"}`))
	s.json("GET "+apiHosts, 200, pageJSON(0))
	c := s.client(func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Sleep = func(context.Context, time.Duration) error { return nil }
		o.Now = steppingClock()
	})
	if _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{testKey, testSecret, "Signature", "hmac"} {
		if strings.Contains(out.String(), word) {
			t.Errorf("%q in %s", word, out.String())
		}
	}
	for _, word := range []string{"limits the number of requests", "tried again", `"status":200`, `"op":"list hosts"`} {
		if !strings.Contains(out.String(), word) {
			t.Errorf("no %q in %s", word, out.String())
		}
	}
}

// steppingClock returns a clock that advances by a fifth of a second each time it is read.
func steppingClock() func() time.Time {
	now := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(200 * time.Millisecond)
		return now
	}
}

func TestDeleteNeedsProof(t *testing.T) {
	t.Parallel()
	good := "225ec5ff-8023-4a3b-b93d-6261b4bccbf9"
	for _, spm := range []string{"", "nope", "{" + good + "}", "urn:uuid:" + good, good + "&x=1", strings.ReplaceAll(good, "-", ""), good[:35] + "g"} {
		if path, err := deletePath(spm); err == nil {
			t.Errorf("%q gives %s", spm, path)
		}
	}
	if path, err := deletePath(good); err != nil || path != "/api/v1/assets/hosts/?spm="+good {
		t.Error(path, err)
	}
	s := newStub(t)
	c := s.client()
	for _, path := range []string{apiHosts, apiHosts + "?spm=", apiHosts + "?spm=nope", apiHosts + good + "/", apiHosts + "?ids=" + good, apiNodes + "?spm=" + good} {
		wantKind(t, c.doCall(t.Context(), apiCall{op: "delete", method: http.MethodDelete, path: path}), inventory.Invalid)
	}
	if len(s.seen) != 0 {
		t.Errorf("%q left", s.seen)
	}
}
