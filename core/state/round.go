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

// ErrNoRounds says that the store has no precondition, so that parts cannot share a card: each
// tells its own (kind Unsupported).
var ErrNoRounds = errors.New("the store can keep no precondition, so parts of a run share no card")

// The bounds of rounds.
const (
	// MaxReport is the most bytes that a report of a round may have.
	MaxReport = reportLimit - 1<<10
	// MaxParts is into how many parts a run may be split.
	MaxParts = 100
	// keepRounds is how long it is known that a round was told, for parts that come late.
	keepRounds = 24 * time.Hour
	// sweep is how many old objects one look at the rounds deletes at most.
	sweep = 50
	// roundBytes ends a card early, so that it fits into the memory of a small function; what is
	// left is told in a card after it.
	roundBytes = 8 << 20
)

// Rounds let the parts of one run, which work side by side, be told in one card. Each part adds its
// report; whoever finds that all are there, or that one is missing for too long, tells them.
//
// Nothing is lost: a report is in the store from Add until Told, and what is due and was not told, as
// its teller died or could not send, is due again for every later part that looks. It is told twice only
// where a teller died, or took longer than two minutes, between sending and Told. That all this works
// rests on a List that shows every object whose Put has ended, as OSS, S3 and OBS promise.
type Rounds struct {
	store  *Store
	name   string
	folder string
}

// Rounds gives the rounds of this name.
func (s *Store) Rounds(name string) *Rounds {
	return &Rounds{store: s, name: name, folder: s.prefix + "rounds/" + safe(name) + "/"}
}

// Seat is the place of a part in its round.
type Seat struct {
	At       time.Time // of the round, to the second; the same for all its parts
	Part, Of int       // 1 ≤ Part ≤ Of ≤ MaxParts
}

// Round is one that is to be told now, in one card. The zero value is none, and not Valid. Else Told or
// Back must be called; if neither is, it is due again after two minutes.
type Round struct {
	At      time.Time
	Of      int
	Reports [][]byte // JSON, by part; of one part oldest first
	Parts   []int    // of the reports
	// Missing are the parts that did not report in time; none where they were told of before.
	Missing []int

	rounds *Rounds
	lease  Lease
	names  []string
	told   toldBody
}

// toldBody is told.json of a round. Only who holds the lease writes it.
type toldBody struct {
	Told []string `json:"told"` // names of reports that were told, but perhaps not deleted
}

// partBody is one report of a round.
type partBody struct {
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// roundStamp is how the time of a round stands in keys.
const roundStamp = "20060102T150405Z"

const toldName = "told.json"

// Add puts a part's report (JSON, at most MaxReport bytes) into its round. After an error the
// report is the caller's to tell, even though it may be told by others too.
func (r *Rounds) Add(ctx context.Context, seat Seat, report []byte) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	doing := fmt.Sprintf("rounds %s: part %d/%d", r.name, seat.Part, seat.Of)
	if seat.Part < 1 || seat.Part > seat.Of || seat.Of > MaxParts || !json.Valid(report) {
		return &inventory.Error{Kind: inventory.Invalid, Message: doing + ": no such part, or no JSON"}
	}
	if !r.store.bucket.Abilities(ctx).CreateOnly {
		return wrap(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoRounds})
	}
	now := r.store.now().UTC()
	data, err := encode(partBody{At: now, Report: report}, reportLimit)
	if err == nil {
		name := fmt.Sprintf("%03d-%s-%s.json", seat.Part, now.Format(stamp), r.store.nonce())
		_, err = r.store.put(ctx, r.folderOf(seat.At, seat.Of)+name, data, storage.CreateOnly())
	}
	return wrap(doing, err)
}

