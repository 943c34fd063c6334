package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// movingWorld returns a world of ten assets in the default node, of which a rule wants some elsewhere: those with the tag
// move. All are called otherwise in the cloud, which is no move.
func movingWorld(t *testing.T, moving int, set mapping.Settings) *world {
	t.Helper()
	w := newWorld()
	w.setRules(t, mapping.Rule{Name: "wide", When: mapping.Condition{Keys: map[string][]string{"tag.move": {"yes"}}}, Set: set})
	w.rules.Manage = all(WriteAlways)
	w.limits.Moves = Share{30, 3}
	for n := range 10 {
		tag := withTags()
		if n < moving {
			tag = withTags("move=yes")
		}
		i := instanceInProd(fmt.Sprint("i-", n), fmt.Sprint("new-", n), fmt.Sprint("10.0.0.", n), func(i *inventory.Instance) { i.PublicIPs = []string{fmt.Sprint("47.0.0.", n)} }, tag)
		w.addInstances(i)
		a := hostOf(i, withName(fmt.Sprint("old-", n)), inNodes(defaultNode))
		a.Protocols = []inventory.Protocol{{Name: "ssh", Port: 22}}
		w.addAssets(a)
	}
	return w
}

// movedFields returns which fields an approved plan moves, and in how many assets.
func movedFields(a Approved) (fields []string, assets int) {
	for c := range a.Changes() {
		if c.MovesAsset() {
			assets++
			fields = c.moves.fields()
		}
	}
	return fields, assets
}

// TestMovesAreBounded: more than the limit of a scope's assets that change their node, zone, platform, ports, address or accounts by rules
// are held, all of them, and all else of these assets is made. Fewer pass.
// Invariants: 20.
func TestMovesAreBounded(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]mapping.Settings{
		"node": {Node: "/DEFAULT/web"}, "new node": {Node: "/DEFAULT/new"}, "zone": {Zone: "beijing"}, "platform": {Platform: "Rocky"}, "address": {Address: []string{"public"}},
		"port": {Port: 2222}, "accounts": {Accounts: []string{"root"}},
		"all": {Node: "/DEFAULT/web", Zone: "beijing", Platform: "Rocky", Address: []string{"public"}, Accounts: []string{"root"}},
	} {
		w := movingWorld(t, 3, set)
		a := w.approve()
		if _, assets := movedFields(a); assets != 3 || len(a.Notes()) > 0 || len(allWrites(a)) != 10 {
			t.Errorf("%s, 3 of 10: %q", name, renderLines(a))
		}
		w = movingWorld(t, 4, set)
		a = w.approve()
		checkTexts(t, a)
		if fields, assets := movedFields(a); assets != 0 || len(a.Notes()) != 4 || len(allWrites(a)) != 10 || a.Unchanged() != 0 {
			t.Errorf("%s, 4 of 10: %v, %q", name, fields, renderLines(a))
		}
		for _, c := range a.Updates() {
			if got := renderLine(c); !strings.Contains(got, "follows_cloud name=") || len(c.Fields) != 1 {
				t.Errorf("%s: %s %v", name, got, c.Fields)
			}
			if why := c.Reason.Text(language.English); strings.Contains(why, name) {
				t.Errorf("%s: the reason still says it: %s", name, why)
			}
		}
		if note := a.Notes()[0]; note.Action != Hold || note.Reason.Code != reason.GuardMoves || !strings.Contains(note.Reason.Text(language.English), "4 of 10") || len(note.Fields) == 0 {
			t.Errorf("%s: %+v", name, note)
		}
	}
}

// TestMovesOfOthersAreNotHeld: labels and names are no moves, an address that the cloud changed is none,
// and another scope's moves hold nothing.
func TestMovesOfOthersAreNotHeld(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 10, mapping.Settings{Labels: map[string]string{"a": "b"}, Name: "x-{id}", Address: []string{"public"}})
	for n := range w.assets {
		w.assets[n].Address = fmt.Sprint("47.1.0.", n) // was theirs before
	}
	a := w.approve()
	if _, assets := movedFields(a); assets != 0 || len(a.Notes()) > 0 || len(a.Updates()) != 10 {
		t.Errorf("%q", renderLines(a))
	}
	w = movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/web"})
	other := instanceInProd("i-sh", "sh", "10.0.9.9", withTags("move=yes"), func(i *inventory.Instance) { i.Region = "cn-shanghai" })
	w.addListing(scopeOf(prod, "cn-shanghai"), owner, other)
	w.addAssets(hostOf(other, inNodes(defaultNode)))
	a = w.approve()
	if _, assets := movedFields(a); assets != 1 || len(a.Notes()) != 4 {
		t.Errorf("%q", renderLines(a))
	}
}

