package state

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestHeartbeat: each shard has its own, a run of fewer scopes keeps the others, and a corrupt one counts as none.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		ctx := t.Context()
		a, b := newScope("prod", "a"), newScope("prod", "b")
		for _, scopes := range [][]inventory.Scope{{a, b}, {b}} {
			if err := s.RecordHeartbeat(ctx, "run", scopes, c.Now()); err != nil {
				t.Fatal(name, err)
			}
			c.Advance(time.Minute)
		}
		if err := s.RecordHeartbeat(ctx, "run prod", []inventory.Scope{a}, c.Now()); err != nil {
			t.Fatal(name, err)
		}
		all, err := s.ListHeartbeats(ctx)
		if err != nil || len(all) != 2 {
			t.Fatal(name, all, err)
		}
		for _, p := range all {
			if p.ShardKey == "run" && (len(p.Scopes) != 2 || !p.Scopes[0].At.Equal(testStart) || !p.Scopes[1].At.Equal(testStart.Add(time.Minute))) {
				t.Errorf("%s: %+v", name, p)
			}
		}
		c.Advance(heartbeatRetention)
		if err := s.RecordHeartbeat(ctx, "run", []inventory.Scope{b}, c.Now()); err != nil {
			t.Fatal(name, err)
		}
		for key, data := range m.objects {
			if data[0] == '{' && key != "" {
				m.objects[key] = data[:len(data)-5]
				break
			}
		}
		if all, err := s.ListHeartbeats(ctx); len(all) != 1 || inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: damaged: %v %v", name, all, err)
		}
	}
}

// TestAlarm: it is raised once, until it ends.
func TestAlarm(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		s, c := newStore(t, newMemoryBucket(can))
		ctx := t.Context()
		for n, want := range []bool{true, false, false} {
			if mine, err := s.RaiseAlarm(ctx, c.Now()); mine != want || err != nil {
				t.Errorf("%s: %d: %v %v", name, n, mine, err)
			}
			c.Advance(time.Hour)
		}
		if a, raised, err := s.LoadAlarm(ctx); !raised || err != nil || !a.Since.Equal(testStart) {
			t.Errorf("%s: %v %v %v", name, a, raised, err)
		}
		for range 2 {
			if err := s.ClearAlarm(ctx); err != nil {
				t.Error(name, err)
			}
		}
		if mine, err := s.RaiseAlarm(ctx, c.Now()); !mine || err != nil {
			t.Errorf("%s: after its end: %v %v", name, mine, err)
		}
	}
}

// TestQuarantines: saved per account, deleted; corrupt ones count as none.
func TestQuarantines(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["create-only"])
	s, c := newStore(t, m)
	ctx := t.Context()
	q := inventory.Quarantine{Cloud: inventory.Alibaba, Account: "生产/a", Key: "k", Since: c.Now(), Until: c.Now().Add(time.Hour), Tries: 2, Kind: inventory.Denied, Message: string(make([]byte, 9000))}
	for _, account := range []string{"生产/a", "b", "b"} {
		q.Account = account
		if err := s.SaveQuarantine(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.ListQuarantines(ctx)
	if err != nil || len(all) != 2 || len(all[0].Message) != 1000 || !all[0].Until.Equal(q.Until) || all[0].Tries != 2 {
		t.Fatalf("%+v %v", all, err)
	}
	if err := s.DeleteQuarantine(ctx, inventory.Alibaba, "b"); err != nil {
		t.Fatal(err)
	}
	for key := range m.objects {
		m.objects[key] = []byte("{")
	}
	if all, err := s.ListQuarantines(ctx); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("damaged: %v %v", all, err)
	}
}
