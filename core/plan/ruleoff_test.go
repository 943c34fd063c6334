package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// stoppedIsOff deactivates the assets of stopped instances.
func stoppedIsOff() mapping.Rule {
	off := false
	return mapping.Rule{Name: "stopped", When: mapping.Condition{Keys: map[string][]string{"status": {"stopped"}}}, Set: mapping.Settings{Active: &off}}
}

// inStatus is what a cloud says of an instance.
func inStatus(status string) func(*inventory.Instance) {
	return func(i *inventory.Instance) { i.Status, i.Facts = status, &inventory.Facts{Status: status} }
}

// ruledOff is what a run left that deactivated an asset by a rule.
func ruledOff(a *inventory.Asset) {
	a.Active = false
	onByHand(a)
}

// onByHand is what a person left who switched on what a rule had deactivated.
func onByHand(a *inventory.Asset) {
	a.Labels = append(slices.Clip(a.Labels), ruleOffLabel(now().Add(-48*time.Hour)))
}

// offWorld returns a world with one instance of a status, and its asset.
func offWorld(t *testing.T, status string, edits ...func(*inventory.Asset)) *world {
	t.Helper()
	w := newWorld()
	w.setRules(t, stoppedIsOff())
	i := instanceInProd("i-1", "web", "10.0.0.1", inStatus(status))
	w.addInstances(i)
	w.addAssets(hostOf(i, edits...))
	return w
}

// unreadTags makes the rule one by a tag, and the cloud shows none.
func unreadTags(w *world) {
	off := false
	w.rules.Mapping, _ = mapping.Compile([]mapping.Rule{
		{When: mapping.Condition{Keys: map[string][]string{"tag.state": {"stopped"}}}, Set: mapping.Settings{Active: &off}},
	}, mapping.Options{})
	w.listings[0].Instances[0].Facts = &inventory.Facts{TagsUnread: true}
}

