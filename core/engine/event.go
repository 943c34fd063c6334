package engine

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// EventClouds is what events need of the clouds.
type EventClouds interface {
	// Resolve finds the scopes that a hint means: one for each account of its owner; none is no
	// error.
	Resolve(ctx context.Context, h cloud.Hint) ([]inventory.Scope, error)
	// Glance gives those of the named instances that exist; it proves nothing of the others.
	Glance(ctx context.Context, scope inventory.Scope, ids []string) ([]inventory.Instance, error)
	// Lookup is Glance with proof of the others' absence, as far as Found says.
	Lookup(ctx context.Context, scope inventory.Scope, ids []string) (inventory.Found, error)
}

// EventBastion is what events need of JumpServer: never a full list.
type EventBastion interface {
	apply.Bastion
	// Naming reads the assets that name an instance, in their comment above all.
	Naming(ctx context.Context, instance string) ([]inventory.Asset, error)
	// Marked reads the assets whose label jms-instance names one of these instances, whatever their
	// ids.
	Marked(ctx context.Context, instances []string) ([]inventory.Asset, error)
	Platforms(ctx context.Context) (map[string]inventory.Platform, error)
	// Narrow reports whether the database cannot hold signs of four bytes.
	Narrow(ctx context.Context) (bool, error)
	// Prove asks which organisation answers; reads that have rows prove it themselves.
	Prove(ctx context.Context) error
	// Deactivated returns an account's assets whose jms-gone is not older than a time; whole = all of them.
	Deactivated(ctx context.Context, owner string, since time.Time) (assets []inventory.Asset, whole bool, err error)
	// CountActive counts the active assets that carry all of these labels.
	CountActive(ctx context.Context, labels []inventory.Label) (int, error)
}

// Events runs on what events say. An event is a hint: it names instances, and the clouds are
// asked for exactly these. Its content decides nothing, so late, doubled, reordered and forged
// events end in the state that a full run would reach. Events deactivate; only full runs delete.
type Events struct {
	Engine  Engine // for rules, wording, logs and notification; its Clouds and Bastion are not used
	Clouds  EventClouds
	Bastion EventBastion
	Sleep   func(ctx context.Context, d time.Duration) error
	// Redelivers says that the platform delivers an event again that has failed. Then nobody waits longer
	// than patience for a cloud that does not show what an event says: a release whose asset is open fails,
	// and comes again; everything else is left to the next full run.
	Redelivers bool
	// Begin is told of the scopes in which something is about to be written; may be nil.
	Begin func(ctx context.Context, scopes []inventory.Scope)
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
	ID      string       `json:"id"`
	What    string       `json:"what"`
	Outcome EventOutcome `json:"outcome"`
	Reason  string       `json:"reason"`
}

// EventAnswer is the results document of an invocation by events.
type EventAnswer struct {
	report.Report
	Events []EventResult `json:"events"`
}

// JSON writes the document, indented, with a newline at its end.
func (a EventAnswer) JSON(w io.Writer) error { return report.Encode(w, a) }

// Failed tells whether any event must come again.
func (a EventAnswer) Failed() bool {
	for _, e := range a.Events {
		if e.Outcome == EventFailed {
			return true
		}
	}
	return false
}

// The waits between questions to a cloud that has not seen yet what the event says; a second
// answer counts as a second one only after the first of them.
const (
	firstWait = 2 * time.Second
	longest   = 16 * time.Second
	// patience is the sum of the waits where the platform redelivers, but for one more firstWait where an
	// absence needs its second answer.
	patience = 14 * time.Second
)

// The brake on releases by events: as many assets of one account in this time, and the next full
// run with its guard decides on further ones.
const (
	stormCount = 20
	stormTime  = 10 * time.Minute
)

// day is how far back the losses of a scope are weighed where no state tells what was held.
const day = 24 * time.Hour

// Run works on a decoded payload until all is done or the time is over.
func (v Events) Run(ctx context.Context, heard []cloud.Heard) EventAnswer {
	e := v.Engine
	started := e.Now()
	work, cancel := e.budget(ctx)
	defer cancel()
	work = e.compared(work)
	r := &eventRun{Events: v, ctx: work, halt: e.paused(work), results: make([]EventResult, len(heard)), debt: e.debt(false), closed: map[string]bool{}}
	groups := r.sort(heard)
	r.rounds(groups)
	r.recall(groups)
	listings := listed(groups)
	in := report.Input{
		Started: started, Duration: e.Now().Sub(started), Environment: e.Wording.Environment,
		Language: e.Wording.Lang, Listings: listings, Notes: r.notes, Unchanged: r.unchanged,
		Items: slices.Concat(r.items, r.debt.untold()), Nodes: r.nodes, Problems: r.problems,
	}
	in.Pause = r.halt.Pause
	if len(r.stopped) > 0 && len(listings)+len(in.Items) == 0 {
		in.Stopped = errors.Join(r.stopped...)
	} else {
		in.Problems = append(in.Problems, r.stopped...)
	}
	rep := report.Build(in)
	e.tell(rep, in.Stopped)
	switch {
	case rep.Failed() || rep.MadeNode() || rep.Changed() && e.NotifyOn != OnFailure:
		e.post(ctx, parcel{rep, r.debt, r.items})
	default:
		r.debt.settle(ctx, r.items, true)
		e.overdue(ctx)
	}
	return EventAnswer{Report: rep, Events: r.results}
}

