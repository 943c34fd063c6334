package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestInvariants has those invariants of docs/invariants.md that a plan alone can keep or break, by their numbers.
//
// Invariants: 1, 2, 3, 5, 6, 7, 8, 9, 12, 14, 15, 16.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for _, i := range []struct {
		number int
		holds  func(t *testing.T)
	}{
		{1, func(t *testing.T) { everyWorld(t, failedListing); everyWorld(t, removalsHaveReasons) }},
		{2, func(t *testing.T) { everyWorld(t, onlyOurs); everyWorld(t, neverTouched) }},
		{3, func(t *testing.T) { everyWorld(t, secondRunIsEmpty) }},
		{5, withoutAddressIsPresent},
		{6, func(t *testing.T) { everyWorld(t, whatPeopleOwn) }},
		{7, namesThatMeet},
		{8, idsSurvive},
		{9, func(t *testing.T) { everyWorld(t, thresholdsHold) }},
		{12, anyTextIsTaken},
		{14, markerComesWithTheAsset},
		{15, manyInstances},
		{16, func(t *testing.T) { everyWorld(t, everyAssetIsAccountedFor) }},
	} {
		t.Run(fmt.Sprint(i.number), func(t *testing.T) { i.holds(t) })
	}
}

func withoutAddressIsPresent(t *testing.T) {
	everyWorld(t, func(t *testing.T, w *world) {
		candidates := func(w *world) int { // a closed instance is no absent one
			return len(slices.DeleteFunc(w.plan().Candidates(), Change.isClosed))
		}
		had := candidates(w)
		bare := *w
		bare.listings = slices.Clone(w.listings)
		for n, l := range w.listings {
			bare.listings[n].Instances = slices.Clone(l.Instances)
			for k := range l.Instances {
				i := &bare.listings[n].Instances[k]
				i.PrivateIPs, i.ClassicIPs, i.PublicIPs = nil, nil, nil
			}
		}
		if has := candidates(&bare); has != had {
			t.Errorf("%d candidates for removal without addresses, %d with them", has, had)
		}
	})
}

// namesThatMeet: instances with one name, and two that swap their names, are two assets with their own ids.
func namesThatMeet(t *testing.T) {
	w := newWorld()
	a, b := instanceInProd("i-1", "x", "10.0.0.1"), instanceInProd("i-2", "y", "10.0.0.2")
	w.addInstances(a, b, instanceInProd("i-3", "same", "10.0.0.3"), instanceInProd("i-4", "same", "10.0.0.3"))
	j := newFakeJumpServer(t, w)
	j.apply(w.approve())
	if len(j.assets) != 4 {
		t.Fatalf("%d assets", len(j.assets))
	}
	rows := w.listings[0].Instances
	rows[0].Name, rows[1].Name = rows[1].Name, rows[0].Name
	rows[0].PrivateIPs, rows[1].PrivateIPs = rows[1].PrivateIPs, rows[0].PrivateIPs
	after := j.world(w)
	j.apply(after.approve())
	for n, i := range rows[:2] {
		got := j.assets[inventory.AssetID(i.Cloud, i.Region, i.ID)]
		if got.Name != i.Name || got.Address != i.PrivateIPs[0] || len(j.assets) != 4 {
			t.Errorf("%d: %+v", n, got)
		}
	}
}

// idsSurvive: an asset keeps its id through stop and start, another name and another address. A new instance with
// an old address does not get the old asset, adopted or not.
func idsSurvive(t *testing.T) {
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	for _, adopted := range []bool{false, true} {
		old := hostOf(i1)
		if adopted {
			adoptedAs("own")(&old)
		}
		for name, now := range map[string]inventory.Instance{
			"stopped": instanceInProd("i-1", "web", "", func(i *inventory.Instance) { i.Status = "stopped" }),
			"renamed": instanceInProd("i-1", "other", "10.0.0.1"), "moved": instanceInProd("i-1", "web", "10.9.9.9"),
		} {
			w := newWorld()
			w.addAssets(old)
			w.addInstances(now)
			for _, c := range allWrites(w.approve()) {
				if c.AssetID != old.ID || c.Action != Update {
					t.Errorf("%s: %s of %s", name, c.Action, c.AssetID)
				}
			}
		}
		w := newWorld()
		w.addAssets(old)
		w.addInstances(instanceInProd("i-new", "web", "10.0.0.1"))
		a := w.approve()
		if len(a.Creates()) != 1 || a.Creates()[0].AssetID == old.ID || len(a.Removals()) != 1 || a.Removals()[0].AssetID != old.ID {
			t.Errorf("used again: %q", renderLines(a))
		}
	}
}

// anyTextIsTaken: whatever the cloud calls an instance, its asset can be created.
func anyTextIsTaken(t *testing.T) {
	w := newWorld()
	for n, text := range []string{"a:b", "a,b", "🚀:,", strings.Repeat("名", 256), "\t\n", ":", "", "a\x00b", "\xff\xfe", "jms-gone:x"} {
		w.addInstances(instanceInProd(fmt.Sprint("i-", n), text, "10.0.0.1", func(i *inventory.Instance) { i.Type, i.VPC, i.HostName = text, text, text }))
	}
	a := w.approve()
	if len(a.Creates()) != 10 || len(a.Notes()) > 0 {
		t.Errorf("%q", renderLines(a))
	}
	j := newFakeJumpServer(t, w)
	j.apply(a) // checks names and labels
	if got := allWrites(j.world(w).approve()); len(got) > 0 {
		t.Errorf("the next run makes %d writes", len(got))
	}
}

// markerComesWithTheAsset: the create itself makes the asset ours, without a second write.
func markerComesWithTheAsset(t *testing.T) {
	everyWorld(t, func(t *testing.T, w *world) {
		for _, c := range w.approve().Creates() {
			n := c.NewAsset()
			if !IsOurs(inventory.Asset{ID: n.ID, Labels: n.Labels, Comment: n.Comment, Host: true}) {
				t.Errorf("%s is made without our marks: %v", n.ID, n.Labels)
			}
		}
	})
}

// manyInstances: a plan of 50,000 instances needs little memory besides its input.
func manyInstances(t *testing.T) {
	const count = 50_000
	w, assets := fleetOf(count)
	w.rules.Now = now().Add(time.Hour)
	a := Build(Input{Current: inventory.JumpServerAssets{Assets: assets}, Listings: w.listings}, w.rules).Approve(w.limits, nil)
	if a.Unchanged() != count || len(renderLines(a)) != 1 {
		t.Errorf("%d unchanged", a.Unchanged())
	}
}
