package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoQueue says that the store has no preconditions, so that invocations cannot share cards: the caller keeps or sends
// its reports itself (kind Unsupported).
var ErrNoQueue = errors.New("the store can keep no precondition, so reports are not shared between invocations")

// claimTimeout is how long a claimed batch may take to send before others may claim it again.
const claimTimeout = 2 * time.Minute

// queue keeps reports in a store until they are sent in a card; ReportQueue and ShardQueue decide when.
//
// No report is lost: it is in the store from Put until Ack. It is sent twice only if its sender died,
// or took longer than claimTimeout, before it called Ack. This relies on a List that shows every object whose
// Put has ended, as OSS, S3 and OBS promise.
type queue struct {
	store *Store
	name  string // of its lease, and in errors
	// maxBytes ends a batch early, so that its card fits into the memory of a small function; the rest is sent after it.
	maxBytes int
	// keepsUntilNoted says that reports are deleted only after their delivery was saved.
	keepsUntilNoted bool
}

// Batch is what is to be sent now, in one card. The zero value is empty and not valid. Otherwise Ack or Nack must be
// called; if neither is, the batch can be claimed again after claimTimeout.
type Batch struct {
	Reports [][]byte // JSON, oldest first
	// Queued reports, after Put, whether the store has the report: if so, it must not be kept elsewhere.
	Queued bool

	queue   queue
	lease   Lease
	folder  string // of the reports
	bodyKey string
	body    queueBody
	names   []string // of what Ack deletes
}

// queueBody is the object beside the queued reports. Only the holder of the lease writes it.
type queueBody struct {
	Until     time.Time `json:"until,omitzero"` // reports are collected until then
	Delivered []string  `json:"told"`           // names of reports that were sent, but perhaps not deleted
}

// queuedReportBody is one queued report.
type queuedReportBody struct {
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// put queues a report (JSON, at most MaxShardReport bytes).
func (q queue) put(ctx context.Context, key string, report []byte, at time.Time) error {
	if !q.store.bucket.Capabilities(ctx).CreateOnly {
		return &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoQueue}
	}
	if !json.Valid(report) {
		return &inventory.Error{Kind: inventory.Invalid, Message: "a report is no JSON"}
	}
	_, err := q.store.saveObject(ctx, key, reportMaxBytes, queuedReportBody{At: at.UTC(), Report: report}, storage.CreateOnly())
	return err
}

// acquire acquires the queue's lease; free is false while another holds it.
func (q queue) acquire(ctx context.Context) (lease Lease, free bool, err error) {
	lease, err = q.store.AcquireLease(ctx, q.name, claimTimeout, "")
	switch {
	case errors.Is(err, ErrLeaseTaken):
		return Lease{}, false, nil
	case errors.Is(err, ErrNoLease):
		return Lease{}, false, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoQueue}
	}
	return lease, err == nil, err
}

// loadBody returns the object beside the queued reports; the zero value if it cannot be used.
func (q queue) loadBody(ctx context.Context, key string) (queueBody, error) {
	var body queueBody
	_, err := q.store.loadObject(ctx, key, queueMaxBytes, &body)
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return queueBody{}, nil
	case err != nil:
		return queueBody{}, err
	}
	return body, nil
}

// saveBody saves the object beside the queued reports. After claimTimeout it leaves that to the next claim.
func (b *Batch) saveBody(ctx context.Context) error {
	if !b.IsValid() {
		return nil
	}
	_, err := b.queue.store.saveObject(ctx, b.bodyKey, queueMaxBytes, b.body, storage.Always())
	return err
}

// loadReports adds reports to the batch, and returns the names of those that it added. One that cannot be read now
// stays for another time; setAside handles a corrupt one and returns the warning.
func (b *Batch) loadReports(ctx context.Context, names []string, setAside func(name string, d *corruptError) error) (added []string, err error) {
	bodies := make([]queuedReportBody, len(names))
	errs := forEach(len(names), func(n int) error {
		_, err := b.queue.store.loadObject(ctx, b.folder+names[n], reportMaxBytes, &bodies[n])
		if inventory.KindOf(err) == inventory.NotFound {
			return nil // a slow sender has sent it
		}
		return err
	})
	size := 0
	for n, name := range names {
		corrupt, is := asCorrupt(errs[n])
		switch {
		case is:
			errs[n] = setAside(name, corrupt)
			continue
		case errs[n] != nil, len(bodies[n].Report) == 0:
			continue
		}
		size += len(bodies[n].Report)
		if size > b.queue.maxBytes && len(b.Reports) > 0 {
			break
		}
		b.Reports = append(b.Reports, bodies[n].Report)
		added = append(added, name)
	}
	b.names = append(b.names, added...)
	return added, errors.Join(errs...)
}

// IsValid reports whether there is something to send, and nobody else can be sending it now.
func (b Batch) IsValid() bool { return b.queue.store != nil && b.lease.IsValid(b.queue.store.now()) }

// Ack reports that a batch was sent, and deletes its reports. Its error means that some may be sent again.
func (b Batch) Ack(ctx context.Context) error {
	if b.queue.store == nil {
		return nil
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	b.body.Delivered = append(slices.Clone(b.body.Delivered), b.names...)
	saved := b.saveBody(ctx)
	var deleted error
	if saved == nil || !b.queue.keepsUntilNoted {
		deleted = b.queue.store.deleteAll(ctx, prefixAll(b.folder, b.names))
	}
	return wrapError(fmt.Sprintf("%s: let %d told reports go", b.queue.name, len(b.names)), errors.Join(saved, deleted, b.lease.Release(ctx)))
}

// Nack reports that a batch could not be sent. It stays queued, and others may claim it.
func (b Batch) Nack(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return b.lease.Release(ctx)
}

// prefixAll returns the keys of names in a folder.
func prefixAll(folder string, names []string) []string {
	keys := make([]string, len(names))
	for n, name := range names {
		keys[n] = folder + name
	}
	return keys
}
