package jumpservertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// timed sends a write whose client waits no longer than patience, and returns how long the server
// took for it.
func timed(t *testing.T, s *Server, method, path string, body any, patience time.Duration) (status int, took time.Duration) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, "http://jumpserver.test/api/v1/assets/"+path, bytes.NewReader(raw))
	sign(r, KeyID, KeySecret)
	w := httptest.NewRecorder()
	begun := time.Now()
	s.ServeHTTP(w, r)
	return w.Code, time.Since(begun)
}

// Writes take their time by rows and labels, and are carried out even if their client disconnects.
func TestCosts(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-0000-0000-0000000000aa"
	costs := WriteTimes{Create: 100 * time.Millisecond, CreateLabel: 10 * time.Millisecond, Update: 20 * time.Millisecond,
		UpdateLabel: 30 * time.Millisecond, Delete: 40 * time.Millisecond}
	for name, c := range map[string]struct {
		method, path string
		body         any
		want         time.Duration
	}{
		"create": {"POST", "hosts/", map[string]any{"name": "x", "address": "a", "platform": 1, "labels": []any{"a:1", "b:1"}}, 120 * time.Millisecond},
		"list": {"PATCH", "hosts/", []any{map[string]any{"id": id, "comment": "c"},
			map[string]any{"id": "00000000-0000-0000-0000-0000000000bb", "labels": []any{"a:1", "b:1"}}}, 100 * time.Millisecond},
		"single": {"PATCH", "hosts/" + id + "/", map[string]any{"comment": "c"}, 20 * time.Millisecond},
		"delete": {"DELETE", "hosts/" + id + "/", nil, 40 * time.Millisecond},
		"read":   {"GET", "hosts/?limit=1", nil, 0},
		"node":   {"POST", "nodes/", map[string]any{"full_value": "/DEFAULT/a"}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{WriteTimes: costs})
			s.Seed(DefaultOrg, Host{ID: id, Name: "h"})
			s.Seed(DefaultOrg, Host{ID: "00000000-0000-0000-0000-0000000000bb", Name: "i"})
			before := s.world()
			status, took := timed(t, s, c.method, c.path, c.body, time.Millisecond)
			if took != c.want || status >= 400 || c.method != "GET" && s.world() == before {
				t.Errorf("%s: status %d after %v, want %v", name, status, took, c.want)
			}
			costs := costs
			costs.Spread = 0.5
			s.SetWriteTimes(costs)
			if _, took := timed(t, s, c.method, c.path, c.body, time.Minute); took < c.want/2 || took > c.want*3/2 {
				t.Errorf("%s: with a spread %v, want %v and at most half less or more", name, took, c.want)
			}
		})
	}
}

// world returns all hosts and nodes as a text.
func (s *Server) world() string {
	raw, _ := json.Marshal(s.Hosts(DefaultOrg))
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(raw) + fmt.Sprint(len(s.orgs[DefaultOrg].nodes))
}

// An intermediary gives up on a list PATCH that takes long, and the server goes on: all rows become visible at its
// end, and never only some of them.
func TestIntermediaryGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{MaxParallel: 1})
		var list []any
		for _, id := range []string{"00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000bb"} {
			s.Seed(DefaultOrg, Host{ID: id, Name: id})
			list = append(list, map[string]any{"id": id, "comment": "new"})
		}
		s.Fail(MatchRequest("PATCH", "hosts/"), 1, Fault{PerRow: time.Second, FrontTimeout: 1500 * time.Millisecond, Status: 504})
		status, took := timed(t, s, "PATCH", "hosts/", list, time.Minute)
		if hosts := s.Hosts(DefaultOrg); status != 504 || took != 1500*time.Millisecond || hosts[0].Comment+hosts[1].Comment != "" {
			t.Errorf("status %d after %v: %v", status, took, hosts)
		}
		// The server has one worker: the next request waits until it is done.
		if status, took := timed(t, s, "PATCH", "hosts/"+"00000000-0000-0000-0000-0000000000aa/", map[string]any{"address": "b"}, time.Minute); status != 200 || took != 500*time.Millisecond {
			t.Errorf("the next request: status %d after %v", status, took)
		}
		s.WaitForBackground()
		for _, h := range s.Hosts(DefaultOrg) {
			if h.Comment != "new" {
				t.Errorf("%+v", h)
			}
		}
		s.Fail(MatchRequest("PATCH", "hosts/"), 1, Fault{PerRow: time.Second, FrontTimeout: time.Minute, Status: 504})
		if status, took := timed(t, s, "PATCH", "hosts/", list, time.Minute); status != 200 || took != 2*time.Second {
			t.Errorf("a patient front: status %d after %v", status, took)
		}
	})
}

// The times of a real server: a list PATCH of 100 rows with six labels takes 7 s on v4.7.0, and 16 to
// 20 s on v4.10.19.
func TestMeasuredCosts(t *testing.T) {
	t.Parallel()
	for version, between := range map[Version][2]time.Duration{
		V47: {6 * time.Second, 8 * time.Second}, V410: {6 * time.Second, 8 * time.Second}, V41019: {16 * time.Second, 20 * time.Second},
	} {
		c, _ := MeasuredWriteTimes(version)
		if took := 100 * (c.Update + 6*c.UpdateLabel); took < between[0] || took > between[1] {
			t.Errorf("%s: %v", version, took)
		}
	}
}
