package plan

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// worldCount is the number of random worlds for each property.
const worldCount = 500

// everyWorld checks a property in many worlds and stops at the first that breaks it.
func everyWorld(t *testing.T, property func(t *testing.T, w *world)) {
	t.Helper()
	for seed := range uint64(worldCount) {
		property(t, randomWorld(newDice(seed, nil)))
		if t.Failed() {
			t.Fatalf("in the world of seed %d", seed)
		}
	}
}

// TestProperties: what holds in any world, checked in random ones.
// Invariants: 1, 2, 3, 6, 9, 16.
func TestProperties(t *testing.T) {
	t.Parallel()
	for _, p := range properties() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			everyWorld(t, p.check)
		})
	}
}

type property struct {
	name  string
	check func(t *testing.T, w *world)
}

func properties() []property {
	return []property{
		{"second run is empty", secondRunIsEmpty},
		{"goes on after an interruption", goesOnAfterInterruption},
		{"order of input", orderOfInput},
		{"only ours", onlyOurs},
		{"what is never touched", neverTouched},
		{"removals", removalsHaveReasons},
		{"thresholds", thresholdsHold},
		{"a failed listing removes nothing more", failedListing},
		{"what people own", whatPeopleOwn},
		{"addresses that are not all known move nothing", partialAddresses},
		{"IPv4 never gives way to IPv6", neverFromIPv4ToIPv6},
		{"every instance has its say", everyInstance},
		{"a name that is right stays", rightNamesStay},
		{"every asset is accounted for", everyAssetIsAccountedFor},
		{"a closed instance's asset is never deleted", closedIsNotDeleted},
	}
}

func allWrites(a Approved) []Change {
	return slices.Concat(slices.Concat(a.Renames()...), a.Creates(), a.Updates(), a.Removals())
}

// requireStable requires that the run after a run is empty. If that run held removals for their share of a scope,
// and brought assets into the scope (or away from an empty one), the shares change and the removals may pass: then
// a few runs are allowed.
func requireStable(t *testing.T, j *fakeJumpServer, w *world, a Approved) {
	t.Helper()
	first := renderLines(a)
	runs := 1
	if slices.ContainsFunc(a.Notes(), func(c Change) bool {
		return slices.Contains([]reason.Code{reason.GuardShare, reason.GuardEmpty, reason.GuardLeak, reason.GuardMissing, reason.GuardWeak, reason.GuardMarksLost, reason.RuledOffSpared, reason.GuardMoves}, c.Reason.Code)
	}) || slices.ContainsFunc(a.Removals(), func(c Change) bool { return c.isClosed() || c.ruledOff }) {
		runs = 4
	}
	for n := 0; n < runs; n++ {
		j.apply(a)
		a = j.world(w).approve()
		if len(allWrites(a)) == 0 {
			return
		}
		if len(a.Removals()) == len(allWrites(a)) && !slices.ContainsFunc(a.Removals(), func(c Change) bool { return !c.ruledOff }) {
			runs = min(n+2, 6) // what a rule switches off followed the cloud before
		}
	}
	t.Errorf("first run:\n%s\nnot empty:\n%s", strings.Join(first, "\n"), strings.Join(renderLines(a), "\n"))
}

func secondRunIsEmpty(t *testing.T, w *world) {
	first := w.approve()
	checkTexts(t, first)
	requireStable(t, newFakeJumpServer(t, w), w, first)
}

// goesOnAfterInterruption interrupts a run after any of its writes: the next one finishes the work.
func goesOnAfterInterruption(t *testing.T, w *world) {
	first := w.approve()
	total := len(allWrites(first))
	for left := 1; left < total; left += 1 + total/4 {
		j := newFakeJumpServer(t, w)
		j.writesLeft = left
		j.apply(first)
		j.writesLeft = 1 << 30
		requireStable(t, j, w, j.world(w).approve())
	}
}

