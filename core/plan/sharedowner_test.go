package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const spareAccount = "spare"

// sharedOwnerWorld returns a world in which two enabled accounts have keys of one owner and list beijing.
func sharedOwnerWorld() *world {
	w := newWorld()
	w.listings = nil
	for _, name := range []string{prod, spareAccount} {
		w.rules.Accounts[name] = Account{Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba, Regions: []string{beijing}}
	}
	return w
}

// TestNarrowedRunDoesNotSpeakForOthers: an asset of prod whose instance only the account spare may still see.
func TestNarrowedRunDoesNotSpeakForOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup func(w *world)
		want  string
	}{
		"spare was not asked, and may be of the owner": {func(*world) {}, "skip i-1 others_not_asked"},
		"spare is of the owner":                        {func(w *world) { w.editSpareAccount(func(a *Account) { a.Owner = owner }) }, "skip i-1 others_not_asked"},
		"spare lists all regions":                      {func(w *world) { w.editSpareAccount(func(a *Account) { a.Regions = nil }) }, "skip i-1 others_not_asked"},
		"spare is of another owner":                    {func(w *world) { w.editSpareAccount(func(a *Account) { a.Owner = "42" }) }, "deactivate i-1 instance_gone"},
		"spare lists another region":                   {func(w *world) { w.editSpareAccount(func(a *Account) { a.Regions = []string{"cn-x"} }) }, "deactivate i-1 instance_gone"},
		"spare failed before its owner was known":      {func(w *world) { w.addFailedListing(scopeOf(spareAccount, beijing), "") }, "keep i-1 scope_failed"},
		"spare failed as a whole":                      {func(w *world) { w.addFailedListing(scopeOf(spareAccount, "*"), "") }, "keep i-1 scope_failed"},
		"spare failed, and is of another owner": {func(w *world) {
			w.editSpareAccount(func(a *Account) { a.Owner = "42" })
			w.addFailedListing(scopeOf(spareAccount, beijing), "")
		}, "deactivate i-1 instance_gone"},
		"spare has all regions, but not this one": {func(w *world) {
			w.editSpareAccount(func(a *Account) { a.Regions = nil })
			w.addListing(scopeOf(spareAccount, "cn-x"), "42")
		}, "deactivate i-1 instance_gone"},
		"spare is off":    {func(w *world) { w.editSpareAccount(func(a *Account) { a.Enabled = false }) }, "deactivate i-1 instance_gone"},
		"spare was asked": {func(w *world) { w.addListing(scopeOf(spareAccount, beijing), owner) }, "deactivate i-1 instance_gone"},
		"spare was asked and sees it": {func(w *world) {
			w.addListing(scopeOf(spareAccount, beijing), owner, instanceInProd("i-1", "web", "10.0.0.1"))
		}, "update i-1 follows_cloud labels=jms-account"},
		"events ask all accounts of an owner": {func(w *world) { w.rules.Partial = true }, "deactivate i-1 instance_released"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sharedOwnerWorld()
			w.addListing(scopeOf(prod, beijing), owner)
			c.setup(w)
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
			a := w.approve()
			if got := renderLines(a); len(got) != 1 || got[0] != c.want && !(c.want[0] == 'u' && got[0][0] == 'u') {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
		})
	}
}

func (w *world) editSpareAccount(edit func(*Account)) {
	a := w.rules.Accounts[spareAccount]
	edit(&a)
	w.rules.Accounts[spareAccount] = a
}

