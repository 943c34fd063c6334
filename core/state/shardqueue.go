package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoShardQueue says that the store has no precondition, so that parts cannot share a card: each
// tells its own (kind Unsupported).
var ErrNoShardQueue = errors.New("the store can keep no precondition, so parts of a run share no card")

// The bounds of rounds.
const (
	// MaxShardReport is the most bytes that a report of a round may have.
	MaxShardReport = reportMaxBytes - 1<<10
	// MaxShards is into how many parts a run may be split.
	MaxShards = 100
	// shardBatchRetention is how long it is known that a round was told, for parts that come late.
	shardBatchRetention = 24 * time.Hour
	// maxPrunedReports is how many old objects one look at the rounds deletes at most.
	maxPrunedReports = 50
	// maxShardBatchBytes ends a card early, so that it fits into the memory of a small function; what is
	// left is told in a card after it.
	maxShardBatchBytes = 8 << 20
)

// ShardQueue let the parts of one run, which work side by side, be told in one card. Each part adds its
// report; whoever finds that all are there, or that one is missing for too long, tells them.
//
// Nothing is lost: a report is in the store from Add until Told, and what is due and was not told, as
// its teller died or could not send, is due again for every later part that looks. It is told twice only
// where a teller died, or took longer than two minutes, between sending and Told. That all this works
// rests on a List that shows every object whose Put has ended, as OSS, S3 and OBS promise.
type ShardQueue struct {
	store  *Store
	name   string
	folder string
}

// ShardQueue gives the rounds of this name.
func (s *Store) ShardQueue(name string) *ShardQueue {
	return &ShardQueue{store: s, name: name, folder: s.prefix + "rounds/" + safeKeyPart(name) + "/"}
}

// ShardID is the place of a part in its round.
type ShardID struct {
	FiredAt       time.Time // of the round, to the second; the same for all its parts
	Number, Count int       // 1 ≤ Part ≤ Of ≤ MaxShards
}

func (s ShardID) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Count) }

// ShardBatch is one that is to be told now, in one card. The zero value is none, and not Valid. Else Told or
// Back must be called; if neither is, it is due again after two minutes.
type ShardBatch struct {
	FiredAt time.Time
	Count   int
	Reports [][]byte // JSON, by part; of one part oldest first
	Shards  []int    // of the reports
	// MissingShards are the parts that did not report in time; none where they were told of before.
	MissingShards []int

	queue       *ShardQueue
	lease       Lease
	reportNames []string
	delivered   deliveredBody
}

// deliveredBody is told.json of a round. Only who holds the lease writes it.
type deliveredBody struct {
	Delivered []string `json:"told"` // names of reports that were told, but perhaps not deleted
}

// shardReportBody is one report of a round.
type shardReportBody struct {
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// shardBatchLayout is how the time of a round stands in keys.
const shardBatchLayout = "20060102T150405Z"

const deliveredName = "told.json"

// Put puts a part's report (JSON, at most MaxShardReport bytes) into its round. After an error the
// report is the caller's to tell, even though it may be told by others too.
func (r *ShardQueue) Put(ctx context.Context, seat ShardID, report []byte) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	doing := fmt.Sprintf("rounds %s: part %s", r.name, seat)
	if seat.Number < 1 || seat.Number > seat.Count || seat.Count > MaxShards || !json.Valid(report) {
		return &inventory.Error{Kind: inventory.Invalid, Message: doing + ": no such part, or no JSON"}
	}
	if !r.store.bucket.Capabilities(ctx).CreateOnly {
		return wrapError(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoShardQueue})
	}
	now := r.store.now().UTC()
	data, err := encodeObject(shardReportBody{At: now, Report: report}, reportMaxBytes)
	if err == nil {
		name := fmt.Sprintf("%03d-%s-%s.json", seat.Number, now.Format(keyTimeLayout), r.store.nonce())
		_, err = r.store.saveObject(ctx, r.batchFolder(seat.FiredAt, seat.Count)+name, data, storage.CreateOnly())
	}
	return wrapError(doing, err)
}