func orderOfInput(t *testing.T, w *world) {
	want := w.approve()
	mix := rand.New(rand.NewPCG(uint64(len(w.assets)), 1))
	for range 2 {
		again := *w
		again.assets, again.listings = slices.Clone(w.assets), slices.Clone(w.listings)
		mix.Shuffle(len(again.assets), reflect.Swapper(again.assets))
		mix.Shuffle(len(again.listings), reflect.Swapper(again.listings))
		for n, l := range again.listings {
			again.listings[n].Instances = slices.Clone(l.Instances)
			mix.Shuffle(len(l.Instances), reflect.Swapper(again.listings[n].Instances))
		}
		if got := again.approve(); !reflect.DeepEqual(got, want) {
			t.Errorf("one order:\n%s\nanother:\n%s", strings.Join(renderLines(want), "\n"), strings.Join(renderLines(got), "\n"))
		}
	}
}

// byID returns the assets before the run.
func (w *world) byID() map[string]inventory.Asset {
	out := map[string]inventory.Asset{}
	for _, a := range w.assets {
		out[a.ID] = a
	}
	return out
}

func onlyOurs(t *testing.T, w *world) {
	assets := w.byID()
	for _, c := range allWrites(w.approve()) {
		before, there := assets[c.AssetID]
		if c.Action == Create {
			if there || c.NewAsset().ID != c.AssetID {
				t.Errorf("creates %s, which exists", c.AssetID)
			}
			continue
		}
		labels := map[string]string{}
		for _, l := range before.Labels {
			labels[l.Name] = l.Value
		}
		instances := []string{labels["jms-instance"]}
		if instances[0] == "" {
			instances = append(instancesInComment(before.Comment), w.listedHere(labels["jms-region"])...)
		}
		own := labels["jms-asset"] == c.AssetID && before.LabelCount(inventory.LabelAsset) == 1 && labels["jms-instance"] != "" &&
			slices.Contains(instancesInComment(before.Comment), labels["jms-instance"])
		for _, instance := range instances {
			own = own || inventory.AssetID(inventory.Cloud(labels["jms-cloud"]), labels["jms-region"], instance) == c.AssetID
		}
		if c.Action.isRemoval() && !IsOurs(before) {
			t.Errorf("%s of %s, which nothing on it proves", c.Action, c.AssetID)
		}
		if !there || !own || labels["jms-owner"] == "" || labels["jms-account"] == "" || !before.Host {
			t.Errorf("%s of %s, which is not ours", c.Action, c.AssetID)
		}
		if c.Patch != nil && c.Patch.ID != c.AssetID {
			t.Errorf("the patch of %s names %s", c.AssetID, c.Patch.ID)
		}
	}
}

// removalsHaveReasons checks anew, for each removal, everything that it needs.
func removalsHaveReasons(t *testing.T, w *world) {
	for _, c := range w.approve().Removals() {
		if c.IsRuleOff() {
			continue // see ruleOffIsAllowed
		}
		a := w.byID()[c.AssetID]
		m, _ := parseOwnership(a)
		read := false
		if c.Action == Delete && c.AssetID != inventory.AssetID(m.cloud, m.region, m.instanceID) && !w.rules.DeleteAdopted {
			t.Errorf("%s: deleted, and only labels say whose it is", c.AssetID)
		}
		for _, l := range w.listings {
			if c.isClosed() {
				read = true // the closed instance itself was seen, in a listing or by its id
				break
			}
			here := l.Region == m.region || l.Region == "*"
			switch {
			case here && l.Err != nil && (l.Owner == m.owner || l.Account == m.account):
				t.Errorf("%s: %s failed", c.AssetID, l.Scope)
			case here && l.Err == nil && l.Account == m.account && l.Owner != m.owner:
				t.Errorf("%s: belongs to %s", c.AssetID, m.owner)
			case here && l.Err == nil && l.Owner == m.owner:
				read = true
			}
			if slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.ID == m.instanceID }) {
				t.Errorf("%s: %s is present in %s", c.AssetID, m.instanceID, l.Scope)
			}
		}
		if !read || m.account == unqueriedName && !c.isClosed() {
			t.Errorf("%s: nobody looked", c.AssetID)
		}
		if proof, asked := w.proof(c); !asked || !proof.Absent && (!c.isClosed() || proof.Closed == "") || proof.Err != nil {
			t.Errorf("%s: no proof", c.AssetID)
		} else if since, earlier := parseMissingSince(a, now()); proof.Weak != nil && (!earlier || now().Sub(since) < noticePeriod) {
			t.Errorf("%s: one kind of question alone says that it is gone, and no earlier run", c.AssetID)
		}
		if _, spared := w.rules.neverWritten(a); spared || a.LabelCount(inventory.LabelKeep) > 0 {
			t.Errorf("%s: to be spared", c.AssetID)
		}
		if value, promised := a.Label(inventory.LabelDue); promised && c.Action == Delete {
			until, err := inventory.ParseLabelTime(value)
			if err != nil || until.After(now()) {
				t.Errorf("%s: deleted, and promised until %s", c.AssetID, value)
			}
		}
		if w.rules.NoDelete || containsAny(w.rules.Protected, a.Address) || !w.rules.isWhitelisted(a.Address) || a.Platform == "Gateway" {
			t.Errorf("%s: not to be touched", c.AssetID)
		}
		if wasGone := a.LabelCount(inventory.LabelGone) > 0; wasGone && (a.Active || c.Action == Deactivate) ||
			!wasGone && c.Action == Delete && w.rules.Grace > 0 || c.Action == Delete && w.rules.Mode != ModeDelete {
			t.Errorf("%s: %s of %+v", c.AssetID, c.Action, a)
		}
	}
}

