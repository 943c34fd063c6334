package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoReportQueue says that the store has no precondition, so that a window cannot be shared: the
// caller keeps its reports in memory (kind Unsupported).
var ErrNoReportQueue = errors.New("the store can keep no precondition, so reports are not shared between invocations")

// The bounds of telling.
const (
	// claimTimeout is how long one may be telling before others may tell the same again.
	claimTimeout = 2 * time.Minute
	// maxBatchReports is how many reports one card takes at most; the next ones wait for the next card.
	maxBatchReports = 500
	// maxBatchBytes ends a card early, so that it fits into the memory of a small function.
	maxBatchBytes = 2 << 20
)

// ReportQueue keeps reports so that a storm of events does not become a storm of messages, for all
// invocations that share the store. The first report is told at once; those of the window after
// it are kept, and told in one card by whoever comes first after the window.
//
// Nothing is lost: a report is in the store from Offer until Told. It is told again only where
// one who was telling it died, or took longer than two minutes, before it called Told.
type ReportQueue struct {
	store  *Store
	name   string
	window time.Duration
	key    string
	folder string
}

// ReportQueue gives the window of this name, of that length; 0 tells every report at once.
func (s *Store) ReportQueue(name string, every time.Duration) *ReportQueue {
	key := s.prefix + "window/" + safeKeyPart(name)
	return &ReportQueue{store: s, name: name, window: every, key: key + ".json", folder: key + "/"}
}

// ReportBatch are reports to be told now, in one card. The zero value is none. Told or Back must be
// called when it has reports; if neither is, they are told again after two minutes.
type ReportBatch struct {
	Reports [][]byte // JSON, oldest first
	// Queued tells of Offer whether the store has the report: if so, it must not be kept elsewhere.
	Queued bool

	queue *ReportQueue
	lease Lease
	body  queueBody
	keys  []string
}

// queueBody is a window's own object. Only who is telling writes it.
type queueBody struct {
	Until     time.Time `json:"until,omitzero"` // reports are kept until then
	Delivered []string  `json:"told"`           // names of kept reports that were told, but perhaps not deleted
}

// queuedReportBody is one kept report.
type queuedReportBody struct {
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// Put adds a report (JSON, at most 1 MiB) and gives those to be told now, or none. Its error
// may come beside a batch, which is to be told nevertheless; where Kept is false the report is
// the caller's to keep, e.g. after ErrNoReportQueue.
func (w *ReportQueue) Put(ctx context.Context, report []byte, now time.Time) (ReportBatch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !w.store.bucket.Capabilities(ctx).CreateOnly {
		return ReportBatch{}, wrapError("window "+w.name, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoReportQueue})
	}
	name := now.UTC().Format(keyTimeLayout) + "-" + w.store.nonce() + ".json"
	if !json.Valid(report) {
		return ReportBatch{}, &inventory.Error{Kind: inventory.Invalid, Message: "window " + w.name + ": a report is no JSON"}
	}
	data, err := encodeObject(queuedReportBody{At: now.UTC(), Report: report}, reportMaxBytes)
	if err == nil {
		_, err = w.store.saveObject(ctx, w.folder+name, data, storage.CreateOnly())
	}
	if err != nil {
		return ReportBatch{}, wrapError("window "+w.name+": keep a report", err)
	}
	b, err := w.claim(ctx, now, claimAfterPut)
	b.Queued = true
	return b, err
}

// ClaimDue gives what is kept although its window is over, without adding anything.
func (w *ReportQueue) ClaimDue(ctx context.Context, now time.Time) (ReportBatch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return w.claim(ctx, now, claimOverdue)
}

// ClaimAll gives everything that is kept: for a full run, which tells a card anyway.
func (w *ReportQueue) ClaimAll(ctx context.Context, now time.Time) (ReportBatch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return w.claim(ctx, now, claimEverything)
}

// claimMode says why reports are taken.
type claimMode int

const (
	claimAfterPut   claimMode = iota // after the window; it begins a new one
	claimOverdue                     // after the window
	claimEverything                  // at any time
)

// claim gives what is to be told, if nobody else is telling. Who offers nothing looks first
// whether anything is kept: mostly nothing is, and that is one call.
func (w *ReportQueue) claim(ctx context.Context, now time.Time, why claimMode) (ReportBatch, error) {
	doing := "window " + w.name
	if !w.store.bucket.Capabilities(ctx).CreateOnly {
		return ReportBatch{}, wrapError(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoReportQueue})
	}
	if why != claimAfterPut {
		if names, err := w.listQueued(ctx); err != nil || len(names) == 0 {
			return ReportBatch{}, wrapError(doing, err)
		}
	}
	body, warning := w.loadBody(ctx)
	if why != claimEverything && body.isCollecting(now, w.window) {
		return ReportBatch{}, wrapError(doing, warning)
	}
	lease, err := w.store.AcquireLease(ctx, "window "+w.name, claimTimeout, "")
	switch {
	case errors.Is(err, ErrLeaseTaken):
		return ReportBatch{}, wrapError(doing, warning) // the next who comes tells what is kept now
	case errors.Is(err, ErrNoLease):
		return ReportBatch{}, wrapError(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoReportQueue})
	case err != nil:
		return ReportBatch{}, wrapError(doing, err)
	}
	b := ReportBatch{queue: w, lease: lease}
	if b.body, err = w.loadBody(ctx); err != nil {
		warning = err
	}
	if why == claimEverything || !b.body.isCollecting(now, w.window) {
		err = b.loadQueued(ctx, now, why)
	}
	if len(b.Reports) == 0 {
		err = errors.Join(err, lease.Release(ctx))
		b = ReportBatch{}
	}
	if err = errors.Join(warning, lease.Warning, err); err != nil {
		err = &inventory.Error{Kind: inventory.KindOf(err), Message: doing, Err: err}
	}
	return b, err
}

