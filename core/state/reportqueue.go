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
	// maxBatchReports is how many reports one card has at most; more wait for the next card.
	maxBatchReports = 500
	// maxBatchBytes is the maxBytes of a ReportQueue.
	maxBatchBytes = 2 << 20
)

// ReportQueue collects reports so that many events do not become many messages, for all
// invocations that share the store. The first report is sent at once; those of the window after
// it are collected, and sent in one card by the first invocation after the window.
type ReportQueue struct {
	queue
	window time.Duration
	key    string
	folder string
}

// ReportQueue returns the queue of this name, with a window of this length; 0 sends every report at once.
func (s *Store) ReportQueue(name string, every time.Duration) *ReportQueue {
	key := s.prefix + "window/" + safeKeyPart(name)
	return &ReportQueue{queue: queue{store: s, name: "window " + name, maxBytes: maxBatchBytes}, window: every, key: key + ".json", folder: key + "/"}
}

// Put adds a report and returns those to be sent now, or none. Its error may come with a batch, which is to be sent
// all the same. If Queued is false the caller must keep the report, for example after ErrNoQueue.
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

// ClaimDue returns the collected reports if their window is over, without adding one.
func (w *ReportQueue) ClaimDue(ctx context.Context, now time.Time) (Batch, error) {
	return w.claimQueued(ctx, now, claimOverdue)
}

// ClaimAll returns all collected reports: for a full run, which sends a card anyway.
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

// claimQueued is claim without a Put. It first looks whether anything is queued: mostly nothing is, and that costs
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

// claim returns what is to be sent, unless another holds the lease: then a later claim returns what is queued now.
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
	b.body, err = w.loadWindow(ctx)
	if err != nil {
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

// isCollecting reports whether the window is open. A time that no window reaches was written by a wrong clock.
func (b queueBody) isCollecting(now time.Time, every time.Duration) bool {
	return now.Before(b.Until) && !b.Until.After(now.Add(every+MaxSkew))
}

// loadWindow loads the window's own object, and moves a corrupt one aside.
func (w *ReportQueue) loadWindow(ctx context.Context) (queueBody, error) {
	body, err := w.loadBody(ctx, w.key)
	if corrupt, is := asCorrupt(err); is {
		_, err = w.store.moveCorrupt(ctx, w.key, corrupt)
	}
	return body, err
}

// loadQueued adds the queued reports to the batch, oldest first, and opens the window.
func (w *ReportQueue) loadQueued(ctx context.Context, b *Batch, now time.Time, why claimMode) error {
	names, err := w.listQueued(ctx)
	if err != nil {
		return err
	}
	isDelivered := func(name string) bool { return slices.Contains(b.body.Delivered, name) }
	undeleted := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !isDelivered(n) })
	warnings := w.store.deleteAll(ctx, prefixAll(w.folder, undeleted))
	b.body.Delivered = undeleted
	names = slices.DeleteFunc(names, isDelivered)
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
		// Without a window every report would be sent at once. They stay queued for the next claim.
		b.Reports, b.names = nil, nil
		return errors.Join(warnings, err)
	}
	return warnings
}

// listQueued returns the names of queued reports, oldest first.
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
