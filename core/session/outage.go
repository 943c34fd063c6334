package session

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/storage"
)

// What the state store may cost a run. A call that has no answer in its time is the last one of the run: see outage.
const (
	// storeCallTimeout bounds one call. A run with little time left gives it an eighth of that, and at least
	// minStoreCall.
	storeCallTimeout = 5 * time.Second
	storeCallPart    = 8
	minStoreCall     = 300 * time.Millisecond
	// storeRunPart: all calls of a run together have a quarter of its time.
	storeRunPart = 4
	// deafStoreGrace is how long a call that has to end is waited for: a hung network file system does not end it.
	deafStoreGrace = 50 * time.Millisecond
)

// outage gives the state store up for the rest of a run after its first call without an answer, so that a store that hangs
// costs one call and not the run, its answer and its card. What rests on the store then fails as for any error of it:
// what is paused is unknown, and nothing is removed. It is safe for concurrent use.
type outage struct {
	name string // of the store
	now  func() time.Time

	mu        sync.Mutex
	deadline  time.Time     // of the run; zero = it has none, or there is no run
	share     time.Duration // of the run's time, for all calls together; 0 = any
	timeout   time.Duration // of one call; 0 = that of package state
	used      time.Duration // in which at least one call was under way
	busySince time.Time
	calls     int   // under way
	down      error // why the store is given up
	trouble   error // the first error that the store should not answer with
	reported  bool  // trouble stands in the run's report
}

func newOutage(name string) *outage { return &outage{name: name, now: time.Now} }

// start begins a run: the store is asked again.
func (o *outage) start(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deadline, o.share, o.used, o.busySince = time.Time{}, 0, 0, o.now()
	o.timeout, o.down, o.trouble, o.reported = storeCallTimeout, nil, nil, false
	if deadline, bounded := ctx.Deadline(); bounded {
		o.deadline, o.share = deadline, max(deadline.Sub(o.now())/storeRunPart, minStoreCall)
	}
}

// isDown reports whether the store is given up.
func (o *outage) isDown() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down != nil
}

// admit lets one call begin, and returns how long it may take; 0 = as long as its context.
func (o *outage) admit() (timeout time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	timeout = o.timeout
	if !o.deadline.IsZero() {
		timeout = min(timeout, max(o.deadline.Sub(now)/storeCallPart, minStoreCall))
		rest := o.share - o.used
		if o.calls > 0 {
			rest -= now.Sub(o.busySince)
		}
		if rest <= 0 && o.down == nil {
			o.giveUp(&inventory.Error{Kind: inventory.Deadline, Message: fmt.Sprintf("storage: %s: it took %s of the run's time", o.name, o.share)})
		}
		timeout = min(timeout, max(rest, minStoreCall))
	}
	if o.down != nil {
		return 0, &inventory.Error{Kind: inventory.Deadline, Message: "the state store is not asked again in this run", Err: o.down}
	}
	if o.calls == 0 {
		o.busySince = now
	}
	o.calls++
	return timeout, nil
}

// finish notes the end of a call. cancelled says that its caller gave it up.
func (o *outage) finish(err error, took time.Duration, cancelled bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls--
	if o.calls == 0 {
		o.used += o.now().Sub(o.busySince)
	}
	if errors.Is(err, storage.ErrNotModified) {
		return
	}
	switch inventory.KindOf(err) {
	case "", inventory.NotFound, inventory.Conflict, inventory.Unsupported:
	case inventory.Temporary, inventory.Throttled:
		o.giveUp(err)
	case inventory.Deadline:
		if !cancelled && took >= minStoreCall/2 {
			o.giveUp(err)
		}
	default:
		o.note(err)
	}
}

func (o *outage) giveUp(err error) {
	if o.down == nil {
		o.down = err
	}
	if !o.reported {
		o.trouble = o.down
	}
}

func (o *outage) note(err error) {
	if o.trouble == nil {
		o.trouble = err
	}
}

// reportProblem returns what the run reports of its store; nil = it answers as it should.
func (o *outage) reportProblem() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reported = o.reported || o.trouble != nil
	return o.problem()
}

// lateProblem returns what the run's report does not say of its store, because it came after it.
func (o *outage) lateProblem() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reported {
		return nil
	}
	return o.problem()
}

