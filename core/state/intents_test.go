package state

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func newIntents(n int) (all []Intent) {
	for i := range n {
		all = append(all, Intent{
			Asset: fmt.Sprintf("asset-%d", i), Action: "deactivate", Cloud: inventory.Alibaba, Account: "prod", Region: "cn-a",
			Instance: fmt.Sprintf("i-%d", i), Name: fmt.Sprintf("web-%d", i), Address: "10.0.0.1", Platform: "Linux", GoneLabel: "20260901T0801Z",
		})
	}
	return all
}

// mustAcquireUnfinished returns what a run finds, and fails the test on an error.
func mustAcquireUnfinished(t *testing.T, s *Store, slice string, alone bool) ([]*IntentDocument, bool) {
	t.Helper()
	found, more, err := s.IntentLog().AcquireUnfinished(t.Context(), slice, s.now().Add(time.Minute), alone)
	if err != nil {
		t.Fatal(err)
	}
	return found, more
}

// The document of a run is its own while it may be at work, then that of the first one who acquires it, until it is finished.
func TestIntents(t *testing.T) {
	t.Parallel()
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		if _, err := s.IntentLog().Record(t.Context(), "run", c.Now().Add(5*time.Minute), newIntents(2)); err != nil {
			t.Fatal(err)
		}
		if found, more := mustAcquireUnfinished(t, s, "events", true); len(found) != 0 || !more {
			t.Errorf("%s: another slice finds %d, more %t", level, len(found), more)
		}
		if found, more := mustAcquireUnfinished(t, s, "run", false); len(found) != 0 || !more {
			t.Errorf("%s: another run at work finds %d, more %t", level, len(found), more)
		}
		c.Advance(5*time.Minute + MaxSkew + time.Second)
		found, more := mustAcquireUnfinished(t, s, "events", false)
		if len(found) != 1 || more || len(found[0].Remaining) != 2 || found[0].Remaining[1] != newIntents(2)[1] {
			t.Fatalf("%s: after its time %d are found, more %t", level, len(found), more)
		}
		if again, more := mustAcquireUnfinished(t, s, "run", false); len(again) != 0 || !more {
			t.Errorf("%s: two got it: %d, more %t", level, len(again), more)
		}
		if err := found[0].Finish(t.Context(), found[0].Remaining[:1]); err != nil {
			t.Fatal(err)
		}
		since := found[0].Since
		found, _ = mustAcquireUnfinished(t, s, "run", false)
		if len(found) != 1 || len(found[0].Remaining) != 1 || !found[0].Since.Equal(since) || since.After(c.Now()) {
			t.Fatalf("%s: what was left of it: %+v", level, found)
		}
		if err := found[0].Finish(t.Context(), nil); err != nil || len(m.keysContaining("intents/")) != 0 {
			t.Errorf("%s: it is still there: %v, %v", level, err, m.keysContaining("intents/"))
		}
		if found, more := mustAcquireUnfinished(t, s, "run", true); len(found) != 0 || more {
			t.Errorf("%s: nothing is left, and %d found, more %t", level, len(found), more)
		}
	}
}

