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

const shardWait = 20 * time.Minute

func shardID(at time.Time, number, count int) ShardID {
	return ShardID{FiredAt: at, Shard: inventory.Shard{Number: number, Count: count}}
}

func putShardReport(t *testing.T, r *ShardQueue, at time.Time, part, of int) {
	t.Helper()
	if err := r.Put(t.Context(), shardID(at, part, of), fmt.Appendf(nil, `"%d/%d"`, part, of)); err != nil {
		t.Fatal(err)
	}
}

func mustClaimBatch(t *testing.T, r *ShardQueue) ShardBatch {
	t.Helper()
	d, err := r.Claim(t.Context(), shardWait)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantShardBatch(t *testing.T, what string, d ShardBatch, missing []int, reports ...string) {
	t.Helper()
	var got []string
	for _, r := range d.Reports {
		got = append(got, strings.Trim(string(r), `"`))
	}
	if !slices.Equal(got, reports) || !slices.Equal(d.MissingShards, missing) || d.IsValid() != (len(reports)+len(missing) > 0) {
		t.Errorf("%s: reports %v, missing %v, valid %v; want %v, %v", what, got, d.MissingShards, d.IsValid(), reports, missing)
	}
}

func mustAckBatch(t *testing.T, d ShardBatch) {
	t.Helper()
	if err := d.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRoundIsToldByTheLast(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		r, at := s.ShardQueue("org"), c.Now()
		for _, part := range []int{3, 1} {
			putShardReport(t, r, at, part, 3)
			wantShardBatch(t, "not all are there", mustClaimBatch(t, r), nil)
		}
		putShardReport(t, s.ShardQueue("other"), at, 2, 3)
		putShardReport(t, r, at, 2, 4)
		wantShardBatch(t, "of other rounds", mustClaimBatch(t, r), nil)
		putShardReport(t, r, at, 2, 3)
		d := mustClaimBatch(t, r)
		wantShardBatch(t, "all", d, nil, "1/3", "2/3", "3/3")
		wantShardBatch(t, "while another tells", mustClaimBatch(t, newStoreAt(t, m, c).ShardQueue("org")), nil)
		mustAckBatch(t, d)
		wantShardBatch(t, "told", mustClaimBatch(t, r), nil)
		putShardReport(t, r, at, 2, 3)
		d = mustClaimBatch(t, r)
		wantShardBatch(t, "one that comes again", d, nil, "2/3")
		mustAckBatch(t, d)
		if got := m.keysContaining("rounds/org"); len(got) != 2 { // told.json, and the one of four
			t.Errorf("objects %v", got)
		}
	})
}

func TestRoundWithAPartThatDied(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		r, at := s.ShardQueue("org"), c.Now()
		putShardReport(t, r, at, 1, 3)
		c.Advance(shardWait)
		wantShardBatch(t, "in time", mustClaimBatch(t, r), nil)
		c.Advance(time.Second)
		next := c.Now()
		putShardReport(t, r, next, 1, 3)
		d := mustClaimBatch(t, r)
		wantShardBatch(t, "overdue", d, []int{2, 3}, "1/3")
		mustAckBatch(t, d)
		wantShardBatch(t, "the next one is not due", mustClaimBatch(t, r), nil)
		putShardReport(t, r, at, 3, 3)
		d = mustClaimBatch(t, r)
		wantShardBatch(t, "it was only slow", d, nil, "3/3")
		mustAckBatch(t, d)
		c.Advance(25 * time.Hour)
		d = mustClaimBatch(t, r)
		wantShardBatch(t, "the next one, a day later", d, []int{2, 3}, "1/3")
		mustAckBatch(t, d)
		c.Advance(25 * time.Hour)
		wantShardBatch(t, "nothing", mustClaimBatch(t, r), nil)
		if got := m.keysContaining("rounds/"); len(got) != 0 {
			t.Errorf("objects stayed: %v", got)
		}
	})
}

