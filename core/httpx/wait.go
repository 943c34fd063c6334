package httpx

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Backoff is the waits between tries: they begin with First and grow by Factor up to Max, each as much as a half
// shorter or longer, so that those who failed together do not come back together.
type Backoff struct {
	First, Max time.Duration
	Factor     int

	current time.Duration
}

// Next returns the next wait.
func (b *Backoff) Next() time.Duration {
	if b.current == 0 {
		b.current = b.First
	}
	wait := b.current/2 + rand.N(b.current)
	b.current = min(b.current*time.Duration(b.Factor), b.Max)
	return wait
}

// RetryAfter returns how long an answer asks to wait; 0 = it does not say. A date is reckoned by the answer's own
// clock, where it has a Date, else by now.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.Atoi(text)
	if err == nil && seconds >= 0 && seconds < 1<<31 {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, until.Sub(now))
}

// ClockSkew returns how far this machine's clock is ahead of that of who answered (behind it, if < 0), and whether
// the answer tells. If the clocks agree its Date, which has whole seconds, lies between the sending and the receipt.
// An answer with an Age was kept by somebody between for a while, and tells nothing.
func ClockSkew(h http.Header, sent, received time.Time) (ahead time.Duration, known bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || h.Get("Age") != "" {
		return 0, false
	}
	latest := date.Add(time.Second)
	switch {
	case latest.Before(sent):
		return sent.Sub(latest), true
	case date.After(received):
		return received.Sub(date), true
	}
	return 0, true
}
