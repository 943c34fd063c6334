package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// TestRuleLeaves: an asset whose instance a rule skips stays as it is, and is told. It counts as present.
func TestRuleLeaves(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*inventory.Asset){
		"as made":     func(*inventory.Asset) {},
		"differing":   edits(withName("old"), func(a *inventory.Asset) { a.Address = "10.9.9.9" }),
		"deactivated": edits(switchedOff, deactivatedFor(30*24*time.Hour)),
	} {
		w := newWorld()
		w.setRules(t, ruleOf(mapping.Settings{Skip: "ACK"}))
		i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
		w.addInstances(i)
		w.addAssets(hostOf(i, edit))
		a := w.approve()
		checkTexts(t, a)
		if got := renderLines(a); !slices.Equal(got, []string{"skip i-1 rule_leaves"}) {
			t.Errorf("%s: %q", name, got)
		}
		if why := a.Notes()[0].Reason.Text(language.English); !strings.Contains(why, "rule 1 (test): ACK") {
			t.Error(why)
		}
	}
}

// TestSkipUnread: while it is not known whether a rule skips an instance, as its tags are not shown, its asset is neither
// switched off nor changed in what only rules set. Its name and address follow the cloud, and it stays off if it is off.
func TestSkipUnread(t *testing.T) {
	t.Parallel()
	off := false
	skip := mapping.Rule{When: mapping.Condition{Keys: map[string][]string{"tag.hands": {"off"}}}, Set: mapping.Settings{Skip: "theirs"}}
	stopped := mapping.Rule{When: mapping.Condition{Keys: map[string][]string{"status": {"stopped"}}}, Set: mapping.Settings{
		Active: &off, Node: "/DEFAULT/web", Zone: "beijing", Platform: "Rocky", Port: 2222, Labels: map[string]string{"app": "shop"}, Accounts: []string{"root"},
	}}
	for name, r := range map[string]struct {
		unread bool
		edit   func(*inventory.Asset)
		want   []string
	}{
		"shown":        {false, nil, []string{"deactivate i-1 ruled_off", "drift i-1 rule_keeps_port"}},
		"not shown":    {true, nil, []string{"unchanged 1"}},
		"another name": {true, withName("old"), []string{`update i-1 follows_cloud name="web"`}},
		"off by rule":  {true, ruledOff, []string{"unchanged 1"}},
	} {
		w := newWorld()
		w.setRules(t, skip, stopped)
		w.rules.Mapping, _ = mapping.Compile(w.rules.Mapping.Rules(), mapping.Options{})
		w.rules.Manage = all(WriteAlways)
		i := instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) {
			i.Status, i.Facts = "stopped", &inventory.Facts{Status: "stopped", TagsUnread: r.unread}
		})
		w.addInstances(i)
		a := hostOf(i, inNodes(defaultNode))
		a.Protocols = []inventory.Protocol{{Name: "ssh", Port: 22}}
		if r.edit != nil {
			r.edit(&a)
		}
		w.addAssets(a)
		if got := renderLines(w.approve()); !slices.Equal(got, r.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestTagKeep: the tag jms:keep is remembered by a label while the cloud shows it, and keeps the asset when the instance is
// closed or gone. It goes with the tag, and stays while tags are not shown.
func TestTagKeep(t *testing.T) {
	t.Parallel()
	kept := withExtraLabel(inventory.LabelKept, keptValue)
	for _, r := range []struct {
		name     string
		instance func(*inventory.Instance) // nil = it is gone
		asset    func(*inventory.Asset)
		want     []string
	}{
		{"remembered", withTags("jms:keep=db"), nil, []string{"update i-1 follows_cloud labels"}},
		{"already", withTags("jms:keep=db"), kept, []string{"unchanged 1"}},
		{"without a value", withTags("jms:keep="), kept, []string{"unchanged 1"}},
		{"taken away", withTags(), kept, []string{"update i-1 follows_cloud labels"}},
		{"not shown", tagsUnread, kept, []string{"unchanged 1"}},
		{"gone", nil, kept, []string{"skip i-1 kept_by_tag"}},
		{"gone, and in its grace", nil, edits(kept, switchedOff, deactivatedFor(30*24*time.Hour)), []string{"skip i-1 kept_by_tag"}},
		{"closed", func(i *inventory.Instance) { withTags("jms:keep=db")(i); inBin(i) }, nil, []string{"skip i-1 kept_by_tag"}},
		{"closed, tags not shown", func(i *inventory.Instance) { tagsUnread(i); inBin(i) }, nil, []string{"skip i-1 kept_by_tag"}},
		{"closed without it", func(i *inventory.Instance) { withTags()(i); inBin(i) }, nil, []string{"deactivate i-1 instance_closed"}},
	} {
		w := newWorld()
		w.setRules(t, ruleOf(mapping.Settings{Port: 22}))
		edit := r.asset
		if edit == nil {
			edit = func(*inventory.Asset) {}
		}
		w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), edit))
		if r.instance != nil {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", r.instance))
		}
		a := w.approve()
		checkTexts(t, a)
		if got := renderLines(a); !slices.Equal(got, r.want) {
			t.Errorf("%s: %q", r.name, got)
		}
	}
	w := newWorld()
	w.setRules(t, ruleOf(mapping.Settings{Port: 22}))
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", withTags("jms:keep=db")))
	if n := w.approve().Creates()[0].NewAsset(); !slices.Contains(n.Labels, keptLabel()) {
		t.Errorf("a new one: %v", n.Labels)
	}
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), kept))
	if got := Disown(w.input(), "", "").ApproveLabelWrites().Updates()[0].Patch.Labels; slices.Contains(got, keptLabel()) {
		t.Errorf("released: %v", got)
	}
}