// TestRuleOff: an asset is deactivated while a rule wants it, by the rules of every removal, and active again afterwards.
func TestRuleOff(t *testing.T) {
	t.Parallel()
	reopened := withExtraLabel(inventory.LabelReopened, reopenedBy)
	for _, r := range []struct {
		name   string
		status string
		asset  func(*inventory.Asset)
		world  func(w *world)
		want   []string
		labels string // of our own that decide on it, after the run
	}{
		{"deactivated", "stopped", nil, nil, []string{"deactivate i-1 ruled_off"}, "jms-rule-off"},
		{"stays so", "stopped", ruledOff, nil, []string{"unchanged 1"}, "jms-rule-off"},
		{"active again", "running", ruledOff, nil, []string{"update i-1 rule_ended labels active=true"}, ""},
		{"and a person approved it", "running", edits(ruledOff, approvedEdit), nil, []string{"update i-1 rule_ended labels active=true"}, ""},
		{"off with a label that a person wrote", "running", edits(switchedOff, withExtraLabel(inventory.LabelRuleOff, "1")), nil, []string{"update i-1 rule_ended_unproved labels"}, ""},
		{"nothing to do", "running", nil, nil, []string{"unchanged 1"}, ""},
		{"a person switched it off before", "stopped", switchedOff, nil, []string{"unchanged 1"}, ""},
		{"and it stays off", "running", switchedOff, nil, []string{"unchanged 1"}, ""},
		{"a person switched it on again", "stopped", onByHand, nil, []string{"update i-1 follows_cloud labels", "drift i-1 ruled_off_by_hand"}, "jms-reopened jms-rule-off"},
		{"which is remembered", "stopped", edits(onByHand, reopened), nil, []string{"drift i-1 ruled_off_by_hand", "unchanged 1"}, "jms-reopened jms-rule-off"},
		{"and off again: theirs", "running", edits(ruledOff, reopened), nil, []string{"update i-1 rule_ended_off labels"}, ""},
		{"on when the rule ends", "running", edits(onByHand, reopened), nil, []string{"update i-1 follows_cloud labels"}, ""},
		{"off beside it, by hand", "running", edits(ruledOff, withExtraLabel(inventory.LabelOff, "person")), nil, []string{"update i-1 rule_ended_off labels"}, ""},
		{"kept by a label", "stopped", withExtraLabel("jms-keep", "db"), nil, []string{"drift i-1 ruled_off_spared", "unchanged 1"}, ""},
		{"no_delete", "stopped", nil, func(w *world) { w.rules.NoDelete = true }, []string{"drift i-1 ruled_off_spared", "unchanged 1"}, ""},
		{"protected", "stopped", nil, func(w *world) { w.rules.Protected = parsePrefixes("10.0.0.1") }, []string{"update i-1 follows_cloud labels", "drift i-1 ruled_off_spared"}, ""},
		{"a protected name", "stopped", nil, func(w *world) { w.rules.ProtectedNames = []string{"web"} }, []string{"unchanged 1"}, ""},
		{"a gateway", "stopped", onPlatform("Gateway"), nil, []string{"unchanged 1"}, ""},
		{"by an event: later", "stopped", nil, func(w *world) { w.rules.Partial = true }, []string{"skip i-1 ruled_off_later", "unchanged 1"}, ""},
		{"active again by an event", "running", ruledOff, func(w *world) { w.rules.Partial = true }, []string{"update i-1 rule_ended labels active=true"}, ""},
		{"returns, and the rule wants it off", "stopped", edits(switchedOff, deactivatedFor(time.Hour)), nil, []string{"update i-1 ruled_off_stays labels"}, "jms-rule-off"},
		{"returns, and no rule does", "running", edits(ruledOff, deactivatedFor(time.Hour)), nil, []string{"update i-1 returned labels active=true"}, ""},
		{"returns, a person had switched it off", "stopped", edits(switchedOff, deactivatedFor(time.Hour), withExtraLabel(inventory.LabelOff, "person")), nil, []string{"update i-1 returned_off labels"}, ""},
		{"what the cloud did not show", "stopped", nil, unreadTags, []string{"unchanged 1"}, ""},
		{"and stays off", "running", ruledOff, unreadTags, []string{"unchanged 1"}, "jms-rule-off"},
		{"the rules are gone", "stopped", ruledOff, func(w *world) { w.rules.Mapping = nil }, []string{"update i-1 rule_ended labels active=true"}, ""},
		{"adopted", "stopped", edits(adoptedAs("own")), nil, []string{"deactivate i-1 ruled_off"}, "jms-rule-off"},
		{"adopted, active again", "running", edits(adoptedAs("own"), ruledOff), nil, []string{"update i-1 rule_ended labels active=true"}, ""},
		{"another name and address at once", "stopped", edits(withName("old"), func(a *inventory.Asset) { a.Address = "10.0.0.9" }), nil, []string{`update i-1 follows_cloud name="web"`, "deactivate i-1 ruled_off"}, "jms-rule-off"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			edit := func(*inventory.Asset) {}
			if r.asset != nil {
				edit = r.asset
			}
			w := offWorld(t, r.status, edit)
			if r.world != nil {
				r.world(w)
			}
			got := w.approve()
			checkTexts(t, got)
			if lines := renderLines(got); !slices.Equal(lines, r.want) {
				t.Fatalf("\n got %s\nwant %s", strings.Join(lines, "\n     "), strings.Join(r.want, "\n     "))
			}
			if len(w.plan().Candidates()) > 0 {
				t.Error("a cloud is asked whether it exists")
			}
			j := newFakeJumpServer(t, w)
			j.apply(got)
			var have []string
			for _, a := range j.assets {
				for _, l := range a.Labels {
					if hasAnyName(l, inventory.LabelRuleOff, inventory.LabelReopened, inventory.LabelOff, inventory.LabelGone, inventory.LabelApproved) {
						have = append(have, l.Name)
					}
				}
			}
			slices.Sort(have)
			if shown := strings.Join(have, " "); shown != r.labels {
				t.Errorf("labels %q, want %q", shown, r.labels)
			}
			for range 2 { // what a deactivation put off
				j.apply(j.world(w).approve())
			}
			if again := allWrites(j.world(w).approve()); len(again) > 0 {
				t.Errorf("not stable: %s", renderLine(again[0]))
			}
		})
	}
}

// TestRuleOffNeverLeadsToDeletion: nothing counts time from it. When the instance is gone it is a removal as any other.
// Invariants: 18.
func TestRuleOffNeverLeadsToDeletion(t *testing.T) {
	t.Parallel()
	w := offWorld(t, "stopped", ruledOff)
	w.rules.Now = now().Add(1000 * time.Hour)
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("%q", got)
	}
	w.listings[0].Instances = nil
	a := w.approve()
	if got := renderLines(a); !slices.Equal(got, []string{"deactivate i-1 instance_gone"}) {
		t.Fatalf("%q", got)
	}
	j := newFakeJumpServer(t, w)
	j.apply(a)
	w = j.world(w)
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", inStatus("running")))
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"update i-1 returned labels active=true"}) {
		t.Errorf("it was ours to switch off, and is active again: %q", got)
	}
}