func thresholdsHold(t *testing.T, w *world) {
	type numbers struct{ assets, listed, lost, recent int }
	count := map[string]*numbers{}
	at := func(owner, region string) *numbers {
		key := owner + region
		if count[key] == nil {
			count[key] = &numbers{}
		}
		return count[key]
	}
	for _, a := range w.assets {
		if m, ours := parseOwnership(a); ours && a.LabelCount(inventory.LabelGone) == 0 {
			at(m.owner, m.region).assets++
		}
	}
	for _, l := range w.listings {
		at(l.Owner, l.Region).listed += len(l.Instances)
	}
	seen := map[string]bool{}
	for _, l := range w.listings {
		for _, i := range l.Instances {
			seen[i.ID] = true
		}
	}
	for _, a := range w.assets {
		m, ours := parseOwnership(a)
		since, gone, readable := parseDeactivatedAt(a, now())
		if ours && gone && readable && !a.Active && !seen[m.instanceID] && now().Sub(since) < recentLossWindow {
			at(m.owner, m.region).recent++
		}
	}
	total := 0
	a := w.approve()
	for _, c := range a.Removals() {
		m, _ := parseOwnership(w.byID()[c.AssetID])
		if n := at(m.owner, m.region); n.listed == 0 && n.assets > 0 && !w.limits.AllowEmpty {
			value, once := c.Before.Label(inventory.LabelMissing)
			if proved, err := time.Parse(time.RFC3339, value); n.assets > smallScope || !once || err != nil || now().Sub(proved) < noticePeriod {
				t.Errorf("%s: the scope is empty", c.AssetID)
			}
		}
		if c.Before.LabelCount(inventory.LabelGone) == 0 {
			at(m.owner, m.region).lost++
			total++
		}
	}
	for key, n := range count {
		if n.lost > w.limits.Min && n.lost*100 > w.limits.Percent*n.assets {
			t.Errorf("%s loses %d of %d, limits %+v", key, n.lost, n.assets, w.limits)
		}
		if all := n.lost + n.recent; n.lost > 0 && all > w.limits.Min && all*100 > w.limits.Percent*(n.assets+n.recent) {
			t.Errorf("%s loses %d of %d, with the %d of the last day too many, limits %+v", key, n.lost, n.assets, n.recent, w.limits)
		}
	}
	if total > w.limits.PerRun {
		t.Errorf("the run removes %d, limits %+v", total, w.limits)
	}
	fleetHolds(t, w, a)
}