// TestRuledAddress: the address that rules choose is written as any address is; one that the instance lacks leaves the asset
// with the one that it has.
func TestRuledAddress(t *testing.T) {
	t.Parallel()
	public := func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} }
	for _, r := range []struct {
		name     string
		instance func(*inventory.Instance)
		asset    func(*inventory.Asset)
		policy   FieldPolicy
		want     []string
	}{
		{"chosen", public, nil, "", []string{"update i-1 follows_cloud address=47.0.0.1"}},
		{"only on new ones", public, nil, WriteOnCreate, []string{"drift i-1 differs", "unchanged 1"}},
		{"lacking", withTags(), nil, "", []string{"drift i-1 rule_keeps_address", "unchanged 1"}},
		{"not all are known", func(i *inventory.Instance) { public(i); i.AddressesPartial = true }, nil, "", []string{"unchanged 1"}},
		{"an adopted one keeps its own", public, adoptedAs("own"), "", []string{"drift i-1 differs", "unchanged 1"}},
	} {
		w := newWorld()
		w.setRules(t, ruleOf(mapping.Settings{Address: []string{"public"}}))
		w.rules.Mapping, _ = mapping.Compile([]mapping.Rule{ruleOf(mapping.Settings{Address: []string{"public"}})}, mapping.Options{})
		w.rules.Manage.Address = r.policy
		i := instanceInProd("i-1", "web", "10.0.0.1", r.instance)
		edit := r.asset
		if edit == nil {
			edit = func(*inventory.Asset) {}
		}
		w.addInstances(i)
		w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), edit))
		a := w.approve()
		checkTexts(t, a)
		if got := renderLines(a); !slices.Equal(got, r.want) {
			t.Errorf("%s: %q", r.name, got)
		}
	}
}

// TestRuledName: a rule's name is made unique as the cloud's is, and JumpServer's refusal is answered with the next one.
func TestRuledName(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, ruleOf(mapping.Settings{Name: "srv"}))
	w.addInstances(instanceInProd("i-1", "a", "10.0.0.1", withTags()), instanceInProd("i-2", "b", "10.0.0.2", withTags()))
	a := w.approve()
	if got := renderLines(a); !slices.Equal(got, []string{`create i-1 new_instance name="srv" 10.0.0.1 Linux`, `create i-2 new_instance name="srv-i-2" 10.0.0.2 Linux`}) {
		t.Errorf("%q", got)
	}
	next, ok := a.Creates()[0].WithNextName()
	if !ok || next.Name != "srv-i-1" {
		t.Errorf("%q", next.Name)
	}
	j := newFakeJumpServer(t, w)
	j.apply(a)
	if again := allWrites(j.world(w).approve()); len(again) > 0 {
		t.Errorf("not stable: %s", renderLine(again[0]))
	}
	w.rules.Manage.Name = WriteOnCreate
	w.addAssets(hostOf(instanceInProd("i-1", "a", "10.0.0.1")))
	if got := renderLines(w.approve()); !slices.Contains(got, "drift i-1 differs") {
		t.Errorf("%q", got)
	}
}
