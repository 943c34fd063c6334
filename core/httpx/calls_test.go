package httpx_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
)

// TestCalls: each request counts once for its host, whatever became of it; one that only its reader finds throttled is
// counted as that, and one that its status says is not counted twice.
func TestCalls(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"/ok": 200, "/busy": 429, "/broken": 502}[r.URL.Path]
		w.WriteHeader(status)
	}))
	defer server.Close()
	calls := httpx.NewCalls()
	counted := calls.WithCalls(t.Context())
	ctx, last := httpx.WithLastCall(counted)
	host := server.Listener.Addr().String()
	last.CountThrottled(ctx) // nothing was sent
	for _, path := range []string{"/ok", "/busy", "/broken"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := httpx.RoundTrip(http.DefaultTransport, req, time.Minute, 1<<20); err != nil {
			t.Fatal(err)
		}
		if path == "/busy" {
			last.CountThrottled(ctx) // its status said so
		}
	}
	httpx.CountCall(ctx, host, time.Second, 0, errors.New("no answer"))
	httpx.CountCall(ctx, "other", time.Second, 400, nil)
	last.CountThrottled(ctx) // only its body said so
	last.CountThrottled(ctx)
	httpx.CountCall(t.Context(), host, time.Second, 200, nil) // for nobody
	got := calls.ByHost()
	for n := range got {
		got[n].Took = got[n].Took.Truncate(time.Second)
	}
	want := []httpx.HostCalls{{Host: host, Calls: 4, Throttled: 1, Failed: 2, Took: time.Second}, {Host: "other", Calls: 1, Throttled: 1, Took: time.Second}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
