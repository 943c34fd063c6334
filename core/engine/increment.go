package engine

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// Increment lets a run whose scopes are all as they were applied end after listing the clouds,
// without a call to JumpServer, and one in which only a few instances are new or changed ask
// JumpServer for just these. What it remembers only saves that work and is never evidence: any
// doubt, any instance that is gone and any open work takes the full path, which lists the clouds
// again after JumpServer was read. The same full path is taken at least every FullEvery, to find
// what people changed in JumpServer.
type Increment struct {
	Store     *state.Store
	Salt      string // the configuration that matters and the program's version
	FullEvery time.Duration
}

// increment tries to do the run's work without reading all of JumpServer, and tells whether it
// did. It gives the view into which the run's end is written; nil where nothing is remembered, or
// the scopes are not known yet. What is known before decides first: a run that reads JumpServer anyway
// lists the clouds after that, and not twice, which one that throttles would make the run's whole time.
func (e Engine) increment(ctx context.Context, narrow cloud.Narrow, req Request, p *pass) (*state.View, bool) {
	if !e.remembers(req) {
		return nil, false
	}
	scopes, known := e.Clouds.Scopes(ctx, narrow)
	p.ahead = scopes
	if !known || len(scopes) == 0 {
		return nil, false
	}
	view := e.load(ctx, scopes)
	if req.Only != nil || e.reconciles(view, scopes) || e.leftToTell(ctx) {
		return view, false
	}
	e.stage("clouds")
	if p.listings = e.Clouds.List(ctx, narrow); len(p.listings) == 0 {
		return view, false
	}
	differing, sure := e.differing(view, p.listings)
	switch {
	case !sure:
		return view, false
	case len(differing) > 0 && e.Limits.Ask == plan.AskAll:
		return view, false // nothing is written, and the full path says all that waits
	case len(differing) > 0 && !e.sure(ctx, differing):
		return view, false // marks of assets tell whose they are, or it fails there
	case len(differing) > 0:
		return view, e.few(ctx, view, differing, p)
	}
	p.unchanged = instances(p.listings)
	return view, true
}

// leftToTell reports whether an earlier run may have removed what it did not tell: one that was killed before its card
// had been accepted left its scopes as applied. Only the full path looks for that.
func (e Engine) leftToTell(ctx context.Context) bool {
	if !e.owes() {
		return false
	}
	left, err := e.Intents.Store.Intents().Any(ctx)
	e.logState(err)
	return left || err != nil
}

// remembers tells whether a run uses the state store.
func (e Engine) remembers(req Request) bool { return e.Increment != nil && !req.DryRun }

// load reads what is known of scopes.
func (e Engine) load(ctx context.Context, scopes []inventory.Scope) *state.View {
	view := e.Increment.Store.Load(ctx, scopes)
	for _, w := range view.Warnings() {
		e.Log.Warn("state is not known", "error", w)
	}
	return view
}

// reconciles tells whether the full path is taken whatever the clouds say: a scope was never
// applied as a whole, has open work, something in it became due, or it was last compared with all of JumpServer too long ago.
func (e Engine) reconciles(view *state.View, scopes []inventory.Scope) bool {
	for _, at := range scopes {
		known := view.Scope(at)
		if known.Open || known.Applied == "" || known.DueBy(e.Now()) || known.FullDue(e.Now(), e.Increment.FullEvery) {
			return true
		}
	}
	return false
}

// differing gives the listings that are not as they were applied; sure is false if one has failed.
func (e Engine) differing(view *state.View, listings []inventory.Listing) (differing []inventory.Listing, sure bool) {
	for _, l := range listings {
		if !l.Complete() {
			return nil, false
		}
		if !view.Scope(l.Scope).Unchanged(state.Fingerprint(l, e.Increment.Salt)) {
			differing = append(differing, l)
		}
	}
	return differing, true
}

func scopesOf(listings []inventory.Listing) []inventory.Scope {
	scopes := make([]inventory.Scope, 0, len(listings))
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	return scopes
}

func instances(listings []inventory.Listing) int {
	n := 0
	for _, l := range listings {
		n += len(l.Instances)
	}
	return n
}

// begin marks the scopes that will be written to as open, so that a run that is killed never
// leaves one that looks applied.
func (e Engine) begin(ctx context.Context, view *state.View, planned iter.Seq[plan.Change]) {
	if view == nil {
		return
	}
	if scopes := touched(planned); len(scopes) > 0 {
		e.logState(view.Begin(ctx, scopes...))
	}
}

