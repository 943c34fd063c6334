package chaos

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// faultyBucket is a state store that may go wrong. All that was ever put is searched for secrets.
type faultyBucket struct {
	storage.Bucket
	world *world

	mu       sync.Mutex
	previous map[string]storage.Object // the version before the last
	current  map[string]storage.Object
}

// faultError returns the error that a fault means; work says whether the store still did its work.
func (b *faultyBucket) faultError(ctx context.Context, f *fault) (err error, work bool) {
	temporary := func(text string) error { return &inventory.Error{Kind: inventory.Temporary, Message: text} }
	switch f.kind {
	case timeoutFault, timeoutAfter:
		<-ctx.Done()
		return &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: context.Cause(ctx)}, f.kind == timeoutAfter
	case reset, resetAfter, error500, error503, error503After:
		return temporary("the store: " + string(f.kind)), f.kind == resetAfter || f.kind == error503After
	case tooMany, tooManyWait:
		return &inventory.Error{Kind: inventory.Throttled, Message: "the store is busy", RetryAfter: f.wait}, false
	case redirect, emptyBody:
		return &inventory.Error{Kind: inventory.Incomplete, Message: "the answer is not the store's"}, f.kind == emptyBody
	case blind:
		return &inventory.Error{Kind: inventory.Denied, Message: "the store denies it"}, false
	case killed, killedAfter:
		b.world.killProcess()
		return errKilled, f.kind == killedAfter
	case pastDeadline:
		time.Sleep(time.Until(b.world.deadline))
		return &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: context.Cause(ctx)}, true
	case people:
		b.world.editDuringRun(b.world.running, true)
	case clockJump:
		b.world.setClock(f.wait)
	}
	return nil, true
}

func (b *faultyBucket) nextFault(ctx context.Context) (f *fault, err error, work bool) {
	if b.world.isCalm() {
		return nil, nil, true
	}
	if b.world.isDead() {
		return nil, errKilled, false
	}
	if ctx.Err() != nil {
		return nil, &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: ctx.Err()}, false
	}
	f = b.world.nextFault(stateStore)
	if f == nil {
		return nil, nil, true
	}
	err, work = b.faultError(ctx, f)
	return f, err, work
}

// Get implements storage.Bucket.
func (b *faultyBucket) Get(ctx context.Context, key, known string) (storage.Object, error) {
	f, err, _ := b.nextFault(ctx)
	if err != nil {
		return storage.Object{}, err
	}
	o, err := b.Bucket.Get(ctx, key, known)
	if f == nil || err != nil {
		return o, err
	}
	switch f.kind {
	case truncated:
		o.Data = o.Data[:len(o.Data)/2]
	case oldObject:
		b.mu.Lock()
		defer b.mu.Unlock()
		if old, there := b.previous[key]; there {
			return old, nil
		}
	}
	return o, nil
}

// Put implements storage.Bucket.
func (b *faultyBucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	f, broken, work := b.nextFault(ctx)
	if f != nil && f.kind == readOnly {
		return "", errReadOnly()
	}
	if !work {
		return "", broken
	}
	b.world.SearchSecrets("the state store", key+" "+string(data))
	etag, err := b.Bucket.Put(ctx, key, data, condition)
	if err == nil {
		b.mu.Lock()
		b.previous[key], b.current[key] = b.current[key], storage.Object{Data: data, ETag: etag}
		if b.previous[key].ETag == "" {
			delete(b.previous, key)
		}
		b.mu.Unlock()
	}
	if broken != nil {
		return "", broken
	}
	return etag, err
}

// List implements storage.Bucket.
func (b *faultyBucket) List(ctx context.Context, prefix string) ([]string, error) {
	if _, err, _ := b.nextFault(ctx); err != nil {
		return nil, err
	}
	return b.Bucket.List(ctx, prefix)
}

// Delete implements storage.Bucket.
func (b *faultyBucket) Delete(ctx context.Context, key string) error {
	f, broken, work := b.nextFault(ctx)
	if f != nil && f.kind == readOnly {
		return errReadOnly()
	}
	if work {
		if err := b.Bucket.Delete(ctx, key); err != nil {
			return err
		}
	}
	return broken
}

func errReadOnly() error {
	return &inventory.Error{Kind: inventory.Denied, Message: "the store is read-only"}
}

func (w *world) isCalm() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm
}
