package session

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// slowBucket is a bucket whose every answer takes a time; deaf: whatever its context says.
type slowBucket struct {
	storage.Bucket
	takes time.Duration
	deaf  bool
	calls int
}

// List implements storage.Bucket.
func (b *slowBucket) List(ctx context.Context, _ string) ([]string, error) {
	b.calls++
	timer := time.NewTimer(b.takes)
	defer timer.Stop()
	if b.deaf {
		<-timer.C
		return nil, nil
	}
	select {
	case <-timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, &inventory.Error{Kind: inventory.Deadline, Message: "slow", Err: ctx.Err()}
	}
}

// outageOf makes calls of a store in a run of some time, until one fails, and returns how many were answered and how long
// they took in all.
func outageOf(t *testing.T, slow *slowBucket, run time.Duration) (o *outage, answered int, took time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), run)
	defer cancel()
	o = newOutage("slow://store")
	o.start(ctx)
	b := boundedBucket{slow, o}
	started := time.Now()
	for range 1000 {
		if _, err := b.List(ctx, ""); err != nil {
			break
		}
		answered++
	}
	return o, answered, time.Since(started)
}

// TestStoreShare: all calls of a store together have a quarter of a run's time, and one without an answer an eighth of what
// is left, at most five seconds.
func TestStoreShare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store    slowBucket
		run      time.Duration
		answered int
		took     time.Duration
	}{
		"quick":         {slowBucket{takes: 10 * time.Millisecond}, time.Minute, 1000, 10 * time.Second},
		"slow":          {slowBucket{takes: time.Second}, 20 * time.Second, 5, 5 * time.Second},
		"slow, long":    {slowBucket{takes: 3 * time.Second}, 2 * time.Minute, 10, 30 * time.Second},
		"hung, 20 s":    {slowBucket{takes: time.Hour}, 20 * time.Second, 0, 2500 * time.Millisecond},
		"hung, 60 s":    {slowBucket{takes: time.Hour}, time.Minute, 0, 5 * time.Second},
		"hung, 120 s":   {slowBucket{takes: time.Hour}, 2 * time.Minute, 0, 5 * time.Second},
		"hung, 1 s":     {slowBucket{takes: time.Hour}, time.Second, 0, 300 * time.Millisecond},
		"deaf, 10 mins": {slowBucket{takes: time.Hour, deaf: true}, 10 * time.Minute, 0, 5*time.Second + deafStoreGrace},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, answered, took := outageOf(t, &c.store, c.run)
				if answered != c.answered || took > c.took || took < c.took-c.store.takes%time.Hour-time.Second {
					t.Errorf("%d answers in %s, want %d in %s", answered, took, c.answered, c.took)
				}
				if o.isDown() != (answered < 1000) {
					t.Errorf("given up: %t", o.isDown())
				}
				if c.store.deaf {
					time.Sleep(2 * time.Hour) // the call ends some day
				}
			})
		})
	}
}

// TestGivenUpStore: a store that is given up is asked nothing more, but by who renews a lease; its report names the first
// error; the next run asks it again.
func TestGivenUpStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &slowBucket{takes: time.Hour}
		o, _, _ := outageOf(t, slow, time.Minute)
		b := boundedBucket{slow, o}
		slow.takes, slow.calls = 0, 0
		if _, err := b.List(t.Context(), ""); inventory.KindOf(err) != inventory.Deadline || slow.calls != 0 {
			t.Errorf("asked %d times: %v", slow.calls, err)
		}
		if _, err := b.List(withUnboundedStore(t.Context()), ""); err != nil || slow.calls != 1 {
			t.Errorf("a renewal: asked %d times: %v", slow.calls, err)
		}
		if late := o.lateProblem(); late == nil || o.reportProblem() == nil || o.lateProblem() != nil || !strings.Contains(late.Error(), "slow") {
			t.Errorf("the problem is %v", late)
		}
		o.start(t.Context())
		if _, err := b.List(t.Context(), ""); err != nil || o.reportProblem() != nil {
			t.Errorf("the next run: %v", err)
		}
	})
}

// TestCancelledCallIsNoOutage: a run that is stopped does not blame its store.
func TestCancelledCallIsNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutage("slow://store")
		ctx, cancel := context.WithCancel(t.Context())
		o.start(ctx)
		time.AfterFunc(time.Second, cancel)
		_, err := boundedBucket{&slowBucket{takes: time.Hour}, o}.List(ctx, "")
		if err == nil || o.isDown() || o.reportProblem() != nil {
			t.Errorf("%v, given up: %t", err, o.isDown())
		}
	})
}

// panickingBucket is a bucket whose client has a defect.
type panickingBucket struct{ storage.Bucket }

// List implements storage.Bucket.
func (panickingBucket) List(context.Context, string) ([]string, error) { panic("a secret") }

// TestPanicOfAStore: a defect in a store's client is an error of the store, and ends no process.
func TestPanicOfAStore(t *testing.T) {
	t.Parallel()
	o := newOutage("broken://store")
	_, err := boundedBucket{panickingBucket{}, o}.List(t.Context(), "")
	if inventory.KindOf(err) != inventory.Incomplete || strings.Contains(err.Error(), "secret") || o.reportProblem() == nil {
		t.Error(err)
	}
}
