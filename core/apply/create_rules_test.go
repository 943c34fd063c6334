package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// inTwoNodes is a world with one instance whose asset goes to two nodes, the first of which is noted.
func inTwoNodes() *world {
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1"), instance("i-2", "b", "10.0.0.2")}
	w.rules = []mapping.Rule{{Set: mapping.Settings{Node: "/DEFAULT/app", Nodes: []string{"/DEFAULT/team", "/DEFAULT/app"}}}}
	w.manage.Node = plan.WriteAlways
	return w
}

// TestSeveralNodesOfNewAssets: all nodes of new assets are made before the first of them, one after another, and noted in
// its comment; two paths that mean one node are one; an asset that misses one is left.
// Invariants: 19.
func TestSeveralNodesOfNewAssets(t *testing.T) {
	t.Parallel()
	t.Run("made", func(t *testing.T) {
		t.Parallel()
		w := inTwoNodes()
		want(t, w.run(t, t.Context()), map[string]int{"create done": 2})
		for _, a := range w.bastion.assets {
			noted, _ := inventory.NotedNodes(a.Comment)
			if a.Nodes != "node-1,node-2" || !slices.Equal(noted, []string{"node-1", "node-2"}) {
				t.Errorf("%+v", a)
			}
		}
		if first := slices.IndexFunc(w.bastion.calls, func(c string) bool { return strings.HasPrefix(c, "create") }); first != 2 {
			t.Errorf("calls %v", w.bastion.calls)
		}
	})
	t.Run("one node for both paths", func(t *testing.T) {
		t.Parallel()
		w := inTwoNodes()
		w.bastion.addNode("/DEFAULT/elsewhere")
		o := options()
		o.Nodes = &fakeNodeStore{ids: map[string]string{"/DEFAULT/app": "node-1", "/DEFAULT/team": "node-1"}}
		want(t, apply.Run(t.Context(), w.bastion, w.approve(), o), map[string]int{"create done": 2})
		for _, a := range w.bastion.assets {
			if a.Nodes != "node-1" || !strings.HasSuffix(a.Comment, "node_ids: "+inventory.NodeNote("node-1", "/DEFAULT/app")) {
				t.Errorf("%+v", a)
			}
		}
	})
	t.Run("one of them cannot be had", func(t *testing.T) {
		t.Parallel()
		w := inTwoNodes()
		w.bastion.refusedPath = "/DEFAULT/team"
		want(t, w.run(t, t.Context()), map[string]int{"create failed": 2})
		if len(w.bastion.assets) != 0 {
			t.Errorf("made in other nodes than the rules want: %+v", w.bastion.assets)
		}
	})
	t.Run("the second one is gone", func(t *testing.T) {
		t.Parallel()
		w := inTwoNodes()
		w.bastion.addNode("/DEFAULT/app")
		o := options()
		o.TrustStoredNodes = true
		o.Nodes = &fakeNodeStore{ids: map[string]string{"/DEFAULT/app": "node-1", "/DEFAULT/team": "node-0"}}
		r := apply.Run(t.Context(), w.bastion, w.approve(), o)
		want(t, r, map[string]int{"create done": 2})
		if w.bastion.assetsPerNode["node-1"] != 2 || w.bastion.assetsPerNode["node-2"] != 2 || len(r.Nodes) != 1 || r.Nodes[0].Reason.Code != reason.NodeAnew {
			t.Errorf("%v, told %+v", w.bastion.assetsPerNode, r.Nodes)
		}
	})
}

// TestAccountsOfNewAssets: an asset whose account templates JumpServer refuses is made without these, and that is said.
func TestAccountsOfNewAssets(t *testing.T) {
	t.Parallel()
	templates := []inventory.AccountTemplate{{ID: "t-root", Name: "root", Username: "root"}, {ID: "t-app", Name: "app", Username: "app"}}
	for name, c := range map[string]struct {
		meanwhile func(*fakeBastion)
		accounts  []string
		without   int
	}{
		"there":        {func(*fakeBastion) {}, []string{"t-root", "t-app"}, 0},
		"one is gone":  {func(b *fakeBastion) { b.templates = templates[1:] }, []string{"t-app"}, 1},
		"all are gone": {func(b *fakeBastion) { b.templates = nil }, nil, 2},
		"one name for two": {func(b *fakeBastion) {
			b.templates = []inventory.AccountTemplate{templates[0], {ID: "t-app", Username: "root"}}
		}, []string{"t-root"}, 1},
		"they are not to be seen": {func(b *fakeBastion) { b.templates, b.noTemplate = templates[1:], true }, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1")}
			w.rules = []mapping.Rule{{Set: mapping.Settings{Accounts: []string{"root", "app"}}}}
			w.bastion.templates = templates
			approved := w.approve()
			c.meanwhile(w.bastion)
			r := apply.Run(t.Context(), w.bastion, approved, options())
			want(t, r, map[string]int{"create done": 1})
			i := r.Items[0]
			if got := w.bastion.accounts[i.Change.AssetID]; !slices.Equal(got, c.accounts) {
				t.Errorf("accounts %v, want %v", got, c.accounts)
			}
			said := i.Change.Reason.Code == reason.MadeWithoutAccounts
			if said != (c.without > 0) || said && i.Change.Reason.Args[1] != c.without {
				t.Errorf("said: %+v, want %d missing", i.Change.Reason, c.without)
			}
		})
	}
}

// TestRefusedAsset: an asset that JumpServer refuses for another reason than its accounts is not sent without them.
func TestRefusedAsset(t *testing.T) {
	t.Parallel()
	w := inTwoNodes()
	w.bastion.failCreate = func(inventory.NewAsset) error { return errors.New("no") }
	want(t, w.run(t, t.Context()), map[string]int{"create failed": 2})
	if n := strings.Count(strings.Join(w.bastion.calls, " "), "create"); n != 2 {
		t.Errorf("%d creates: %v", n, w.bastion.calls)
	}
}
