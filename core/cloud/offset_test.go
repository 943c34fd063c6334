package cloud_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// limit is the page size of the table.
const limit = 3

// numbers returns the ids from..to-1.
func numbers(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, strconv.Itoa(i))
	}
	return ids
}

// steady answers from a list that does not change.
func steady(ids []string) func(int, int, int) (cloud.OffsetPage[string], error) {
	return func(_, from, n int) (cloud.OffsetPage[string], error) {
		from = min(from, len(ids))
		return cloud.OffsetPage[string]{Rows: ids[from:min(from+n, len(ids))], Total: len(ids)}, nil
	}
}

// offset reads with pages of n rows; fetch is told the number of its call, from 1.
func offset(n int, fetch func(call, from, n int) (cloud.OffsetPage[string], error), sleep func() error) cloud.OffsetReader[string] {
	calls := 0
	return cloud.OffsetReader[string]{
		Operation: "list instances: account a, region r", Limit: n, ID: func(id string) string { return id },
		Sleep: func(context.Context, time.Duration) error { return sleep() },
		Fetch: func(_ context.Context, from, n int) (cloud.OffsetPage[string], error) {
			calls++
			return fetch(calls, from, n)
		},
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	ten := steady(numbers(0, 10)) // pages from 0, 2, 4, 6 and 8: 5 calls
	// bent answers well but for some calls.
	bent := func(bend func(*cloud.OffsetPage[string]), calls ...int) func(int, int, int) (cloud.OffsetPage[string], error) {
		return func(call, from, n int) (cloud.OffsetPage[string], error) {
			page, err := ten(call, from, n)
			page.Rows = slices.Clone(page.Rows)
			if slices.Contains(calls, call) {
				bend(&page)
			}
			return page, err
		}
	}
	every := numbersOf(1, 99)
	grows := func(p *cloud.OffsetPage[string]) { p.Total++ }
	short := func(p *cloud.OffsetPage[string]) { p.Rows = p.Rows[:len(p.Rows)-1] }
	long := func(p *cloud.OffsetPage[string]) { p.Rows = append(p.Rows, "x") }
	shifts := func(p *cloud.OffsetPage[string]) { p.Rows[0] = "shifted" }
	twice := func(p *cloud.OffsetPage[string]) { p.Rows[len(p.Rows)-1] = "0" }
	nameless := func(p *cloud.OffsetPage[string]) { p.Rows[1] = "" }
	empty := func(p *cloud.OffsetPage[string]) { p.Rows = nil }
	for name, c := range map[string]struct {
		fetch       func(call, from, n int) (cloud.OffsetPage[string], error)
		rows, calls int
		want        inventory.Kind
	}{
		"none":                  {steady(nil), 0, 1, ""},
		"one":                   {steady(numbers(0, 1)), 1, 1, ""},
		"one page":              {steady(numbers(0, 3)), 3, 1, ""},
		"one row more":          {steady(numbers(0, 4)), 4, 2, ""},
		"ten":                   {ten, 10, 5, ""},
		"the total grows once":  {bent(grows, 3), 10, 8, ""},
		"it grows twice":        {bent(grows, 3, 5), 10, 10, ""},
		"it grows every time":   {bent(grows, 2, 4, 6), 0, 6, inventory.Incomplete},
		"short pages":           {bent(short, every...), 0, 3, inventory.Incomplete},
		"one short page":        {bent(short, 2), 10, 7, ""},
		"a long page":           {bent(long, 5), 10, 10, ""},
		"the anchor has moved":  {bent(shifts, 2), 10, 7, ""},
		"it moves every time":   {bent(shifts, 2, 4, 6), 0, 6, inventory.Incomplete},
		"a row twice":           {bent(twice, 4), 10, 9, ""},
		"a row twice in a page": {bent(twice, every...), 0, 3, inventory.Incomplete},
		"no id":                 {bent(nameless, 2), 0, 2, inventory.Incomplete},
		"nothing of ten":        {bent(empty, every...), 0, 3, inventory.Incomplete},
		"rows of nothing":       {bent(func(p *cloud.OffsetPage[string]) { p.Total = 0 }, every...), 0, 3, inventory.Incomplete},
		"a negative total":      {bent(func(p *cloud.OffsetPage[string]) { p.Total, p.Rows = -1, nil }, every...), 0, 3, inventory.Incomplete},
		"a mad total":           {bent(func(p *cloud.OffsetPage[string]) { p.Total = 1 << 62 }, every...), 0, 3, inventory.Incomplete},
		"a mad total once":      {bent(func(p *cloud.OffsetPage[string]) { p.Total = 200_001 }, 1), 10, 6, ""},
		"it stands still": {func(_, _, n int) (cloud.OffsetPage[string], error) { return ten(0, 0, n) },
			0, 6, inventory.Incomplete},
		"the third page fails": {func(call, from, n int) (cloud.OffsetPage[string], error) {
			if call == 3 {
				return cloud.OffsetPage[string]{}, &inventory.Error{Kind: inventory.Throttled}
			}
			return ten(call, from, n)
		}, 0, 3, inventory.Throttled},
	} {
		calls := 0
		rows, err := offset(limit, func(call, from, n int) (cloud.OffsetPage[string], error) {
			calls = call
			return c.fetch(call, from, n)
		}, func() error { return nil }).ReadAll(t.Context())
		if inventory.KindOf(err) != c.want || len(rows) != c.rows || calls != c.calls {
			t.Errorf("%s: %d rows in %d calls, error %v; want %d in %d, %q", name, len(rows), calls, err, c.rows, c.calls, c.want)
		}
		if err == nil && !slices.Equal(rows, numbers(0, c.rows)) {
			t.Errorf("%s: rows %q", name, rows)
		}
	}
}

func numbersOf(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// TestOffsetEnds: a context that ends counts before a page and between two reads.
func TestOffsetEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	changing := func(call, from, n int) (cloud.OffsetPage[string], error) {
		page, err := steady(numbers(0, 10))(call, from, n)
		page.Total += call
		page.Rows = page.Rows[:min(n, page.Total-from, len(page.Rows))]
		return page, err
	}
	rows, err := offset(limit, changing, func() error {
		cancel()
		return errors.New("over")
	}).ReadAll(ctx)
	if inventory.KindOf(err) != inventory.Deadline || rows != nil {
		t.Errorf("between two reads: %q, %v", rows, err)
	}
	fetched := false
	rows, err = offset(limit, func(int, int, int) (cloud.OffsetPage[string], error) {
		fetched = true
		return cloud.OffsetPage[string]{}, nil
	}, nil).ReadAll(ctx)
	if inventory.KindOf(err) != inventory.Deadline || rows != nil || fetched {
		t.Errorf("before the first page: %q, %v, asked %v", rows, err, fetched)
	}
	if _, err := offset(1, steady(nil), nil).ReadAll(t.Context()); inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("pages of one row: %v", err)
	}
}

