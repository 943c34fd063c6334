package jumpservertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Hosts are created as fast as measured, whatever the spread; reading costs nothing.
func TestConcurrentCreates(t *testing.T) {
	t.Parallel()
	for _, version := range Versions() {
		c := MeasuredConcurrentCreates(version)
		for writers, want := range map[int]time.Duration{1: c.One, 2: c.Two, 3: (c.Two + c.Four) / 2, 4: c.Four, 8: c.Eight, 16: c.Eight} {
			for _, c.Spread = range []float64{0, 0.5} {
				synctest.Test(t, func(t *testing.T) {
					var made atomic.Int64
					h := c.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { made.Add(1) }))
					ask := func(ctx context.Context, method string) {
						h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, method, "http://jumpserver.test/api/v1/assets/hosts/", nil))
					}
					const each = 100
					begun := time.Now()
					var group sync.WaitGroup
					for range writers {
						group.Go(func() {
							for range each {
								ask(t.Context(), http.MethodPost)
								ask(t.Context(), http.MethodGet)
							}
						})
					}
					group.Wait()
					host := time.Since(begun) / time.Duration(each*writers)
					if ratio := host.Seconds() / want.Seconds(); made.Load() != int64(2*each*writers) || ratio < 0.88 || ratio > 1.12 {
						t.Errorf("%s, %d writers, spread %v: %v a host, want about %v", version, writers, c.Spread, host, want)
					}
				})
			}
		}
	}
}
