package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// RemovalTracking puts every removal into exactly one card. Before its first removal a run records what it is about to
// remove (the intents), and deletes them when its card was accepted and all outcomes are known. What a lost answer, a
// killed process or a refused card leaves there is found and reported by the next full run of the scope, or by an event
// about the instance.
type RemovalTracking struct {
	Store     *state.Store
	ShardKey  string // names the runs of this kind
	Exclusive bool   // no other run of this slice is at work
}

const (
	// lateWriteWindow is how long after the end of its run a write without an answer is still looked for.
	lateWriteWindow = 15 * time.Minute
	// defaultRunTime is how long a run without a deadline is taken to be at work, and a process to keep a card that it
	// could not send yet.
	defaultRunTime = time.Hour
)

// reportsRemovals reports whether people are notified of every removal.
func (e Engine) reportsRemovals() bool {
	return e.RemovalTracking != nil && e.Cards.WantsRemovals()
}

// RemovalTracker holds the removals that one run has to report: its own, and those of earlier runs that no card
// reported. A nil tracker tracks nothing.
type RemovalTracker struct {
	engine         Engine
	ownIntents     []*state.IntentDocument
	foundIntents   []*state.IntentDocument // of earlier runs, held by this one
	checkedAssets  map[string]bool         // the assets that were looked for; nil = all
	reportedAssets map[string]bool         // assets whose removal by an earlier run this one reports
	foundItems     []apply.Item            // what is reported of them
	mayFindMore    bool                    // there may be more to be found later
}

// NewRemovalTracker returns the tracker of a run; nil where it reports no removals, as in a dry run.
func (e Engine) NewRemovalTracker(dry bool) *RemovalTracker {
	if dry || !e.reportsRemovals() {
		return nil
	}
	return &RemovalTracker{engine: e, reportedAssets: map[string]bool{}}
}

// runDeadline returns when a run with this time for its work has ended at the latest.
func (e Engine) runDeadline(work context.Context) time.Time {
	if end, bounded := work.Deadline(); bounded {
		return e.Now().Add(time.Until(end) + e.Reserve)
	}
	return e.Now().Add(defaultRunTime)
}

// RecordIntents notes what is about to be removed.
func (d *RemovalTracker) RecordIntents(ctx context.Context, approved plan.Approved) {
	removals := approved.Removals()
	if d == nil || len(removals) == 0 {
		return
	}
	all := make([]state.Intent, 0, len(removals))
	for _, c := range removals {
		all = append(all, newIntent(c))
	}
	doc, err := d.engine.RemovalTracking.Store.IntentLog().Record(ctx, d.engine.RemovalTracking.ShardKey, d.engine.runDeadline(ctx), all)
	if err != nil {
		d.engine.Log.Warn("a removal whose answer gets lost may not be told", "error", err)
	}
	d.ownIntents = append(d.ownIntents, doc) // it may be there all the same
}

func newIntent(c plan.Change) state.Intent {
	i := state.Intent{
		Asset: c.AssetID, Action: string(c.Action), Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
		Instance: c.InstanceID, Name: c.Name, Address: c.Address, Platform: c.Platform,
	}
	if c.Patch != nil {
		for _, l := range c.Patch.Labels {
			if l.Name == inventory.LabelGone {
				i.GoneLabel = l.Value
			}
			i.ByRule = i.ByRule || c.IsRuleOff() && l.Name == inventory.LabelRuleOff
		}
	}
	return i
}

// FindUnreported finds what earlier runs removed without a card, among assets as they were read. about, where it is not
// nil, says which assets were looked for.
func (d *RemovalTracker) FindUnreported(ctx context.Context, assets []inventory.Asset, about map[string]bool) {
	if d == nil {
		return
	}
	in := d.engine.RemovalTracking
	docs, more, err := in.Store.IntentLog().AcquireUnfinished(ctx, in.ShardKey, d.engine.runDeadline(ctx), in.Exclusive)
	if err != nil {
		d.engine.Log.Warn("it is not known whether earlier runs removed what they could not tell", "error", err)
	}
	d.foundIntents, d.checkedAssets, d.mayFindMore = docs, about, more
	now := make(map[string]inventory.Asset, len(assets))
	for _, a := range assets {
		now[a.ID] = a
	}
	for _, doc := range docs {
		for _, i := range doc.Remaining {
			a, there := now[i.Asset]
			switch {
			case about != nil && !about[i.Asset]:
			case !i.Applied && !wasCarriedOut(i, a, there):
				d.mayFindMore = d.mayFindMore || d.engine.mayStillBeCarriedOut(doc)
			case !d.reportedAssets[i.Asset]:
				d.reportRemoval(i)
			}
		}
	}
}

// wasCarriedOut reports whether an asset, or that there is none, shows that a removal was made.
func wasCarriedOut(i state.Intent, a inventory.Asset, there bool) bool {
	if plan.Action(i.Action) == plan.Delete {
		return !there
	}
	if i.ByRule {
		return there && !a.Active && a.LabelCount(inventory.LabelRuleOff) > 0
	}
	value, single := a.Label(inventory.LabelGone)
	return there && single && i.GoneLabel != "" && inventory.MayBeEqual(value, i.GoneLabel)
}

// mayStillBeCarriedOut reports whether what a document holds may still come to be carried out.
func (e Engine) mayStillBeCarriedOut(doc *state.IntentDocument) bool {
	return e.Now().Sub(doc.Since) < lateWriteWindow
}

