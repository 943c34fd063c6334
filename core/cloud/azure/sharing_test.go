package azure

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// countingReader is a source of readings that take a second each, and are counted.
type countingReader struct {
	mu           sync.Mutex
	begun, ended int
	err          error
}

func (r *countingReader) count(n *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n++
}

func (r *countingReader) read(ctx context.Context) (subscriptionList, error) {
	r.count(&r.begun)
	err := r.err
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.count(&r.ended)
	row := func(id string) []inventory.Instance { return []inventory.Instance{{ID: id}} }
	return subscriptionList{
		locations: []location{{name: "a"}, {name: "b"}, {name: "empty"}},
		regions:   map[string][]inventory.Instance{"a": row("1"), "b": row("2")},
	}, err
}

// regionResult is what a caller of List got.
type regionResult struct {
	list  []inventory.Instance
	known bool
	err   error
}

func readRecentAsync(ctx context.Context, r *sharedReads, region string, by *countingReader) chan regionResult {
	out := make(chan regionResult, 1)
	go func() {
		var got regionResult
		got.list, got.known, got.err = r.readRecent(ctx, region, by.read)
		out <- got
	}()
	synctest.Wait()
	return out
}

// TestFirstCallerLeaves: who began a reading may leave it to the others.
func TestFirstCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, by := newSharedReads(), &countingReader{}
		ctx, cancel := context.WithCancel(t.Context())
		first, second := readRecentAsync(ctx, r, "a", by), readRecentAsync(t.Context(), r, "b", by)
		again := readRecentAsync(t.Context(), r, "b", by)
		cancel()
		if got := <-first; inventory.KindOf(got.err) != inventory.Deadline {
			t.Errorf("%+v", got)
		}
		one, other := <-second, <-again
		if one.err != nil || other.err != nil || len(one.list) != 1 || len(other.list) != 1 || &one.list[0] == &other.list[0] || by.begun != 1 {
			t.Errorf("%+v and %+v after %d readings", one, other, by.begun)
		}
	})
}

// TestLastCallerLeaves: a reading that nobody waits for ends, and nobody joins it any more.
func TestLastCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, by := newSharedReads(), &countingReader{}
		ctx, cancel := context.WithCancel(t.Context())
		first, second := readRecentAsync(ctx, r, "a", by), readRecentAsync(ctx, r, "b", by)
		cancel()
		<-first
		<-second
		synctest.Wait()
		if by.ended != 1 {
			t.Error("the reading goes on")
		}
		if got := <-readRecentAsync(t.Context(), r, "a", by); got.err != nil || by.begun != 2 {
			t.Errorf("%+v after %d readings", got, by.begun)
		}
	})
}

// TestDeadlines: nobody is failed for the deadline of another.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, by := newSharedReads(), &countingReader{}
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		long, cancelLong := context.WithTimeout(t.Context(), time.Minute)
		defer cancelLong()
		results := []chan regionResult{readRecentAsync(short, r, "a", by), readRecentAsync(long, r, "b", by), readRecentAsync(t.Context(), r, "empty", by)}
		if got := <-results[0]; inventory.KindOf(got.err) != inventory.Deadline {
			t.Errorf("%+v", got)
		}
		for _, result := range results[1:] {
			if got := <-result; got.err != nil || !got.known {
				t.Errorf("%+v", got)
			}
		}
		if by.begun != 3 {
			t.Errorf("%d readings", by.begun)
		}
	})
}

// TestServedOnce: a reading serves each region once, late ones for a minute, and never as an error.
func TestServedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, by := newSharedReads(), &countingReader{}
		for n, c := range []struct {
			region string
			after  time.Duration
			err    error
			begun  int
			rows   int
			known  bool
		}{
			{"a", 0, nil, 1, 1, true}, {"empty", 0, nil, 1, 0, true}, {"nowhere", 0, nil, 1, 0, false},
			{"a", 0, nil, 2, 1, true}, {"b", 59 * time.Second, nil, 2, 1, true}, {"empty", 2 * time.Second, nil, 3, 0, true},
			{"b", time.Hour, errors.New("failed"), 4, 0, false}, {"a", 0, nil, 5, 1, true},
		} {
			time.Sleep(c.after)
			by.err = c.err
			got := <-readRecentAsync(t.Context(), r, c.region, by)
			if (got.err != nil) != (c.err != nil) || len(got.list) != c.rows || got.known != c.known || by.begun != c.begun {
				t.Errorf("%d: %+v after %d readings, want %d", n, got, by.begun, c.begun)
			}
		}
	})
}

// TestFreshBeginsLater: a reading that had begun proves nothing of what came after.
func TestFreshBeginsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, by := newSharedReads(), &countingReader{}
		began := time.Now()
		done := make(chan time.Duration, 4)
		look := func(ctx context.Context) {
			go func() {
				if _, err := r.readFresh(ctx, by.read); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				done <- time.Since(began)
			}()
			synctest.Wait()
		}
		listed := readRecentAsync(t.Context(), r, "a", by)
		look(t.Context())
		look(t.Context()) // the first one reads already: these two share the next
		ctx, cancel := context.WithCancel(t.Context())
		look(ctx)
		cancel()
		if left := <-done; left != 0 {
			t.Errorf("cancelled, and left after %s", left)
		}
		if one, two := <-done, <-done; one != time.Second || two != 2*time.Second || by.begun != 3 {
			t.Errorf("after %s and %s, in %d readings", one, two, by.begun)
		}
		<-listed
		look(t.Context())
		if <-done; by.begun != 4 {
			t.Error("an old reading is taken for a new one")
		}
	})
}

// TestBrokenReading: a panic in a goroutine of ours is an error of the callers.
func TestBrokenReading(t *testing.T) {
	t.Parallel()
	r := newSharedReads()
	read := func(context.Context) (subscriptionList, error) { panic("s3cret") }
	_, _, err := r.readRecent(t.Context(), "a", read)
	if inventory.KindOf(err) != inventory.Unknown || err.Error() != "the lister broke: a string" {
		t.Error(err)
	}
}
