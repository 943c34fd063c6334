package state

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// maxPlainRuns is how many runs without figures in their key ListRunFigures reads at most.
const maxPlainRuns = 500

// RunFigures are the numbers of one run of the history. They stand in the key of its object, so that a list of keys
// shows months.
type RunFigures struct {
	At          time.Time // when it was recorded
	Started     time.Time // whole seconds, UTC
	Outcome     string    // of the results document
	Duration    time.Duration
	Total       int
	Created     int
	Updated     int
	Deactivated int
	Deleted     int
	Held        int
	Failed      int
}

// figuresDocument has those fields of a results document that are figures.
type figuresDocument struct {
	Outcome     string            `json:"outcome"`
	StartedAt   string            `json:"started_at"`
	Duration    float64           `json:"duration_seconds"`
	Total       int               `json:"total"`
	Created     int               `json:"created"`
	Updated     int               `json:"updated"`
	Deactivated int               `json:"deactivated"`
	Deleted     int               `json:"deleted"`
	Held        int               `json:"held"`
	Failed      int               `json:"failed"`
	Closed      []json.RawMessage `json:"closed"`
}

// figuresOf returns the figures of a run's document, recorded at a time; ok is false where it has none.
func figuresOf(document []byte, at time.Time) (f RunFigures, removes, ok bool) {
	var d figuresDocument
	if json.Unmarshal(document, &d) != nil {
		return RunFigures{}, false, false
	}
	removes = len(d.Closed) > 0
	started, err := time.Parse(time.RFC3339, d.StartedAt)
	if err != nil || d.Outcome == "" || strings.Trim(d.Outcome, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return RunFigures{}, removes, false
	}
	return RunFigures{
		At: at.UTC(), Started: started.UTC(), Outcome: d.Outcome, Duration: time.Duration(d.Duration * float64(time.Second)).Round(time.Millisecond),
		Total: d.Total, Created: d.Created, Updated: d.Updated, Deactivated: d.Deactivated, Deleted: d.Deleted, Held: d.Held, Failed: d.Failed,
	}, removes, true
}

// figureNumbers are the figures as a key has them, in this order: start in Unix seconds, milliseconds, and the counts.
type figureNumbers [9]int64

func (f RunFigures) numbers() figureNumbers {
	return figureNumbers{
		f.Started.Unix(), f.Duration.Milliseconds(), int64(f.Total), int64(f.Created), int64(f.Updated), int64(f.Deactivated), int64(f.Deleted),
		int64(f.Held), int64(f.Failed),
	}
}

// figures returns the figures of a run that was recorded at a time.
func (n figureNumbers) figures(at time.Time, outcome string) RunFigures {
	return RunFigures{
		At: at, Outcome: outcome, Started: time.Unix(n[0], 0).UTC(), Duration: time.Duration(n[1]) * time.Millisecond, Total: int(n[2]),
		Created: int(n[3]), Updated: int(n[4]), Deactivated: int(n[5]), Deleted: int(n[6]), Held: int(n[7]), Failed: int(n[8]),
	}
}

// runName returns the name of a run's object: its time, its figures, and whether it removed something.
func runName(document []byte, at time.Time, nonce string) string {
	name := at.Format(keyTimeLayout) + "-" + nonce
	f, removes, ok := figuresOf(document, at)
	if ok {
		name += "-" + f.Outcome
		for _, n := range f.numbers() {
			name += "." + strconv.FormatInt(n, 10)
		}
	}
	if removes {
		return name + removalSuffix
	}
	return name + ".json"
}

// figuresInName returns the figures that the name of an object holds; ok is false where it holds none.
func figuresInName(name string) (f RunFigures, ok bool) {
	name = strings.TrimSuffix(strings.TrimSuffix(name, removalSuffix), ".json")
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return RunFigures{}, false
	}
	at, err := time.Parse(keyTimeLayout, parts[0])
	texts := strings.Split(parts[2], ".")
	var numbers figureNumbers
	if err != nil || len(texts) != len(numbers)+1 {
		return RunFigures{}, false
	}
	for n, text := range texts[1:] {
		numbers[n], err = strconv.ParseInt(text, 10, 64)
		if err != nil {
			return RunFigures{}, false
		}
	}
	return numbers.figures(at, texts[0]), true
}