// reportRemoval makes a removal of an earlier run one of those that this run reports.
func (d *RemovalTracker) reportRemoval(i state.Intent) {
	d.reportedAssets[i.Asset] = true
	why := reason.New(reason.FoundDeactivated)
	if plan.Action(i.Action) == plan.Delete {
		why = reason.New(reason.FoundDeleted)
	}
	c := plan.Change{
		Action: plan.Action(i.Action), Reason: why, Scope: i.Scope(), InstanceID: i.Instance, AssetID: i.Asset,
		Name: i.Name, Address: i.Address, Platform: i.Platform,
	}
	if i.GoneLabel != "" { // by which people can undo it
		c.Patch = &inventory.Patch{ID: i.Asset, Labels: []inventory.Label{{Name: inventory.LabelGone, Value: i.GoneLabel}}}
	}
	d.engine.Log.Info("an earlier run made a change that was not told", "op", i.Action, "cloud", string(i.Cloud), "account", i.Account,
		"region", i.Region, "instance", i.Instance, "asset", i.Asset, "name", i.Name)
	d.foundItems = append(d.foundItems, apply.Item{Change: c, State: apply.Done})
}

// UnreportedItems returns the items that earlier runs did not report.
func (d *RemovalTracker) UnreportedItems() []apply.Item {
	if d == nil {
		return nil
	}
	return d.foundItems
}

// closeReported deletes the intents that were reported, and leaves the rest to later runs. items are those of this run.
func (d *RemovalTracker) closeReported(ctx context.Context, items []apply.Item, reported bool) {
	if d == nil || len(d.ownIntents)+len(d.foundIntents) == 0 {
		return
	}
	ctx, cancel := delivery.DetachedContext(ctx)
	defer cancel()
	states := removalItems(items)
	open := map[inventory.Scope]bool{}
	end := func(doc *state.IntentDocument, left []state.Intent) {
		if err := doc.Finish(ctx, left); err != nil {
			d.engine.Log.Warn("a removal may be told twice", "error", err)
		}
		for _, i := range left {
			open[i.Scope()] = true
		}
	}
	for _, doc := range d.ownIntents {
		end(doc, remainingOwn(doc, states, reported))
	}
	for _, doc := range d.foundIntents {
		end(doc, d.remainingFound(doc, states, reported))
	}
	if len(open) > 0 { // for the next full run to look
		d.markScopesDirty(ctx, open)
	}
}

func (d *RemovalTracker) markScopesDirty(ctx context.Context, open map[inventory.Scope]bool) {
	var scopes []inventory.Scope
	for s := range open {
		scopes = append(scopes, s)
	}
	sorting.By(scopes, inventory.Scope.Compare)
	d.engine.logStateError(d.engine.RemovalTracking.Store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...))
}

// extendIntents leaves to this process what it still has to report, and did not lose: a later card of it does so.
func (d *RemovalTracker) extendIntents(ctx context.Context) {
	if d == nil {
		return
	}
	ctx, cancel := delivery.DetachedContext(ctx)
	defer cancel()
	var errs []error
	for _, doc := range slices.Concat(d.ownIntents, d.foundIntents) {
		errs = append(errs, doc.Extend(ctx, doc.Remaining, d.engine.Now().Add(defaultRunTime)))
	}
	if err := errors.Join(errs...); err != nil {
		d.engine.Log.Warn("a removal may be told twice", "error", err)
	}
}

// removalDebt is the removals, its own and those that it found, that a run still has to report.
type removalDebt struct {
	*RemovalTracker
	items []apply.Item
}

// Debt returns what is owed, once a run has made its items.
func (d *RemovalTracker) Debt(items []apply.Item) delivery.Debt { return removalDebt{d, items} }

// Close implements delivery.Debt.
func (d removalDebt) Close(ctx context.Context, reported bool) {
	d.closeReported(ctx, d.items, reported)
}

// Extend implements delivery.Debt.
func (d removalDebt) Extend(ctx context.Context) { d.extendIntents(ctx) }

// removalItems returns the items of removals by asset.
func removalItems(items []apply.Item) map[string]apply.Item {
	states := map[string]apply.Item{}
	for _, i := range items {
		if isRemoval(i.Change.Action) {
			states[i.Change.AssetID] = i
		}
	}
	return states
}

// remainingOwn returns which of this run's intents stay: removals that may have been made although that is not known, and
// those that were made and not reported.
func remainingOwn(doc *state.IntentDocument, states map[string]apply.Item, reported bool) []state.Intent {
	var left []state.Intent
	for _, i := range doc.Remaining {
		item, known := states[i.Asset]
		switch {
		case known && item.State == apply.Done:
			i.Applied = true
			if !reported {
				left = append(left, i)
			}
		case !known, item.State == apply.Unknown, item.MaybeWritten:
			left = append(left, i)
		}
	}
	return left
}

// remainingFound returns which intents of an earlier run stay. What this run removed and reports itself is not reported
// twice.
func (d *RemovalTracker) remainingFound(doc *state.IntentDocument, states map[string]apply.Item, reported bool) []state.Intent {
	var left []state.Intent
	for _, i := range doc.Remaining {
		item, ours := states[i.Asset]
		switch {
		case d.checkedAssets != nil && !d.checkedAssets[i.Asset]:
			left = append(left, i)
		case d.reportedAssets[i.Asset]:
			i.Applied = true
			if !reported {
				left = append(left, i)
			}
		case ours && item.State == apply.Done:
		case d.engine.mayStillBeCarriedOut(doc):
			left = append(left, i)
		}
	}
	return left
}