// ranks is a fleet in the order of its API, that changes between two pages. A machine's place
// among the others never changes.
type ranks struct {
	ids     []string
	next    int
	lasting map[string]bool // there since the start, and not deleted
}

func newRanks(n int) *ranks {
	r := &ranks{ids: numbers(0, n), next: n, lasting: map[string]bool{}}
	for _, id := range r.ids {
		r.lasting[id] = true
	}
	return r
}

func (r *ranks) delete(at int) {
	delete(r.lasting, r.ids[at])
	r.ids = slices.Delete(r.ids, at, at+1)
}

func (r *ranks) create(at int) {
	r.ids = slices.Insert(r.ids, at, strconv.Itoa(r.next))
	r.next++
}

// page returns what the API would.
func (r *ranks) page(from, n int) (cloud.OffsetPage[string], error) {
	page, err := steady(r.ids)(0, from, n)
	page.Rows = slices.Clone(page.Rows) // the fleet changes in place
	return page, err
}

// lost returns how many lasting machines are not among the rows.
func (r *ranks) lost(rows []string) int {
	n := len(r.lasting)
	for _, id := range rows {
		if r.lasting[id] {
			n--
		}
	}
	return n
}

// plainly reads once without overlap, by the rule "an equal total on all pages, no row twice, as
// many rows as the total": what Offset would be without its anchors.
func plainly(fetch func(from, n int) (cloud.OffsetPage[string], error), n int) (rows []string, believed bool) {
	met := map[string]bool{}
	for total := -1; total < 0 || len(rows) < total; {
		page, _ := fetch(len(rows), n)
		if total >= 0 && page.Total != total || len(page.Rows) == 0 {
			return rows, false
		}
		total = page.Total
		for _, id := range page.Rows {
			if met[id] {
				return rows, false
			}
			met[id] = true
			rows = append(rows, id)
		}
	}
	return rows, true
}

