// Package reconcile brings a few named instances to what their clouds say, without reading all of JumpServer: those that
// events name, and those that changed since the last full run. Its rules are those of a full run; it deactivates and
// never deletes.
package reconcile

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// EventHandler runs on what events say. An event is a hint: it names instances, and the clouds are
// asked for exactly these. Its content decides nothing, so late, doubled, reordered and forged
// events end in the state that a full run would reach. Events deactivate; only full runs delete.
type EventHandler struct {
	Engine  engine.Engine // for rules, wording, logs and notification; its Clouds and Bastion are not used
	Clouds  engine.EventClouds
	Bastion engine.EventBastion
	Sleep   func(ctx context.Context, d time.Duration) error
	// Redelivers says that the platform delivers an event again that has failed. Then nobody waits longer
	// than patience for a cloud that does not show what an event says: a release whose asset is open fails,
	// and comes again; everything else is left to the next full run.
	Redelivers bool
	// BeforeWrite is called with the scopes in which something is about to be written; may be nil.
	BeforeWrite func(ctx context.Context, scopes []inventory.Scope)
}

// EventOutcome says in one word what became of one event.
type EventOutcome string

// What becomes of an event. Only Failed asks the platform to deliver it again.
const (
	EventDone    EventOutcome = "done"
	EventIgnored EventOutcome = "ignored" // not for us, or nothing that changes an asset
	EventLater   EventOutcome = "later"   // the cloud did not say it yet; left to the next full run
	EventHeld    EventOutcome = "held"    // held for the next full run and its guard
	EventFailed  EventOutcome = "failed"
)

// EventResult is the outcome of one event of a payload, in the payload's order.
type EventResult struct {
	ID          string       `json:"id"`
	Description string       `json:"what"`
	Outcome     EventOutcome `json:"outcome"`
	Reason      string       `json:"reason"`
}

// EventReport is the results document of an invocation by events.
type EventReport struct {
	report.Report
	Results []EventResult `json:"events"`
}

// JSON writes the document, indented, with a newline at its end.
func (a EventReport) JSON(w io.Writer) error { return report.EncodeJSON(w, a) }

// NeedsRedelivery reports whether any event must come again.
func (a EventReport) NeedsRedelivery() bool {
	for _, e := range a.Results {
		if e.Outcome == EventFailed {
			return true
		}
	}
	return false
}

// The waits between two polls of a cloud that does not show yet what the event says. A second answer counts only after
// the first of them.
const (
	firstPollWait = 2 * time.Second
	maxPollWait   = 16 * time.Second
	// maxWaitBeforeRedelivery is the sum of the waits where the platform redelivers, but for one more firstPollWait where an
	// absence needs its second answer.
	maxWaitBeforeRedelivery = 14 * time.Second
)

// The rate limit of releases by events: as many assets of one account in this time, and the next full
// run with its guard decides on further ones.
const (
	maxEventRemovals   = 20
	eventRemovalWindow = 10 * time.Minute
)

// day is how far back the losses of a scope are weighed where no state says what was held.
const day = 24 * time.Hour

// Run works on a decoded payload until all is done or the time is over.
func (v EventHandler) Run(ctx context.Context, events []cloud.ParsedEvent) EventReport {
	e := v.Engine
	started := e.Now()
	work, cancel := e.WorkContext(ctx)
	defer cancel()
	r := &eventRun{
		EventHandler: v, ctx: work, halt: e.Paused(work), results: make([]EventResult, len(events)),
		removals: e.NewRemovalTracker(false), foundInactive: map[string]bool{},
	}
	batches := r.batchByOwner(events)
	r.pollUntilFinished(batches)
	r.reportEarlierRemovals(batches)
	in := r.reportInput(started, observedListings(batches))
	in.Problems = append(in.Problems, e.StoreErrors()...)
	r.logFailedScopes(in.Listings)
	rep := report.Build(in)
	e.LogOutcome(rep, in)
	e.Cards.DeliverEvents(ctx, rep, r.removals.Debt(r.items))
	return EventReport{Report: rep, Results: r.results}
}

