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

// ErrNoQueue says that the store has no precondition, so that invocations cannot share cards: the caller keeps or sends
// its reports itself (kind Unsupported).
var ErrNoQueue = errors.New("the store can keep no precondition, so reports are not shared between invocations")

// claimTimeout is how long one may be telling before others may tell the same again.
const claimTimeout = 2 * time.Minute

// queue keeps reports in a store until they were told; ReportQueue and ShardQueue say when that is.
//
// Nothing is lost: a report is in the store from Put until Ack. It is told again only where one who was telling it died,
// or took longer than two minutes, before it called Ack. That this works rests on a List that shows every object whose
// Put has ended, as OSS, S3 and OBS promise.
type queue struct {
	store *Store
	name  string // of its lease, and in errors
	// maxBytes ends a batch early, so that its card fits into the memory of a small function; the rest is told after it.
	maxBytes int
	// keepsUntilNoted: reports are let go only where it is noted that they were told.
	keepsUntilNoted bool
}

// Batch is what is to be told now, in one card. The zero value is none, and not valid. Else Ack or Nack must be called;
// if neither is, it is told again after two minutes.
type Batch struct {
	Reports [][]byte // JSON, oldest first
	// Queued tells of Put whether the store has the report: if so, it must not be kept elsewhere.
	Queued bool

	queue   queue
	lease   Lease
	folder  string // of the reports
	bodyKey string
	body    queueBody
	names   []string // of what Ack lets go
}

// queueBody is the object beside queued reports. Only who holds the lease writes it.
type queueBody struct {
	Until     time.Time `json:"until,omitzero"` // reports are kept until then
	Delivered []string  `json:"told"`           // names of reports that were told, but perhaps not deleted
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
	data, err := encodeObject(queuedReportBody{At: at.UTC(), Report: report}, reportMaxBytes)
	if err == nil {
		_, err = q.store.saveObject(ctx, key, data, storage.CreateOnly())
	}
	return err
}

// acquire takes the queue's lease; free is false where another is telling.
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

// loadBody loads the object beside queued reports; what cannot be used is as if there were none.
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

// saveBody saves the object beside queued reports. One who was telling for too long leaves it to the next.
func (b *Batch) saveBody(ctx context.Context) error {
	if !b.IsValid() {
		return nil
	}
	data, err := encodeObject(b.body, queueMaxBytes)
	if err == nil {
		_, err = b.queue.store.bucket.Put(ctx, b.bodyKey, data, storage.Always())
	}
	return err
}

// loadReports adds reports to the batch, and returns the names of those that it added. One that cannot be read now
// stays for another time; setAside sets a corrupt one aside, and returns the warning that tells so.
func (b *Batch) loadReports(ctx context.Context, names []string, setAside func(name string, d *corruptError) error) (added []string, err error) {
	bodies := make([]queuedReportBody, len(names))
	errs := forEach(len(names), func(n int) error {
		_, err := b.queue.store.loadObject(ctx, b.folder+names[n], reportMaxBytes, &bodies[n])
		if inventory.KindOf(err) == inventory.NotFound {
			return nil // one who was slow has told it
		}
		return err
	})
	size := 0
	for n, name := range names {
		corrupt, bad := asCorrupt(errs[n])
		switch {
		case bad:
			errs[n] = setAside(name, corrupt)
			continue
		case errs[n] != nil, len(bodies[n].Report) == 0:
			continue
		}
		if size += len(bodies[n].Report); size > b.queue.maxBytes && len(b.Reports) > 0 {
			break
		}
		b.Reports = append(b.Reports, bodies[n].Report)
		added = append(added, name)
	}
	b.names = append(b.names, added...)
	return added, errors.Join(errs...)
}

// IsValid reports whether there is something to tell, and nobody else can be telling it now.
func (b Batch) IsValid() bool { return b.queue.store != nil && b.lease.IsValid(b.queue.store.now()) }

// Ack says that a batch was told, and lets its reports go. Its error means that some may be told again.
func (b Batch) Ack(ctx context.Context) error {
	if b.queue.store == nil {
		return nil
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	b.body.Delivered = append(slices.Clone(b.body.Delivered), b.names...)
	noted := b.saveBody(ctx)
	var gone error
	if noted == nil || !b.queue.keepsUntilNoted {
		gone = b.queue.store.deleteAll(ctx, prefixAll(b.folder, b.names))
	}
	return wrapError(fmt.Sprintf("%s: let %d told reports go", b.queue.name, len(b.names)), errors.Join(noted, gone, b.lease.Release(ctx)))
}

// Nack says that a batch could not be told. It is still kept, and others may claim it.
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