// ListRunFigures returns the figures of the runs that were recorded since a time, the oldest first. It lists keys, and
// reads only runs that an older program recorded without figures, the newest maxPlainRuns of them. It returns
// how many are left out beside those that the error names.
func (s *Store) ListRunFigures(ctx context.Context, since time.Time) (all []RunFigures, leftOut int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // a person asked and waits
	defer cancel()
	keys, err := s.listRunNames(ctx, s.bounded(since), s.now().Add(day))
	if err != nil {
		return nil, 0, wrapError("list runs", err)
	}
	var plain []string
	for _, key := range keys {
		f, ok := figuresInName(key[strings.LastIndex(key, "/")+1:])
		if ok {
			all = append(all, f)
		} else {
			plain = append(plain, key)
		}
	}
	leftOut = max(len(plain)-maxPlainRuns, 0)
	bodies, errs := loadAll[runBody](ctx, s, plain[leftOut:], reportMaxBytes)
	for n, b := range bodies {
		f, _, ok := figuresOf(b.Run, b.At)
		switch {
		case errs[n] == nil && ok:
			all = append(all, f)
		case errs[n] == nil:
			leftOut++
		}
	}
	sorting.StableBy(all, func(x, y RunFigures) int { return x.At.Compare(y.At) })
	if firstError(errs) != nil {
		err = wrapError("read runs", &inventory.Error{Kind: inventory.KindOf(firstError(errs)), Err: errors.Join(errs...)})
	}
	return all, leftOut, err
}

// bounded returns a time in UTC that is not before the history's beginning.
func (s *Store) bounded(since time.Time) time.Time {
	oldest := s.now().Add(-HistoryRetention)
	if since.Before(oldest) {
		since = oldest
	}
	return since.UTC()
}

// listRunNames lists the keys of the runs that were recorded from a time to the day of another one, many days at once, the
// oldest first.
func (s *Store) listRunNames(ctx context.Context, since, until time.Time) ([]string, error) {
	var days []time.Time
	for d := since.Truncate(day); !d.After(until); d = d.Add(day) {
		days = append(days, d)
	}
	found := make([][]string, len(days))
	errs := forEach(len(days), func(n int) (err error) {
		found[n], err = s.bucket.List(ctx, s.dayFolder(days[n]))
		return err
	})
	keys := slices.DeleteFunc(slices.Concat(found...), func(key string) bool {
		name := key[strings.LastIndex(key, "/")+1:]
		return !strings.HasSuffix(name, ".json") || name < since.Format(keyTimeLayout)
	})
	return keys, firstError(errs)
}

// LoadRuns returns the documents of the runs that began in this second.
func (s *Store) LoadRuns(ctx context.Context, started time.Time) ([]RunRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // a person asked and waits
	defer cancel()
	keys, err := s.listRunNames(ctx, s.bounded(started), started.Add(day)) // no run takes longer
	if err != nil {
		return nil, wrapError("list runs", err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool {
		f, ok := figuresInName(key[strings.LastIndex(key, "/")+1:])
		return ok && !f.Started.Equal(started)
	})
	bodies, errs := loadAll[runBody](ctx, s, keys[:min(len(keys), maxPlainRuns)], reportMaxBytes)
	var runs []RunRecord
	for n, b := range bodies {
		f, _, ok := figuresOf(b.Run, b.At)
		if errs[n] == nil && ok && f.Started.Equal(started) {
			runs = append(runs, RunRecord{At: b.At, Document: b.Run})
		}
	}
	if firstError(errs) != nil {
		err = wrapError("read runs", &inventory.Error{Kind: inventory.KindOf(firstError(errs)), Err: errors.Join(errs...)})
	}
	return runs, err
}
