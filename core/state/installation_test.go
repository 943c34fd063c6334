package state

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// TestForInstallation: two JumpServers, or two organisations of one, share nothing of a store. What lies where it was
// saved before there were installations, or was copied from another installation, approves nothing.
func TestForInstallation(t *testing.T) {
	t.Parallel()
	for name, able := range leasingAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := newMemoryBucket(able)
			root, clock := newStore(t, bucket)
			ctx := t.Context()
			staging, production := root.ForInstallation("staging.example.com", "org-1"), root.ForInstallation("jms.example.com", "org-1")
			removals := []HeldRemoval{{Asset: "a", Action: "delete"}}
			at := inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "r"}
			hash, err := staging.HeldStore().Save(ctx, removals, clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			set, err := staging.HeldStore().Find(ctx, hash, clock.Now())
			if err == nil {
				_, err = staging.HeldStore().Approve(ctx, set, clock.Now())
			}
			if err == nil {
				err = staging.LoadSnapshot(ctx, []inventory.Scope{at}).SaveScope(ctx, at, ScopeState{AssetCount: 7})
			}
			if err == nil {
				err = staging.RecordHeartbeat(ctx, "run", []inventory.Scope{at}, clock.Now())
			}
			if err == nil {
				_, err = staging.RaiseAlarm(ctx, clock.Now())
			}
			if err == nil {
				err = staging.SaveQuarantine(ctx, inventory.Quarantine{Cloud: inventory.Alibaba, Account: "prod"})
			}
			if err == nil {
				_, err = staging.AcquireLease(ctx, "run", time.Minute, "staging")
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range []*Store{root, production, root.ForInstallation("staging.example.com", "org-2")} {
				sets, err := other.HeldStore().List(ctx, clock.Now())
				approvals, err2 := other.HeldStore().ListApprovals(ctx, clock.Now())
				pulses, err3 := other.ListHeartbeats(ctx)
				_, alarmed, err4 := other.LoadAlarm(ctx)
				quarantines, err5 := other.ListQuarantines(ctx)
				known := other.LoadSnapshot(ctx, []inventory.Scope{at}).ScopeState(at)
				if err != nil || err2 != nil || err3 != nil || err4 != nil || err5 != nil {
					t.Fatal(err, err2, err3, err4, err5)
				}
				if len(sets)+len(approvals)+len(pulses)+len(quarantines) > 0 || alarmed || known != (ScopeState{}) {
					t.Errorf("%q reads what is of staging: %v %v %v %v %v %+v", other.Server(), sets, approvals, pulses, quarantines, alarmed, known)
				}
				if _, err := other.AcquireLease(ctx, "run", time.Minute, "other"); err != nil {
					t.Errorf("%q waits for staging's run: %v", other.Server(), err)
				}
			}
			// Somebody copies staging's folder: the approval itself says whose it is.
			keys, err := bucket.List(ctx, staging.prefix)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				o, err := bucket.Get(ctx, key, "")
				if err != nil {
					t.Fatal(err)
				}
				bucket.setObject(production.prefix+strings.TrimPrefix(key, staging.prefix), o.Data)
			}
			if all, err := production.HeldStore().ListApprovals(ctx, clock.Now()); len(all) > 0 || inventory.KindOf(err) != inventory.Incomplete {
				t.Errorf("an approval of staging serves production: %v %v", all, err)
			}
			if all, _ := production.HeldStore().List(ctx, clock.Now()); len(all) > 0 {
				t.Errorf("a set of staging is listed for production: %v", all)
			}
			if all, err := staging.HeldStore().ListApprovals(ctx, clock.Now()); len(all) != 1 || err != nil {
				t.Errorf("staging's own: %v %v", all, err)
			}
		})
	}
}

// TestListOtherInstallations: two servers that share a store know of each other; two organisations of one server do not.
func TestListOtherInstallations(t *testing.T) {
	t.Parallel()
	root, clock := newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true}))
	a, a2, b := root.ForInstallation("a", "1"), root.ForInstallation("a", "2"), root.ForInstallation("b", "1")
	others := func(s *Store) string {
		t.Helper()
		names, err := s.ListOtherServers(t.Context(), clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(names, " ")
	}
	join := func(s *Store, want bool) {
		t.Helper()
		if first, err := s.RegisterInstallation(t.Context(), clock.Now()); first != want || err != nil {
			t.Errorf("%s %s: first %v, %v", s.Server(), s.Organisation(), first, err)
		}
	}
	join(a, true)
	join(a2, true)
	if got := others(a) + others(a2); got != "" {
		t.Error(got)
	}
	join(b, true)
	join(b, false)
	if others(a) != "b" || others(b) != "a" {
		t.Error(others(a), others(b))
	}
	clock.Advance(25 * time.Hour)
	join(b, false)
	clock.Advance(29 * 24 * time.Hour)
	if others(a) != "b" || others(b) != "" {
		t.Errorf("after a month without runs of a: %q %q", others(a), others(b))
	}
	join(a, true) // in use again
}
