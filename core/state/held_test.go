package state

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func removals(ids ...string) []Removal {
	var all []Removal
	for _, id := range ids {
		all = append(all, Removal{
			Asset: id, Action: "deactivate", Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing",
			Instance: "i-" + id, Name: "web-" + id, Reason: "暂缓：<b>",
		})
	}
	return all
}

// TestHeldSets: kept, listed, found, approved, used, rejected, on stores of every ability.
func TestHeldSets(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := newStore(t, newMemory(can))
			h, ctx := s.Held(), t.Context()
			hash, err := h.Put(ctx, removals("b", "a"), c.Now())
			if err != nil || hash != HashOf([]string{"a", "b"}) || len(hash) != 64 {
				t.Fatal(hash, err)
			}
			c.Advance(time.Hour)
			if again, err := h.Put(ctx, removals("a", "b"), c.Now()); err != nil || again != hash {
				t.Fatal(again, err)
			}
			set, err := h.Find(ctx, strings.ToUpper(hash[:8]), c.Now())
			if err != nil || !set.First.Equal(start) || !set.Last.Equal(c.Now()) || !set.Approved.IsZero() || len(set.Removals) != 2 {
				t.Fatalf("%+v %v", set, err)
			}
			if _, err := h.Approve(ctx, set, c.Now()); err != nil {
				t.Fatal(err)
			}
			all, err := h.Approvals(ctx, c.Now())
			if err != nil || len(all) != 1 || !slices.Equal(all[0].Left, removals("a", "b")) {
				t.Fatalf("%+v %v", all, err)
			}
			if err := h.Use(ctx, all[0], func(r Removal) bool { return r.Asset == "a" }); err != nil {
				t.Fatal(err)
			}
			all, err = h.Approvals(ctx, c.Now())
			if err != nil || len(all) != 1 || !slices.Equal(all[0].Left, removals("b")) {
				t.Fatalf("%+v %v", all, err)
			}
			if listed, err := h.List(ctx, c.Now()); err != nil || len(listed) != 1 || !listed[0].Approved.Equal(start.Add(25*time.Hour)) {
				t.Errorf("%+v %v", listed, err)
			}
			if err := h.Use(ctx, all[0], func(Removal) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if listed, err := h.List(ctx, c.Now()); err != nil || len(listed) != 0 {
				t.Errorf("used up, yet %+v %v", listed, err)
			}
		})
	}
}

// TestHeldTimes: an approval ends after a day, one from the future never begins, a set is forgotten after a week.
func TestHeldTimes(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(levels()["if-match"]))
	h, ctx := s.Held(), t.Context()
	for _, ids := range [][]string{{"a"}, {"b"}} {
		if _, err := h.Put(ctx, removals(ids...), c.Now()); err != nil {
			t.Fatal(err)
		}
	}
	set, err := h.Find(ctx, HashOf([]string{"a"}), c.Now())
	if err == nil {
		_, err = h.Approve(ctx, set, c.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]int{
		0: 1, ApprovedFor - time.Second: 1, ApprovedFor: 0, ApprovedFor + time.Hour: 0, -MaxSkew: 1, -MaxSkew - time.Second: 0,
	} {
		if all, err := h.Approvals(ctx, start.Add(after)); err != nil || len(all) != want {
			t.Errorf("after %s: %d approvals, %v", after, len(all), err)
		}
	}
	c.Advance(KeepHeld)
	if _, err := h.Put(ctx, removals("c"), c.Now()); err != nil {
		t.Fatal(err)
	}
	if left, err := h.hashes(ctx, "held"); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}

