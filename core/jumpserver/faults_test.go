package jumpserver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// faults are transient ones, and those that only a person can correct.
func faults() (passing, lasting map[string]jumpservertest.Fault) {
	passing = map[string]jumpservertest.Fault{
		"500 page": {Status: 500}, "502": {Status: 502}, "503 JSON": {Status: 503, Body: `{"error":"busy"}`}, "504 after the work": {Status: 504, After: true},
		"429": {Status: 429, Body: `{"code":"throttled"}`, RetryAfter: "3"}, "429 without a time": {Status: 429, Body: `{}`},
		"cut": {Cut: true}, "cut after the work": {Cut: true, After: true}, "hang": {Hang: true}, "hang after the work": {Hang: true, After: true},
		"truncated": {Edit: jumpservertest.TruncateJSON}, "HTML with 200": {Status: 200}, "HTML with 200 after the work": {Status: 200, After: true},
	}
	lasting = map[string]jumpservertest.Fault{
		"401": {Status: 401, Body: `{"code":"authentication_failed"}`}, "403": {Status: 403, Body: `{"code":"permission_denied"}`},
		"404 page": {Status: 404}, "redirect": {Status: 301, Location: "https://jms.example/elsewhere/"}, "400": {Status: 400, Body: `{"detail":"no","code":"error"}`},
	}
	return passing, lasting
}

// runEverything makes every kind of call and returns all errors.
func runEverything(ctx context.Context, t *testing.T, s *jumpservertest.Server) error {
	t.Helper()
	c := newClient(t, s)
	_, first := c.Read(ctx)
	errs := []error{first, c.EnsureNodes(ctx, []string{asset(0).NodePaths[0], asset(1).NodePaths[0]})}
	var ids []string
	var patches []inventory.Patch
	for n := range 3 {
		a := asset(n)
		_, err := c.CreateWithNode(ctx, a)
		errs = append(errs, err)
		ids = append(ids, a.ID)
		address := "192.0.2.1"
		patches = append(patches, inventory.Patch{ID: a.ID, Address: &address})
	}
	errs = append(errs, updateAndFollowUp(ctx, c, patches))
	errs = append(errs, removeAndFollowUp(ctx, c, ids[:2]))
	_, err := c.AssetsByID(ctx, ids)
	return errors.Join(append(errs, err)...)
}

// updateAndFollowUp updates, and follows up rows without an answer as the caller of Update must: it waits, reads back, and
// sends again what was not done.
func updateAndFollowUp(ctx context.Context, c *jumpserver.Client, patches []inventory.Patch) error {
	for try := 1; ; try++ {
		var left []inventory.Patch
		var errs []error
		for n, err := range c.Update(ctx, patches, nil) {
			if inventory.KindOf(err) != inventory.Unanswered || try == 3 {
				errs = append(errs, err)
				continue
			}
			time.Sleep(retryAfter(err))
			found, err := c.AssetsByID(ctx, []string{patches[n].ID})
			errs = append(errs, err)
			if err == nil && found[0].Address != *patches[n].Address {
				left = append(left, patches[n])
			}
		}
		if err := errors.Join(errs...); err != nil || len(left) == 0 {
			return err
		}
		patches = left
	}
}

// removeAndFollowUp does the same for a removal, which reads back by itself.
func removeAndFollowUp(ctx context.Context, c *jumpserver.Client, ids []string) error {
	for try := 1; ; try++ {
		errs := c.Remove(ctx, ids, nil)
		if inventory.KindOf(errs[0]) != inventory.Unanswered && !inventory.IsTransient(errs[0]) || try == 3 {
			return errors.Join(errs...)
		}
		time.Sleep(retryAfter(errs[0]))
	}
}

func retryAfter(err error) time.Duration {
	var e *inventory.Error
	errors.As(err, &e)
	return e.RetryAfter
}

// Any single failure of any request: a transient one is overcome, a permanent one is reported; nothing but
// the two hosts is ever removed, and a second run ends where an undisturbed one does.
// Invariants: 10.
func TestAnyFaultAnywhere(t *testing.T) {
	t.Parallel()
	passing, lasting := faults()
	for _, version := range versions() {
		for name, fault := range passing {
			t.Run(fmt.Sprint(version, " ", name), func(t *testing.T) {
				t.Parallel()
				failEverywhere(t, version, fault, true)
			})
		}
		for name, fault := range lasting {
			t.Run(fmt.Sprint(version, " ", name), func(t *testing.T) {
				t.Parallel()
				failEverywhere(t, version, fault, false)
			})
		}
	}
}

