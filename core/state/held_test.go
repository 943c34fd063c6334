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

func newRemovals(ids ...string) []HeldRemoval {
	var all []HeldRemoval
	for _, id := range ids {
		all = append(all, HeldRemoval{
			Asset: id, Action: "deactivate", Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing",
			Instance: "i-" + id, Name: "web-" + id, Reason: "暂缓：<b>",
		})
	}
	return all
}

// TestHeldSets: saved, listed, found, approved, consumed, rejected, on stores of every ability.
func TestHeldSets(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := newStore(t, newMemoryBucket(can))
			h, ctx := s.HeldStore(), t.Context()
			hash, err := h.Save(ctx, newRemovals("b", "a"), c.Now())
			if err != nil || hash != HashAssets([]string{"a", "b"}) || len(hash) != 64 {
				t.Fatal(hash, err)
			}
			c.Advance(time.Hour)
			if again, err := h.Save(ctx, newRemovals("a", "b"), c.Now()); err != nil || again != hash {
				t.Fatal(again, err)
			}
			set, err := h.Find(ctx, strings.ToUpper(hash[:8]), c.Now())
			if err != nil || !set.FirstHeld.Equal(testStart) || !set.LastHeld.Equal(c.Now()) || !set.ApprovedUntil.IsZero() || len(set.Removals) != 2 {
				t.Fatalf("%+v %v", set, err)
			}
			if _, err := h.Approve(ctx, set, c.Now()); err != nil {
				t.Fatal(err)
			}
			all, err := h.ListApprovals(ctx, c.Now())
			if err != nil || len(all) != 1 || !slices.Equal(all[0].Remaining, newRemovals("a", "b")) {
				t.Fatalf("%+v %v", all, err)
			}
			if err := h.Consume(ctx, all[0], func(r HeldRemoval) bool { return r.Asset == "a" }); err != nil {
				t.Fatal(err)
			}
			all, err = h.ListApprovals(ctx, c.Now())
			if err != nil || len(all) != 1 || !slices.Equal(all[0].Remaining, newRemovals("b")) {
				t.Fatalf("%+v %v", all, err)
			}
			if listed, err := h.List(ctx, c.Now()); err != nil || len(listed) != 1 || !listed[0].ApprovedUntil.Equal(testStart.Add(25*time.Hour)) {
				t.Errorf("%+v %v", listed, err)
			}
			if err := h.Consume(ctx, all[0], func(HeldRemoval) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if listed, err := h.List(ctx, c.Now()); err != nil || len(listed) != 0 {
				t.Errorf("used up, yet %+v %v", listed, err)
			}
		})
	}
}

// TestHeldTimes: an approval ends after a day, one from the future is never valid, a set is deleted after a week.
func TestHeldTimes(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(allAbilities()["if-match"]))
	h, ctx := s.HeldStore(), t.Context()
	for _, ids := range [][]string{{"a"}, {"b"}} {
		if _, err := h.Save(ctx, newRemovals(ids...), c.Now()); err != nil {
			t.Fatal(err)
		}
	}
	set, err := h.Find(ctx, HashAssets([]string{"a"}), c.Now())
	if err == nil {
		_, err = h.Approve(ctx, set, c.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]int{
		0: 1, ApprovalTTL - time.Second: 1, ApprovalTTL: 0, ApprovalTTL + time.Hour: 0, -MaxSkew: 1, -MaxSkew - time.Second: 0,
	} {
		if all, err := h.ListApprovals(ctx, testStart.Add(after)); err != nil || len(all) != want {
			t.Errorf("after %s: %d approvals, %v", after, len(all), err)
		}
	}
	c.Advance(HeldRetention)
	if _, err := h.Save(ctx, newRemovals("c"), c.Now()); err != nil {
		t.Fatal(err)
	}
	if left, err := h.listHashes(ctx, "held"); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}