// isCollecting tells whether reports are still kept. A time that no window reaches was written by a
// wrong clock.
func (b queueBody) isCollecting(now time.Time, every time.Duration) bool {
	return now.Before(b.Until) && !b.Until.After(now.Add(every+MaxSkew))
}

// loadBody gives the window's own object; where it cannot be used, as if there were none.
func (w *ReportQueue) loadBody(ctx context.Context) (queueBody, error) {
	var body queueBody
	_, err := w.store.loadObject(ctx, w.key, queueMaxBytes, &body)
	if d, bad := asCorrupt(err); bad {
		_, err = w.store.moveCorrupt(ctx, w.key, d)
	}
	if err != nil {
		body = queueBody{}
	}
	if inventory.KindOf(err) == inventory.NotFound {
		err = nil
	}
	return body, err
}

// saveBody writes the window's own object. One who was telling for too long leaves it to the next.
func (b *ReportBatch) saveBody(ctx context.Context) error {
	s := b.queue.store
	if !b.lease.IsValid(s.now()) {
		return nil
	}
	data, err := encodeObject(b.body, queueMaxBytes)
	if err != nil {
		return err
	}
	_, err = s.bucket.Put(ctx, b.queue.key, data, storage.Always())
	return err
}

// loadQueued reads what is kept, oldest first, and begins the window.
func (b *ReportBatch) loadQueued(ctx context.Context, now time.Time, why claimMode) error {
	w, s := b.queue, b.queue.store
	names, err := w.listQueued(ctx)
	if err != nil {
		return err
	}
	told := func(name string) bool { return slices.Contains(b.body.Delivered, name) }
	again := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !told(n) })
	clean := s.deleteAll(ctx, w.reportKeys(again))
	b.body.Delivered = again
	names = slices.DeleteFunc(names, told)
	names = names[:min(len(names), maxBatchReports)]
	clean = errors.Join(clean, b.loadReports(ctx, names))
	if why != claimAfterPut || len(b.Reports) == 0 {
		return clean
	}
	b.body.Until = now.UTC().Add(w.window)
	if err := b.saveBody(ctx); err != nil {
		// Without a window every report would be told at once. They are kept; the next one tries again.
		b.Reports, b.keys = nil, nil
		return errors.Join(clean, err)
	}
	return clean
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

func (w *ReportQueue) reportKeys(names []string) []string {
	keys := make([]string, len(names))
	for n, name := range names {
		keys[n] = w.folder + name
	}
	return keys
}

// loadReports reads kept reports. A damaged one is set aside; one that cannot be read now stays.
func (b *ReportBatch) loadReports(ctx context.Context, names []string) error {
	w, s := b.queue, b.queue.store
	bodies := make([]queuedReportBody, len(names))
	errs := forEach(len(names), func(n int) error {
		key := w.folder + names[n]
		_, err := s.loadObject(ctx, key, reportMaxBytes, &bodies[n])
		d, bad := asCorrupt(err)
		switch {
		case bad:
			bodies[n].Report = nil
			_, warning := s.moveCorrupt(ctx, key, d)
			return warning
		case inventory.KindOf(err) == inventory.NotFound:
			return nil // one who was slow has told it
		}
		return err
	})
	size := 0
	for n, name := range names {
		size += len(bodies[n].Report)
		if size > maxBatchBytes {
			break
		}
		if errs[n] == nil && len(bodies[n].Report) > 0 {
			b.Reports = append(b.Reports, bodies[n].Report)
			b.keys = append(b.keys, name)
		}
	}
	return errors.Join(errs...)
}

// Ack says that the reports of a batch were told, and lets them go. Its error means that some
// may be told again.
func (b ReportBatch) Ack(ctx context.Context) error {
	if b.queue == nil {
		return nil
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	b.body.Delivered = append(slices.Clone(b.body.Delivered), b.keys...)
	noted := b.saveBody(ctx)
	gone := b.queue.store.deleteAll(ctx, b.queue.reportKeys(b.keys))
	if err := errors.Join(noted, gone, b.lease.Release(ctx)); err != nil {
		return &inventory.Error{
			Kind:    inventory.KindOf(err),
			Message: fmt.Sprintf("window %s: let %d told reports go", b.queue.name, len(b.keys)), Err: err,
		}
	}
	return nil
}

// Nack says that the reports of a batch could not be told. They are still kept, and others may
// take them.
func (b ReportBatch) Nack(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return b.lease.Release(ctx)
}
