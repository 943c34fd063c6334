package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// partsWorld is JumpServer with two hosts in node-1, and the templates t-root and t-app.
type partsWorld struct {
	bastion *fakeBastion
	ids     []string
	options apply.Options
}

func newPartsWorld() *partsWorld {
	w := newWorld()
	w.bastion.addNode(configuredPath)
	w.bastion.templates = []inventory.AccountTemplate{{ID: "t-root", Username: "root"}, {ID: "t-app", Username: "app"}}
	p := &partsWorld{bastion: w.bastion, options: options()}
	for n, name := range []string{"a", "b"} {
		p.ids = append(p.ids, w.addAsset(instance(fmt.Sprintf("i-%d", n+1), name, fmt.Sprintf("10.0.0.%d", n+1)), func(a *inventory.Asset) {
			a.Nodes, a.Comment = "node-1", "by hand\nnode_ids: node-1"
			a.Protocols = []inventory.Protocol{{Name: "ssh", Port: 22}}
		}))
	}
	return p
}

// change returns an update of host n as a plan makes it.
func (p *partsWorld) change(n int, patch inventory.Patch) plan.Change {
	before := p.bastion.assets[p.ids[n]]
	patch.ID = before.ID
	return plan.Change{
		Action: plan.Update, AssetID: before.ID, Name: before.Name, Before: &before, Patch: &patch, Fields: []string{"x"},
		Scope: instance("", "", "").Scope, Reason: reason.New(reason.FollowsCloud, "x"),
	}
}

func (p *partsWorld) run(t *testing.T, changes ...plan.Change) apply.Result {
	t.Helper()
	return apply.UpdateAll(t.Context(), p.bastion, changes, p.options)
}

// callsOf returns the calls without the reads.
func (b *fakeBastion) callsOf() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(b.calls), func(c string) bool { return c == "read" }), "; ")
}

// TestPartsOfAChange: patch, protocols and accounts are requests of their own, in this order, and one item.
func TestPartsOfAChange(t *testing.T) {
	t.Parallel()
	p := newPartsWorld()
	ports := []inventory.Protocol{{Name: "ssh", Port: 2222}}
	name := "renamed"
	r := p.run(t,
		p.change(0, inventory.Patch{Name: &name, Protocols: ports, Accounts: []string{"t-root", "t-app"}}),
		p.change(1, inventory.Patch{Protocols: ports}))
	want(t, r, map[string]int{"update done": 2})
	a, b := p.bastion.assets[p.ids[0]], p.bastion.assets[p.ids[1]]
	if a.Name != name || !slices.Equal(a.Protocols, ports) || !slices.Equal(b.Protocols, ports) {
		t.Errorf("%+v\n%+v", a, b)
	}
	if got := p.bastion.accounts[a.ID]; !slices.Equal(got, []string{"t-root", "t-app"}) {
		t.Errorf("accounts %v", got)
	}
	first, second := a.ID[:8], b.ID[:8]
	wantCalls := fmt.Sprintf("update %[1]s; update %[2]s protocols; update %[1]s protocols; attach %[1]s t-root; attach %[1]s t-app", first, second)
	if got := p.bastion.callsOf(); got != wantCalls {
		t.Errorf("calls %s\nwant  %s", got, wantCalls)
	}
	for _, i := range r.Items {
		if i.Change.Patch.Protocols == nil || i.Change.Before.Protocols[0].Port != 22 {
			t.Errorf("the item of %s is not what was planned: %+v before %+v", i.Change.Name, i.Change.Patch, i.Change.Before)
		}
	}
}

// TestFailedPart: the first part that fails ends a change, and is its item.
func TestFailedPart(t *testing.T) {
	t.Parallel()
	ports := []inventory.Protocol{{Name: "ssh", Port: 2222}}
	name := "renamed"
	refused := &inventory.Error{Kind: inventory.Invalid, Message: "refused"}
	for what, c := range map[string]struct {
		edit  func(*fakeBastion)
		state string
		calls string
	}{
		"the patch":    {func(b *fakeBastion) { b.failUpdate = refused }, "update failed", "update"},
		"the accounts": {func(b *fakeBastion) { b.failAttach = refused }, "update failed", "update; update protocols; attach t-root"},
		"no right":     {func(b *fakeBastion) { b.failAttach = denied() }, "update failed", "update; update protocols; attach t-root"},
		"the template": {func(b *fakeBastion) { b.templates = nil }, "update failed", "update; update protocols; attach t-root"},
		"a changed port": {func(b *fakeBastion) {
			b.onRead = func(b *fakeBastion) {
				for id, a := range b.assets {
					a.Protocols = []inventory.Protocol{{Name: "ssh", Port: 22022}}
					b.assets[id] = a
				}
			}
		}, "update kept", "update"},
	} {
		p := newPartsWorld()
		change := p.change(0, inventory.Patch{Name: &name, Protocols: ports, Accounts: []string{"t-root"}})
		c.edit(p.bastion)
		r := p.run(t, change)
		if got := countStates(r); got[c.state] != 1 || len(r.Items) != 1 {
			t.Errorf("%s: %v, want %s", what, got, c.state)
		}
		if got := strings.ReplaceAll(p.bastion.callsOf(), " "+p.ids[0][:8], ""); got != c.calls {
			t.Errorf("%s: calls %s, want %s", what, got, c.calls)
		}
	}
}

func denied() error { return &inventory.Error{Kind: inventory.Denied, Message: "403"} }

