package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

const roundWait = 20 * time.Minute

func attend(t *testing.T, r *Rounds, at time.Time, part, of int) {
	t.Helper()
	if err := r.Add(t.Context(), Seat{at, part, of}, fmt.Appendf(nil, `"%d/%d"`, part, of)); err != nil {
		t.Fatal(err)
	}
}

func takeRound(t *testing.T, r *Rounds) Round {
	t.Helper()
	d, err := r.Take(t.Context(), roundWait)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantRound(t *testing.T, what string, d Round, missing []int, reports ...string) {
	t.Helper()
	var got []string
	for _, r := range d.Reports {
		got = append(got, strings.Trim(string(r), `"`))
	}
	if !slices.Equal(got, reports) || !slices.Equal(d.Missing, missing) || d.Valid() != (len(reports)+len(missing) > 0) {
		t.Errorf("%s: reports %v, missing %v, valid %v; want %v, %v", what, got, d.Missing, d.Valid(), reports, missing)
	}
}

func toldRound(t *testing.T, d Round) {
	t.Helper()
	if err := d.Told(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRoundIsToldByTheLast(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		r, at := s.Rounds("org"), c.Now()
		for _, part := range []int{3, 1} {
			attend(t, r, at, part, 3)
			wantRound(t, "not all are there", takeRound(t, r), nil)
		}
		attend(t, s.Rounds("other"), at, 2, 3)
		attend(t, r, at, 2, 4)
		wantRound(t, "of other rounds", takeRound(t, r), nil)
		attend(t, r, at, 2, 3)
		d := takeRound(t, r)
		wantRound(t, "all", d, nil, "1/3", "2/3", "3/3")
		wantRound(t, "while another tells", takeRound(t, storeAt(t, m, c).Rounds("org")), nil)
		toldRound(t, d)
		wantRound(t, "told", takeRound(t, r), nil)
		attend(t, r, at, 2, 3)
		d = takeRound(t, r)
		wantRound(t, "one that comes again", d, nil, "2/3")
		toldRound(t, d)
		if got := m.keys("rounds/org"); len(got) != 2 { // told.json, and the one of four
			t.Errorf("objects %v", got)
		}
	})
}

func TestRoundWithAPartThatDied(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		r, at := s.Rounds("org"), c.Now()
		attend(t, r, at, 1, 3)
		c.Advance(roundWait)
		wantRound(t, "in time", takeRound(t, r), nil)
		c.Advance(time.Second)
		next := c.Now()
		attend(t, r, next, 1, 3)
		d := takeRound(t, r)
		wantRound(t, "overdue", d, []int{2, 3}, "1/3")
		toldRound(t, d)
		wantRound(t, "the next one is not due", takeRound(t, r), nil)
		attend(t, r, at, 3, 3)
		d = takeRound(t, r)
		wantRound(t, "it was only slow", d, nil, "3/3")
		toldRound(t, d)
		c.Advance(25 * time.Hour)
		d = takeRound(t, r)
		wantRound(t, "the next one, a day later", d, []int{2, 3}, "1/3")
		toldRound(t, d)
		c.Advance(25 * time.Hour)
		wantRound(t, "nothing", takeRound(t, r), nil)
		if got := m.keys("rounds/"); len(got) != 0 {
			t.Errorf("objects stayed: %v", got)
		}
	})
}

func TestRoundWhoseTellerFailsOrDies(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, _ *memory, s *Store, c *clock) {
		r, at := s.Rounds("org"), c.Now()
		attend(t, r, at, 1, 2)
		attend(t, r, at, 2, 2)
		d := takeRound(t, r)
		if err := d.Back(t.Context()); err != nil {
			t.Fatal(err)
		}
		dead := takeRound(t, r)
		wantRound(t, "after one who could not send", dead, nil, "1/2", "2/2")
		c.Advance(time.Minute)
		wantRound(t, "while it may be telling", takeRound(t, r), nil)
		c.Advance(tellTime + MaxSkew)
		if dead.Valid() {
			t.Error("it may still send")
		}
		d = takeRound(t, r)
		wantRound(t, "after one who died", d, nil, "1/2", "2/2")
		toldRound(t, dead) // it comes back, and disturbs nothing
		toldRound(t, d)
		wantRound(t, "told", takeRound(t, r), nil)
	})
}