// logFailedScopes logs which clouds did not answer, and why.
func (r *eventRun) logFailedScopes(listings []inventory.Listing) {
	for _, l := range listings {
		if !l.IsComplete() {
			r.Engine.Log.Error("not listed", "cloud", string(l.Cloud), "account", l.Account, "region", l.Region, "op", "event",
				"kind", string(inventory.KindOf(l.Err)), "error", l.Err)
		}
	}
}

// reportInput returns what the report says. JumpServer's errors stop a run that could do nothing else.
func (r *eventRun) reportInput(started time.Time, listings []inventory.Listing) report.Input {
	options := r.Engine.Cards.Options
	in := report.Input{
		Started: started, Duration: r.Engine.Now().Sub(started), Environment: options.Environment, Language: options.Lang, OtherLanguage: r.Engine.Cards.OtherLanguage(),
		Listings: listings, Notes: r.notes, Unchanged: r.unchanged,
		Items: slices.Concat(r.items, r.removals.UnreportedItems()), Nodes: r.nodes, Problems: r.problems, Pause: r.halt.Pause,
	}
	if len(r.bastionErrors) > 0 && len(listings)+len(in.Items) == 0 {
		in.Stopped = errors.Join(r.bastionErrors...)
	} else {
		in.Problems = append(in.Problems, r.bastionErrors...)
	}
	return in
}

// eventRun is one Run. Its methods are called one after another.
type eventRun struct {
	EventHandler
	ctx     context.Context
	results []EventResult

	notes         []plan.Change
	items         []apply.Item
	nodes         []apply.Node
	problems      []error
	bastionErrors []error // JumpServer's, by which the events of a scope failed
	unchanged     int

	removals      *engine.RemovalTracker
	halt          engine.Halt
	foundInactive map[string]bool // assets of released instances that were found closed
}

// ownerBatch is what a payload says of one region of one owner.
type ownerBatch struct {
	scopes           []inventory.Scope // of all accounts of the owner; at least one
	owner            string
	observed         map[string]inventory.Instance // what the cloud showed and was acted on
	cloudError       error                         // the cloud's, if any question had no answer
	unresolvedError  error                         // an account that may be the owner's could not be asked: no absence is proved
	targets          map[string]*target            // by instance id
	finished         map[string]bool               // likewise: nothing is asked any more
	verifiedProjects map[inventory.Scope][]string  // of which absences were proved; see inventory.FindResult.Projects
	assets           assetIndex
}

// target is one instance that events are about.
type target struct {
	instanceID      string
	assetID         string    // the id that its asset has: an adopted one's own, else (also while there is none) that of the instance
	eventIndexes    []int     // places in the payload
	released        bool      // an event says released
	reportedPresent bool      // an event says made, started or stopped
	notShown        bool      // the cloud did not show it when it was asked last
	provedAbsentAt  time.Time // when it was absent with proof; zero = not yet
}

// batchByOwner puts each event into the batch of its instances, or sets its outcome at once.
func (r *eventRun) batchByOwner(events []cloud.ParsedEvent) []*ownerBatch {
	batches := map[inventory.Scope]*ownerBatch{} // by the account's own id
	var order []*ownerBatch
	for n, h := range events {
		r.results[n] = EventResult{ID: h.ID, Description: h.Description}
		if h.Err != nil {
			r.setOutcome(n, EventFailed, h.Err.Error())
			r.problems = append(r.problems, h.Err)
			continue
		}
		if h.IgnoredReason != "" {
			r.setOutcome(n, EventIgnored, h.IgnoredReason)
			continue
		}
		scopes, err := r.Clouds.ResolveScopes(r.ctx, h.Target)
		why, strange := r.foreignEventReason(scopes, h.Target.AccountID)
		if strange {
			r.setOutcome(n, EventFailed, r.reasonText(why))
			r.problems = append(r.problems, &reason.RunError{Kind: inventory.OtherAccount, Reason: why})
			continue
		}
		if len(scopes) > 0 {
			// The region is the resolved one: a hint may name a project in its place.
			at := inventory.Scope{Cloud: h.Target.Cloud, Account: h.Target.AccountID, Region: scopes[0].Region}
			g := batches[at]
			if g == nil {
				g = newOwnerBatch(h.Target.AccountID)
				batches[at] = g
				order = append(order, g)
			}
			g.addScopes(scopes, err)
			g.addEvent(n, h.Target)
			continue
		}
		if err != nil {
			r.setOutcome(n, EventFailed, err.Error())
			r.problems = append(r.problems, err)
			continue
		}
		why = reason.New(reason.NotOurAccount, h.Target.AccountID, cmp.Or(h.Target.Region, "project_id "+h.Target.ProjectID))
		r.Engine.Log.Warn("event ignored", "event", h.ID, "what", h.Description, "reason", why.Text(language.English))
		r.setOutcome(n, EventIgnored, r.reasonText(why))
	}
	return order
}