// TestRuleOffPassesTheGuard: deactivations by rules count in the shares of their scope and the fleet, and in the limit of a
// run, wait for approval where every removal does, and are approved by hash as removals are.
// Invariants: 18.
func TestRuleOffPassesTheGuard(t *testing.T) {
	t.Parallel()
	many := func(w *world, count int) {
		for n := range count {
			id := string(rune('a' + n))
			i := instanceInProd("i-"+id, id, "10.0.0.1", inStatus("stopped"))
			w.addInstances(i)
			w.addAssets(hostOf(i))
		}
	}
	loose := Limits{Percent: 100, Min: 1000, Fleet: Share{100, 1000}, PerRun: 1000}
	for name, r := range map[string]struct {
		limits func(l *Limits)
		want   reason.Code
	}{
		"loose":      {func(*Limits) {}, ""},
		"share":      {func(l *Limits) { l.Percent, l.Min = 30, 3 }, reason.GuardShare},
		"run":        {func(l *Limits) { l.PerRun = 3 }, reason.GuardRun},
		"approval":   {func(l *Limits) { l.Approval = ApproveRemovals }, reason.GuardAsks},
		"all":        {func(l *Limits) { l.Approval = ApproveAll }, reason.AsksAll},
		"pause":      {func(l *Limits) { l.Pause = NewPause(false, "p", now(), time.Time{}, "") }, reason.GuardPaused},
		"clock":      {func(l *Limits) { l.Clock = reason.New(reason.ClockAhead, "a", "b") }, reason.ClockAhead},
		"other part": {func(l *Limits) { l.Hold = reason.New(reason.GuardParts, 1, 2, 3) }, reason.GuardParts},
	} {
		w := newWorld()
		w.setRules(t, stoppedIsOff())
		many(w, 4)
		w.limits = loose
		r.limits(&w.limits)
		p := w.plan()
		a := p.Approve(w.limits, nil)
		checkTexts(t, a)
		if r.want == "" {
			if len(a.Removals()) != 4 || a.Unchanged() != 0 {
				t.Errorf("%s: %q", name, renderLines(a))
			}
			continue
		}
		if len(a.Removals()) != 0 || len(a.Notes()) != 4 || a.Notes()[0].Action != Hold || a.Notes()[0].Reason.Code != r.want {
			t.Errorf("%s: %q", name, renderLines(a))
		}
		held := p.ApprovableHolds(a)
		if (len(held) == 4) != IsApprovable(r.want) {
			t.Errorf("%s: %d can be approved", name, len(held))
		}
		w.limits.Approved = map[string]bool{}
		for _, c := range held {
			w.limits.Approved[c.AssetID] = c.ApprovalKey() == "deactivate"
		}
		if got := p.Approve(w.limits, nil); len(held) > 0 && w.limits.Approval != ApproveAll && len(got.Removals()) != 4 {
			t.Errorf("%s, approved: %q", name, renderLines(got))
		} else if len(held) > 0 && len(got.Removals()) > 0 && (inventory.Asset{Labels: got.Removals()[0].Patch.Labels}).LabelCount(inventory.LabelApproved) != 1 {
			t.Errorf("%s: it counts in the fleet for a day although a person approved it", name)
		}
	}
}

// TestRuleOffIsHeldTogether: absent instances and those that rules switch off are one loss of their scope.
func TestRuleOffIsHeldTogether(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, stoppedIsOff())
	w.limits = Limits{Percent: 30, Min: 3, Fleet: Share{100, 1000}, PerRun: 100}
	for n, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		status := "running"
		if n < 2 {
			status = "stopped"
		}
		i := instanceInProd("i-"+id, id, "10.0.0.1", inStatus(status))
		w.addAssets(hostOf(i))
		if n < 6 {
			w.addInstances(i)
		}
	}
	a := w.approve()
	if len(a.Removals()) != 0 || len(a.Notes()) != 4 || !strings.Contains(a.Notes()[0].Reason.Text(language.English), "4 of 8") {
		t.Errorf("%q", renderLines(a))
	}
}