// eventRun is one Run. Its methods are called one after another.
type eventRun struct {
	Events
	ctx     context.Context
	results []EventResult

	notes     []plan.Change
	items     []apply.Item
	nodes     []apply.Node
	problems  []error
	stopped   []error // JumpServer's, by which the events of a scope failed
	unchanged int

	debt   *debt
	halt   halt
	closed map[string]bool // assets of released instances that were found closed
}

// group is what a payload says of one region of one owner.
type group struct {
	scopes   []inventory.Scope // of all accounts of the owner; at least one
	owner    string
	seen     map[string]inventory.Instance // what the cloud showed and was acted on
	failed   error                         // the cloud's, if any question had no answer
	unsure   error                         // an account that may be the owner's could not be asked: no absence is proved
	subjects map[string]*subject           // by instance id
	settled  map[string]bool               // likewise: nothing is asked any more
	projects map[inventory.Scope][]string  // of which absences were proved; see inventory.Found.Projects
	holds    holdings
}

// subject is one instance that events are about.
type subject struct {
	id     string
	asset  string    // the id that its asset has: an adopted one's own, else (also while there is none) that of the instance
	events []int     // places in the payload
	gone   bool      // an event says released
	there  bool      // an event says made, started or stopped
	absent bool      // the cloud did not show it when it was asked last
	proved time.Time // when it was absent with proof; zero = not yet
}

// sort puts each event where its instances belong, or says at once what becomes of it.
func (r *eventRun) sort(heard []cloud.Heard) []*group {
	groups := map[inventory.Scope]*group{} // by the account's own id
	var order []*group
	for n, h := range heard {
		r.results[n] = EventResult{ID: h.ID, What: h.What}
		if h.Err != nil {
			r.end(n, EventFailed, h.Err.Error())
			r.problems = append(r.problems, h.Err)
			continue
		}
		if h.Ignored != "" {
			r.end(n, EventIgnored, h.Ignored)
			continue
		}
		scopes, err := r.Clouds.Resolve(r.ctx, h.Hint)
		why, strange := r.Engine.strange(r.ctx, scopes, h.Hint.AccountID)
		if strange {
			r.end(n, EventFailed, r.words(why))
			r.problems = append(r.problems, otherAccount(why))
			continue
		}
		if len(scopes) > 0 {
			// The region is the resolved one: a hint may name a project in its place.
			at := inventory.Scope{Cloud: h.Hint.Cloud, Account: h.Hint.AccountID, Region: scopes[0].Region}
			g := groups[at]
			if g == nil {
				g = newGroup(h.Hint.AccountID)
				groups[at] = g
				order = append(order, g)
			}
			g.join(scopes, err)
			g.add(n, h.Hint)
			continue
		}
		if err != nil {
			r.end(n, EventFailed, err.Error())
			r.problems = append(r.problems, err)
			continue
		}
		why = plan.Because(plan.NotOurAccount, h.Hint.AccountID, cmp.Or(h.Hint.Region, "project_id "+h.Hint.ProjectID))
		r.Engine.Log.Warn("event ignored", "event", h.ID, "what", h.What, "reason", why.Text(plan.English))
		r.end(n, EventIgnored, r.words(why))
	}
	return order
}

// listed gives what the clouds answered, scope by scope, for the report.
func listed(groups []*group) []inventory.Listing {
	var all []inventory.Listing
	for _, g := range groups {
		for n, scope := range g.scopes {
			l := inventory.Listing{Scope: scope, Owner: g.owner}
			for _, i := range g.seen {
				if i.Scope == scope {
					l.Instances = append(l.Instances, i)
				}
			}
			if n == 0 && g.failed != nil {
				l.Err, l.Instances = g.failed, nil
			}
			if l.Err != nil || len(l.Instances) > 0 {
				all = append(all, l)
			}
		}
	}
	slices.SortFunc(all, func(x, y inventory.Listing) int { return x.Scope.Compare(y.Scope) })
	return all
}

func newGroup(owner string) *group {
	return &group{
		owner: owner, seen: map[string]inventory.Instance{}, subjects: map[string]*subject{}, settled: map[string]bool{},
		projects: map[inventory.Scope][]string{},
		holds:    holdings{assets: map[string]inventory.Asset{}, named: map[string]bool{}, marked: map[string]bool{}},
	}
}

// join adds the accounts that one more event's hint means; unsure tells that another may be meant.
func (g *group) join(scopes []inventory.Scope, unsure error) {
	g.scopes = append(g.scopes, scopes...)
	slices.SortFunc(g.scopes, inventory.Scope.Compare)
	g.scopes = slices.Compact(g.scopes)
	if unsure != nil {
		g.unsure = unsure
	}
}

func (g *group) add(event int, h cloud.Hint) {
	for _, id := range h.Instances {
		s := g.subjects[id]
		if s == nil {
			s = &subject{id: id, asset: inventory.AssetID(g.scopes[0].Cloud, g.scopes[0].Region, id)}
			g.subjects[id] = s
		}
		s.events = append(s.events, event)
		s.gone = s.gone || h.Gone
		s.there = s.there || !h.Gone
	}
}

// end says what became of an event. Of several instances the worst counts.
func (r *eventRun) end(event int, outcome EventOutcome, reason string) {
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

// words puts a reason into the language of the results.
func (r *eventRun) words(why plan.Reason) string { return why.Text(r.Engine.Wording.Lang) }

func (r *eventRun) endAll(s *subject, outcome EventOutcome, reason string) {
	if s == nil {
		return // a change of another asset, which gives way to one of ours
	}
	for _, event := range s.events {
		r.end(event, outcome, reason)
	}
}
