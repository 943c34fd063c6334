package state

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// HistoryRetention is how long the history is kept.
const HistoryRetention = 180 * 24 * time.Hour

// MaxRunDocument is how many bytes the document of a run may have.
const MaxRunDocument = reportMaxBytes - 1<<10

// maxPrunedRuns is how many old runs one RecordRun deletes at most.
const maxPrunedRuns = 20

// dayLayout is the form of a day in keys.
const dayLayout = "2006-01-02"

const day = 24 * time.Hour

// RunRecord is one run of the history.
type RunRecord struct {
	At       time.Time
	Document []byte // the JSON that was recorded
}

// removalSuffix ends the key of a run that deactivated or deleted something: the field "closed" of its document lists it.
const removalSuffix = "-closed.json"

type runBody struct {
	At  time.Time       `json:"at"`
	Run json.RawMessage `json:"run"`
}

// RecordRun saves the document of a run (JSON, at most MaxRunDocument bytes) and deletes a few that are older than
// HistoryRetention. An error of that deletion says that the run was saved.
func (s *Store) RecordRun(ctx context.Context, run []byte, at time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !json.Valid(run) {
		return &inventory.Error{Kind: inventory.Invalid, Message: "record a run: it is no JSON"}
	}
	at = at.UTC()
	key := s.dayFolder(at) + runName(run, at, s.nonce())
	_, err := s.saveObject(ctx, key, reportMaxBytes, runBody{At: at, Run: run}, s.createCondition(ctx))
	if err != nil {
		return wrapError("record a run", err)
	}
	return wrapError("the run is recorded; forget old ones", s.pruneHistory(ctx, at))
}

func (s *Store) dayFolder(at time.Time) string {
	return s.prefix + "runs/" + at.Format(dayLayout) + "/"
}

// pruneHistory deletes a few runs of one day that is too old. Listing all of the
// history would take seconds in every run, and a record of how far pruning came could get lost; so the day is chosen
// at random: mostly one of those that just became too old, otherwise one of the two years before, for
// a deployment that was off for months.
func (s *Store) pruneHistory(ctx context.Context, at time.Time) error {
	span := 4
	if s.pick(4) == 0 {
		span = 730
	}
	oldest := at.Truncate(day).Add(-HistoryRetention - day)
	keys, err := s.bucket.List(ctx, s.dayFolder(oldest.Add(-time.Duration(s.pick(span))*day)))
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, keys[:min(len(keys), maxPrunedRuns)])
}

// ListRuns returns the newest runs since a time, at most limit, newest first. What cannot be read is
// left out and named by the error.
func (s *Store) ListRuns(ctx context.Context, since time.Time, limit int) ([]RunRecord, error) {
	return s.loadRuns(ctx, runQuery{since: since, until: s.now(), suffix: ".json", limit: limit})
}

// ListRemovalRuns is ListRuns for the runs that were recorded between two times and deactivated or deleted
// something.
func (s *Store) ListRemovalRuns(ctx context.Context, since, until time.Time, limit int) ([]RunRecord, error) {
	return s.loadRuns(ctx, runQuery{since: since, until: until, suffix: removalSuffix, limit: limit})
}

// longestRun is how long a run takes at most before it is recorded: timeout.run, and what comes after it.
const longestRun = 25 * time.Hour

// FindRun returns the recorded run that began at a time, to the second.
func (s *Store) FindRun(ctx context.Context, started time.Time) (run RunRecord, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // a person asked and waits
	defer cancel()
	started = started.UTC()
	var keys []string
	for d := started.Truncate(day); !d.After(started.Add(longestRun)); d = d.Add(day) {
		folder := s.dayFolder(d)
		listed, err := s.bucket.List(ctx, folder)
		if err != nil {
			return run, false, wrapError("list runs", err)
		}
		keys = append(keys, slices.DeleteFunc(listed, func(key string) bool { // the second itself may be of the end
			return strings.TrimPrefix(key, folder) < started.Format(keyTimeLayout[:len("20060102T150405")])
		})...)
	}
	for batch := range slices.Chunk(keys, maxConcurrency) { // the run is one of the first after its beginning
		bodies, errs := loadAll[runBody](ctx, s, batch, reportMaxBytes)
		err = errors.Join(err, errors.Join(errs...))
		for _, b := range bodies {
			var document struct {
				StartedAt time.Time `json:"started_at"`
			}
			if json.Unmarshal(b.Run, &document) == nil && document.StartedAt.Equal(started) {
				return RunRecord{At: b.At, Document: b.Run}, true, nil
			}
		}
	}
	return run, false, wrapError("read runs", err)
}

// runQuery selects runs.
type runQuery struct {
	since, until time.Time // without a suffix of removals: also runs of clocks that are up to a day ahead
	suffix       string    // of their keys
	limit        int
}

func (s *Store) loadRuns(ctx context.Context, query runQuery) ([]RunRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // a person asked and waits
	defer cancel()
	query.since, query.until = s.bounded(query.since), query.until.UTC()
	keys, err := s.listRunKeys(ctx, query)
	if err != nil {
		return nil, wrapError("list runs", err)
	}
	bodies, errs := loadAll[runBody](ctx, s, keys, reportMaxBytes)
	var runs []RunRecord
	for n, b := range bodies {
		if errs[n] == nil && len(b.Run) > 0 {
			runs = append(runs, RunRecord{At: b.At, Document: b.Run})
		}
	}
	if firstError(errs) != nil {
		return runs, wrapError("read runs", &inventory.Error{Kind: inventory.KindOf(firstError(errs)), Err: errors.Join(errs...)})
	}
	return runs, nil
}

// listRunKeys lists day by day from the newest, until there are enough.
func (s *Store) listRunKeys(ctx context.Context, query runQuery) ([]string, error) {
	var keys []string
	first := query.since.Truncate(day)
	for d := query.until.Truncate(day).Add(day); !d.Before(first) && len(keys) < query.limit; d = d.Add(-day) {
		folder := s.dayFolder(d)
		found, err := s.bucket.List(ctx, folder)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(key string) bool {
			name := strings.TrimPrefix(key, folder)
			late := query.suffix == removalSuffix && name[:min(len(name), len(keyTimeLayout))] > query.until.Format(keyTimeLayout)
			return !strings.HasSuffix(name, query.suffix) || name < query.since.Format(keyTimeLayout) || late
		})
		slices.Reverse(found)
		keys = append(keys, found...)
	}
	return keys[:min(len(keys), max(query.limit, 0))], nil
}