// TestEndOfAnAddress: where a rule chooses an address no more, its assets go back to their first one, which is a move too. Where
// no rule is left, nothing is held.
// Invariants: 20.
func TestEndOfAnAddress(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 4, mapping.Settings{Labels: map[string]string{"a": "b"}})
	for n := range w.assets {
		w.assets[n].Address = fmt.Sprint("47.0.0.", n)
	}
	a := w.approve()
	if _, assets := movedFields(a); assets != 0 || len(a.Notes()) != 10 || a.Notes()[0].Reason.Code != reason.GuardMoves {
		t.Errorf("%q", renderLines(a))
	}
	w.rules.Mapping = nil
	a = w.approve()
	if _, assets := movedFields(a); assets != 0 || len(a.Notes()) != 0 || len(a.Updates()) != 10 || a.Updates()[0].Patch.Address == nil {
		t.Errorf("without rules: %q", renderLines(a))
	}
}

// TestMovesAreApproved: a person approves the moves of a held set, these very ones, and by a plan file.
func TestMovesAreApproved(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/web"})
	p := w.plan()
	a := p.Approve(w.limits, nil)
	held := p.ApprovableHolds(a)
	if len(held) != 4 || held[0].Action != Update || held[0].Reason.Code != reason.GuardMoves || held[0].Patch.NodeIDs == nil {
		t.Fatalf("%+v", held)
	}
	key := held[0].ApprovalKey()
	if !strings.HasPrefix(key, "move-") || Action(key).Text(language.English) != "move" {
		t.Errorf("%q", key)
	}
	again := w.plan()
	var keys []string
	for _, c := range again.Approvable() {
		keys = append(keys, c.ApprovalKey())
	}
	if len(keys) != 4 || keys[0] != key || keys[0] != keys[1] {
		t.Errorf("%v", keys)
	}
	elsewhere := movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/db"}).plan().Approvable()
	if elsewhere[0].ApprovalKey() == key {
		t.Error("the approval would serve another node")
	}
	w.limits.Approved = map[string]bool{held[0].AssetID: true}
	a = p.Approve(w.limits, nil)
	if _, assets := movedFields(a); assets != 1 || len(a.Notes()) != 3 {
		t.Errorf("one is approved: %q", renderLines(a))
	}
}

// TestMovesInAFile: a plan file shows a held move beside the rest of its update. Without a person's word the rest is made,
// with it the whole update.
func TestMovesInAFile(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/web", Zone: "beijing"})
	p := w.plan()
	file := p.Review(p.Approve(w.limits, nil), language.English)
	held := slices.DeleteFunc(slices.Clone(file), func(l ReviewLine) bool { return l.Held == "" })
	if len(file) != 14 || len(held) != 4 || held[0].Action != Update || len(held[0].Values) < 3 {
		t.Fatalf("%+v", file)
	}
	w.limits.Reviewed = file
	a := p.Approve(w.limits, nil)
	if _, assets := movedFields(a); assets != 0 || len(a.Updates()) != 10 || len(a.Notes()) != 4 || a.Notes()[0].Reason.Code != reason.HeldInFile {
		t.Errorf("%q", renderLines(a))
	}
	included := slices.Clone(file)
	for n := range included {
		included[n].Held = ""
	}
	w.limits.Reviewed = included
	a = p.Approve(w.limits, nil)
	if _, assets := movedFields(a); assets != 4 || len(a.Updates()) != 10 || len(a.Notes()) != 0 {
		t.Errorf("with all: %q", renderLines(a))
	}
	for n := range w.assets { // the file was applied once without the moves
		w.assets[n].Name = fmt.Sprint("new-", n)
	}
	a = w.approve()
	if _, assets := movedFields(a); assets != 4 || len(a.Updates()) != 4 {
		t.Errorf("with all, after the rest: %q", renderLines(a))
	}
	w.limits.Reviewed = file
	a = w.approve()
	if _, assets := movedFields(a); assets != 0 || a.Notes()[0].Reason.Code != reason.HeldInFile {
		t.Errorf("after the rest: %q", renderLines(a))
	}
	other := movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/db", Zone: "beijing"})
	other.limits.Reviewed = included
	a = other.approve()
	if _, assets := movedFields(a); assets != 0 {
		t.Errorf("the rules changed since: %q", renderLines(a))
	}
}