// TestRuleOffInManySteps: what rules switch off within a day counts together in the share of its scope, also beside instances
// that are gone, as long as it is off.
func TestRuleOffInManySteps(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, stoppedIsOff())
	w.limits = Limits{Percent: 30, Min: 3, Fleet: Share{100, 1000}, PerRun: 100}
	var instances []inventory.Instance
	for n := range 20 {
		i := instanceInProd(string(rune('a'+n)), string(rune('a'+n)), "10.0.0.1", inStatus("running"))
		instances = append(instances, i)
		w.addAssets(hostOf(i))
	}
	w.addInstances(instances...)
	run := func(after time.Duration, status string, which ...int) (removed int, held string) {
		t.Helper()
		w.rules.Now = w.rules.Now.Add(after)
		for _, n := range which {
			inStatus(status)(&w.listings[0].Instances[n])
		}
		a := w.approve()
		j := newFakeJumpServer(t, w)
		j.apply(a)
		w = j.world(w)
		for _, c := range a.Notes() {
			if c.Action == Hold {
				held = string(c.Reason.Code) + " " + c.Reason.Text(language.English)
			}
		}
		return len(a.Removals()), held
	}
	if n, held := run(0, "stopped", 0, 1, 2, 3, 4); n != 5 || held != "" {
		t.Fatalf("%d, %s", n, held)
	}
	if n, held := run(10*time.Hour, "stopped", 5, 6); n != 0 || !strings.HasPrefix(held, string(reason.GuardLeak)) || !strings.Contains(held, "7 of 20 assets (5 of them") {
		t.Errorf("%d, %s", n, held)
	}
	if n, held := run(time.Hour, "running", 0, 1); n != 2 || held != "" {
		t.Errorf("those that are back do not count: %d, %s", n, held)
	}
	if n, held := run(11*time.Hour, "stopped", 7, 8); n != 0 || held == "" {
		t.Errorf("%d, %s", n, held)
	}
	if n, held := run(3*time.Hour, ""); n != 2 || held != "" {
		t.Errorf("a day later the first do not count: %d, %s", n, held)
	}
}

// TestRuleOffIsUndone: a person undoes what a wrong rule did in a run, and it stays so while the rule still matches.
func TestRuleOffIsUndone(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		edit func(*inventory.Asset)
		want string
	}{
		"by the rule": {ruledOff, "update i-1 reopened_from_rule labels active=true"}, "a person since": {edits(ruledOff, withExtraLabel(inventory.LabelOff, "person")), "skip i-1 off_by_hand"},
		"no longer": {switchedOff, "skip i-1 off_by_hand"},
	} {
		w := offWorld(t, "stopped", r.edit)
		p := Reopen(w.input(), w.rules, Reopening{Recorded: []RecordedRemoval{{AssetID: w.assets[0].ID, Action: Deactivate}}})
		a := p.ApproveReopening()
		checkTexts(t, a)
		if got := renderLines(a); !slices.Equal(got, []string{r.want}) {
			t.Errorf("%s: %q", name, got)
			continue
		}
		j := newFakeJumpServer(t, w)
		j.apply(a)
		if after := j.world(w).approve(); len(allWrites(a)) > 0 && !slices.Equal(renderLines(after), []string{"drift i-1 ruled_off_by_hand", "unchanged 1"}) {
			t.Errorf("%s, the next run: %q", name, renderLines(after))
		}
	}
}

// TestRuleOffSettlesNames: names are decided as if what a rule deactivates in the same run were inactive before, so that the next
// run renames nothing. The chaos campaign found it.
// Invariants: 3.
func TestRuleOffSettlesNames(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, stoppedIsOff())
	w.limits = Limits{Percent: 100, Min: 100, Fleet: Share{100, 100}, PerRun: 100, Moves: Share{100, 100}}
	first, second := instanceInProd("i-1", "Web", "10.0.0.1", inStatus("stopped")), instanceInProd("i-2", "web", "10.0.0.2", inStatus("stopped"))
	w.addInstances(first, second)
	w.addAssets(hostOf(first, withName("Web-i-1")), hostOf(second))
	a := w.approve()
	want := []string{`move 1 update i-2 follows_cloud name="web-i-2"`, `move 2 update i-1 follows_cloud name="Web"`, "deactivate i-1 ruled_off", "deactivate i-2 ruled_off"}
	if got := renderLines(a); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	j := newFakeJumpServer(t, w)
	j.apply(a)
	if again := allWrites(j.world(w).approve()); len(again) > 0 {
		t.Errorf("the next run: %s", renderLine(again[0]))
	}
}
