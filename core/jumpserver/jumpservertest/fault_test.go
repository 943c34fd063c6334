package jumpservertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorder is a TB that records errors.
type recorder struct{ recorded []string }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.recorded = append(r.recorded, fmt.Sprintf(format, args...))
}

// get uses a real connection, so that cut and hanging answers can be distinguished.
func get(ctx context.Context, t *testing.T, base, path string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(r, KeyID, KeySecret)
	// net/http itself repeats a request on a reused connection when it is cut.
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(raw), err
}

// rows returns how many rows a page counts and has, and whether one is of another organisation.
func rows(body string) (count, rows int, foreign bool) {
	var page struct {
		Count   int
		Results []map[string]string
	}
	_ = json.Unmarshal([]byte(body), &page)
	return page.Count, len(page.Results), slices.ContainsFunc(page.Results, func(r map[string]string) bool {
		return r["org_id"] != DefaultOrg
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := New(Options{TB: t})
	for n := range 3 {
		s.Seed(DefaultOrg, Host{Name: fmt.Sprint("h-", n), Active: true})
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	const list = "/api/v1/assets/hosts/?limit=2&fields=id,org_id"
	for name, c := range map[string]struct {
		fault Fault
		want  func(status int, body string, err error) bool
	}{
		"500": {Fault{Status: 500}, func(status int, body string, _ error) bool {
			return status == 500 && strings.HasPrefix(body, "<!DOCTYPE html>")
		}},
		"429":      {Fault{Status: 429, Body: "{}"}, func(status int, body string, _ error) bool { return status == 429 && body == "{}" }},
		"redirect": {Fault{Status: 302, Location: "/login"}, func(status int, _ string, _ error) bool { return status == 302 }},
		"cut":      {Fault{Cut: true}, func(_ int, _ string, err error) bool { return err != nil }},
		"hang":     {Fault{Hang: true}, func(_ int, _ string, err error) bool { return err != nil }},
		"half":     {Fault{Edit: TruncateJSON}, func(_ int, body string, _ error) bool { return !json.Valid([]byte(body)) }},
		"late":     {Fault{Delay: time.Millisecond}, func(status int, _ string, _ error) bool { return status == 200 }},
		"too late": {Fault{Delay: time.Hour}, func(_ int, _ string, err error) bool { return err != nil }},
		"row": {Fault{Edit: DropLastRow}, func(_ int, body string, _ error) bool {
			count, n, _ := rows(body)
			return count == 3 && n == 1
		}},
		"count": {Fault{Edit: ChangeCount(2)}, func(_ int, body string, _ error) bool {
			count, n, _ := rows(body)
			return count == 5 && n == 2
		}},
		"foreign": {Fault{Edit: MoveFirstRow(RootOrg)}, func(_ int, body string, _ error) bool {
			_, _, foreign := rows(body)
			return foreign
		}},
	} {
		s.Fail(MatchRequest("GET", "hosts/"), 1, c.fault)
		limit := time.Minute
		if c.fault.Hang || c.fault.Delay > time.Minute {
			limit = 100 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		if status, body, err := get(ctx, t, server.URL, list); !c.want(status, body, err) {
			t.Errorf("%s: %d %q %v", name, status, body, err)
		}
		cancel()
		status, body, err := get(t.Context(), t, server.URL, list)
		count, n, foreign := rows(body)
		if got := fmt.Sprint(status, count, n, foreign, err); got != "200 3 2 false <nil>" {
			t.Errorf("after %s: %s", name, got)
		}
	}
}

// A write whose answer is lost is carried out all the same.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, Options{})
	p.s.Fail(MatchRequest("POST", "hosts/"), 1, Fault{Status: 502, After: true})
	body := map[string]any{"name": "x", "address": "a", "platform": 1}
	if status, _ := p.ask("POST", "/api/v1/assets/hosts/", body); status != 502 || len(p.s.Hosts(DefaultOrg)) != 1 {
		t.Error(status, p.s.Hosts(DefaultOrg))
	}
	if p.s.Writes() != 1 || p.s.Calls()["POST /api/v1/assets/hosts/"] != 1 {
		t.Error(p.s.Writes(), p.s.Calls())
	}
}

// What no careful client sends fails the test, unless the test allows it.
func TestUnexpected(t *testing.T) {
	t.Parallel()
	two := []any{map[string]any{"name": "a", "address": "a", "platform": 1, "protocols": []any{map[string]any{"name": "ssh", "port": 22}}},
		map[string]any{"name": "b", "address": "a", "platform": 1, "protocols": []any{map[string]any{"name": "ssh", "port": 22}}}}
	const host = "00000000-0000-0000-0000-0000000000aa"
	ssh := []any{map[string]any{"name": "ssh", "port": 22}}
	for target, body := range map[string]any{
		"GET assets/hosts/": nil, "GET assets/hosts/?limit=0": nil, "POST assets/hosts/": two, "DELETE assets/hosts/": nil,
		"DELETE assets/hosts/?ids=" + host: nil, "POST assets/assets/": map[string]any{}, "GET assets/nope/": nil,
		"TRACE assets/hosts/": nil, "PUT assets/platforms/1/": map[string]any{}, "GET assets/zones/?limit=1": nil,
		"PATCH assets/hosts/": []any{map[string]any{"id": host, "protocols": ssh}, map[string]any{"id": "00000000-0000-0000-0000-0000000000ab", "protocols": ssh}},
	} {
		recorded := &recorder{}
		p := &player{t: t, s: New(Options{TB: recorded}), ids: map[string]string{}}
		p.s.Seed(DefaultOrg, Host{ID: host, Name: "h"})
		p.s.Seed(DefaultOrg, Host{ID: "00000000-0000-0000-0000-0000000000ab", Name: "i"})
		method, path, _ := strings.Cut(target, " ")
		p.ask(method, "/api/v1/"+path, body)
		if len(recorded.recorded) != 1 || len(p.s.Unexpected()) != 1 {
			t.Errorf("%s: said %q, noted %q", target, recorded.recorded, p.s.Unexpected())
		}
	}
	recorded := &recorder{}
	p := &player{t: t, s: New(Options{TB: recorded}), ids: map[string]string{}}
	p.s.AllowUnexpected()
	for _, target := range []string{"GET assets/hosts/?limit=1", "GET assets/assets/?limit=1", "OPTIONS assets/hosts/", "GET assets/nope/"} {
		method, path, _ := strings.Cut(target, " ")
		p.ask(method, "/api/v1/"+path, nil)
	}
	if len(recorded.recorded) != 0 || len(p.s.Unexpected()) != 1 {
		t.Errorf("said %q, noted %q", recorded.recorded, p.s.Unexpected())
	}
}

// BenchmarkPages reads 50,000 hosts in pages of 1000, with the fields that a client asks for.
func BenchmarkPages(b *testing.B) {
	s := New(Options{Version: V410, Limit: 100000})
	for n := range 50000 {
		s.Seed(DefaultOrg, Host{Name: fmt.Sprintf("web-%d", n*7919%50000), Address: "10.0.0.1", Active: true, Nodes: []string{"/DEFAULT/a/b"},
			Labels: []string{"jms-cloud:alibaba", "jms-account:prod", fmt.Sprint("jms-instance:i-", n)}})
	}
	for b.Loop() {
		for offset := 0; offset < 50000; offset += 1000 {
			r := httptest.NewRequest(http.MethodGet, fmt.Sprintf(
				"/api/v1/assets/hosts/?fields=id,name,address,platform,labels,comment,is_active,zone,org_id&limit=1000&offset=%d", offset), nil)
			sign(r, KeyID, KeySecret)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	}
}
