package peertest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

type notes []string

func (n *notes) Errorf(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

// TestFaultsAreCounted: which calls a fault takes, one after another.
func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	g := peertest.New(peertest.Options{Now: func() time.Time { return now }})
	g.Break(peertest.Fault{Kind: peertest.Null, Action: "list", Region: "r", After: 1, Times: 2})
	g.Break(peertest.Fault{Kind: peertest.Reset, Key: "k", Until: now.Add(time.Minute)})
	repair := g.Break(peertest.Fault{Kind: peertest.Hang, Action: "other"})
	var got []string
	for _, c := range [][3]string{
		{"list", "r", ""}, {"list", "q", ""}, {"list", "r", ""}, {"list", "r", "k"}, {"list", "r", "k"}, {"list", "r", ""}, {"other", "", ""},
	} {
		got = append(got, string(g.Fault(c[0], c[1], c[2]).Kind))
	}
	if want := ",,null,null,reset,,hang"; strings.Join(got, ",") != want {
		t.Errorf("%q, want %s", got, want)
	}
	now = now.Add(time.Minute)
	repair()
	if f := g.Fault("other", "", "k"); f.Kind != "" {
		t.Errorf("%q after its end and repair", f.Kind)
	}
	g.Break(peertest.Fault{Kind: peertest.Null})
	g.Repair()
	if f := g.Fault("list", "r", ""); f.Kind != "" {
		t.Errorf("%q after Repair", f.Kind)
	}
}

// TestMisbehave: what a client sees of each kind.
func TestMisbehave(t *testing.T) {
	t.Parallel()
	for kind, want := range map[peertest.Kind]string{
		peertest.HTML500: "500 <html>", peertest.HTML503: "503 <html>", peertest.HTML200: "200 <html>", peertest.EmptyObject: "200 {}",
		peertest.Null: "200 null", peertest.EmptyBody: "200 ", peertest.Redirect: "302 ", peertest.Slow: "200 well", "its own": "200 well",
		peertest.Reset: "error", peertest.CutOff: "error", peertest.Hang: "error",
	} {
		g := peertest.New(peertest.Options{})
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !g.Misbehave(w, r, peertest.Fault{Kind: kind, Delay: time.Millisecond}) {
				_, _ = io.WriteString(w, "well")
			}
		}))
		client := &http.Client{
			Timeout: 100 * time.Millisecond, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		if kind != peertest.Hang {
			client.Timeout = 10 * time.Second
		}
		if got := ask(client, web.URL); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
		g.Close()
		g.Close() // twice is no fault
		web.Close()
	}
}

func ask(client *http.Client, url string) string {
	resp, err := client.Get(url)
	if err != nil {
		return "error"
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "error"
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

// TestCountsAndComplains: calls are counted by action, and an unexpected one is told at once,
// without its query.
func TestCountsAndComplains(t *testing.T) {
	t.Parallel()
	var told notes
	g := peertest.New(peertest.Options{Name: "x", Reporter: &told})
	r := httptest.NewRequest(http.MethodGet, "/path?Signature=s3cret", nil)
	for _, action := range []string{"a", "b", "a"} {
		if _, ok := g.Enter(r, action); !ok {
			t.Fatal("a client that is there counts as gone")
		}
	}
	if g.Calls("a") != 2 || g.Calls("") != 3 {
		t.Errorf("%d of %d", g.Calls("a"), g.Calls(""))
	}
	g.Record(r, "a", errors.New("why"))
	if want := `x: unexpected request: GET /path action "a": why`; len(told) != 1 || told[0] != want || len(g.Unexpected()) != 1 {
		t.Errorf("%q, want %q", told, want)
	}
	g.SetLatency(time.Hour)
	g.Close()
	if _, ok := g.Enter(r, "a"); ok {
		t.Error("a closed emulator still answers")
	}
}
