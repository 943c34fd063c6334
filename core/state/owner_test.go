package state

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestOwner: kept by cloud and account, not written over by who has not read it, and what is damaged is nothing.
func TestOwner(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory(can)
			root, _ := newStore(t, m)
			s, ctx := root.Of("jms", "org"), t.Context()
			none, err := s.Owner(ctx, inventory.AWS, "prod")
			if err != nil || none.Owner != "" {
				t.Fatal(none, err)
			}
			first := Owner{Cloud: inventory.AWS, Account: "prod", Owner: "1"}
			if err := s.KeepOwner(ctx, none, first); err != nil {
				t.Fatal(err)
			}
			was, err := s.Owner(ctx, inventory.AWS, "prod")
			if err != nil || was.Owner != "1" || was.Accepted || !was.At.Equal(start) {
				t.Fatal(was, err)
			}
			second := first
			second.Owner, second.Accepted = "2", true
			if err := s.KeepOwner(ctx, none, second); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("written over unread: %v", err)
			}
			if err := s.KeepOwner(ctx, was, second); err != nil {
				t.Fatal(err)
			}
			if now, err := s.Owner(ctx, inventory.AWS, "prod"); err != nil || now.Owner != "2" || !now.Accepted {
				t.Error(now, err)
			}
			for _, other := range []struct {
				s       *Store
				cloud   inventory.Cloud
				account string
			}{{s, inventory.Alibaba, "prod"}, {s, inventory.AWS, "spare"}, {root.Of("jms2", "org"), inventory.AWS, "prod"}} {
				if o, err := other.s.Owner(ctx, other.cloud, other.account); err != nil || o.Owner != "" {
					t.Errorf("%+v: %+v %v", other, o, err)
				}
			}
			m.set(s.ownerKey(inventory.AWS, "prod"), []byte("{}"))
			bad, err := s.Owner(ctx, inventory.AWS, "prod")
			if bad.Owner != "" || inventory.KindOf(err) != inventory.Incomplete {
				t.Error(bad, err)
			}
			if err := s.KeepOwner(ctx, bad, first); err != nil {
				t.Error(err)
			}
		})
	}
}
