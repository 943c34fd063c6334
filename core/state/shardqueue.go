package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The limits of a ShardQueue.
const (
	// MaxShardReport is how many bytes a shard's report may have.
	MaxShardReport = reportMaxBytes - 1<<10
	// shardBatchRetention is how long the delivery of a batch is remembered, for shards that are late.
	shardBatchRetention = 24 * time.Hour
	// maxPrunedReports is how many old objects one Claim deletes at most.
	maxPrunedReports = 50
	// maxShardBatchBytes is the maxBytes of a ShardQueue.
	maxShardBatchBytes = 8 << 20
)

// ShardQueue joins the reports of the shards of one run, which work side by side, in one card. Each shard puts its
// report; the one that finds that all are there, or that one is missing for too long, sends them. A batch that is due and
// was not sent is due again for every later shard that looks.
type ShardQueue struct {
	queue
	folder string
}

// ShardQueue returns the queue of this name.
func (s *Store) ShardQueue(name string) *ShardQueue {
	return &ShardQueue{
		queue:  queue{store: s, name: "rounds " + name, maxBytes: maxShardBatchBytes, keepsUntilNoted: true},
		folder: s.prefix + "rounds/" + safeKeyPart(name) + "/",
	}
}

// ShardID identifies a shard of one firing.
type ShardID struct {
	inventory.Shard
	FiredAt time.Time // of the run's timer, to the second; the same for all its shards
}

// ShardBatch is the reports of one firing, sorted by shard, and those of one shard oldest first.
type ShardBatch struct {
	Batch
	FiredAt time.Time
	Count   int
	Shards  []int // of the reports
	// MissingShards are the shards that did not report in time; none if an earlier card named them.
	MissingShards []int
}

// shardBatchLayout is the form of a firing's time in keys.
const shardBatchLayout = "20060102T150405Z"

const deliveredName = "told.json"

// Put adds a shard's report (JSON, at most MaxShardReport bytes). After an error the caller must send the report,
// even though others may send it too.
func (r *ShardQueue) Put(ctx context.Context, shard ShardID, report []byte) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	doing := fmt.Sprintf("%s: part %s", r.name, shard)
	if shard.Number < 1 || shard.Number > shard.Count || shard.Count > inventory.MaxShards {
		return &inventory.Error{Kind: inventory.Invalid, Message: doing + ": no such part"}
	}
	now := r.store.now().UTC()
	name := fmt.Sprintf("%03d-%s-%s.json", shard.Number, now.Format(keyTimeLayout), r.store.nonce())
	return wrapError(doing, r.put(ctx, r.batchFolder(shard.FiredAt, shard.Count)+name, report, now))
}

// Claim returns the oldest batch that is due, unless another holds the lease: one whose shards all reported, one that
// began longer than wait ago, or one of which a part was sent before. The holder of the lease finds
// what is due now when it claims again, so after sending a batch Claim must be called again until there is none.
// The error may come with a batch, which is to be sent all the same.
func (r *ShardQueue) Claim(ctx context.Context, wait time.Duration) (ShardBatch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	now := r.store.now().UTC()
	all, err := r.listBatches(ctx)
	if err != nil {
		return ShardBatch{}, wrapError(r.name, err)
	}
	cleaned := r.pruneBatches(ctx, all, now)
	if !slices.ContainsFunc(all, func(s shardBatchState) bool { return s.isDue(now, wait) }) {
		return ShardBatch{}, wrapError(r.name, cleaned)
	}
	lease, free, err := r.acquire(ctx)
	if !free {
		return ShardBatch{}, wrapError(r.name, errors.Join(err, cleaned))
	}
	batch, err := r.loadFirstDue(ctx, lease, now, wait)
	if len(batch.names) == 0 {
		return ShardBatch{}, wrapError(r.name, errors.Join(err, lease.Release(ctx)))
	}
	return batch, wrapError(r.name, errors.Join(cleaned, lease.Warning, err))
}

// loadFirstDue returns the oldest batch that is due.
func (r *ShardQueue) loadFirstDue(ctx context.Context, lease Lease, now time.Time, wait time.Duration) (ShardBatch, error) {
	all, err := r.listBatches(ctx)
	if err != nil {
		return ShardBatch{}, err
	}
	var warnings error
	for _, s := range all {
		if !s.isDue(now, wait) {
			continue
		}
		var body queueBody // if it cannot be read nothing counts as sent: better twice than never
		if s.hasDelivered {
			body, err = r.loadBody(ctx, s.folder+deliveredName)
			warnings = errors.Join(warnings, err)
		}
		names := slices.DeleteFunc(slices.Clone(s.reportNames), func(n string) bool { return slices.Contains(body.Delivered, n) })
		if len(names) == 0 {
			warnings = errors.Join(warnings, r.store.deleteAll(ctx, prefixAll(s.folder, s.reportNames)))
			continue
		}
		batch := ShardBatch{FiredAt: s.at, Count: s.of, Batch: Batch{
			queue: r.queue, lease: lease, folder: s.folder, bodyKey: s.folder + deliveredName, body: body,
		}}
		if !s.hasDelivered {
			batch.MissingShards = s.missingShards()
		}
		warnings = errors.Join(warnings, batch.loadShards(ctx, names))
		if len(batch.names) > 0 {
			return batch, warnings
		}
	}
	return ShardBatch{}, warnings
}

