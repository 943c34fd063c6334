package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// TestDigestsDiff: of any two listings the digests of one show which instances of the other
// are new or changed, and how many are gone.
func TestDigestsDiff(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		was, is := inventory.Listing{}, inventory.Listing{}
		var want []int
		gone := 0
		for n := range random.IntN(40) {
			i := inventory.Instance{ID: fmt.Sprintf("i-%d", n), Name: "name", PrivateIPs: []string{"10.0.0.1"}}
			switch random.IntN(4) {
			case 0:
				was.Instances, gone = append(was.Instances, i), gone+1
			case 1:
				want, is.Instances = append(want, len(is.Instances)), append(is.Instances, i)
			case 2:
				was.Instances = append(was.Instances, i)
				i.PrivateIPs = append(i.PrivateIPs, "10.0.0.2")
				want, is.Instances = append(want, len(is.Instances)), append(is.Instances, i)
			default:
				was.Instances = append(was.Instances, i)
				i.Status = "stopped" // no plan reads it
				is.Instances = append(is.Instances, i)
			}
		}
		random.Shuffle(len(was.Instances), func(x, y int) {
			was.Instances[x], was.Instances[y] = was.Instances[y], was.Instances[x]
		})
		changed, lost := DigestListing(was, "salt").Diff(is, "salt")
		if !slices.Equal(changed, want) || lost != gone {
			t.Fatalf("seed %d: changed %v and %d gone, want %v and %d", seed, changed, lost, want, gone)
		}
		if changed, _ := DigestListing(was, "other").Diff(is, "salt"); len(changed) != len(is.Instances) {
			t.Fatalf("with another salt only %v of %d changed", changed, len(is.Instances))
		}
	}
}

func TestRowsAreKept(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{})
	s, c := newStore(t, m)
	at := inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}
	l := inventory.Listing{Scope: at, Instances: []inventory.Instance{{ID: "i-1"}, {ID: "i-2"}}}
	fingerprint, rows := Fingerprint(l, ""), DigestListing(l, "")
	if _, ok, err := s.LoadDigests(t.Context(), at, fingerprint); ok || err != nil {
		t.Errorf("rows that nobody wrote: %v %v", ok, err)
	}
	if err := s.SaveDigests(t.Context(), at, fingerprint, rows); err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.LoadDigests(t.Context(), at, fingerprint)
	if changed, gone := got.Diff(l, ""); !ok || err != nil || len(changed)+gone > 0 {
		t.Errorf("%v %v: %v changed, %d gone", ok, err, changed, gone)
	}
	for _, other := range []string{"", Fingerprint(l, "other")} {
		if _, ok, err := s.LoadDigests(t.Context(), at, other); ok || err != nil {
			t.Errorf("rows of %q: %v %v", other, ok, err)
		}
	}
	key := m.keysContaining("rows/")[0]
	whole, _ := m.Get(t.Context(), key, "")
	elsewhere := inventory.Scope{Cloud: inventory.Alibaba, Account: "test", Region: "cn-beijing"}
	short, err := encodeObject(digestsBody{Cloud: at.Cloud, Account: at.Account, Region: at.Region, AppliedFingerprint: fingerprint, Digests: "AAAA"}, digestsMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	for why, data := range map[string][]byte{
		"damaged": whole.Data[:len(whole.Data)-9], "no rows": short, "a scope": m.scopeObject(t, s, elsewhere),
	} {
		c.Advance(time.Second)
		m.setObject(key, data)
		_, ok, err := s.LoadDigests(t.Context(), at, fingerprint)
		if ok || inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v %v", why, ok, err)
		}
		if len(m.keysContaining(key)) < 1 || slices.Contains(m.keysContaining(key), key) {
			t.Errorf("%s was not set aside: %v", why, m.keysContaining("rows/"))
		}
	}
	m.setObject(s.digestsKey(elsewhere), whole.Data)
	if _, ok, err := s.LoadDigests(t.Context(), elsewhere, fingerprint); ok || inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("the rows of another scope: %v %v", ok, err)
	}
}

// scopeObject returns the bytes of a scope's object.
func (m *memoryBucket) scopeObject(t *testing.T, s *Store, at inventory.Scope) []byte {
	t.Helper()
	if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, ScopeState{}); err != nil {
		t.Fatal(err)
	}
	o, err := m.Get(t.Context(), s.scopeKey(at), "")
	if err != nil {
		t.Fatal(err)
	}
	return o.Data
}
