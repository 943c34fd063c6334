package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// mostFew is how many instances may be new or changed for their assets to be read one by one:
// each new one costs a search, and ten pages of a list cost as much as twenty of them.
const mostFew = 20

// few applies the changes of listings in which a few instances are new or changed and none is
// gone, and tells whether it did; if not, nothing was written and the full path is due. It is
// what an event about these instances would do: their assets are read, then the cloud is asked
// for them once more, so that JumpServer is never older than the cloud's answer. It removes
// nothing, ever.
func (e Engine) few(ctx context.Context, view *state.View, differing []inventory.Listing, p *pass) bool {
	groups, number := e.changed(ctx, view, differing)
	if number == 0 || number > mostFew {
		return false
	}
	e.stage("jumpserver")
	r := &eventRun{ctx: ctx, halt: p.halt, Events: Events{
		Engine: e, Clouds: e.Clouds, Bastion: e.Bastion,
		Begin: func(ctx context.Context, scopes []inventory.Scope) { e.logState(view.Begin(ctx, scopes...)) },
	}}
	answers := make([]settled, len(groups))
	for n, g := range groups {
		if err := r.known(g); err != nil {
			e.Log.Warn("a few assets could not be read; all are read", "scope", g.scopes[0].String(), "error", err)
			return false
		}
		found, answered := r.question(g, r.glance, g.pending())
		if !answered || len(found.Instances) != len(g.subjects) {
			e.Log.Info("the cloud no longer shows what it listed; all assets are read", "scope", g.scopes[0].String(), "error", g.failed)
			return false
		}
		answers[n] = settled{present: found.Instances}
	}
	e.stage("apply")
	for n, g := range groups {
		r.settle(g, answers[n])
	}
	p.took(r, number)
	if len(r.stopped) > 0 { // by JumpServer, before a scope was compared
		e.doubt(ctx, view, scopesOf(differing))
		return true
	}
	e.remember(ctx, view, differing, *p, time.Time{})
	return true
}

// changed gives one group for each listing, of the instances that are new in it or not as they
// were applied, and their number; 0 where that is not known or an instance is gone.
func (e Engine) changed(ctx context.Context, view *state.View, differing []inventory.Listing) (groups []*group, number int) {
	for _, l := range differing {
		rows, ok, err := e.Increment.Store.Rows(ctx, l.Scope, view.Scope(l.Scope).Applied)
		if err != nil {
			e.Log.Warn("state is not known", "error", err)
		}
		if !ok {
			return nil, 0
		}
		at, gone := rows.Changes(l, e.Increment.Salt)
		if gone > 0 || len(at) == 0 {
			return nil, 0
		}
		if number += len(at); number > mostFew {
			return nil, number
		}
		g := newGroup(l.Owner)
		g.scopes = []inventory.Scope{l.Scope}
		for _, n := range at {
			id := l.Instances[n].ID
			g.subjects[id] = &subject{id: id, asset: inventory.AssetID(l.Cloud, l.Region, id), there: true}
		}
		groups = append(groups, g)
	}
	return groups, number
}

// took takes what became of the few; all other instances are as they were applied.
func (p *pass) took(r *eventRun, number int) {
	p.notes, p.result.Items, p.result.Nodes = r.notes, r.items, r.nodes
	p.result.Problems = append(r.problems, r.stopped...)
	p.unchanged = instances(p.listings) - number + r.unchanged
	p.changes = func(yield func(plan.Change) bool) {
		for _, i := range r.items {
			if !yield(i.Change) {
				return
			}
		}
	}
}
