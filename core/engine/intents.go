package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// Intents lets every removal reach a card once, whenever it is found that it was made: before its first removal a run
// notes what it is about to remove, and forgets it when its card was accepted and all outcomes were known. What
// a lost answer, a process that was killed or a card that was not taken leaves there is looked for by the next full run
// of the scope, and by an event about its instance, and told by them.
type Intents struct {
	Store *state.Store
	Slice string // names the runs of this kind
	Alone bool   // no other run of this slice is at work
}

const (
	// stillLate is how long after the end of its run a write without an answer is still looked for.
	stillLate = 15 * time.Minute
	// runTime is how long a run without a deadline is taken to be at work, and a process to keep a card that it
	// could not send yet.
	runTime = time.Hour
)

// owes reports whether people are to be told of every removal.
func (e Engine) owes() bool {
	return e.Intents != nil && len(e.Notifiers) > 0 && e.NotifyOn != OnFailure
}

// debt is what one run owes people: what it is about to remove, and what it found that others had removed. nil is
// nothing.
type debt struct {
	e     Engine
	own   []*state.Intended
	found []*state.Intended // of earlier runs, held by this one
	about map[string]bool   // the assets that were looked for; nil = all
	told  map[string]bool   // assets whose removal by an earlier run this one tells
	items []apply.Item      // what is told of them
	more  bool              // there may be more to be found later
}

// debt begins what a run owes; nil where it owes nothing, as one that only looks.
func (e Engine) debt(dry bool) *debt {
	if dry || !e.owes() {
		return nil
	}
	return &debt{e: e, told: map[string]bool{}}
}

// until returns when a run with this time for its work has ended at the latest.
func (e Engine) until(work context.Context) time.Time {
	if end, bounded := work.Deadline(); bounded {
		return e.Now().Add(time.Until(end) + e.Reserve)
	}
	return e.Now().Add(runTime)
}

// intend notes what is about to be removed.
func (d *debt) intend(ctx context.Context, approved plan.Approved) {
	removals := approved.Removals()
	if d == nil || len(removals) == 0 {
		return
	}
	all := make([]state.Intent, 0, len(removals))
	for _, c := range removals {
		all = append(all, intentOf(c))
	}
	doc, err := d.e.Intents.Store.Intents().Put(ctx, d.e.Intents.Slice, d.e.until(ctx), all)
	if err != nil {
		d.e.Log.Warn("a removal whose answer gets lost may not be told", "error", err)
	}
	d.own = append(d.own, doc) // it may be there all the same
}

func intentOf(c plan.Change) state.Intent {
	i := state.Intent{
		Asset: c.AssetID, Action: string(c.Action), Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
		Instance: c.InstanceID, Name: c.Name, Address: c.Address, Platform: c.Platform,
	}
	if c.Patch != nil {
		for _, l := range c.Patch.Labels {
			if l.Name == inventory.LabelGone {
				i.Gone = l.Value
			}
		}
	}
	return i
}

// look finds what earlier runs removed and did not tell, among assets as they were read; about, where it is not nil,
// says which assets were looked for.
func (d *debt) look(ctx context.Context, assets []inventory.Asset, about map[string]bool) {
	if d == nil {
		return
	}
	in := d.e.Intents
	docs, more, err := in.Store.Intents().Leftover(ctx, in.Slice, d.e.until(ctx), in.Alone)
	if err != nil {
		d.e.Log.Warn("it is not known whether earlier runs removed what they could not tell", "error", err)
	}
	d.found, d.about, d.more = docs, about, more
	now := make(map[string]inventory.Asset, len(assets))
	for _, a := range assets {
		now[a.ID] = a
	}
	for _, doc := range docs {
		for _, i := range doc.Left {
			a, there := now[i.Asset]
			switch {
			case about != nil && !about[i.Asset]:
			case !i.Made && !carriedOut(i, a, there):
				d.more = d.more || d.e.pending(doc)
			case !d.told[i.Asset]:
				d.tell(i)
			}
		}
	}
}

// carriedOut reports whether an asset, or that there is none, shows that a removal was made.
func carriedOut(i state.Intent, a inventory.Asset, there bool) bool {
	if plan.Action(i.Action) == plan.Delete {
		return !there
	}
	value, single := a.Label(inventory.LabelGone)
	return there && single && i.Gone != "" && inventory.SameFolded(value, i.Gone)
}

// pending reports whether what a document holds may still come to be carried out.
func (e Engine) pending(doc *state.Intended) bool { return e.Now().Sub(doc.Since) < stillLate }

