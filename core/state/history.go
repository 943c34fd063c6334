package state

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// HistoryRetention is how long the history is kept.
const HistoryRetention = 180 * 24 * time.Hour

// maxPrunedRuns is how many old runs one Record deletes at most.
const maxPrunedRuns = 20

// dayLayout is how a day stands in keys.
const dayLayout = "2006-01-02"

const day = 24 * time.Hour

// RunRecord is one run of the history.
type RunRecord struct {
	At       time.Time
	Document []byte // the JSON that was recorded
}

// closing ends the key of a run whose document says, in its field "closed", what it took away: see Closings.
const closing = "-closed.json"

type runBody struct {
	At  time.Time       `json:"at"`
	Run json.RawMessage `json:"run"`
}

// RecordRun keeps the document of a run (JSON, at most 1 MiB), and forgets some that are older than
// HistoryRetention. An error after which the run is kept says so.
func (s *Store) RecordRun(ctx context.Context, run []byte, at time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !json.Valid(run) {
		return &inventory.Error{Kind: inventory.Invalid, Message: "record a run: it is no JSON"}
	}
	at = at.UTC()
	data, err := encodeObject(runBody{At: at, Run: run}, reportMaxBytes)
	if err == nil {
		key := s.dayFolder(at) + at.Format(keyTimeLayout) + "-" + s.nonce() + ending(run)
		_, err = s.saveObject(ctx, key, data, s.createCondition(ctx))
	}
	if err != nil {
		return wrapError("record a run", err)
	}
	return wrapError("the run is recorded; forget old ones", s.pruneHistory(ctx, at))
}

func ending(run []byte) string {
	var document struct {
		Closed []json.RawMessage `json:"closed"`
	}
	if json.Unmarshal(run, &document) == nil && len(document.Closed) > 0 {
		return closing
	}
	return ".json"
}

func (s *Store) createCondition(ctx context.Context) storage.Condition {
	if s.bucket.Capabilities(ctx).CreateOnly {
		return storage.CreateOnly()
	}
	return storage.Always()
}

func (s *Store) dayFolder(at time.Time) string {
	return s.prefix + "runs/" + at.Format(dayLayout) + "/"
}

// pruneHistory looks at one day that is too old, and deletes a few of its runs. To list all of the
// history would take seconds on every run, and a note of how far one came could get lost; so the day is picked
// by chance: mostly one of those that just became too old, else any of the two years before, for
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

// ListRuns gives the newest runs since a time, at most so many, newest first. What cannot be read is
// left out; the error tells of it beside the others.
func (s *Store) ListRuns(ctx context.Context, since time.Time, limit int) ([]RunRecord, error) {
	return s.runs(ctx, span{since: since, until: s.now(), ending: ".json", limit: limit})
}

// Closings returns the newest runs that were recorded between two times and deactivated or deleted anything, as
// Runs does.
func (s *Store) Closings(ctx context.Context, since, until time.Time, limit int) ([]RunRecord, error) {
	return s.runs(ctx, span{since: since, until: until, ending: closing, limit: limit})
}

// span says which runs are meant.
type span struct {
	since, until time.Time // of Runs: also those of clocks that are ahead, up to a day
	ending       string    // of their keys
	limit        int
}

func (s *Store) runs(ctx context.Context, which span) ([]RunRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // people ask for it, and wait
	defer cancel()
	if oldest := s.now().Add(-HistoryRetention); which.since.Before(oldest) {
		which.since = oldest
	}
	which.since, which.until = which.since.UTC(), which.until.UTC()
	keys, err := s.listRunKeys(ctx, which)
	if err != nil {
		return nil, wrapError("list runs", err)
	}
	bodies := make([]runBody, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], reportMaxBytes, &bodies[n])
		d, bad := asCorrupt(err)
		switch {
		case bad:
			bodies[n].Run = nil
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		case inventory.KindOf(err) == inventory.NotFound:
			return nil // forgotten meanwhile
		}
		return err
	})
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
func (s *Store) listRunKeys(ctx context.Context, which span) ([]string, error) {
	var keys []string
	first := which.since.Truncate(day)
	for d := which.until.Truncate(day).Add(day); !d.Before(first) && len(keys) < which.limit; d = d.Add(-day) {
		folder := s.dayFolder(d)
		found, err := s.bucket.List(ctx, folder)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(key string) bool {
			name := strings.TrimPrefix(key, folder)
			late := which.ending == closing && name[:min(len(name), len(keyTimeLayout))] > which.until.Format(keyTimeLayout)
			return !strings.HasSuffix(name, which.ending) || name < which.since.Format(keyTimeLayout) || late
		})
		slices.Reverse(found)
		keys = append(keys, found...)
	}
	return keys[:min(len(keys), max(which.limit, 0))], nil
}