func TestRoundOfADamagedReport(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, s *Store, c *clock) {
		r, at := s.Rounds("org"), c.Now()
		attend(t, r, at, 1, 2)
		attend(t, r, at, 2, 2)
		m.set(m.keys("/002-")[0], []byte("{half"))
		d, err := r.Take(t.Context(), roundWait)
		wantKind(t, err, inventory.Incomplete)
		wantRound(t, "the rest", d, []int{2}, "1/2")
		toldRound(t, d)
		wantRound(t, "told", takeRound(t, r), nil)
	})
}

func TestRoundsRefuse(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(storage.Abilities{}))
	wantKind(t, s.Rounds("org").Add(t.Context(), Seat{c.Now(), 1, 2}, []byte("{}")), inventory.Unsupported)
	s, c = newStore(t, newMemory(storage.Abilities{CreateOnly: true}))
	for _, seat := range []Seat{{c.Now(), 0, 2}, {c.Now(), 3, 2}, {c.Now(), 1, 101}} {
		wantKind(t, s.Rounds("org").Add(t.Context(), seat, []byte("{}")), inventory.Invalid)
	}
	large := []byte(`"` + strings.Repeat("x", MaxReport-2) + `"`)
	if err := s.Rounds("org").Add(t.Context(), Seat{c.Now(), 1, 2}, large); err != nil {
		t.Error(err)
	}
	wantKind(t, s.Rounds("org").Add(t.Context(), Seat{c.Now(), 1, 2}, append(large, large...)), inventory.Invalid)
}

// tell is what a part does after its run.
func tell(t *testing.T, r *Rounds, card func([][]byte)) {
	t.Helper()
	for range 4 {
		d, _ := r.Take(t.Context(), roundWait)
		if !d.Valid() {
			return
		}
		card(d.Reports)
		_ = d.Told(t.Context())
	}
}

// Parts that race: each round is told in one card, and no report is left out.
func TestRacingParts(t *testing.T) {
	t.Parallel()
	eachLeasing(t, func(t *testing.T, m *memory, _ *Store, c *clock) {
		const rounds, parts = 3, 16
		var mu sync.Mutex
		cards, reports := 0, 0
		var wait sync.WaitGroup
		for n := range rounds * parts {
			wait.Go(func() {
				r := racer(t, m, c).Rounds("org")
				attend(t, r, start.Add(time.Duration(n%rounds)*time.Minute), n/rounds+1, parts)
				tell(t, r, func(card [][]byte) {
					mu.Lock()
					defer mu.Unlock()
					cards++
					reports += len(card)
				})
			})
		}
		wait.Wait()
		if cards != rounds || reports != rounds*parts {
			t.Errorf("%d reports in %d cards", reports, cards)
		}
	})
}

// Whatever fails, whether it was done or not: every report that was added is told in the end, by a
// card or by its own part.
func TestNoReportIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		for level, can := range leasing() {
			r := rand.New(rand.NewPCG(seed, 11))
			m := newMemory(can)
			s, c := newStore(t, m)
			m.strikes(rand.New(rand.NewPCG(seed, 12)), 10)
			rounds, told := s.Rounds("org"), map[string]int{}
			card := func(reports [][]byte) {
				for _, report := range reports {
					told[string(report)]++
				}
			}
			const runs, parts = 5, 3
			for run := range runs {
				at := c.Now()
				for _, part := range r.Perm(parts) {
					report := fmt.Appendf(nil, `"%d %d"`, run, part)
					if rounds.Add(t.Context(), Seat{at, part + 1, parts}, report) != nil {
						card([][]byte{report})
					}
					tell(t, rounds, card)
				}
				c.Advance(5 * time.Minute)
			}
			m.before, m.after = nil, nil
			c.Advance(time.Hour)
			for range runs {
				tell(t, rounds, card)
			}
			if len(told) != runs*parts {
				t.Errorf("%s, seed %d: told %v", level, seed, told)
			}
		}
	}
}