// touched gives the scopes in which changes write, sorted.
func touched(planned iter.Seq[plan.Change]) []inventory.Scope {
	var scopes []inventory.Scope
	for c := range planned {
		scopes = append(scopes, c.Scope)
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

// doubt marks scopes as open whose run ends before anything was compared.
func (e Engine) doubt(ctx context.Context, view *state.View, scopes []inventory.Scope) {
	if view != nil {
		e.logState(view.Begin(ctx, scopes...))
	}
}

// failed doubts the scopes of a run that could not read JumpServer: those that it listed before, and
// where it was not known ahead what it would list, those of which it was. Any others were to be
// compared anyway, and still are.
func (e Engine) failed(ctx context.Context, view *state.View, req Request, p pass) {
	switch {
	case view != nil:
		e.doubt(ctx, view, scopesOf(p.listings))
	case e.remembers(req) && len(p.ahead) > 0:
		e.doubt(ctx, e.load(ctx, p.ahead), p.ahead)
	}
}

// remember writes what became of each scope, applied as a whole or open, and when it was last
// compared with all of JumpServer; the zero time is "as known before".
func (e Engine) remember(ctx context.Context, view *state.View, listings []inventory.Listing, p pass, full time.Time) {
	if view == nil {
		return
	}
	open, due := openScopes(p)
	if len(listings) > 0 && slices.ContainsFunc(p.notes, func(n plan.Change) bool { return n.Action == plan.Orphan }) {
		open[listings[0].Scope] = true // their own scope is none of the run's, and every run tells of them
	}
	if p.debt != nil && p.debt.more && len(listings) > 0 {
		open[listings[0].Scope] = true // the next run looks once more
	}
	for _, l := range listings {
		known := view.Scope(l.Scope)
		now := state.Scope{
			Listing: state.Fingerprint(l, ""), AppliedAt: e.Now(), FullAt: full, Assets: len(l.Instances),
			Open: open[l.Scope] || !l.Complete(), Due: due[l.Scope], Held: held(p.notes, l.Scope),
		}
		if full.IsZero() {
			now.FullAt, now.Due, now.Held = known.FullAt, known.Due, known.Held
		}
		if !now.Open {
			now.Applied = state.Fingerprint(l, e.Increment.Salt)
			e.rememberRows(ctx, l, known, now)
		}
		e.logState(view.Save(ctx, l.Scope, now))
	}
}

// held returns how many removals of a scope a plan holds.
func held(notes []plan.Change, at inventory.Scope) int {
	n := 0
	for _, c := range notes {
		if c.Action == plan.Hold && c.Scope == at {
			n++
		}
	}
	return n
}

// rememberRows writes which instances a scope was applied with, where that is new.
func (e Engine) rememberRows(ctx context.Context, l inventory.Listing, known, now state.Scope) {
	if known.Applied != now.Applied {
		e.logState(e.Increment.Store.SaveRows(ctx, l.Scope, now.Applied, state.RowsOf(l, e.Increment.Salt)))
	}
}

func (e Engine) logState(err error) {
	if err != nil {
		e.Log.Warn("state was not written; the next run takes the full path", "error", err)
	}
}

// lasts tells whether a line will say the same until the cloud or a person changes something: a listing,
// or the next full reconcile, shows that.
func lasts(n plan.Change) bool {
	switch n.Reason.Code {
	case plan.StaysDeactivated, plan.NoRightToDelete, plan.KeptByLabel, plan.IsCopy, plan.LabelsAlone, plan.Doubled, plan.Differs,
		plan.NameShortened, plan.NotHoldable:
		return true
	}
	return false
}

// openScopes are those with anything held, skipped, failed or not reached, and when something that
// only waits for the end of its grace becomes due in a scope.
func openScopes(p pass) (open map[inventory.Scope]bool, due map[inventory.Scope]time.Time) {
	open, due = map[inventory.Scope]bool{}, map[inventory.Scope]time.Time{}
	for _, n := range p.notes {
		first, waits := due[n.Scope]
		switch {
		case lasts(n):
		case n.Due.IsZero():
			open[n.Scope] = true
		case !waits || n.Due.Before(first):
			due[n.Scope] = n.Due
		}
	}
	for _, i := range p.result.Items {
		if i.State != apply.Done && i.Reason.Code != plan.NameHeld {
			open[i.Change.Scope] = true
		}
	}
	return open, due
}
