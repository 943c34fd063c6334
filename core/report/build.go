package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Build makes the report. It is pure. What becomes of each line:
//
//	line                      counted as                         action in Changes
//	-----------------------   --------------------------------   -----------------
//	item done                 created, updated, …                its own
//	item done, interim step   not at all                         none
//	item failed               failed; also one of Errors         fail
//	item kept, not reached    skipped                            skip
//	item unknown              unknown                            unknown
//	note Skip, Hold           skipped, held                      its own
//	note Orphan, Drift        orphans, drifted                   its own
//	note Keep                 not at all: its scope says why     none
func Build(in Input) Report {
	r := empty(in.Started)
	r.DryRun, r.environment, r.Unchanged = in.DryRun, in.Environment, in.Unchanged
	r.Duration = math.Round(in.Duration.Seconds()*1000) / float64(time.Second/time.Millisecond)
	r.HeldSets = append(r.HeldSets, in.HeldSets...)
	w := wordsOf(in.Language)
	for _, l := range in.Listings {
		r.addScope(l, w)
	}
	for _, n := range in.Nodes {
		r.Nodes = append(r.Nodes, Node{n.Configured, n.ID, n.Path, n.IsNew(), n.Reason.Text(w.lang)})
	}
	if in.Stopped != nil {
		r.run = append(r.run, w.trouble(in.Stopped))
	}
	for _, err := range in.Problems {
		if onlyWarns(err) {
			r.warnings = append(r.warnings, w.trouble(err))
			continue
		}
		r.run = append(r.run, w.trouble(err))
	}
	r.Errors = append(append(r.Errors, r.run...), r.warnings...)
	r.Changes = slices.Grow(r.Changes, len(in.Items)+len(in.Notes))
	for _, i := range in.Items {
		r.addItem(i, w)
		r.addClosing(i, in.Approved[i.Change.AssetID])
	}
	for _, n := range in.Notes {
		r.addNote(n, w)
	}
	if deactivated, _ := (Record{Closings: r.closings}).Count(); in.Recorded && deactivated > 0 {
		r.Undo = []Undo{{Run: RunID(in.Started)}}
	}
	r.Outcome = r.outcome(in.Stopped != nil)
	return r
}

// onlyWarns tells what needs no action now: what is to be known before it becomes a failure.
func onlyWarns(err error) bool {
	var t *plan.Trouble
	return inventory.KindOf(err) == inventory.Limit || errors.As(err, &t) &&
		(t.Reason.Code == plan.OnlyDeactivate || t.Reason.Code == plan.ClockJumpServer || t.Reason.Code == plan.SomeByLabelsAlone)
}

func (r *Report) addScope(l inventory.Listing, w words) {
	s := Scope{Cloud: l.Cloud, Account: l.Account, Region: regionOf(l.Scope), Complete: l.Complete()}
	if l.Complete() {
		s.Instances = len(l.Instances)
		r.Total += s.Instances
	} else {
		s.Error = ScopeError{Kind: inventory.KindOf(l.Err), Message: w.trouble(l.Err).Message}
		var waits interface { // cloud.Quarantined
			Told() bool
			Again() (time.Time, error)
		}
		if errors.As(l.Err, &waits) {
			until, why := waits.Again()
			s.quiet, s.Error.Message = waits.Told(), fmt.Sprintf(w.quarantineF, until.UTC().Format(time.RFC3339), why)
		}
	}
	r.Scopes = append(r.Scopes, s)
}

// anyRegion is how the listing of an account that failed as a whole names its region
// (cloud.AnyRegion, which this package must not import; a test compares them).
const anyRegion = "*"

// regionOf gives the region as results show it: "" stands for all regions.
func regionOf(s inventory.Scope) string {
	if s.Region == anyRegion {
		return ""
	}
	return s.Region
}

func (r *Report) addItem(i apply.Item, w words) {
	c := i.Change
	planned := c.Reason.Text(w.lang)
	switch {
	case i.State == apply.Failed:
		r.Failures++
		r.Errors = append(r.Errors, fault(i.Err, c.InstanceID))
		r.add(c, Fail, w.failedItem(c.Action, planned, i))
	case i.State == apply.Unknown:
		r.Unknown++
		r.add(c, Unknown, w.notKnown(c.Action, i.Reason.Text(w.lang)))
	case c.Interim:
		// The change that follows tells all that matters of a step in between.
	case i.State == apply.Done:
		r.count(c.Action)
		r.add(c, c.Action, planned)
	default:
		if i.State == apply.NotReached {
			r.late++
		}
		r.Skipped++
		r.add(c, plan.Skip, w.notMade(c.Action, i.Reason.Text(w.lang)))
	}
}

func (r *Report) addNote(c plan.Change, w words) {
	switch c.Action {
	case plan.Hold:
		r.Held++
	case plan.Skip:
		r.Skipped++
	case plan.Orphan:
		r.Orphans++
	case plan.Drift:
		r.Drifted++
	default:
		return
	}
	r.add(c, c.Action, c.Reason.Text(w.lang))
}

func (r *Report) count(a plan.Action) {
	switch a {
	case plan.Create:
		r.Created++
	case plan.Update:
		r.Updated++
	case plan.Deactivate:
		r.Deactivated++
	case plan.Delete:
		r.Deleted++
	}
}

func (r *Report) add(c plan.Change, action plan.Action, why string) {
	fields := c.Fields
	if fields == nil {
		fields = []string{}
	}
	r.Changes = append(r.Changes, Change{
		Action: action, Reason: why,
		Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: regionOf(c.Scope),
		InstanceID: c.InstanceID, AssetID: c.AssetID,
		Name: c.Name, Address: c.Address, Platform: c.Platform, Fields: fields,
	})
}

// outcome gives the worst of what happened. A run whose scopes all failed has failed only if
// nothing was done either.
func (r *Report) outcome(stopped bool) Outcome {
	broken := 0
	for _, s := range r.Scopes {
		if !s.Complete {
			broken++
		}
	}
	done := r.Created + r.Updated + r.Deactivated + r.Deleted
	switch {
	case stopped, broken > 0 && broken == len(r.Scopes) && done == 0:
		return Failed
	case broken > 0, r.Failures > 0, r.late > 0, r.Unknown > 0, len(r.run) > 0:
		return Partial
	case r.Held > 0:
		return Held
	default:
		return OK
	}
}

// advised returns an error's text. Before that of a request that was refused for its time stands what to do.
func (w words) advised(err error) string {
	var fault *inventory.Error
	if !errors.As(err, &fault) || fault.Kind != inventory.ClockOff {
		return err.Error()
	}
	return plan.ByClock(fault.Skew).Text(w.lang) + w.colon + err.Error()
}

// fault words an error; nil, which no caller should hand over, is still an error.
func fault(err error, instance string) Fault {
	if err == nil {
		return Fault{Kind: inventory.Unknown, InstanceID: instance}
	}
	return Fault{Kind: inventory.KindOf(err), Message: err.Error(), InstanceID: instance}
}

// trouble words an error of the run.
func (w words) trouble(err error) Fault {
	f := fault(err, "")
	if err != nil {
		f.Message = w.advised(err)
	}
	var t *plan.Trouble
	if errors.As(err, &t) {
		f.Message = t.Reason.Text(w.lang)
	}
	return f
}