// observedListings returns what the clouds answered, scope by scope, for the report.
func observedListings(batches []*ownerBatch) []inventory.Listing {
	var all []inventory.Listing
	for _, g := range batches {
		for n, scope := range g.scopes {
			l := inventory.Listing{Scope: scope, Owner: g.owner}
			for _, i := range g.observed {
				if i.Scope == scope {
					l.Instances = append(l.Instances, i)
				}
			}
			if n == 0 && g.cloudError != nil {
				l.Err, l.Instances = g.cloudError, nil
			}
			if l.Err != nil || len(l.Instances) > 0 {
				all = append(all, l)
			}
		}
	}
	sorting.By(all, func(x, y inventory.Listing) int { return x.Scope.Compare(y.Scope) })
	return all
}

func newOwnerBatch(owner string) *ownerBatch {
	return &ownerBatch{
		owner: owner, observed: map[string]inventory.Instance{}, targets: map[string]*target{}, finished: map[string]bool{},
		verifiedProjects: map[inventory.Scope][]string{},
		assets:           assetIndex{byID: map[string]inventory.Asset{}, mentionsRead: map[string]bool{}, labelsRead: map[string]bool{}},
	}
}

// addScopes adds the accounts that one more event means; unsure is why another may be meant.
func (g *ownerBatch) addScopes(scopes []inventory.Scope, unsure error) {
	g.scopes = append(g.scopes, scopes...)
	sorting.By(g.scopes, inventory.Scope.Compare)
	g.scopes = slices.Compact(g.scopes)
	if unsure != nil {
		g.unresolvedError = unsure
	}
}

func (g *ownerBatch) addEvent(event int, h cloud.EventTarget) {
	for _, id := range h.InstanceIDs {
		s := g.targets[id]
		if s == nil {
			s = &target{instanceID: id, assetID: inventory.AssetID(g.scopes[0].Cloud, g.scopes[0].Region, id)}
			g.targets[id] = s
		}
		s.eventIndexes = append(s.eventIndexes, event)
		s.released = s.released || h.IsReleased
		s.reportedPresent = s.reportedPresent || !h.IsReleased
	}
}

// setOutcome says what became of an event. Of several instances the worst counts.
func (r *eventRun) setOutcome(event int, outcome EventOutcome, reason string) {
	worst := []EventOutcome{"", EventIgnored, EventDone, EventHeld, EventLater, EventFailed}
	rank := func(o EventOutcome) int {
		for n, w := range worst {
			if w == o {
				return n
			}
		}
		return 0
	}
	now := &r.results[event]
	if rank(outcome) > rank(now.Outcome) {
		now.Outcome, now.Reason = outcome, reason
	}
}

// reasonText puts a reason into the language of the results.
func (r *eventRun) reasonText(why reason.Reason) string { return why.Text(r.Engine.Cards.Options.Lang) }

func (r *eventRun) setTargetOutcome(s *target, outcome EventOutcome, reason string) {
	if s == nil {
		return // a change of another asset, which gives way to one of ours
	}
	for _, event := range s.eventIndexes {
		r.setOutcome(event, outcome, reason)
	}
}