// failedListing: if one more listing failed, no other asset would become a candidate. The guard's limits are off,
// because fewer candidates may stay below them. The one exception is an instance listed only by another owner or in
// another region than its asset says: no cloud moves an instance, and the failed listing was the only one that had
// it.
func failedListing(t *testing.T, w *world) {
	before := map[string]bool{}
	for _, c := range w.plan().Candidates() {
		before[c.AssetID] = true
	}
	for n, failed := range w.listings {
		if failed.Err != nil {
			continue
		}
		for _, learnt := range []string{failed.Owner, ""} {
			worse := *w
			worse.listings = slices.Clone(w.listings)
			worse.listings[n] = inventory.Listing{Scope: failed.Scope, Owner: learnt, Err: fmt.Errorf("throttled")}
			for _, c := range worse.plan().Candidates() {
				m, _ := parseOwnership(*c.Before)
				strange := slices.ContainsFunc(failed.Instances, func(i inventory.Instance) bool {
					return i.ID == m.instanceID && (i.Region != m.region || i.Owner != m.owner || learnt == "" && i.Account != m.account)
				})
				if !before[c.AssetID] && !strange {
					t.Errorf("%s failed (owner %q), and %s becomes a candidate", failed.Scope, learnt, c.AssetID)
				}
			}
		}
	}
}

func whatPeopleOwn(t *testing.T, w *world) {
	a := w.approve()
	removed := map[string]bool{}
	for _, c := range a.Removals() {
		removed[c.AssetID] = true
	}
	j := newFakeJumpServer(t, w)
	j.apply(a)
	for _, before := range w.assets {
		after, there := j.assets[before.ID]
		if !there {
			if !removed[before.ID] {
				t.Errorf("%s is gone", before.ID)
			}
			continue
		}
		if after.Comment != before.Comment || after.Platform != before.Platform || (before.Zone != "" && w.rules.Manage.Zone != WriteAlways || w.rules.Manage.Zone == WriteOnCreate) && after.Zone != before.Zone {
			t.Errorf("before %+v\nafter  %+v", before, after)
		}
		if m := w.rules.Manage; after.Name != before.Name && !m.managesName(before) {
			t.Errorf("%q became %q, which is people's", before.Name, after.Name)
		}
		if m := w.rules.Manage; after.Address != before.Address && m.Address == WriteOnCreate {
			t.Errorf("%s: address %s became %s", before.ID, before.Address, after.Address)
		}
		if got, want := peoplesLabels(after), peoplesLabels(before); !slices.Equal(got, want) {
			t.Errorf("%s: labels %v became %v", before.ID, want, got)
		}
		byUs := before.LabelCount(inventory.LabelGone) > 0 && before.LabelCount(inventory.LabelOff) == 0
		if after.Active != before.Active && (before.Active && !removed[before.ID] || !before.Active && !byUs) {
			t.Errorf("%s: active %v became %v", before.ID, before.Active, after.Active)
		}
	}
}

// peoplesLabels returns the labels that are not ours, in their order.
func peoplesLabels(a inventory.Asset) []inventory.Label {
	var out []inventory.Label
	for _, l := range a.Labels {
		if !strings.HasPrefix(l.Name, "jms-") {
			out = append(out, l)
		}
	}
	return out
}

// everyInstance of a complete listing is an asset that follows, or unchanged, or reported; none is lost silently.
func everyInstance(t *testing.T, w *world) {
	listed := map[string]bool{}
	for _, l := range w.listings {
		for _, i := range l.Instances {
			listed[inventory.AssetID(i.Cloud, i.Region, i.ID)] = true
		}
	}
	a, assets := w.approve(), w.byID()
	said := map[string]bool{}
	for _, c := range slices.Concat(allWrites(a), a.Notes()) {
		id := inventory.AssetID(c.Scope.Cloud, c.Scope.Region, c.InstanceID)
		beside := c.Action == Drift || c.Reason.Code == reason.RuledOffLater || c.Reason.Code == reason.AddressesUnknown && assets[c.AssetID].ID != ""
		other := beside || slices.Contains([]reason.Code{reason.GivesWay, reason.IsCopy, reason.LabelsAlone, reason.Doubled}, c.Reason.Code) // about another asset, or an additional line
		if listed[id] && !other {
			said[id] = true
		}
	}
	if len(said)+a.Unchanged() != len(listed) {
		t.Errorf("%d instances, %d in lines, %d unchanged", len(listed), len(said), a.Unchanged())
	}
}