// TestEachAccountHasItsOwnShare: one account's assets do not hide another's losses.
func TestEachAccountHasItsOwnShare(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]int{"its listing is empty": 0, "it loses a large share": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sharedOwnerWorld()
			w.limits = defaultLimits()
			w.addListing(scopeOf(prod, beijing), owner)
			w.addListing(scopeOf(spareAccount, beijing), owner)
			for n := range 110 {
				i := instanceInProd("i-"+string(rune('a'+n/26))+string(rune('a'+n%26)), "host", "10.0.0.1")
				i.Name += i.ID
				if n >= 10 {
					i.Account = spareAccount
				}
				w.addAssets(hostOf(i))
				if n >= 10 || n < seen {
					at := slices.IndexFunc(w.listings, func(l inventory.Listing) bool { return l.Account == i.Account })
					w.listings[at].Instances = append(w.listings[at].Instances, i)
				}
			}
			if got := outcomes(w.approve()); got["deactivate instance_gone"] > 0 || len(got) != 1 {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestWhatEventsClosedPassesTheGuard: no guard counted the deactivations by events, but it counts their deletion.
func TestWhatEventsClosedPassesTheGuard(t *testing.T) {
	t.Parallel()
	byEvent := func(a *inventory.Asset) {
		deactivatedFor(8 * 24 * time.Hour)(a)
		a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelEvent, Value: "closed"})
	}
	runGuardRows(t, []guardRow{
		{"all were closed by events", func(w *world) { w.fleet("a", 20, 20, byEvent) }, map[string]int{"hold guard_empty": 20}},
		{"a large share was", func(w *world) { w.fleet("a", 20, 5, byEvent) }, map[string]int{"hold guard_share": 5}},
		{"a few were", func(w *world) { w.fleet("a", 20, 4, byEvent) }, map[string]int{"delete grace_over": 4}},
	})
	w := newWorld()
	w.rules.Partial = true
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
	labels := w.approve().Removals()[0].Patch.Labels
	if !slices.Contains(labels, inventory.Label{Name: inventory.LabelEvent, Value: "closed"}) {
		t.Errorf("an event's deactivation is not marked: %v", labels)
	}
	w = newWorld()
	i := instanceInProd("i-1", "web", "10.0.0.1")
	w.addInstances(i)
	w.addAssets(hostOf(i, byEvent))
	if u := w.approve().Updates(); len(u) != 1 || !slices.Equal(u[0].Patch.Labels, ownershipLabels(i)) {
		t.Errorf("the mark stays when the instance returns: %+v", u)
	}
}

// TestWhatEventsClosedHidesNothing: two hundred assets deactivated by events do not make a loss of active ones look
// small.
func TestWhatEventsClosedHidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings, w.limits = nil, defaultLimits()
	w.fleet("a", 41, 40)
	for n := range 200 {
		i := instanceInProd(fmt.Sprint("i-closed-", n), fmt.Sprint("closed ", n), "10.0.0.1", func(i *inventory.Instance) { i.Region = "a" })
		w.addAssets(hostOf(i, deactivatedFor(time.Hour), withExtraLabel(inventory.LabelEvent, "closed")))
	}
	if got := outcomes(w.approve()); got["deactivate instance_gone"] != 0 || got["hold guard_share"] != 40 {
		t.Errorf("got %v", got)
	}
}

// TestProtectedByAnyAddress: the elastic address is protected; once the instance is gone, only the label remembers
// it.
func TestProtectedByAnyAddress(t *testing.T) {
	t.Parallel()
	protected := inventory.Label{Name: inventory.LabelProtected, Value: "ip"}
	i := instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.PublicIPs = []string{"47.1.2.3"} })
	w := newWorld()
	w.rules.Protected = parsePrefixes("47.1.2.3")
	w.addInstances(i)
	if labels := w.approve().Creates()[0].NewAsset().Labels; !slices.Contains(labels, protected) {
		t.Errorf("a new asset has %v", labels)
	}
	w.addAssets(hostOf(i))
	u := w.approve().Updates()
	if len(u) != 1 || !slices.Contains(u[0].Patch.Labels, protected) {
		t.Fatalf("an asset that has no mark gets %+v", u)
	}
	w.assets[0].Labels = u[0].Patch.Labels
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("then %q", got)
	}
	stopping := i
	stopping.PublicIPs = nil
	w.listings[0].Instances = []inventory.Instance{stopping}
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("once its elastic address is taken away: %q", got)
	}
	w.listings[0].Instances = nil
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"skip i-1 is_protected"}) {
		t.Errorf("released: %q", got)
	}
	w.addInstances(i)
	w.rules.Protected = nil
	if u := w.approve().Updates(); len(u) != 1 || slices.Contains(u[0].Patch.Labels, protected) {
		t.Errorf("no longer protected: %+v", u)
	}
}
