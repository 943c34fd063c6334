package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// Increment lets a run whose scopes are all as they were applied end after listing the clouds,
// without a call to JumpServer. What it remembers only saves that work and is never evidence:
// any doubt, any change and any open work takes the full path, which lists the clouds again
// after JumpServer was read. The same full path is taken at least every FullEvery, to find what
// people changed in JumpServer.
type Increment struct {
	Store     *state.Store
	Salt      string // the configuration that matters and the program's version
	FullEvery time.Duration
}

// increment lists the clouds before JumpServer is asked anything, and tells whether the run is
// done by that. It gives the view into which the run's end is written; nil where nothing is
// remembered.
func (e Engine) increment(ctx context.Context, narrow cloud.Narrow, req Request, p *pass) (*state.View, bool) {
	if e.Increment == nil || req.DryRun {
		return nil, false
	}
	e.stage("clouds")
	listings := e.Clouds.List(ctx, narrow)
	p.listings = listings
	view, same := e.unchanged(ctx, listings)
	if !same || len(listings) == 0 {
		return view, false
	}
	for _, l := range listings {
		p.unchanged += len(l.Instances)
	}
	return view, true
}

// unchanged tells whether every scope is as it was applied, with nothing open. It gives the view into which the run's end is written.
func (e Engine) unchanged(ctx context.Context, listings []inventory.Listing) (*state.View, bool) {
	scopes := make([]inventory.Scope, 0, len(listings))
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	view := e.Increment.Store.Load(ctx, scopes)
	for _, w := range view.Warnings() {
		e.Log.Warn("state is not known", "error", w)
	}
	for _, l := range listings {
		known := view.Scope(l.Scope)
		if !known.Unchanged(state.Fingerprint(l, e.Increment.Salt)) || known.FullDue(e.Now(), e.Increment.FullEvery) {
			return view, false
		}
	}
	return view, true
}

// begin marks the scopes that will be written to as open, so that a run that is killed never
// leaves one that looks applied.
func (e Engine) begin(ctx context.Context, view *state.View, approved plan.Approved) {
	if view == nil {
		return
	}
	if scopes := touched(approved); len(scopes) > 0 {
		e.logState(view.Begin(ctx, scopes...))
	}
}

// touched gives the scopes in which a plan writes, sorted.
func touched(approved plan.Approved) []inventory.Scope {
	var scopes []inventory.Scope
	for c := range approved.Changes() {
		scopes = append(scopes, c.Scope)
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

// doubt marks scopes as open whose run ends before anything was compared.
func (e Engine) doubt(ctx context.Context, view *state.View, listings []inventory.Listing) {
	if view == nil {
		return
	}
	scopes := make([]inventory.Scope, 0, len(listings))
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	e.logState(view.Begin(ctx, scopes...))
}

// remember writes what became of each scope: applied as a whole, or open.
func (e Engine) remember(ctx context.Context, view *state.View, p pass) {
	if view == nil {
		return
	}
	open := openScopes(p)
	for _, l := range p.listings {
		now := state.Scope{
			Listing: state.Fingerprint(l, ""), AppliedAt: e.Now(), FullAt: e.Now(), Assets: len(l.Instances),
			Open: open[l.Scope] || !l.Complete(),
		}
		if !now.Open {
			now.Applied = state.Fingerprint(l, e.Increment.Salt)
		}
		e.logState(view.Save(ctx, l.Scope, now))
	}
}

func (e Engine) logState(err error) {
	if err != nil {
		e.Log.Warn("state was not written; the next run takes the full path", "error", err)
	}
}

// openScopes are those with anything held, skipped, due, failed or not reached.
func openScopes(p pass) map[inventory.Scope]bool {
	open := map[inventory.Scope]bool{}
	for _, n := range p.approved.Notes() {
		if n.Reason.Code != plan.StaysDeactivated {
			open[n.Scope] = true
		}
	}
	for _, i := range p.result.Items {
		if i.State != apply.Done {
			open[i.Change.Scope] = true
		}
	}
	return open
}