// Take gives the oldest round that is due, if nobody else is telling: one whose parts all reported, one that
// began longer than wait ago, and one of which the rest was told before. Where another tells, it finds
// what is due now when it looks again; so who told a round must Take again until there is none.
// The error may come beside a round, which is to be told nevertheless.
func (r *Rounds) Take(ctx context.Context, wait time.Duration) (Round, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	now := r.store.now().UTC()
	all, err := r.look(ctx)
	if err != nil {
		return Round{}, wrap("rounds "+r.name, err)
	}
	cleaned := r.clean(ctx, all, now)
	if !slices.ContainsFunc(all, func(s roundState) bool { return s.due(now, wait) }) {
		return Round{}, wrap("rounds "+r.name, cleaned)
	}
	lease, err := r.store.Acquire(ctx, "rounds "+r.name, tellTime, "")
	if errors.Is(err, ErrTaken) {
		return Round{}, wrap("rounds "+r.name, cleaned)
	}
	if err != nil {
		return Round{}, wrap("rounds "+r.name, err)
	}
	round, err := r.first(ctx, now, wait)
	if len(round.names) == 0 {
		return Round{}, wrap("rounds "+r.name, errors.Join(err, lease.Release(ctx)))
	}
	round.rounds, round.lease = r, lease
	return round, wrap("rounds "+r.name, errors.Join(cleaned, lease.Warning, err))
}

// first gives the oldest round that is due. The lease is held.
func (r *Rounds) first(ctx context.Context, now time.Time, wait time.Duration) (Round, error) {
	all, err := r.look(ctx)
	if err != nil {
		return Round{}, err
	}
	var warnings error
	for _, s := range all {
		if !s.due(now, wait) {
			continue
		}
		told, err := r.told(ctx, s)
		warnings = errors.Join(warnings, err)
		names := slices.DeleteFunc(slices.Clone(s.names), func(n string) bool { return slices.Contains(told.Told, n) })
		if len(names) == 0 {
			warnings = errors.Join(warnings, r.store.deleteAll(ctx, s.keys(s.names)))
			continue
		}
		round := Round{At: s.at, Of: s.of, told: told}
		if !s.told {
			round.Missing = s.missing()
		}
		warnings = errors.Join(warnings, round.load(ctx, r, s, names))
		if len(round.names) > 0 {
			return round, warnings
		}
	}
	return Round{}, warnings
}

// told reads what was told of a round. What cannot be read counts as nothing: rather twice than never.
func (r *Rounds) told(ctx context.Context, s roundState) (toldBody, error) {
	var body toldBody
	if !s.told {
		return body, nil
	}
	if _, err := r.store.read(ctx, s.folder+toldName, windowLimit, &body); err != nil {
		return toldBody{}, err
	}
	return body, nil
}

// load reads reports. A damaged one is let go with a warning, and its part counts as one that is
// missing; one that cannot be read now stays.
func (d *Round) load(ctx context.Context, r *Rounds, s roundState, names []string) error {
	bodies := make([]partBody, len(names))
	errs := each(len(names), func(n int) error {
		_, err := r.store.read(ctx, s.folder+names[n], reportLimit, &bodies[n])
		return err
	})
	size := 0
	for n, name := range names {
		damagedBody, bad := isDamaged(errs[n])
		switch {
		case bad:
			_, errs[n] = r.store.setAside(ctx, s.folder+name, damagedBody)
			d.names = append(d.names, name)
			d.Missing = append(d.Missing, partOf(name))
			continue
		case errs[n] != nil:
			continue
		}
		if size += len(bodies[n].Report); size > roundBytes && len(d.Reports) > 0 {
			break
		}
		d.names = append(d.names, name)
		d.Reports = append(d.Reports, bodies[n].Report)
		d.Parts = append(d.Parts, partOf(name))
	}
	slices.Sort(d.Missing)
	d.Missing = slices.Compact(d.Missing)
	return errors.Join(errs...)
}

// Valid tells whether there is something to tell, and nobody else can be telling it now.
func (d Round) Valid() bool { return d.rounds != nil && d.lease.Valid(d.rounds.store.now()) }

