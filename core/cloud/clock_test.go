package cloud_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// answering is a transport whose answers have these headers.
type answering struct{ header http.Header }

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: a.header, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// carry sends one request by a StrictTransport.
func carry(ctx context.Context, t *testing.T, base http.RoundTripper) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://ecs.example/", http.NoBody)
	if err == nil {
		_, err = cloud.StrictTransport{Base: base}.RoundTrip(req)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestClockKeepsTheWorst: one answer that disagrees is enough, whichever came after it.
func TestClockKeepsTheWorst(t *testing.T) {
	t.Parallel()
	clock := cloud.NewClock(nil)
	for _, ahead := range []time.Duration{0, time.Hour, -2 * time.Hour, 0} {
		inner := cloud.WithCallClock(clock.WithClock(t.Context()))
		carry(inner, t, answering{header: http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}}})
		if got := cloud.SkewFromContext(inner).Ahead + ahead; got.Abs() > 2*time.Second {
			t.Errorf("the call's own clock is %s off, want %s", cloud.SkewFromContext(inner).Ahead, -ahead)
		}
	}
	if worst := clock.Worst(); !worst.IsTooLarge() || worst.Ahead < time.Hour || worst.Host != "ecs.example" {
		t.Errorf("%+v", worst)
	}
	var none *cloud.Clock
	if none.Worst().IsTooLarge() || none.WithClock(t.Context()) != t.Context() {
		t.Error("a clock that is not there compares")
	}
}

// TestByClock: a key that is refused while the clock is off is not called bad.
func TestByClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  inventory.Kind
		ahead time.Duration
		want  inventory.Kind
		skew  bool
	}{
		{inventory.BadCredentials, 0, inventory.BadCredentials, false},
		{inventory.BadCredentials, 4 * time.Minute, inventory.BadCredentials, false},
		{inventory.BadCredentials, 6 * time.Minute, inventory.ClockOff, true},
		{inventory.ClockOff, 2 * time.Minute, inventory.ClockOff, true},
		{inventory.Denied, time.Hour, inventory.Denied, false},
	} {
		ctx := cloud.WithCallClock(t.Context())
		carry(ctx, t, answering{header: http.Header{"Date": {time.Now().Add(c.ahead).UTC().Format(http.TimeFormat)}}})
		err := cloud.ExplainBySkew(ctx, &inventory.Error{Kind: c.kind})
		var fault *inventory.Error
		if !errors.As(err, &fault) || fault.Kind != c.want || (fault.Skew < 0) != c.skew {
			t.Errorf("%s with a cloud %s ahead: %+v, want %s", c.kind, c.ahead, fault, c.want)
		}
	}
}

// TestQuarantineByAWrongClock: a quarantine that was noted while the clock was ahead ends when it is mended.
func TestQuarantineByAWrongClock(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	right := w.now
	w.now = right.Add(8 * 24 * time.Hour)
	w.fails(inventory.BadCredentials)
	w.run()
	w.now = w.now.Add(2 * time.Minute)
	w.run()
	if asked, _, _ := w.run(); asked {
		t.Fatal("no quarantine to begin with")
	}
	w.now = right
	w.lister.list = nil
	if asked, l, _ := w.run(); !asked || !l.IsComplete() {
		t.Errorf("asked %v: %v", asked, l.Err)
	}
	if all, err := w.memory.ListQuarantines(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("still remembered: %v, %v", all, err)
	}
}
