package chaos

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// bucket is a state store that may go wrong. All that was ever put is searched for secrets.
type bucket struct {
	storage.Bucket
	w *world

	mu  sync.Mutex
	old map[string]storage.Object // the version before the last
	now map[string]storage.Object
}

// broken gives the error that a fault means; work says whether the store still did its work.
func (b *bucket) broken(ctx context.Context, f *fault) (err error, work bool) {
	temporary := func(text string) error { return &inventory.Error{Kind: inventory.Temporary, Message: text} }
	switch f.kind {
	case timeOut, timeOutAfter:
		<-ctx.Done()
		return &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: context.Cause(ctx)}, f.kind == timeOutAfter
	case reset, resetAfter, error500, error503, error503After:
		return temporary("the store: " + string(f.kind)), f.kind == resetAfter || f.kind == error503After
	case tooMany, tooManyWait:
		return &inventory.Error{Kind: inventory.Throttled, Message: "the store is busy", RetryAfter: f.wait}, false
	case redirect, emptyBody:
		return &inventory.Error{Kind: inventory.Incomplete, Message: "the answer is not the store's"}, f.kind == emptyBody
	case blind:
		return &inventory.Error{Kind: inventory.Denied, Message: "the store denies it"}, false
	case killed, killedAfter:
		b.w.die()
		return errKilled, f.kind == killedAfter
	case overdue:
		time.Sleep(time.Until(b.w.deadline))
		return &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: context.Cause(ctx)}, true
	case people:
		b.w.peopleEdit(true)
	case clockJump:
		b.w.jumpTo(f.wait)
	}
	return nil, true
}

func (b *bucket) enter(ctx context.Context) (f *fault, err error, work bool) {
	if b.w.isDead() {
		return nil, errKilled, false
	}
	if ctx.Err() != nil {
		return nil, &inventory.Error{Kind: inventory.Deadline, Message: "the store", Err: ctx.Err()}, false
	}
	if f = b.w.next(store); f == nil {
		return nil, nil, true
	}
	err, work = b.broken(ctx, f)
	return f, err, work
}

// Get implements storage.Bucket.
func (b *bucket) Get(ctx context.Context, key, known string) (storage.Object, error) {
	f, err, _ := b.enter(ctx)
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
	case stale:
		b.mu.Lock()
		defer b.mu.Unlock()
		if old, there := b.old[key]; there {
			return old, nil
		}
	}
	return o, nil
}

// Put implements storage.Bucket.
func (b *bucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	_, broken, work := b.enter(ctx)
	if !work {
		return "", broken
	}
	b.w.searchFor("the state store", key+" "+string(data))
	etag, err := b.Bucket.Put(ctx, key, data, condition)
	if err == nil {
		b.mu.Lock()
		b.old[key], b.now[key] = b.now[key], storage.Object{Data: data, ETag: etag}
		if b.old[key].ETag == "" {
			delete(b.old, key)
		}
		b.mu.Unlock()
	}
	if broken != nil {
		return "", broken
	}
	return etag, err
}

// List implements storage.Bucket.
func (b *bucket) List(ctx context.Context, prefix string) ([]string, error) {
	if _, err, _ := b.enter(ctx); err != nil {
		return nil, err
	}
	return b.Bucket.List(ctx, prefix)
}

// Delete implements storage.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	_, broken, work := b.enter(ctx)
	if work {
		if err := b.Bucket.Delete(ctx, key); err != nil {
			return err
		}
	}
	return broken
}
