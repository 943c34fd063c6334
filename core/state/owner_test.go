package state

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestOwner: saved per cloud and account, not overwritten by who has not read it; a corrupt one counts as none.
func TestOwner(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			root, _ := newStore(t, m)
			s, ctx := root.ForInstallation("jms", "org"), t.Context()
			none, err := s.LoadOwner(ctx, inventory.AWS, "prod")
			if err != nil || none.Owner != "" {
				t.Fatal(none, err)
			}
			first := Owner{Cloud: inventory.AWS, Account: "prod", Owner: "1"}
			if err := s.SaveOwner(ctx, none, first); err != nil {
				t.Fatal(err)
			}
			was, err := s.LoadOwner(ctx, inventory.AWS, "prod")
			if err != nil || was.Owner != "1" || was.Accepted || !was.At.Equal(testStart) {
				t.Fatal(was, err)
			}
			second := first
			second.Owner, second.Accepted = "2", true
			if err := s.SaveOwner(ctx, none, second); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("written over unread: %v", err)
			}
			if err := s.SaveOwner(ctx, was, second); err != nil {
				t.Fatal(err)
			}
			if now, err := s.LoadOwner(ctx, inventory.AWS, "prod"); err != nil || now.Owner != "2" || !now.Accepted {
				t.Error(now, err)
			}
			for _, other := range []struct {
				s       *Store
				cloud   inventory.Cloud
				account string
			}{{s, inventory.Alibaba, "prod"}, {s, inventory.AWS, "spare"}, {root.ForInstallation("jms2", "org"), inventory.AWS, "prod"}} {
				if o, err := other.s.LoadOwner(ctx, other.cloud, other.account); err != nil || o.Owner != "" {
					t.Errorf("%+v: %+v %v", other, o, err)
				}
			}
			m.setObject(s.ownerKey(inventory.AWS, "prod"), []byte("{}"))
			bad, err := s.LoadOwner(ctx, inventory.AWS, "prod")
			if bad.Owner != "" || inventory.KindOf(err) != inventory.Incomplete {
				t.Error(bad, err)
			}
			if err := s.SaveOwner(ctx, bad, first); err != nil {
				t.Error(err)
			}
		})
	}
}