// loadShards reads reports. A corrupt one is dropped with a warning, and its shard counts as missing.
func (d *ShardBatch) loadShards(ctx context.Context, names []string) error {
	added, err := d.loadReports(ctx, names, func(name string, corrupt *corruptError) error {
		d.names = append(d.names, name)
		d.MissingShards = append(d.MissingShards, parseShardNumber(name))
		_, warning := d.queue.store.preserveCorrupt(ctx, d.folder+name, corrupt)
		return warning
	})
	for _, name := range added {
		d.Shards = append(d.Shards, parseShardNumber(name))
	}
	slices.Sort(d.MissingShards)
	d.MissingShards = slices.Compact(d.MissingShards)
	return err
}

func (r *ShardQueue) batchFolder(at time.Time, of int) string {
	return r.folder + at.UTC().Format(shardBatchLayout) + fmt.Sprintf("-%03d/", of)
}

// shardBatchState is what List shows of one batch.
type shardBatchState struct {
	folder       string
	at           time.Time
	of           int
	reportNames  []string // of reports, sorted: by part, then by time
	hasDelivered bool
}

// listBatches returns the batches, oldest first.
func (r *ShardQueue) listBatches(ctx context.Context) ([]shardBatchState, error) {
	keys, err := r.store.bucket.List(ctx, r.folder)
	if err != nil {
		return nil, err
	}
	var all []shardBatchState
	for _, key := range keys { // sorted, so also by batch
		folder, name, ok := strings.Cut(strings.TrimPrefix(key, r.folder), "/")
		at, of, known := parseBatchName(folder)
		if !ok || !known {
			continue
		}
		if n := len(all); n == 0 || all[n-1].folder != r.folder+folder+"/" {
			all = append(all, shardBatchState{folder: r.folder + folder + "/", at: at, of: of})
		}
		s := &all[len(all)-1]
		shard := parseShardNumber(name)
		switch {
		case name == deliveredName:
			s.hasDelivered = true
		case shard >= 1 && shard <= of && strings.HasSuffix(name, ".json"):
			s.reportNames = append(s.reportNames, name)
		}
	}
	return all, nil
}

func parseBatchName(name string) (at time.Time, of int, ok bool) {
	stamp, count, ok := strings.Cut(name, "-")
	at, err := time.Parse(shardBatchLayout, stamp)
	of, countErr := strconv.Atoi(count)
	return at, of, ok && err == nil && countErr == nil && of >= 1 && of <= inventory.MaxShards
}

// parseShardNumber returns the shard of a report's name; 0 = it has none.
func parseShardNumber(name string) int {
	number, _, _ := strings.Cut(name, "-")
	shard, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return shard
}

func (s shardBatchState) isDue(now time.Time, wait time.Duration) bool {
	return len(s.reportNames) > 0 && (s.hasDelivered || len(s.missingShards()) == 0 || now.Sub(s.at) > wait)
}

// missingShards returns the shards without a report.
func (s shardBatchState) missingShards() []int {
	reported := make([]bool, s.of+1)
	for _, name := range s.reportNames {
		reported[parseShardNumber(name)] = true
	}
	var out []int
	for shard := 1; shard <= s.of; shard++ {
		if !reported[shard] {
			out = append(out, shard)
		}
	}
	return out
}

// pruneBatches deletes some of what is left of old batches. Batches that were never sent stay twice as long,
// so that a function that was off for a day sends them first.
func (r *ShardQueue) pruneBatches(ctx context.Context, all []shardBatchState, now time.Time) error {
	var old []string
	for _, s := range all {
		age := now.Sub(s.at)
		if age > 2*shardBatchRetention || s.hasDelivered && len(s.reportNames) == 0 && age > shardBatchRetention {
			old = append(old, prefixAll(s.folder, s.reportNames)...)
			if s.hasDelivered {
				old = append(old, s.folder+deliveredName)
			}
		}
	}
	return r.store.deleteAll(ctx, old[:min(len(old), maxPrunedReports)])
}