// TestHeldMistakes: a prefix that is short, unknown, of several; damage is not approved.
func TestHeldMistakes(t *testing.T) {
	t.Parallel()
	m := newMemory(levels()["if-match"])
	s, c := newStore(t, m)
	h, ctx := s.Held(), t.Context()
	if _, err := h.Put(ctx, removals("a"), c.Now()); err != nil {
		t.Fatal(err)
	}
	hash := HashOf([]string{"a"})
	other := hash[:8] + strings.Repeat("0", 56)
	m.objects["team/jms-sync/held/"+other+".json"] = m.objects["team/jms-sync/held/"+hash+".json"]
	for prefix, want := range map[string]error{"": ErrNoHash, hash[:7]: ErrNoHash, "not-a-hash": ErrNoHash, hash + "0": ErrNoHash} {
		if _, err := h.Find(ctx, prefix, c.Now()); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", prefix, err, want)
		}
	}
	if sets, err := h.List(ctx, c.Now()); len(sets) != 1 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("a set under a hash that is not its own: %v, %v", sets, err)
	}
	delete(m.objects, "team/jms-sync/held/"+other+".json")
	if _, err := h.Find(ctx, strings.Repeat("f", 8), c.Now()); !errors.Is(err, ErrNoSuchSet) || inventory.KindOf(err) != inventory.NotFound {
		t.Error(err)
	}
	set, err := h.Find(ctx, hash, c.Now())
	if err == nil {
		_, err = h.Approve(ctx, set, c.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	key := "team/jms-sync/approvals/" + hash + ".json"
	sound := m.objects[key]
	m.objects[key] = append([]byte(nil), sound[:len(sound)-9]...)
	if all, err := h.Approvals(ctx, c.Now()); err == nil || len(all) > 0 {
		t.Errorf("a damaged approval: %v %v", all, err)
	}
	m.objects[key] = sound
	all, err := h.Approvals(ctx, c.Now())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := h.Reject(ctx, set); err != nil {
		t.Fatal(err)
	}
	if err := h.Use(ctx, all[0], func(Removal) bool { return true }); err != nil {
		t.Errorf("rejected meanwhile: %v", err)
	}
	if len(m.objects) != 0 {
		t.Errorf("left: %v", m.objects)
	}
}

// TestMatch: a prefix names one set, or none.
func TestMatch(t *testing.T) {
	t.Parallel()
	sets := []HeldSet{{Hash: "aaaaaaaa1"}, {Hash: "aaaaaaaa2"}, {Hash: "b"}}
	for prefix, want := range map[string]error{"aaaaaaaa": ErrAmbiguous, "aaaaaaaa2": nil, "b": nil, "c": ErrNoSuchSet} {
		set, err := match(sets, prefix)
		if !errors.Is(err, want) || want == nil && (err != nil || !strings.HasPrefix(set.Hash, prefix)) {
			t.Errorf("%s: %v %v", prefix, set, err)
		}
	}
}

// TestHeldSetOfOtherAssets: a set whose removals do not hash to its name, whoever wrote it, is none that a person can
// approve.
func TestHeldSetOfOtherAssets(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(levels()["if-match"]))
	h, ctx := s.Held(), t.Context()
	hash := HashOf([]string{"a"})
	body := heldBody{
		Server: s.server, Organisation: s.organisation, Hash: hash, First: c.Now(), Last: c.Now(), Removals: removals("a", "b"),
	}
	putBody(t, s, h.key("held", hash), body)
	if set, err := h.Find(ctx, hash, c.Now()); err == nil {
		t.Errorf("found %+v", set)
	}
	if all, err := h.List(ctx, c.Now()); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("%+v %v", all, err)
	}
	body.Removals = removals("a")
	putBody(t, s, h.key("held", hash), body)
	if _, err := h.Find(ctx, hash, c.Now()); err != nil {
		t.Errorf("as it should be: %v", err)
	}
}

// TestApprovalOfAnotherSet: an approval that lies under one set's name and holds another's hash approves nothing.
func TestApprovalOfAnotherSet(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemory(levels()["if-match"]))
	h, ctx := s.Held(), t.Context()
	mine, other := HashOf([]string{"a"}), HashOf([]string{"b"})
	putBody(t, s, h.key("approvals", mine), h.approves(other, c.Now(), removals("b")))
	if all, err := h.Approvals(ctx, c.Now()); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("%+v %v", all, err)
	}
	putBody(t, s, h.key("approvals", mine), h.approves(mine, c.Now(), removals("a")))
	if all, err := h.Approvals(ctx, c.Now()); err != nil || len(all) != 1 {
		t.Errorf("as it should be: %+v %v", all, err)
	}
}

// putBody writes an object as the store would, whatever it says.
func putBody[T any](t *testing.T, s *Store, key string, body T) {
	t.Helper()
	data, err := encode(body, heldLimit)
	if err == nil {
		_, err = s.bucket.Put(t.Context(), key, data, storage.Always())
	}
	if err != nil {
		t.Fatal(err)
	}
}