// TestNodesOfAPatch: nodes that the plan does not know are looked for or made, once; the comment notes them; what people
// changed meanwhile stays.
func TestNodesOfAPatch(t *testing.T) {
	t.Parallel()
	const path = "/DEFAULT/app/web"
	moved := func(p *partsWorld, n int) plan.Change {
		return p.change(n, inventory.Patch{NodeIDs: []string{}, NodePaths: []string{path}, Comment: new("by hand")})
	}
	t.Run("made once", func(t *testing.T) {
		t.Parallel()
		p := newPartsWorld()
		r := p.run(t, moved(p, 0), moved(p, 1))
		want(t, r, map[string]int{"update done": 2})
		for _, id := range p.ids {
			if a := p.bastion.assets[id]; a.Nodes != "node-2" || a.Comment != "by hand\nnode_ids: "+inventory.NodeNote("node-2", path) {
				t.Errorf("%+v", a)
			}
		}
		if len(r.Nodes) != 1 || !r.Nodes[0].IsNew() || strings.Count(fmt.Sprint(p.bastion.calls), "nodes ") > 3 {
			t.Errorf("%+v after %v", r.Nodes, p.bastion.calls)
		}
	})
	t.Run("remembered", func(t *testing.T) {
		t.Parallel()
		p := newPartsWorld()
		p.bastion.addNode("/DEFAULT/renamed")
		p.options.Nodes = &fakeNodeStore{ids: map[string]string{path: "node-2"}}
		r := p.run(t, p.change(0, inventory.Patch{NodeIDs: []string{"node-1"}, NodePaths: []string{path}}))
		want(t, r, map[string]int{"update done": 1})
		if a := p.bastion.assets[p.ids[0]]; a.Nodes != "node-1,node-2" || a.Comment != "by hand\nnode_ids: node-1,"+inventory.NodeNote("node-2", path) {
			t.Errorf("%+v", a)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		p := newPartsWorld()
		p.bastion.failNodes = errors.New("no")
		r := p.run(t, moved(p, 0), p.change(1, inventory.Patch{Name: new("renamed")}))
		want(t, r, map[string]int{"update done": 1, "update failed": 1})
		if a := p.bastion.assets[p.ids[0]]; a.Nodes != "node-1" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("a person moved it", func(t *testing.T) {
		t.Parallel()
		p := newPartsWorld()
		p.bastion.addNode(path)
		change := moved(p, 0)
		a := p.bastion.assets[p.ids[0]]
		a.Nodes = "node-1,node-2"
		p.bastion.assets[a.ID] = a
		r := p.run(t, change)
		want(t, r, map[string]int{"update kept": 1})
		if r.Items[0].Reason.Code != reason.ChangedMeanwhile || p.bastion.assets[a.ID].Nodes != "node-1,node-2" {
			t.Errorf("%+v", r.Items[0])
		}
	})
	t.Run("nothing is made in a dry run", func(t *testing.T) {
		t.Parallel()
		p := newPartsWorld()
		r := apply.UpdateAll(t.Context(), apply.DryRun{Reader: p.bastion}, []plan.Change{
			moved(p, 0), p.change(1, inventory.Patch{Protocols: []inventory.Protocol{{Name: "ssh", Port: 2}}, Accounts: []string{"t-root"}}),
		}, p.options)
		want(t, r, map[string]int{"update done": 2})
		if len(r.Nodes) != 1 || r.Nodes[0].ID != "" || len(p.bastion.nodePaths) != 1 || p.bastion.callsOf() != "" {
			t.Errorf("%+v, calls %v", r.Nodes, p.bastion.calls)
		}
	})
}

// TestLostAnswersOfParts: a part without an answer is found by what the asset shows, and the others follow.
func TestLostAnswersOfParts(t *testing.T) {
	t.Parallel()
	p := newPartsWorld()
	p.options.Sleep = func(context.Context, time.Duration) error { return nil }
	lost := 0
	b := &losesAnswers{fakeBastion: p.bastion, lost: &lost}
	r := apply.UpdateAll(t.Context(), b, []plan.Change{p.change(0, inventory.Patch{
		NodeIDs: []string{"node-1"}, Platform: new("Ubuntu"), Zone: new("z"),
		Protocols: []inventory.Protocol{{Name: "sftp", Port: 2}, {Name: "ssh", Port: 2}}, Accounts: []string{"t-root"},
	})}, p.options)
	want(t, r, map[string]int{"update done": 1})
	a := p.bastion.assets[p.ids[0]]
	if lost != 2 || a.Platform != "Ubuntu" || len(a.Protocols) != 2 || len(p.bastion.accounts[a.ID]) != 1 {
		t.Errorf("%d answers lost: %+v, %v", lost, a, p.bastion.accounts)
	}
	if got := strings.Count(p.bastion.callsOf(), "update"); got != 2 {
		t.Errorf("%d updates: %s", got, p.bastion.callsOf())
	}
}

// losesAnswers carries out each update, and loses its answer.
type losesAnswers struct {
	*fakeBastion
	lost *int
}

func (b *losesAnswers) Update(ctx context.Context, patches []inventory.Patch, still func([]int) []int) []error {
	errs := b.fakeBastion.Update(ctx, patches, still)
	for n := range errs {
		*b.lost++
		errs[n] = &inventory.Error{Kind: inventory.Unanswered, Message: "lost"}
	}
	return errs
}