// TestMovesBeforeTheyAreRuled: without rules nothing is a move, and nothing is held for it, as ever.
// Invariants: 24.
func TestMovesBeforeTheyAreRuled(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 0, mapping.Settings{Node: "/DEFAULT/web"})
	w.rules.Mapping = nil
	w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Zone: "z-1"}
	w.limits.Moves = Share{}
	a := w.approve()
	if len(a.Updates()) != 10 || len(a.Notes()) > 0 || a.Updates()[0].Patch.Zone == nil {
		t.Errorf("%q", renderLines(a))
	}
}

// TestEventsMoveNothing: an event cannot count how many move. It leaves them to full runs, and follows the cloud.
// Invariants: 20.
func TestEventsMoveNothing(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 4, mapping.Settings{Node: "/DEFAULT/web", Zone: "beijing", Platform: "Rocky", Address: []string{"public"}, Accounts: []string{"root"}})
	w.rules.Partial, w.limits.Moves = true, Share{}
	a := w.approve()
	for _, c := range allWrites(a) {
		if !slices.Equal(c.Fields, []string{"name"}) {
			t.Errorf("%s %v", renderLine(c), c.Fields)
		}
	}
	if len(a.Updates()) != 10 || len(a.Notes()) > 0 {
		t.Errorf("%q", renderLines(a))
	}
}

// TestRemap: a plan of Remap writes what the rules set on an instance, whatever the policies say, and nothing else.
func TestRemap(t *testing.T) {
	t.Parallel()
	w := movingWorld(t, 3, mapping.Settings{
		Node: "/DEFAULT/web", Zone: "beijing", Platform: "Rocky", Port: 2222, Labels: map[string]string{"a": "b"}, Accounts: []string{"root"}, Name: "n-{id}", Address: []string{"public"},
	})
	w.rules.Manage = all(WriteOnCreate)
	w.rules.Manage.Name, w.rules.Manage.Address = WriteOnCreate, WriteOnCreate
	if a := w.approve(); len(allWrites(a)) > 0 || w.rules.Needs().Nodes {
		t.Errorf("%q", renderLines(a))
	}
	w.rules.Remap = true
	if n := w.rules.Needs(); !n.Nodes || !n.Protocols || !n.Accounts || !n.Zones || !n.Templates {
		t.Errorf("%+v", n)
	}
	a := w.approve()
	if len(allWrites(a)) != 3 {
		t.Fatalf("%q", renderLines(a))
	}
	for _, c := range a.Updates() {
		if want := []string{"name", FieldPlatform, "address", "zone", "labels", FieldNode, FieldAccounts}; !slices.Equal(c.Fields, want) {
			t.Errorf("%v", c.Fields)
		}
		if noted, _ := inventory.NotedNodes(*c.Patch.Comment); !slices.Equal(noted, []string{nodeIDOf("/DEFAULT/web")}) {
			t.Errorf("a later remap would not know its nodes: %v", noted)
		}
	}
	j := newFakeJumpServer(t, w)
	j.apply(a)
	if again := allWrites(j.world(w).approve()); len(again) > 0 {
		t.Errorf("not stable: %s", renderLine(again[0]))
	}
}

// TestNeeds: what must be read besides is what rules name and policies write; without rules nothing.
// Invariants: 24.
func TestNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.rules.Manage, w.rules.Remap = all(WriteAlways), true
	if got := w.rules.Needs(); got != (inventory.Needs{}) {
		t.Errorf("without rules: %+v", got)
	}
	set, _ := mapping.Compile([]mapping.Rule{ruleOf(mapping.Settings{Accounts: []string{"root"}})}, mapping.Options{})
	for policy, want := range map[FieldPolicy]inventory.Needs{
		"": {Templates: true}, WriteOnCreate: {Templates: true},
		WriteIfMissing: {Templates: true, Nodes: true, Protocols: true, Accounts: true}, WriteAlways: {Templates: true, Nodes: true, Protocols: true, Accounts: true},
	} {
		if got := (Rules{Mapping: set, Manage: all(policy)}).Needs(); got != want {
			t.Errorf("%s: %+v", policy, got)
		}
	}
}