// failEverywhere makes each request fail in turn; the two versions take turns too, as their flows
// have the same requests.
func failEverywhere(t *testing.T, version jumpservertest.Version, fault jumpservertest.Fault, passes bool) {
	t.Helper()
	first := 1
	if version == jumpservertest.V410 {
		first = 2
	}
	for at, total := first, first; at <= total; at += 2 {
		synctest.Test(t, func(t *testing.T) {
			total = failAt(t, version, fault, at, passes)
		})
	}
}

func failAt(t *testing.T, version jumpservertest.Version, fault jumpservertest.Fault, at int, passes bool) (requests int) {
	t.Helper()
	s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
	bystander := s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "bystander", Address: "10.9.9.9", Active: true})
	if !passes {
		s.AllowUnexpected() // of the other version's path, where OPTIONS is refused
	}
	where := ""
	s.Fail(func(r *http.Request) bool {
		requests++
		if requests == at {
			where = r.Method + " " + r.URL.RequestURI()
		}
		return requests == at
	}, -1, fault)
	err := runEverything(t.Context(), t, s)
	// A refused OPTIONS is asked in another way, a refused list in smaller ones, and unknown
	// rights count as granted.
	mended := strings.HasPrefix(where, "OPTIONS") || strings.Contains(where, "/users/profile/") || strings.HasSuffix(where, "/hosts/") && strings.HasPrefix(where, "PATCH")
	if failed := err != nil; failed == passes && (failed || !mended) {
		t.Errorf("request %d (%s): %v", at, where, err)
	}
	s.ClearFaults()
	if err := runEverything(t.Context(), t, s); err != nil {
		t.Errorf("second run after request %d: %v", at, err)
	}
	var left []string
	for _, h := range s.Hosts(jumpservertest.DefaultOrg) {
		left = append(left, h.ID+" "+h.Address)
	}
	if want := []string{bystander + " 10.9.9.9", asset(2).ID + " 192.0.2.1"}; !slices.Equal(left, want) {
		t.Errorf("after request %d (%s): %q", at, where, left)
	}
	return requests
}

// While a list is read, people create and remove hosts: it is read again, never trusted.
func TestChangesWhileReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{TB: t, PageCap: 10})
		for n := range 40 {
			s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{ID: asset(n).ID, Name: fmt.Sprintf("h%02d", n), Address: "10.0.0.1", Active: true})
		}
		changes := 0
		s.OnRequest(func(r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "offset=20") && changes < 2 {
				s.DeleteAsset(jumpservertest.DefaultOrg, asset(changes).ID)
				changes++
			}
		})
		if b, err := newClient(t, s).Read(t.Context()); err != nil || len(b.Assets) != 38 {
			t.Errorf("%d assets, %v", len(b.Assets), err)
		}
		changes = -100
		s.OnRequest(func(r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "offset=20") {
				changes++
				s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: fmt.Sprint("a", changes), Address: "10.0.0.1", Active: true})
			}
		})
		b, err := newClient(t, s).Read(t.Context())
		if inventory.KindOf(err) != inventory.Incomplete || len(b.Assets) != 0 {
			t.Errorf("%d assets, %v", len(b.Assets), err)
		}
	})
}

// A person removes the node between two hosts.
func TestNodeIsGone(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		c := newClient(t, s)
		for n := range 2 {
			if n == 1 {
				s.DeleteNode(jumpservertest.DefaultOrg, asset(0).NodePaths[0])
			}
			if existed, err := c.CreateWithNode(t.Context(), asset(2*n)); existed || err != nil {
				t.Errorf("%s: %v, %v", version, existed, err)
			}
		}
		if n := s.Calls()["POST /api/v1/assets/nodes/"]; n != 2 {
			t.Errorf("%s: %d nodes made", version, n)
		}
		if posts := s.Calls()["POST /api/v1/assets/hosts/"]; posts != 3 {
			t.Errorf("%s: %d hosts sent, and not one that was refused", version, posts)
		}
	}
}
