package state

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestOpenLists: each shard has its own list, the newest one that names an asset counts, and that of a shard that is
// no more is forgotten.
func TestOpenLists(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		ctx := t.Context()
		if err := s.SaveOpen(ctx, "one", nil, c.Now()); err != nil || len(m.objects) != 0 {
			t.Errorf("%s: nothing is open: %v, %d objects", name, err, len(m.objects))
		}
		save := func(shard string, ids ...string) {
			t.Helper()
			var assets []OpenAsset
			for _, id := range ids {
				assets = append(assets, OpenAsset{ID: id, Reason: "because of " + shard})
			}
			if err := s.SaveOpen(ctx, shard, assets, c.Now()); err != nil {
				t.Fatal(name, err)
			}
			c.Advance(time.Minute)
		}
		lists := func(want ...string) {
			t.Helper()
			all, err := s.ListOpen(ctx)
			var got []string
			for _, l := range all {
				ids := ""
				for _, a := range l.Assets {
					ids += a.ID
				}
				got = append(got, fmt.Sprintf("%s %s %d", l.ShardKey, ids, l.Total))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
				t.Errorf("%s: got %v, want %v (%v)", name, got, want, err)
			}
		}
		save("one", "a", "b")
		save("two", "b", "c")
		lists("two bc 2", "one a 1")
		save("two")
		lists("two  0", "one ab 2")
		c.Advance(openListLife)
		save("two", "c")
		lists("two c 1")
		var many []string
		for n := range maxOpenAssets + 5 {
			many = append(many, fmt.Sprint(n))
		}
		save("two", many...)
		if all, err := s.ListOpen(ctx); err != nil || all[0].Total != maxOpenAssets+5 || len(all[0].Assets) != maxOpenAssets {
			t.Errorf("%s: %d of %d, %v", name, len(all[0].Assets), all[0].Total, err)
		}
		for key, data := range m.objects {
			m.objects[key] = data[:len(data)-5]
		}
		if all, err := s.ListOpen(ctx); len(all) != 0 || inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: damaged: %v %v", name, all, err)
		}
	}
}