// history is a fleet and what happens to it: changes by the tick of a clock that each page, and
// each wait between two reads, moves on.
type history struct {
	*ranks
	clock   int
	changes map[int][]func()
}

// perWait is how many pages fit into the wait between two reads, at 100 ms each.
const perWait = 20

// tick lets time go by.
func (h *history) tick(ticks int) {
	for range ticks {
		h.clock++
		for _, change := range h.changes[h.clock] {
			change()
		}
	}
}

// fetch answers a page, and then lets a moment go by.
func (h *history) fetch(_, from, n int) (cloud.OffsetPage[string], error) {
	defer h.tick(1)
	return h.page(from, n)
}

// scenario is a way in which a fleet changes while it is read.
type scenario struct {
	name             string
	deletes, creates int
	span             int // ticks in which that happens; a read takes 25
	at               func(*rand.Rand, *ranks) int
	endless          bool // changes go on and on, so that a list may well fail
}

// begin makes the same fleet with the same future for the same seed.
func (s scenario) begin(machines int, seed uint64) *history {
	random := rand.New(rand.NewPCG(seed, 1))
	h := &history{ranks: newRanks(machines), changes: map[int][]func(){}}
	for range s.deletes {
		k := 1 + random.IntN(s.span)
		h.changes[k] = append(h.changes[k], func() { h.delete(random.IntN(len(h.ids))) })
	}
	for range s.creates {
		k := 1 + random.IntN(s.span)
		h.changes[k] = append(h.changes[k], func() { h.create(s.at(random, h.ranks)) })
	}
	return h
}

// TestOffsetLosesNothing: 2,500 machines in pages of 100, while some are deleted and created at
// random moments. A reader without anchors believes lists that lack a machine which lasted all
// the time; with them that never happens, and a list is read again instead.
func TestOffsetLosesNothing(t *testing.T) {
	t.Parallel()
	const machines, perPage, runs = 2500, 100, 50
	first := func(*rand.Rand, *ranks) int { return 0 }
	last := func(_ *rand.Rand, r *ranks) int { return len(r.ids) }
	anywhere := func(random *rand.Rand, r *ranks) int { return random.IntN(len(r.ids) + 1) }
	plainLost := 0
	for _, s := range []scenario{
		{"1 delete", 1, 0, 25, nil, false},
		{"1 delete + 1 create, last", 1, 1, 25, last, false}, {"1 delete + 1 create, first", 1, 1, 25, first, false},
		{"1 delete + 1 create, anywhere", 1, 1, 25, anywhere, false}, {"3 deletes + 3 creates, last", 3, 3, 25, last, false},
		{"30 deletes + 30 creates, anywhere", 30, 30, 25, anywhere, false},
		{"1 delete + 1 create, last, per read", 10, 10, 250, last, true},
	} {
		var plain, silent, again, failed int
		for seed := range uint64(runs) {
			h := s.begin(machines, seed)
			if rows, believed := plainly(func(from, n int) (cloud.OffsetPage[string], error) { return h.fetch(0, from, n) }, perPage); believed && h.lost(rows) > 0 {
				plain++
			}
			h = s.begin(machines, seed)
			reads := 1
			rows, err := offset(perPage, h.fetch, func() error {
				reads++
				h.tick(perWait)
				return nil
			}).ReadAll(t.Context())
			switch {
			case err != nil:
				failed++
			case h.lost(rows) > 0:
				silent++
			case reads > 1:
				again++
			}
		}
		t.Logf("%-36s of %d: read again %d, failed %d, lost unnoticed %d; without anchors %d", s.name, runs, again, failed, silent, plain)
		if silent > 0 || failed > 0 && !s.endless || again == 0 {
			t.Errorf("%s: %d lists lack a lasting machine, %d failed, %d were read again", s.name, silent, failed, again)
		}
		plainLost += plain
	}
	if plainLost == 0 {
		t.Error("the simulation shows nothing: a reader without anchors loses nothing either")
	}
}

