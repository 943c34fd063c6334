package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/state"
)

// Incremental lets a run whose scopes are all as they were applied end after listing the clouds and
// one question to JumpServer, see hasKnownAssets, and one in which only a few instances are new or
// changed ask JumpServer for just these besides. What it remembers only saves that work and is never evidence: any
// doubt, any instance that is gone and any open work takes the full path, which lists the clouds
// again after JumpServer was read. The same full path is taken at least every FullEvery, to find
// what people changed in JumpServer.
type Incremental struct {
	Store        *state.Store
	Salt         string // the configuration that matters and the program's version
	FullInterval time.Duration
	Recorded     bool        // runs are put into the history, so that their cards can name them
	SyncChanges  SyncChanges // nil = every change takes the full path
}

// tryIncremental does the run's work without reading all of JumpServer where it can, and reports whether it
// did; an error is JumpServer's, and the run has failed. It sets the snapshot into which the run's end is written; nil where nothing is remembered, or
// the scopes are not known yet. What is known before decides first: a run that reads JumpServer anyway
// lists the clouds after that, and not twice, which one that throttles would make the run's whole time.
func (e Engine) tryIncremental(ctx context.Context, p *pass) (done bool, err error) {
	if !e.usesState(p.req) {
		return false, nil
	}
	scopes, known := e.Clouds.ListScopes(ctx, p.req.filter())
	p.expectedScopes = scopes
	if !known || len(scopes) == 0 {
		return false, nil
	}
	p.snapshot = e.loadSnapshot(ctx, scopes)
	if p.req.ReviewedLines != nil || e.needsFullSync(p.snapshot, scopes) || e.hasUnreportedRemovals(ctx) {
		return false, nil
	}
	e.EnterStage("clouds")
	p.listings = e.Clouds.List(ctx, p.req.filter())
	if len(p.listings) == 0 {
		return false, nil
	}
	differing, sure := e.changedListings(p.snapshot, p.listings)
	if !sure || len(differing) > 0 && !e.canSyncChanged(ctx, p, differing) {
		return false, nil
	}
	same, err := e.hasKnownAssets(ctx, p)
	switch {
	case err != nil || !same:
		return false, err
	case len(differing) > 0:
		return e.syncChanged(ctx, p, differing), nil
	}
	p.unchanged = countInstances(p.listings)
	return true, nil
}

// canSyncChanged reports whether differing listings may be applied without reading all of JumpServer.
func (e Engine) canSyncChanged(ctx context.Context, p *pass, differing []inventory.Listing) bool {
	if e.Limits.Approval == plan.ApproveAll || p.halt.All {
		return false // nothing is written, and the full path says all that waits
	}
	// The labels of assets say whose they are, or the full path fails.
	return e.Incremental.SyncChanges != nil && e.hasStoredOwners(ctx, differing)
}

// hasUnreportedRemovals reports whether an earlier run may have removed what no card reported: a run that was killed
// before its card was accepted left its scopes as applied. Only the full path looks for that.
func (e Engine) hasUnreportedRemovals(ctx context.Context) bool {
	if !e.reportsRemovals() {
		return false
	}
	left, err := e.RemovalTracking.Store.IntentLog().HasAny(ctx)
	e.logStateError(err)
	return left || err != nil
}

// usesState reports whether a run uses the state store.
func (e Engine) usesState(req Request) bool { return e.Incremental != nil && !req.DryRun }

// loadSnapshot reads what is known of scopes.
func (e Engine) loadSnapshot(ctx context.Context, scopes []inventory.Scope) *state.Snapshot {
	snapshot := e.Incremental.Store.LoadSnapshot(ctx, scopes)
	for _, w := range snapshot.Warnings() {
		e.Log.Warn("state is not known", "error", w)
	}
	return snapshot
}

// needsFullSync reports whether the full path is taken whatever the clouds say: a scope was never
// applied as a whole, has open work, something in it became due, or it was last compared with all of JumpServer too long ago.
func (e Engine) needsFullSync(snapshot *state.Snapshot, scopes []inventory.Scope) bool {
	for _, at := range scopes {
		known := snapshot.ScopeState(at)
		if known.Dirty || known.AppliedFingerprint == "" || known.IsDue(e.Now()) || known.IsFullDue(e.Now(), e.Incremental.FullInterval) {
			return true
		}
	}
	return false
}