// Claim gives the oldest round that is due, if nobody else is telling: one whose parts all reported, one that
// began longer than wait ago, and one of which the rest was told before. Where another tells, it finds
// what is due now when it looks again; so who told a round must Take again until there is none.
// The error may come beside a round, which is to be told nevertheless.
func (r *ShardQueue) Claim(ctx context.Context, wait time.Duration) (ShardBatch, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	now := r.store.now().UTC()
	all, err := r.listBatches(ctx)
	if err != nil {
		return ShardBatch{}, wrapError("rounds "+r.name, err)
	}
	cleaned := r.pruneBatches(ctx, all, now)
	if !slices.ContainsFunc(all, func(s shardBatchState) bool { return s.isDue(now, wait) }) {
		return ShardBatch{}, wrapError("rounds "+r.name, cleaned)
	}
	lease, err := r.store.AcquireLease(ctx, "rounds "+r.name, claimTimeout, "")
	if errors.Is(err, ErrLeaseTaken) {
		return ShardBatch{}, wrapError("rounds "+r.name, cleaned)
	}
	if err != nil {
		return ShardBatch{}, wrapError("rounds "+r.name, err)
	}
	round, err := r.loadFirstDue(ctx, now, wait)
	if len(round.reportNames) == 0 {
		return ShardBatch{}, wrapError("rounds "+r.name, errors.Join(err, lease.Release(ctx)))
	}
	round.queue, round.lease = r, lease
	return round, wrapError("rounds "+r.name, errors.Join(cleaned, lease.Warning, err))
}

// loadFirstDue gives the oldest round that is due. The lease is held.
func (r *ShardQueue) loadFirstDue(ctx context.Context, now time.Time, wait time.Duration) (ShardBatch, error) {
	all, err := r.listBatches(ctx)
	if err != nil {
		return ShardBatch{}, err
	}
	var warnings error
	for _, s := range all {
		if !s.isDue(now, wait) {
			continue
		}
		told, err := r.loadDelivered(ctx, s)
		warnings = errors.Join(warnings, err)
		names := slices.DeleteFunc(slices.Clone(s.reportNames), func(n string) bool { return slices.Contains(told.Delivered, n) })
		if len(names) == 0 {
			warnings = errors.Join(warnings, r.store.deleteAll(ctx, s.reportKeys(s.reportNames)))
			continue
		}
		round := ShardBatch{FiredAt: s.at, Count: s.of, delivered: told}
		if !s.hasDelivered {
			round.MissingShards = s.missingShards()
		}
		warnings = errors.Join(warnings, round.loadReports(ctx, r, s, names))
		if len(round.reportNames) > 0 {
			return round, warnings
		}
	}
	return ShardBatch{}, warnings
}

// loadDelivered reads what was told of a round. What cannot be read counts as nothing: rather twice than never.
func (r *ShardQueue) loadDelivered(ctx context.Context, s shardBatchState) (deliveredBody, error) {
	var body deliveredBody
	if !s.hasDelivered {
		return body, nil
	}
	if _, err := r.store.loadObject(ctx, s.folder+deliveredName, queueMaxBytes, &body); err != nil {
		return deliveredBody{}, err
	}
	return body, nil
}

// loadReports reads reports. A damaged one is let go with a warning, and its part counts as one that is
// missing; one that cannot be read now stays.
func (d *ShardBatch) loadReports(ctx context.Context, r *ShardQueue, s shardBatchState, names []string) error {
	bodies := make([]shardReportBody, len(names))
	errs := forEach(len(names), func(n int) error {
		_, err := r.store.loadObject(ctx, s.folder+names[n], reportMaxBytes, &bodies[n])
		return err
	})
	size := 0
	for n, name := range names {
		damagedBody, bad := asCorrupt(errs[n])
		switch {
		case bad:
			_, errs[n] = r.store.preserveCorrupt(ctx, s.folder+name, damagedBody)
			d.reportNames = append(d.reportNames, name)
			d.MissingShards = append(d.MissingShards, parseShardNumber(name))
			continue
		case errs[n] != nil:
			continue
		}
		if size += len(bodies[n].Report); size > maxShardBatchBytes && len(d.Reports) > 0 {
			break
		}
		d.reportNames = append(d.reportNames, name)
		d.Reports = append(d.Reports, bodies[n].Report)
		d.Shards = append(d.Shards, parseShardNumber(name))
	}
	slices.Sort(d.MissingShards)
	d.MissingShards = slices.Compact(d.MissingShards)
	return errors.Join(errs...)
}

// IsValid tells whether there is something to tell, and nobody else can be telling it now.
func (d ShardBatch) IsValid() bool { return d.queue != nil && d.lease.IsValid(d.queue.store.now()) }