// A run of the same shard that knows to be alone need not wait, and a run that ended says so.
func TestIntentsOfADeadRun(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(allAbilities()["if-match"]))
	if _, err := s.IntentLog().Record(t.Context(), "run", c.Now().Add(time.Hour), newIntents(1)); err != nil {
		t.Fatal(err)
	}
	if found, _ := mustAcquireUnfinished(t, s, "run", true); len(found) != 1 {
		t.Error("one that is alone does not find it")
	}
	d, err := s.IntentLog().Record(t.Context(), "run", c.Now().Add(time.Hour), newIntents(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Finish(t.Context(), d.Remaining); err != nil {
		t.Fatal(err)
	}
	if found, _ := mustAcquireUnfinished(t, s, "other", false); len(found) != 1 {
		t.Error("what an ended run left is not found")
	}
	if err := d.Extend(t.Context(), d.Remaining, c.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if found, more := mustAcquireUnfinished(t, s, "other", false); len(found) != 0 || !more {
		t.Error("what a process still has to tell is found by others")
	}
}

// Of many who look at once each document goes to one.
func TestIntentsAtOnce(t *testing.T) {
	t.Parallel()
	for level, can := range leasingAbilities() {
		s, c := newStore(t, newMemoryBucket(can))
		for range 3 {
			d, err := s.IntentLog().Record(t.Context(), "run", c.Now(), newIntents(1))
			if err != nil || d.Finish(t.Context(), d.Remaining) != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		got := map[string]int{}
		for n := range 8 {
			all.Go(func() {
				found, _, err := s.IntentLog().AcquireUnfinished(t.Context(), fmt.Sprint(n), c.Now().Add(time.Hour), false)
				mu.Lock()
				defer mu.Unlock()
				for _, d := range found {
					got[d.key]++
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(got) > 3 {
			t.Errorf("%s: %v", level, got)
		}
		for key, n := range got {
			if n != 1 {
				t.Errorf("%s: %d got %s", level, n, key)
			}
		}
	}
}

// Corrupt documents are moved aside and reported, old ones deleted, and many are acquired bit by bit.
func TestIntentsThatAreOdd(t *testing.T) {
	t.Parallel()
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		put := func() {
			d, err := s.IntentLog().Record(t.Context(), "run", c.Now(), newIntents(1))
			if err != nil || d.Finish(t.Context(), d.Remaining) != nil {
				t.Fatal(err)
			}
			c.Advance(time.Millisecond)
		}
		put()
		old := m.keysContaining("intents/")[0]
		c.Advance(IntentRetention + time.Hour)
		for name, text := range corruptObjects(1) {
			m.setObject(s.prefix+"intents/20260101T000000.000000000Z-"+strings.ReplaceAll(name, " ", "")+".json", []byte(text))
		}
		put()
		found, _, err := s.IntentLog().AcquireUnfinished(t.Context(), "run", c.Now().Add(time.Hour), false)
		if len(found) != 1 || inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %d found, %v", level, len(found), err)
		}
		for _, key := range m.keysContaining("intents/") {
			if key == old || strings.HasSuffix(key, ".json") && strings.Contains(key, "20260101T") {
				t.Errorf("%s: %s is still there", level, key)
			}
		}
		for range maxIntentDocuments + 5 {
			put()
		}
		if found, more := mustAcquireUnfinished(t, s, "run", false); len(found) > maxIntentDocuments || !more {
			t.Errorf("%s: %d at once, more %t", level, len(found), more)
		}
	}
}

// A failing store costs the run nothing, and it is known that something may be unfinished.
func TestIntentsWithoutAStoreThatWorks(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, c := newStore(t, m)
	m.before = func(string, string) error { return newFault(inventory.Temporary, "broken") }
	d, err := s.IntentLog().Record(t.Context(), "run", c.Now(), newIntents(1))
	wantKind(t, err, inventory.Temporary)
	if d == nil || len(d.Remaining) != 1 {
		t.Errorf("%+v", d)
	}
	found, more, err := s.IntentLog().AcquireUnfinished(t.Context(), "run", c.Now(), true)
	wantKind(t, err, inventory.Temporary)
	if len(found) != 0 || !more {
		t.Errorf("%d found, more %t", len(found), more)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.IntentLog().Record(ctx, "run", c.Now(), newIntents(1))
	wantKind(t, err, inventory.Deadline)
}

// Where nothing is unfinished, looking is one call.
func TestLookingForNothingIsOneCall(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	mustAcquireUnfinished(t, s, "run", true)
	total := 0
	for _, n := range m.calls {
		total += n
	}
	if total != 1 {
		t.Errorf("calls %v", m.calls)
	}
}
