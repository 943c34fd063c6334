package engine

import (
	"iter"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// pass is one run: what is asked of it, what it has read, and what became of it.
type pass struct {
	req               Request
	snapshot          *state.Snapshot   // what was known of the scopes before; nil where nothing is remembered
	expectedScopes    []inventory.Scope // what was known of the scopes before they were listed
	listings          []inventory.Listing
	owners            knownOwners
	changes           iter.Seq[plan.Change] // approved
	notes             []plan.Change         // lines that change nothing
	labelled          labelCounts           // of JumpServer, before the run wrote
	assets            []report.AssetCount   // of ours in JumpServer, before the run wrote
	compared          bool                  // all of JumpServer was compared with the listings
	unchanged         int                   // instances whose assets are as they want them, read or known
	applied           apply.Result
	removals          *RemovalTracker
	halt              Halt
	announced         []state.Expectation     // for the scopes of the run
	granted           approvalSet             // what people approved
	nodes             []inventory.Node        // of JumpServer; nil = not read
	holds             []plan.Change           // what is held and a person may approve
	access            *access.Diff            // who gains and who loses hosts; nil = nobody asked
	heldSets          []report.HeldSetSummary // for which a person may give approval
	review            []plan.ReviewLine
	names             plan.Names // of zones, nodes and account templates
	basis             *plan.Basis
	holdsForLostMarks bool // so many assets have lost our labels that nothing is removed
}

// reportInput returns what the report of a run is made of.
func (e Engine) reportInput(p *pass, started time.Time, stopped error) report.Input {
	return report.Input{
		Started: started, Duration: e.Now().Sub(started), DryRun: p.req.DryRun,
		Environment: e.Cards.Options.Environment, Language: e.Cards.Options.Lang, OtherLanguage: e.Cards.OtherLanguage(),
		Listings: p.listings, Notes: p.notes, Unchanged: p.unchanged,
		Items: slices.Concat(p.applied.Items, p.removals.UnreportedItems()),
		Nodes: p.applied.Nodes, Problems: p.applied.Problems, Stopped: stopped, HeldSets: p.heldSets,
		Recorded: e.usesState(p.req) && e.Incremental.Recorded, Approved: p.granted.hashes(), Expected: expectedIn(p.announced),
		Slice: p.req.slice(), Compared: p.compared, Access: p.access, Names: p.names, Assets: p.assets,
	}
}

// addProblems adds what concerns the run and not one item.
func (p *pass) addProblems(more ...[]error) {
	p.applied.Problems = append(p.applied.Problems, slices.Concat(more...)...)
}

// recordPlan takes what an approved plan says.
func (p *pass) recordPlan(a plan.Approved) {
	p.changes, p.notes = a.Changes(), a.Notes()
	p.unchanged = a.Unchanged()
}

// PlanLines returns every line of a plan: its changes, where new assets go, and what changes nothing.
func PlanLines(changes iter.Seq[plan.Change], nodes []apply.Node, notes []plan.Change) iter.Seq[plan.Change] {
	return func(yield func(plan.Change) bool) {
		for c := range changes {
			if !yield(c) {
				return
			}
		}
		for _, n := range nodes {
			if !yield(nodeLine(n)) {
				return
			}
		}
		for _, c := range notes {
			if !yield(c) {
				return
			}
		}
	}
}

func noChanges(func(plan.Change) bool) {}