func TestRoundWhoseTellerFailsOrDies(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, _ *memoryBucket, s *Store, c *fakeClock) {
		r, at := s.ShardQueue("org"), c.Now()
		putShardReport(t, r, at, 1, 2)
		putShardReport(t, r, at, 2, 2)
		d := mustClaimBatch(t, r)
		if err := d.Nack(t.Context()); err != nil {
			t.Fatal(err)
		}
		dead := mustClaimBatch(t, r)
		wantShardBatch(t, "after one who could not send", dead, nil, "1/2", "2/2")
		c.Advance(time.Minute)
		wantShardBatch(t, "while it may be telling", mustClaimBatch(t, r), nil)
		c.Advance(claimTimeout + MaxSkew)
		if dead.IsValid() {
			t.Error("it may still send")
		}
		d = mustClaimBatch(t, r)
		wantShardBatch(t, "after one who died", d, nil, "1/2", "2/2")
		mustAckBatch(t, dead) // it comes back, and disturbs nothing
		mustAckBatch(t, d)
		wantShardBatch(t, "told", mustClaimBatch(t, r), nil)
	})
}

func TestRoundOfADamagedReport(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		r, at := s.ShardQueue("org"), c.Now()
		putShardReport(t, r, at, 1, 2)
		putShardReport(t, r, at, 2, 2)
		m.setObject(m.keysContaining("/002-")[0], []byte("{half"))
		d, err := r.Claim(t.Context(), shardWait)
		wantKind(t, err, inventory.Incomplete)
		wantShardBatch(t, "the rest", d, []int{2}, "1/2")
		mustAckBatch(t, d)
		wantShardBatch(t, "told", mustClaimBatch(t, r), nil)
	})
}

func TestRoundsRefuse(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(storage.Capabilities{}))
	wantKind(t, s.ShardQueue("org").Put(t.Context(), shardID(c.Now(), 1, 2), []byte("{}")), inventory.Unsupported)
	s, c = newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true}))
	for _, seat := range []ShardID{shardID(c.Now(), 0, 2), shardID(c.Now(), 3, 2), shardID(c.Now(), 1, 101)} {
		wantKind(t, s.ShardQueue("org").Put(t.Context(), seat, []byte("{}")), inventory.Invalid)
	}
	large := []byte(`"` + strings.Repeat("x", MaxShardReport-2) + `"`)
	if err := s.ShardQueue("org").Put(t.Context(), shardID(c.Now(), 1, 2), large); err != nil {
		t.Error(err)
	}
	wantKind(t, s.ShardQueue("org").Put(t.Context(), shardID(c.Now(), 1, 2), append(large, large...)), inventory.Invalid)
}

// runShard does what a shard does after its run.
func runShard(t *testing.T, r *ShardQueue, card func([][]byte)) {
	t.Helper()
	for range 4 {
		d, _ := r.Claim(t.Context(), shardWait)
		if !d.IsValid() {
			return
		}
		card(d.Reports)
		_ = d.Ack(t.Context())
	}
}

// Shards that race: each firing's reports are sent in one card, and none is left out.
func TestRacingParts(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, _ *Store, c *fakeClock) {
		const queue, parts = 3, 16
		var mu sync.Mutex
		cards, reports := 0, 0
		var wait sync.WaitGroup
		for n := range queue * parts {
			wait.Go(func() {
				r := newRacingStore(t, m, c).ShardQueue("org")
				putShardReport(t, r, testStart.Add(time.Duration(n%queue)*time.Minute), n/queue+1, parts)
				runShard(t, r, func(card [][]byte) {
					mu.Lock()
					defer mu.Unlock()
					cards++
					reports += len(card)
				})
			})
		}
		wait.Wait()
		if cards != queue || reports != queue*parts {
			t.Errorf("%d reports in %d cards", reports, cards)
		}
	})
}

// Whatever fails, whether it was done or not: every report that was put is sent in the end, in a
// card or by its own shard.
func TestNoReportIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		for level, can := range leasingAbilities() {
			r := rand.New(rand.NewPCG(seed, 11))
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			m.failRandomly(rand.New(rand.NewPCG(seed, 12)), 10)
			queue, sent := s.ShardQueue("org"), map[string]int{}
			card := func(reports [][]byte) {
				for _, report := range reports {
					sent[string(report)]++
				}
			}
			const runs, parts = 5, 3
			for run := range runs {
				at := c.Now()
				for _, part := range r.Perm(parts) {
					report := fmt.Appendf(nil, `"%d %d"`, run, part)
					if queue.Put(t.Context(), shardID(at, part+1, parts), report) != nil {
						card([][]byte{report})
					}
					runShard(t, queue, card)
				}
				c.Advance(5 * time.Minute)
			}
			m.before, m.after = nil, nil
			c.Advance(time.Hour)
			for range runs {
				runShard(t, queue, card)
			}
			if len(sent) != runs*parts {
				t.Errorf("%s, seed %d: told %v", level, seed, sent)
			}
		}
	}
}