// TestHeldMistakes: a prefix that is too short, unknown or ambiguous; a corrupt set is not approved.
func TestHeldMistakes(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, c := newStore(t, m)
	h, ctx := s.HeldStore(), t.Context()
	if _, err := h.Save(ctx, newRemovals("a"), c.Now()); err != nil {
		t.Fatal(err)
	}
	hash := HashAssets([]string{"a"})
	other := hash[:8] + strings.Repeat("0", 56)
	m.objects["team/jms-sync/held/"+other+".json"] = m.objects["team/jms-sync/held/"+hash+".json"]
	for prefix, want := range map[string]error{"": ErrHashTooShort, hash[:7]: ErrHashTooShort, "not-a-hash": ErrHashTooShort, hash + "0": ErrHashTooShort} {
		if _, err := h.Find(ctx, prefix, c.Now()); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", prefix, err, want)
		}
	}
	if sets, err := h.List(ctx, c.Now()); len(sets) != 1 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("a set under a hash that is not its own: %v, %v", sets, err)
	}
	delete(m.objects, "team/jms-sync/held/"+other+".json")
	if _, err := h.Find(ctx, strings.Repeat("f", 8), c.Now()); !errors.Is(err, ErrSetNotFound) || inventory.KindOf(err) != inventory.NotFound {
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
	if all, err := h.ListApprovals(ctx, c.Now()); err == nil || len(all) > 0 {
		t.Errorf("a damaged approval: %v %v", all, err)
	}
	m.objects[key] = sound
	all, err := h.ListApprovals(ctx, c.Now())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := h.Reject(ctx, set); err != nil {
		t.Fatal(err)
	}
	if err := h.Consume(ctx, all[0], func(HeldRemoval) bool { return true }); err != nil {
		t.Errorf("rejected meanwhile: %v", err)
	}
	if len(m.objects) != 0 {
		t.Errorf("left: %v", m.objects)
	}
}

// TestMatchHash: a prefix identifies one set, or none.
func TestMatchHash(t *testing.T) {
	t.Parallel()
	sets := []HeldSet{{Hash: "aaaaaaaa1"}, {Hash: "aaaaaaaa2"}, {Hash: "b"}}
	for prefix, want := range map[string]error{"aaaaaaaa": ErrAmbiguousHash, "aaaaaaaa2": nil, "b": nil, "c": ErrSetNotFound} {
		set, err := matchHash(sets, prefix)
		if !errors.Is(err, want) || want == nil && (err != nil || !strings.HasPrefix(set.Hash, prefix)) {
			t.Errorf("%s: %v %v", prefix, set, err)
		}
	}
}

// TestHeldSetOfOtherAssets: a set whose removals do not hash to its name, whoever wrote it, cannot be
// approved.
func TestHeldSetOfOtherAssets(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(allAbilities()["if-match"]))
	h, ctx := s.HeldStore(), t.Context()
	hash := HashAssets([]string{"a"})
	body := heldBody{
		Server: s.server, Organisation: s.organisation, Hash: hash, FirstHeld: c.Now(), LastHeld: c.Now(), Removals: newRemovals("a", "b"),
	}
	saveTestBody(t, s, h.objectKey("held", hash), body)
	if set, err := h.Find(ctx, hash, c.Now()); err == nil {
		t.Errorf("found %+v", set)
	}
	if all, err := h.List(ctx, c.Now()); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("%+v %v", all, err)
	}
	body.Removals = newRemovals("a")
	saveTestBody(t, s, h.objectKey("held", hash), body)
	if _, err := h.Find(ctx, hash, c.Now()); err != nil {
		t.Errorf("as it should be: %v", err)
	}
}

// TestApprovalOfAnotherSet: an approval that lies under one set's name and holds another's hash approves nothing.
func TestApprovalOfAnotherSet(t *testing.T) {
	t.Parallel()
	s, c := newStore(t, newMemoryBucket(allAbilities()["if-match"]))
	h, ctx := s.HeldStore(), t.Context()
	mine, other := HashAssets([]string{"a"}), HashAssets([]string{"b"})
	saveTestBody(t, s, h.objectKey("approvals", mine), h.newApprovalBody(other, c.Now(), newRemovals("b")))
	if all, err := h.ListApprovals(ctx, c.Now()); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("%+v %v", all, err)
	}
	saveTestBody(t, s, h.objectKey("approvals", mine), h.newApprovalBody(mine, c.Now(), newRemovals("a")))
	if all, err := h.ListApprovals(ctx, c.Now()); err != nil || len(all) != 1 {
		t.Errorf("as it should be: %+v %v", all, err)
	}
}

// saveTestBody writes an object as the store would, whatever it contains.
func saveTestBody[T any](t *testing.T, s *Store, key string, body T) {
	t.Helper()
	data, err := encodeObject(body, heldMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(t.Context(), key, data, storage.Always())
	}
	if err != nil {
		t.Fatal(err)
	}
}