// Ack says that a round was told, and lets its reports go. Its error means that it may be told
// again.
func (d ShardBatch) Ack(ctx context.Context) error {
	if d.queue == nil {
		return nil
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	s := shardBatchState{folder: d.queue.batchFolder(d.FiredAt, d.Count)}
	d.delivered.Delivered = append(slices.Clone(d.delivered.Delivered), d.reportNames...)
	data, err := encodeObject(d.delivered, queueMaxBytes)
	if err == nil && d.IsValid() {
		_, err = d.queue.store.bucket.Put(ctx, s.folder+deliveredName, data, storage.Always())
	}
	var gone error
	if err == nil {
		gone = d.queue.store.deleteAll(ctx, s.reportKeys(d.reportNames))
	}
	err = errors.Join(err, gone, d.lease.Release(ctx))
	return wrapError(fmt.Sprintf("rounds %s: let %d told reports go", d.queue.name, len(d.reportNames)), err)
}

// Nack says that a round could not be told. It is due for others again.
func (d ShardBatch) Nack(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return d.lease.Release(ctx)
}

func (r *ShardQueue) batchFolder(at time.Time, of int) string {
	return r.folder + at.UTC().Format(shardBatchLayout) + fmt.Sprintf("-%03d/", of)
}

// shardBatchState is what a List shows of one round.
type shardBatchState struct {
	folder       string
	at           time.Time
	of           int
	reportNames  []string // of reports, sorted: by part, then by time
	hasDelivered bool
}

// listBatches lists the rounds, oldest first.
func (r *ShardQueue) listBatches(ctx context.Context) ([]shardBatchState, error) {
	keys, err := r.store.bucket.List(ctx, r.folder)
	if err != nil {
		return nil, err
	}
	var all []shardBatchState
	for _, key := range keys { // sorted, so by round
		folder, name, ok := strings.Cut(strings.TrimPrefix(key, r.folder), "/")
		at, of, known := parseBatchName(folder)
		if !ok || !known {
			continue
		}
		if n := len(all); n == 0 || all[n-1].folder != r.folder+folder+"/" {
			all = append(all, shardBatchState{folder: r.folder + folder + "/", at: at, of: of})
		}
		s := &all[len(all)-1]
		switch part := parseShardNumber(name); {
		case name == deliveredName:
			s.hasDelivered = true
		case part >= 1 && part <= of && strings.HasSuffix(name, ".json"):
			s.reportNames = append(s.reportNames, name)
		}
	}
	return all, nil
}

func parseBatchName(name string) (at time.Time, of int, ok bool) {
	stamp, count, ok := strings.Cut(name, "-")
	at, err := time.Parse(shardBatchLayout, stamp)
	of, bad := strconv.Atoi(count)
	return at, of, ok && err == nil && bad == nil && of >= 1 && of <= MaxShards
}

// parseShardNumber gives the part of a report's name, 0 where it is none.
func parseShardNumber(name string) int {
	number, _, _ := strings.Cut(name, "-")
	part, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return part
}

func (s shardBatchState) isDue(now time.Time, wait time.Duration) bool {
	return len(s.reportNames) > 0 && (s.hasDelivered || len(s.missingShards()) == 0 || now.Sub(s.at) > wait)
}

// missingShards are the parts without a report.
func (s shardBatchState) missingShards() []int {
	there := make([]bool, s.of+1)
	for _, name := range s.reportNames {
		there[parseShardNumber(name)] = true
	}
	var out []int
	for part := 1; part <= s.of; part++ {
		if !there[part] {
			out = append(out, part)
		}
	}
	return out
}

func (s shardBatchState) reportKeys(names []string) []string {
	keys := make([]string, len(names))
	for n, name := range names {
		keys[n] = s.folder + name
	}
	return keys
}

// pruneBatches deletes some of what is left of old rounds. Those that were never told stay as long as again,
// so that a function that was off for a day tells them first.
func (r *ShardQueue) pruneBatches(ctx context.Context, all []shardBatchState, now time.Time) error {
	var old []string
	for _, s := range all {
		age := now.Sub(s.at)
		if age > 2*shardBatchRetention || s.hasDelivered && len(s.reportNames) == 0 && age > shardBatchRetention {
			old = append(old, s.reportKeys(s.reportNames)...)
			if s.hasDelivered {
				old = append(old, s.folder+deliveredName)
			}
		}
	}
	return r.store.deleteAll(ctx, old[:min(len(old), maxPrunedReports)])
}
