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

// TestFaultsAreCounted: to which calls a fault applies, one after another.
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
		got = append(got, string(g.NextFault(c[0], c[1], c[2]).Kind))
	}
	if want := ",,null,null,reset,,hang"; strings.Join(got, ",") != want {
		t.Errorf("%q, want %s", got, want)
	}
	now = now.Add(time.Minute)
	repair()
	if f := g.NextFault("other", "", "k"); f.Kind != "" {
		t.Errorf("%q after its end and repair", f.Kind)
	}
	g.Break(peertest.Fault{Kind: peertest.Null})
	g.Repair()
	if f := g.NextFault("list", "r", ""); f.Kind != "" {
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
			if !g.AnswerFault(w, r, peertest.Fault{Kind: kind, Delay: time.Millisecond}) {
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
		g.Close() // closing twice is no error
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

// TestCountsAndComplains: calls are counted by action, and an unexpected one is reported at once,
// without its query.
func TestCountsAndComplains(t *testing.T) {
	t.Parallel()
	var told peertest.RecordingReporter
	g := peertest.New(peertest.Options{Name: "x", Reporter: &told})
	r := httptest.NewRequest(http.MethodGet, "/path?Signature=s3cret", nil)
	for _, action := range []string{"a", "b", "a"} {
		if _, ok := g.BeginRequest(httptest.NewRecorder(), r, action); !ok {
			t.Fatal("a client that is there counts as gone")
		}
	}
	if g.Calls("a") != 2 || g.Calls("") != 3 {
		t.Errorf("%d of %d", g.Calls("a"), g.Calls(""))
	}
	g.RecordUnexpected(r, "a", errors.New("why"))
	if want := `x: unexpected request: GET /path action "a": why`; len(told.Lines) != 1 || told.Lines[0] != want || len(g.Unexpected()) != 1 {
		t.Errorf("%q, want %q", told, want)
	}
	g.SetLatency(time.Hour)
	g.Close()
	if _, ok := g.BeginRequest(httptest.NewRecorder(), r, "a"); ok {
		t.Error("a closed emulator still answers")
	}
}

// TestRegions: pages neither miss nor repeat an instance that stays while the fleet changes.
func TestRegions(t *testing.T) {
	t.Parallel()
	r := peertest.NewRegions(func(id string) string { return id[:2] })
	if ids := r.Fill("r", 7, func(i int) string { return fmt.Sprintf("i%d of the first", i) }); strings.Join(ids, ",") != "i0,i1,i2,i3,i4,i5,i6" {
		t.Errorf("ids %q", ids)
	}
	r.Put("other", "i9")
	first, next := r.Page("r", nil, "", 3)
	r.Remove("r", next, "i0") // the instance of the cursor is removed, and a new one comes before it
	r.Put("r", "i8", "i2 changed")
	second, end := r.Page("r", nil, next, 3)
	if next != "i4" || end != "" || strings.Join(append(first, second...), ",") != "i6 of the first,i5 of the first,i4 of the first,i3 of the first,i2 changed,i1 of the first" {
		t.Errorf("%q until %q, then %q until %q", first, next, second, end)
	}
	r.Change("r", func(s *string) { *s += "!" }, "i8", "none")
	if row, there := r.Get("r", "i8"); row != "i8!" || !there {
		t.Errorf("%q, %v", row, there)
	}
	if got := r.Newest("r"); len(got) != 6 || got[0] != "i8!" || got[5] != "i1 of the first" {
		t.Errorf("the newest first: %q", got)
	}
	if some, next := r.Page("r", []string{"i1", "i4", "i8"}, "", 2); strings.Join(some, ",") != "i8!,i1 of the first" || next != "" {
		t.Errorf("by id: %q until %q", some, next)
	}
	r.Hide("r", "i8", "i1")
	if rows, _ := r.Page("r", []string{"i1", "i5"}, "", 9); strings.Join(rows, ",") != "i5 of the first" || len(r.Newest("r")) != 4 || len(r.All("r")) != 6 {
		t.Errorf("two are hidden: %q of %d of %d", rows, len(r.Newest("r")), len(r.All("r")))
	}
	if _, there := r.Get("r", "i8"); !there {
		t.Error("what is hidden is gone")
	}
	r.Hide("r")
	if got := r.Newest("r"); len(got) != 6 {
		t.Errorf("none is hidden any more: %q", got)
	}
	r.Remove("r")
	if rows, _ := r.Page("r", nil, "", 9); len(rows)+len(r.Newest("r")) > 0 {
		t.Errorf("%q are left", rows)
	}
}