// changedListings returns the listings that are not as they were applied; sure is false if one has failed.
func (e Engine) changedListings(snapshot *state.Snapshot, listings []inventory.Listing) (differing []inventory.Listing, sure bool) {
	for _, l := range listings {
		if !l.IsComplete() {
			return nil, false
		}
		if !snapshot.ScopeState(l.Scope).IsUnchanged(state.Fingerprint(l, e.Incremental.Salt)) {
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

func countInstances(listings []inventory.Listing) int {
	n := 0
	for _, l := range listings {
		n += len(l.Instances)
	}
	return n
}

// markDirty saves scopes as dirty: before they are written to, so that a killed run never leaves one that looks applied,
// and where a run ends before anything was compared.
func (e Engine) markDirty(ctx context.Context, snapshot *state.Snapshot, scopes []inventory.Scope) {
	if snapshot != nil && len(scopes) > 0 {
		e.logStateError(snapshot.MarkDirty(ctx, scopes...))
	}
}

// markDirtyAfterFailure marks the scopes of a run that could not read JumpServer: those that it had listed, or else those
// that it expected to list. All others are compared by the next run anyway.
func (e Engine) markDirtyAfterFailure(ctx context.Context, p *pass) {
	switch {
	case p.snapshot != nil:
		e.markDirty(ctx, p.snapshot, scopesOf(p.listings))
	case e.usesState(p.req) && len(p.expectedScopes) > 0:
		e.markDirty(ctx, e.loadSnapshot(ctx, p.expectedScopes), p.expectedScopes)
	}
}

// saveScopes writes what became of each scope, applied as a whole or open, and when it was last
// compared with all of JumpServer; the zero time is "as known before".
func (e Engine) saveScopes(ctx context.Context, listings []inventory.Listing, p *pass, full time.Time) {
	if p.snapshot == nil {
		return
	}
	open, due := dirtyScopes(p)
	if len(listings) > 0 && slices.ContainsFunc(p.notes, func(n plan.Change) bool { return n.Action == plan.Orphan || n.Reason.Code == reason.MarksLost }) {
		open[listings[0].Scope] = true // their own scope is perhaps none of the run's, and every run reports them
	}
	if p.holdsForLostMarks && len(listings) > 0 {
		open[listings[0].Scope] = true // assets that are off have no line, and an unchanged run would say that all is well
	}
	if p.removals != nil && p.removals.mayFindMore && len(listings) > 0 {
		open[listings[0].Scope] = true // the next run looks once more
	}
	p.labelled.addWrites(p.applied.Items)
	for _, l := range listings {
		known := p.snapshot.ScopeState(l.Scope)
		now := state.ScopeState{
			Labelled: p.labelled[ownerRegionOf(l.Owner, l.Region)], LabelledKnown: true,
			ListingFingerprint: state.Fingerprint(l, ""), AppliedAt: e.Now(), FullAt: full, AssetCount: len(l.Instances),
			Dirty: open[l.Scope] || !l.IsComplete(), NextDue: due[l.Scope], HeldRemovals: countHeld(p, l.Scope),
		}
		if full.IsZero() {
			now.FullAt, now.NextDue, now.HeldRemovals = known.FullAt, earlier(known.NextDue, due[l.Scope]), known.HeldRemovals
		}
		if !now.Dirty {
			now.AppliedFingerprint = state.Fingerprint(l, e.Incremental.Salt)
			e.saveDigests(ctx, l, known, now)
		}
		e.logStateError(p.snapshot.SaveScope(ctx, l.Scope, now))
	}
}

// earlier returns the earlier of two times; the zero time is none.
func earlier(x, y time.Time) time.Time {
	if x.IsZero() || !y.IsZero() && y.Before(x) {
		return y
	}
	return x
}

// countHeld returns how many removals of a scope a run holds. A move that is held says nothing of removals.
func countHeld(p *pass, at inventory.Scope) int {
	n := 0
	for _, c := range p.notes {
		if c.Action == plan.Hold && c.Scope == at && c.Reason.Code != reason.GuardMoves {
			n++
		}
	}
	for _, i := range p.applied.Items {
		if i.State == apply.Held && i.Change.Scope == at {
			n++
		}
	}
	return n
}

// saveDigests writes which instances a scope was applied with, where that is new.
func (e Engine) saveDigests(ctx context.Context, l inventory.Listing, known, now state.ScopeState) {
	if known.AppliedFingerprint != now.AppliedFingerprint {
		e.logStateError(e.Incremental.Store.SaveDigests(ctx, l.Scope, now.AppliedFingerprint, state.DigestListing(l, e.Incremental.Salt)))
	}
}

func (e Engine) logStateError(err error) {
	if err != nil {
		e.Log.Warn("state was not written; the next run takes the full path", "error", err)
	}
}

// isLasting reports whether a line will say the same until the cloud or a person changes something: a listing,
// or the next full reconcile, shows that.
func isLasting(n plan.Change) bool {
	switch n.Reason.Code {
	case reason.StaysDeactivated, reason.NoRightToDelete, reason.KeptByLabel, reason.IsCopy, reason.LabelsAlone, reason.Doubled, reason.Differs,
		reason.NameShortened, reason.NotHoldable,
		reason.RuleSkips, reason.RuleLeaves, reason.RuleInactive, reason.RuleUnread, reason.RuleNoAddress, reason.RuleKeepsIP, reason.KeptByTag,
		reason.RuledOffSpared, reason.RuledOffByHand, reason.RuledOffStays:
		return true
	}
	return false
}

// dirtyScopes are those with anything held, skipped, failed or not reached, and when something that
// only waits for the end of its grace becomes due in a scope.
func dirtyScopes(p *pass) (open map[inventory.Scope]bool, due map[inventory.Scope]time.Time) {
	open, due = map[inventory.Scope]bool{}, map[inventory.Scope]time.Time{}
	for _, n := range p.notes {
		first, waits := due[n.Scope]
		switch {
		case isLasting(n):
		case n.Due.IsZero():
			open[n.Scope] = true
		case !waits || n.Due.Before(first):
			due[n.Scope] = n.Due
		}
	}
	for _, i := range p.applied.Items {
		if i.State != apply.Done && i.Reason.Code != reason.NameHeld {
			open[i.Change.Scope] = true
		}
	}
	return open, due
}