// FuzzOffset: whatever happens between the pages of whichever read, a list that is believed lacks
// no machine that lasted.
func FuzzOffset(f *testing.F) {
	f.Add([]byte{7, 0x80, 3}, uint8(40), uint8(3))
	f.Add([]byte{1, 2, 3, 4, 0x81, 0x82, 0xff, 9, 9, 9, 9, 9, 9, 9, 9}, uint8(9), uint8(2))
	f.Fuzz(func(t *testing.T, script []byte, machines, perPage uint8) {
		r, size := newRanks(int(machines)), max(2, int(perPage))
		rows, err := offset(size, func(_, from, n int) (cloud.OffsetPage[string], error) {
			page, err := r.page(from, n)
			for range min(2, len(script)) { // two changes per page, so that they can cancel each other out
				change := int(script[0])
				script = script[1:]
				at := change & 0x3f
				switch {
				case change&0x40 != 0: // nothing happens
				case change&0x80 != 0:
					r.create(min(at, len(r.ids)))
				case len(r.ids) > 0:
					r.delete(at % len(r.ids))
				}
			}
			return page, err
		}, func() error { return nil }).ReadAll(t.Context())
		if err == nil && r.lost(rows) > 0 {
			t.Fatalf("%d of %d lasting machines are lost", r.lost(rows), len(r.lasting))
		}
		if err != nil && (rows != nil || inventory.KindOf(err) != inventory.Incomplete) {
			t.Fatalf("%q, %v", rows, err)
		}
	})
}

// TestNumberedPages: pages by number do not overlap, so that only two reads that agree show that no row moved between
// them unseen.
func TestNumberedPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lists [][]string // by number of the call; the last one goes on
		want  int        // rows; -1 = an error
		calls int
	}{
		"one page":               {[][]string{numbers(0, 3)}, 3, 1},
		"two pages":              {[][]string{numbers(0, 5)}, 5, 4},
		"a row goes unseen once": {[][]string{numbers(0, 5), append(numbers(1, 5), "new"), numbers(1, 6)}, 5, 6},
		"it never settles":       {[][]string{numbers(0, 5), numbers(0, 5), numbers(1, 6), numbers(1, 6), numbers(2, 7)}, -1, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			reader := offset(limit, func(call, from, n int) (cloud.OffsetPage[string], error) {
				calls = call
				if from%n != 0 {
					t.Errorf("page from %d", from)
				}
				return steady(c.lists[min(call, len(c.lists))-1])(call, from, n)
			}, func() error { return nil })
			reader.Numbered = true
			rows, err := reader.ReadAll(t.Context())
			if (err != nil) != (c.want < 0) || err == nil && len(rows) != c.want || calls != c.calls {
				t.Errorf("%d rows, %d calls, error %v", len(rows), calls, err)
			}
		})
	}
}