// tell makes a removal of an earlier run one of those that this run tells.
func (d *debt) tell(i state.Intent) {
	d.told[i.Asset] = true
	why := plan.Because(plan.FoundDeactivated)
	if plan.Action(i.Action) == plan.Delete {
		why = plan.Because(plan.FoundDeleted)
	}
	c := plan.Change{
		Action: plan.Action(i.Action), Reason: why, Scope: i.Scope(), InstanceID: i.Instance, AssetID: i.Asset,
		Name: i.Name, Address: i.Address, Platform: i.Platform,
	}
	if i.Gone != "" { // by which people can undo it
		c.Patch = &inventory.Patch{ID: i.Asset, Labels: []inventory.Label{{Name: inventory.LabelGone, Value: i.Gone}}}
	}
	d.e.Log.Info("an earlier run made a change that was not told", "op", i.Action, "cloud", string(i.Cloud), "account", i.Account,
		"region", i.Region, "instance", i.Instance, "asset", i.Asset, "name", i.Name)
	d.items = append(d.items, apply.Item{Change: c, State: apply.Done})
}

// untold returns the items that earlier runs left to be told.
func (d *debt) untold() []apply.Item {
	if d == nil {
		return nil
	}
	return d.items
}

// settle forgets what was told, and leaves the rest to later runs. items are those of this run.
func (d *debt) settle(ctx context.Context, items []apply.Item, told bool) {
	if d == nil || len(d.own)+len(d.found) == 0 {
		return
	}
	ctx, cancel := lastWords(ctx)
	defer cancel()
	states := outcomes(items)
	open := map[inventory.Scope]bool{}
	end := func(doc *state.Intended, left []state.Intent) {
		if err := doc.End(ctx, left); err != nil {
			d.e.Log.Warn("a removal may be told twice", "error", err)
		}
		for _, i := range left {
			open[i.Scope()] = true
		}
	}
	for _, doc := range d.own {
		end(doc, ownLeft(doc, states, told))
	}
	for _, doc := range d.found {
		end(doc, d.foundLeft(doc, states, told))
	}
	if len(open) > 0 { // for the next full run to look
		d.reopen(ctx, open)
	}
}

func (d *debt) reopen(ctx context.Context, open map[inventory.Scope]bool) {
	var scopes []inventory.Scope
	for s := range open {
		scopes = append(scopes, s)
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	d.e.logState(d.e.Intents.Store.Load(ctx, scopes).Begin(ctx, scopes...))
}

// wait leaves to this process what it still has to tell, and did not lose: a later card of it does so.
func (d *debt) wait(ctx context.Context) {
	if d == nil {
		return
	}
	ctx, cancel := lastWords(ctx)
	defer cancel()
	var errs []error
	for _, doc := range slices.Concat(d.own, d.found) {
		errs = append(errs, doc.Wait(ctx, doc.Left, d.e.Now().Add(runTime)))
	}
	if err := errors.Join(errs...); err != nil {
		d.e.Log.Warn("a removal may be told twice", "error", err)
	}
}

// outcomes returns the items of removals by asset.
func outcomes(items []apply.Item) map[string]apply.Item {
	states := map[string]apply.Item{}
	for _, i := range items {
		if removes(i.Change.Action) {
			states[i.Change.AssetID] = i
		}
	}
	return states
}

// ownLeft returns what is left of what this run was about to remove: what may have been made although it is not
// known, and what was made and is not told.
func ownLeft(doc *state.Intended, states map[string]apply.Item, told bool) []state.Intent {
	var left []state.Intent
	for _, i := range doc.Left {
		item, known := states[i.Asset]
		switch {
		case known && item.State == apply.Done:
			i.Made = true
			if !told {
				left = append(left, i)
			}
		case !known, item.State == apply.Unknown, item.Late:
			left = append(left, i)
		}
	}
	return left
}

// foundLeft returns what is left of what an earlier run was about to remove. What this run has removed itself, and
// tells, is not told a second time.
func (d *debt) foundLeft(doc *state.Intended, states map[string]apply.Item, told bool) []state.Intent {
	var left []state.Intent
	for _, i := range doc.Left {
		item, ours := states[i.Asset]
		switch {
		case d.about != nil && !d.about[i.Asset]:
			left = append(left, i)
		case d.told[i.Asset]:
			i.Made = true
			if !told {
				left = append(left, i)
			}
		case ours && item.State == apply.Done:
		case d.e.pending(doc):
			left = append(left, i)
		}
	}
	return left
}
