package plan

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// TestUnread: an existing asset counts where something that a run may write to it, or whether it stays active, rests on tags
// that were not shown, and not where it is people's anyway.
func TestUnread(t *testing.T) {
	t.Parallel()
	off := false
	for _, r := range []struct {
		name   string
		set    mapping.Settings
		manage FieldPolicies
		want   int
	}{
		{"node, which is people's", mapping.Settings{Node: "/DEFAULT/web"}, FieldPolicies{}, 0},
		{"node, which follows", mapping.Settings{Node: "/DEFAULT/web"}, FieldPolicies{Node: WriteAlways}, 5},
		{"zone where it has none", mapping.Settings{Zone: "beijing"}, FieldPolicies{}, 5},
		{"zone, which is people's", mapping.Settings{Zone: "beijing"}, FieldPolicies{Zone: WriteOnCreate}, 0},
		{"accounts", mapping.Settings{Accounts: []string{"root"}}, FieldPolicies{Accounts: WriteIfMissing}, 5},
		{"labels", mapping.Settings{Labels: map[string]string{"a": "b"}}, FieldPolicies{Labels: WriteAlways}, 5},
		{"port of another's", mapping.Settings{Port: 2222}, FieldPolicies{Labels: WriteAlways}, 0},
		{"name", mapping.Settings{Name: "x-{id}"}, FieldPolicies{}, 5},
		{"address", mapping.Settings{Address: []string{"public"}}, FieldPolicies{}, 5},
		{"active", mapping.Settings{Active: &off}, FieldPolicies{}, 5},
		{"skip", mapping.Settings{Skip: "no"}, FieldPolicies{}, 5},
		{"what concerns new ones alone", mapping.Settings{MinAge: 1}, FieldPolicies{}, 0},
	} {
		w := newWorld()
		w.setRules(t, mapping.Rule{When: mapping.Condition{Keys: map[string][]string{"tag.app": {"shop"}}}, Set: r.set})
		w.rules.Mapping, _ = mapping.Compile(w.rules.Mapping.Rules(), mapping.Options{})
		w.rules.Manage = r.manage
		for n, id := range []string{"a", "b", "c", "d", "e", "f"} {
			i := instanceInProd(id, id, "10.0.0.1", func(i *inventory.Instance) { i.Facts = &inventory.Facts{TagsUnread: n > 0} })
			w.addInstances(i)
			w.addAssets(hostOf(i))
		}
		count, names := w.plan().Unread()
		if count != r.want || count > 0 && !slices.Equal(names, []string{"b", "c", "d"}) {
			t.Errorf("%s: %d %v", r.name, count, names)
		}
		w.rules.Partial = true
		if count, _ := w.plan().Unread(); count > 0 {
			t.Errorf("%s: events do not tell it", r.name)
		}
	}
}