// Told says that a round was told, and lets its reports go. Its error means that it may be told
// again.
func (d Round) Told(ctx context.Context) error {
	if d.rounds == nil {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	s := roundState{folder: d.rounds.folderOf(d.At, d.Of)}
	d.told.Told = append(slices.Clone(d.told.Told), d.names...)
	data, err := encode(d.told, windowLimit)
	if err == nil && d.Valid() {
		_, err = d.rounds.store.bucket.Put(ctx, s.folder+toldName, data, storage.Always())
	}
	var gone error
	if err == nil {
		gone = d.rounds.store.deleteAll(ctx, s.keys(d.names))
	}
	err = errors.Join(err, gone, d.lease.Release(ctx))
	return wrap(fmt.Sprintf("rounds %s: let %d told reports go", d.rounds.name, len(d.names)), err)
}

// Back says that a round could not be told. It is due for others again.
func (d Round) Back(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return d.lease.Release(ctx)
}

func (r *Rounds) folderOf(at time.Time, of int) string {
	return r.folder + at.UTC().Format(roundStamp) + fmt.Sprintf("-%03d/", of)
}

// roundState is what a List shows of one round.
type roundState struct {
	folder string
	at     time.Time
	of     int
	names  []string // of reports, sorted: by part, then by time
	told   bool
}

// look lists the rounds, oldest first.
func (r *Rounds) look(ctx context.Context) ([]roundState, error) {
	keys, err := r.store.bucket.List(ctx, r.folder)
	if err != nil {
		return nil, err
	}
	var all []roundState
	for _, key := range keys { // sorted, so by round
		folder, name, ok := strings.Cut(strings.TrimPrefix(key, r.folder), "/")
		at, of, known := parseRound(folder)
		if !ok || !known {
			continue
		}
		if n := len(all); n == 0 || all[n-1].folder != r.folder+folder+"/" {
			all = append(all, roundState{folder: r.folder + folder + "/", at: at, of: of})
		}
		s := &all[len(all)-1]
		switch part := partOf(name); {
		case name == toldName:
			s.told = true
		case part >= 1 && part <= of && strings.HasSuffix(name, ".json"):
			s.names = append(s.names, name)
		}
	}
	return all, nil
}

func parseRound(name string) (at time.Time, of int, ok bool) {
	stamp, count, ok := strings.Cut(name, "-")
	at, err := time.Parse(roundStamp, stamp)
	of, bad := strconv.Atoi(count)
	return at, of, ok && err == nil && bad == nil && of >= 1 && of <= MaxParts
}

// partOf gives the part of a report's name, 0 where it is none.
func partOf(name string) int {
	number, _, _ := strings.Cut(name, "-")
	part, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return part
}

func (s roundState) due(now time.Time, wait time.Duration) bool {
	return len(s.names) > 0 && (s.told || len(s.missing()) == 0 || now.Sub(s.at) > wait)
}

// missing are the parts without a report.
func (s roundState) missing() []int {
	there := make([]bool, s.of+1)
	for _, name := range s.names {
		there[partOf(name)] = true
	}
	var out []int
	for part := 1; part <= s.of; part++ {
		if !there[part] {
			out = append(out, part)
		}
	}
	return out
}

func (s roundState) keys(names []string) []string {
	keys := make([]string, len(names))
	for n, name := range names {
		keys[n] = s.folder + name
	}
	return keys
}

// clean deletes some of what is left of old rounds. Those that were never told stay as long as again,
// so that a function that was off for a day tells them first.
func (r *Rounds) clean(ctx context.Context, all []roundState, now time.Time) error {
	var old []string
	for _, s := range all {
		age := now.Sub(s.at)
		if age > 2*keepRounds || s.told && len(s.names) == 0 && age > keepRounds {
			old = append(old, s.keys(s.names)...)
			if s.told {
				old = append(old, s.folder+toldName)
			}
		}
	}
	return r.store.deleteAll(ctx, old[:min(len(old), sweep)])
}