func (o *outage) problem() error {
	switch {
	case o.trouble == nil:
		return nil
	case o.down != nil:
		return &reason.RunError{Kind: inventory.Temporary, Reason: reason.New(reason.StoreLost, storeError{o.down})}
	}
	return newStoreError(o.trouble)
}

// newStoreError is the error of a store that answers, and cannot be used.
func newStoreError(err error) error {
	return &reason.RunError{Kind: inventory.KindOf(err), Reason: reason.New(reason.StoreRefuses, storeError{err})}
}

// storeError is what is wrong with a store in the reader's language, without the long names of bucket and folders, which a
// card has no room for. The log has them.
type storeError struct{ error }

// Text implements reason.Localized.
func (e storeError) Text(lang language.Lang) string {
	names := regexp.MustCompile(`storage: (get|put|list|delete) \S*?([^/\s]+)/?: `)
	return names.ReplaceAllString(language.ErrorText(e.error, lang), "$1 $2: ")
}

// boundedBucket is the bucket of the state store, within the bounds of an outage.
type boundedBucket struct {
	storage.Bucket
	outage *outage
}

type unboundedKey struct{}

// withUnboundedStore returns a context whose calls are made although the store is given up: a lease is renewed beside the
// work, for as long as it lasts.
func withUnboundedStore(ctx context.Context) context.Context {
	return context.WithValue(ctx, unboundedKey{}, true)
}

// Get implements storage.Bucket.
func (b boundedBucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	return callStore(ctx, b.outage, func(ctx context.Context) (storage.Object, error) { return b.Bucket.Get(ctx, key, knownETag) })
}

// Put implements storage.Bucket.
func (b boundedBucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	return callStore(ctx, b.outage, func(ctx context.Context) (string, error) { return b.Bucket.Put(ctx, key, data, condition) })
}

// List implements storage.Bucket.
func (b boundedBucket) List(ctx context.Context, prefix string) ([]string, error) {
	return callStore(ctx, b.outage, func(ctx context.Context) ([]string, error) { return b.Bucket.List(ctx, prefix) })
}

// Delete implements storage.Bucket.
func (b boundedBucket) Delete(ctx context.Context, key string) error {
	_, err := callStore(ctx, b.outage, func(ctx context.Context) (struct{}, error) { return struct{}{}, b.Bucket.Delete(ctx, key) })
	return err
}

// Link implements storage.Linker. It makes no call.
func (b boundedBucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	return storage.Link(ctx, b.Bucket, key, lifetime)
}

// Capabilities implements storage.Bucket.
func (b boundedBucket) Capabilities(ctx context.Context) storage.Capabilities {
	able, err := callStore(ctx, b.outage, func(ctx context.Context) (storage.Capabilities, error) {
		return b.Bucket.Capabilities(ctx), ctx.Err()
	})
	if err != nil {
		return storage.Capabilities{}
	}
	return able
}

// callStore makes a call within its bounds. It returns when the call's time is over, even where the call does not.
func callStore[T any](ctx context.Context, o *outage, call func(context.Context) (T, error)) (T, error) {
	if ctx.Value(unboundedKey{}) != nil {
		return waitForStore(ctx, call)
	}
	var none T
	timeout, err := o.admit()
	if err != nil {
		return none, err
	}
	bounded, cancel := ctx, func() {}
	if timeout > 0 {
		bounded, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	started := o.now()
	value, err := waitForStore(bounded, call)
	o.finish(err, o.now().Sub(started), errors.Is(ctx.Err(), context.Canceled))
	return value, err
}

// waitForStore makes a call, and stops waiting for it a moment after its context has ended.
func waitForStore[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if recover() != nil { // the text may hold anything
				a.err = &inventory.Error{Kind: inventory.Incomplete, Message: "storage: the client of the store failed"}
			}
			answers <- a
		}()
		a.value, a.err = call(ctx)
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-answers:
		return a.value, a.err
	case <-time.After(deafStoreGrace):
		var none T
		return none, &inventory.Error{Kind: inventory.Deadline, Message: "storage: no answer", Err: context.Cause(ctx)}
	}
}
