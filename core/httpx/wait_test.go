package httpx_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
)

// TestBackoff: waits grow up to the largest, each within a half of its middle, and no two rows of them are the same.
func TestBackoff(t *testing.T) {
	t.Parallel()
	met := map[time.Duration]bool{}
	for range 100 {
		waits := httpx.Backoff{First: 2 * time.Second, Factor: 3, Max: 10 * time.Second}
		for i, middle := range []time.Duration{2 * time.Second, 6 * time.Second, 10 * time.Second, 10 * time.Second} {
			wait := waits.Next()
			if wait < middle/2 || wait >= middle*3/2 {
				t.Errorf("wait %d is %s, its middle is %s", i+1, wait, middle)
			}
			met[wait] = true
		}
	}
	if len(met) < 390 {
		t.Errorf("400 waits have %d values", len(met))
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"52": 52 * time.Second, " 7 ": 7 * time.Second, "": 0, "-3": 0, "soon": 0, "99999999999999": 0,
		"Mon, 23 Nov 2026 13:00:30 GMT": 30 * time.Second, "Mon, 23 Nov 2026 12:00:30 GMT": 0,
	} {
		if got := httpx.RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	theirs := http.Header{"Retry-After": {"Mon, 23 Nov 2026 12:00:30 GMT"}, "Date": {"Mon, 23 Nov 2026 12:00:00 GMT"}}
	if got := httpx.RetryAfter(theirs, now); got != 30*time.Second {
		t.Errorf("by the clock of who answers: %v", got)
	}
}

// TestClockSkew: how far an answer's Date is from this machine's clock, to the second that a Date has; the time
// that the answer took is nobody's fault.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 3, 1, 8, 0, 0, 500_000_000, time.UTC)
	at := func(d time.Duration) string { return sent.Add(d).Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		date, age  string
		took, want time.Duration
		known      bool
	}{
		"the same second":         {at(0), "", 0, 0, true},
		"while it was on its way": {at(time.Minute), "", 2 * time.Minute, 0, true},
		"ahead":                   {at(-8 * 24 * time.Hour), "", 0, 8*24*time.Hour - 500*time.Millisecond, true},
		"behind":                  {at(10 * time.Minute), "", time.Minute, -(9*time.Minute - 500*time.Millisecond), true},
		"no date":                 {"", "", 0, 0, false},
		"no date that is one":     {"yesterday", "", 0, 0, false},
		"kept by somebody":        {at(-time.Hour), "3600", 0, 0, false},
	} {
		header := http.Header{}
		header.Set("Date", c.date)
		header.Set("Age", c.age)
		if ahead, known := httpx.ClockSkew(header, sent, sent.Add(c.took)); ahead != c.want || known != c.known {
			t.Errorf("%s: %s, %t", name, ahead, known)
		}
	}
}
