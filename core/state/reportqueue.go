package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// maxBatchReports is how many reports one card takes at most; the next ones wait for the next card.
	maxBatchReports = 500
	// maxBatchBytes is queue.maxBytes of events' reports.
	maxBatchBytes = 2 << 20
)

// ReportQueue keeps reports so that a storm of events does not become a storm of messages, for all
// invocations that share the store. The first report is told at once; those of the window after
// it are kept, and told in one card by whoever comes first after the window.
type ReportQueue struct {
	queue
	window time.Duration
	key    string
	folder string
}

// ReportQueue returns the queue of this name, with a window of that length; 0 tells every report at once.
func (s *Store) ReportQueue(name string, every time.Duration) *ReportQueue {
	key := s.prefix + "window/" + safeKeyPart(name)
	return &ReportQueue{queue: queue{store: s, name: "window " + name, maxBytes: maxBatchBytes}, window: every, key: key + ".json", folder: key + "/"}
}

// Put adds a report and returns those to be told now, or none. Its error may come beside a batch, which is to be told
// nevertheless; where Queued is false the report is the caller's to keep, e.g. after ErrNoQueue.
func (w *ReportQueue) Put(ctx context.Context, report []byte, now time.Time) (Batch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	name := now.UTC().Format(keyTimeLayout) + "-" + w.store.nonce() + ".json"
	if err := w.put(ctx, w.folder+name, report, now); err != nil {
		return Batch{}, wrapError(w.name+": keep a report", err)
	}
	b, err := w.claim(ctx, now, claimAfterPut)
	b.Queued = true
	return b, err
}

// ClaimDue returns what is kept although its window is over, without adding anything.
func (w *ReportQueue) ClaimDue(ctx context.Context, now time.Time) (Batch, error) {
	return w.claimQueued(ctx, now, claimOverdue)
}

// ClaimAll returns everything that is kept: for a full run, which tells a card anyway.
func (w *ReportQueue) ClaimAll(ctx context.Context, now time.Time) (Batch, error) {
	return w.claimQueued(ctx, now, claimEverything)
}

// claimMode says why reports are claimed.
type claimMode int

const (
	claimAfterPut   claimMode = iota // after the window; it begins a new one
	claimOverdue                     // after the window
	claimEverything                  // at any time
)

// claimQueued is claim for who puts nothing. It looks first whether anything is kept: mostly nothing is, and that is
// one call.
func (w *ReportQueue) claimQueued(ctx context.Context, now time.Time, why claimMode) (Batch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !w.store.bucket.Capabilities(ctx).CreateOnly {
		return Batch{}, wrapError(w.name, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoQueue})
	}
	if names, err := w.listQueued(ctx); err != nil || len(names) == 0 {
		return Batch{}, wrapError(w.name, err)
	}
	return w.claim(ctx, now, why)
}

// claim returns what is to be told, if nobody else is telling: then the next who comes tells what is kept now.
func (w *ReportQueue) claim(ctx context.Context, now time.Time, why claimMode) (Batch, error) {
	body, warning := w.loadWindow(ctx)
	if why != claimEverything && body.isCollecting(now, w.window) {
		return Batch{}, wrapError(w.name, warning)
	}
	lease, free, err := w.acquire(ctx)
	if !free {
		return Batch{}, wrapError(w.name, errors.Join(err, warning))
	}
	b := Batch{queue: w.queue, lease: lease, folder: w.folder, bodyKey: w.key}
	if b.body, err = w.loadWindow(ctx); err != nil {
		warning = err
	}
	if why == claimEverything || !b.body.isCollecting(now, w.window) {
		err = w.loadQueued(ctx, &b, now, why)
	}
	if len(b.Reports) == 0 {
		err = errors.Join(err, lease.Release(ctx))
		b = Batch{}
	}
	return b, wrapError(w.name, errors.Join(warning, lease.Warning, err))
}

// isCollecting reports whether reports are still kept. A time that no window reaches was written by a wrong clock.
func (b queueBody) isCollecting(now time.Time, every time.Duration) bool {
	return now.Before(b.Until) && !b.Until.After(now.Add(every+MaxSkew))
}

// loadWindow loads the window's own object, and moves a corrupt one out of the way.
func (w *ReportQueue) loadWindow(ctx context.Context) (queueBody, error) {
	body, err := w.loadBody(ctx, w.key)
	if d, bad := asCorrupt(err); bad {
		_, err = w.store.moveCorrupt(ctx, w.key, d)
	}
	return body, err
}

// loadQueued reads what is kept, oldest first, and begins the window.
func (w *ReportQueue) loadQueued(ctx context.Context, b *Batch, now time.Time, why claimMode) error {
	names, err := w.listQueued(ctx)
	if err != nil {
		return err
	}
	delivered := func(name string) bool { return slices.Contains(b.body.Delivered, name) }
	left := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !delivered(n) })
	warnings := w.store.deleteAll(ctx, prefixAll(w.folder, left))
	b.body.Delivered = left
	names = slices.DeleteFunc(names, delivered)
	names = names[:min(len(names), maxBatchReports)]
	_, err = b.loadReports(ctx, names, func(name string, d *corruptError) error {
		_, warning := w.store.moveCorrupt(ctx, w.folder+name, d)
		return warning
	})
	warnings = errors.Join(warnings, err)
	if why != claimAfterPut || len(b.Reports) == 0 {
		return warnings
	}
	b.body.Until = now.UTC().Add(w.window)
	if err := b.saveBody(ctx); err != nil {
		// Without a window every report would be told at once. They are kept; the next one tries again.
		b.Reports, b.names = nil, nil
		return errors.Join(warnings, err)
	}
	return warnings
}

// listQueued lists the names of kept reports, oldest first.
func (w *ReportQueue) listQueued(ctx context.Context) ([]string, error) {
	keys, err := w.store.bucket.List(ctx, w.folder)
	var names []string
	for _, key := range keys {
		if strings.HasSuffix(key, ".json") {
			names = append(names, strings.TrimPrefix(key, w.folder))
		}
	}
	return names, err
}
