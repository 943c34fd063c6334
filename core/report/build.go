package report

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Build returns the report of a run. It is pure. Each line becomes:
//
//	line                      counted as                         action in Changes
//	-----------------------   --------------------------------   -----------------
//	item done                 created, updated, …                its own
//	item done, interim step   not at all                         none
//	item failed               failed; also one of Errors         fail
//	item kept, not reached    skipped                            skip
//	item unknown              unknown                            unknown
//	item held                 held                               hold
//	note Skip, Hold           skipped, held                      its own
//	note Orphan, Drift        orphans, drifted                   its own
//	note Keep                 not at all: its scope says why     none
func Build(in Input) Report {
	r := build(in)
	if in.OtherLanguage != "" && in.OtherLanguage != in.Language {
		in.Language = in.OtherLanguage
		other := build(in)
		r.other = &other
	}
	return r
}

func build(in Input) Report {
	r := newReport(in.Started)
	r.input, r.lang = &in, in.Language
	r.DryRun, r.environment, r.Unchanged, r.names = in.DryRun, in.Environment, in.Unchanged, in.Names
	r.Duration, r.Stages, r.Peers = RoundSeconds(in.Duration), in.Stages, in.Peers
	r.assetCounts = in.Assets
	r.HeldSets = append(r.HeldSets, in.HeldSets...)
	w := textsOf(in.Language)
	r.Pause = pauseOf(in, w.lang)
	for _, x := range in.Expected {
		r.Expected = append(r.Expected, x.Text(w.lang))
	}
	r.looks = []look{{Slice: in.Slice, Stopped: in.Stopped != nil, Compared: in.Compared && in.Stopped == nil}}
	r.conditions = conditionsOf(in, w)
	for _, l := range in.Listings {
		r.addScope(l, w, in.Compared)
	}
	for _, n := range in.Nodes {
		r.Nodes = append(r.Nodes, Node{n.ConfiguredPath, n.ID, n.Path, n.IsNew(), n.Reason.Text(w.lang)})
	}
	if !in.Access.IsEmpty() {
		r.Access = in.Access
	}
	if in.Stopped != nil {
		r.runErrors = append(r.runErrors, w.runErrorEntry(in.Stopped))
	}
	for _, err := range in.Problems {
		if IsWarning(err) {
			r.warnings = append(r.warnings, w.runErrorEntry(err))
			continue
		}
		r.runErrors = append(r.runErrors, w.runErrorEntry(err))
	}
	r.Errors = append(append(r.Errors, r.runErrors...), r.warnings...)
	r.Changes = slices.Grow(r.Changes, len(in.Items)+len(in.Notes))
	for n, i := range in.Items {
		shown := len(r.Changes)
		r.addItem(i, w)
		if len(r.Changes) > shown {
			r.Changes[shown].planned = &in.Items[n].Change
		}
		r.addRemoval(i, in.Approved[i.Change.AssetID])
	}
	for n, c := range in.Notes {
		shown := len(r.Changes)
		r.addNote(c, w)
		if len(r.Changes) > shown {
			r.Changes[shown].planned = &in.Notes[n]
		}
	}
	r.StaysOpen, r.compared = w.groupOpen(r.open), in.Compared
	deactivated, _ := Record{Removals: r.removals}.Count()
	if in.Recorded && deactivated > 0 {
		r.Undo = []Undo{{Run: RunID(in.Started)}}
	}
	r.Outcome = r.worstOutcome(in.Stopped != nil)
	return r
}

// IsWarning reports whether an error needs no action now: people should know of it before it becomes a failure.
func IsWarning(err error) bool {
	var t *reason.RunError
	return inventory.KindOf(err) == inventory.Limit || errors.As(err, &t) &&
		slices.Contains([]reason.Code{reason.OnlyDeactivate, reason.ClockJumpServer, reason.SomeByLabelsAlone, reason.SomeUnread}, t.Reason.Code)
}

func (r *Report) addScope(l inventory.Listing, w texts, compared bool) {
	s := Scope{Cloud: l.Cloud, Account: l.Account, Region: shownRegion(l.Scope), Complete: l.IsComplete(), compared: compared}
	if l.IsComplete() {
		s.Instances = len(l.Instances)
		r.Total += s.Instances
	} else {
		s.Error = ScopeError{Kind: inventory.KindOf(l.Err), Message: w.runErrorEntry(l.Err).Message}
		var waits interface { // cloud.QuarantineError
			WasNotified() bool
			RetryAt() (time.Time, error)
		}
		if errors.As(l.Err, &waits) {
			until, why := waits.RetryAt()
			s.alreadyNotified, s.Error.Message = waits.WasNotified(), fmt.Sprintf(w.quarantineF, until.UTC().Format(time.RFC3339), why)
		}
	}
	var unused interface{ IsUnusedKind() bool }
	if errors.As(l.Err, &unused) {
		s.alreadyNotified = true
	}
	r.Scopes = append(r.Scopes, s)
}

// shownRegion returns the region as results show it: "" stands for all regions.
func shownRegion(s inventory.Scope) string {
	if s.Region == inventory.AnyRegion {
		return ""
	}
	return s.Region
}

func (r *Report) addItem(i apply.Item, w texts) {
	c := i.Change
	planned := c.Reason.Text(w.lang)
	switch {
	case i.State == apply.Failed:
		r.Failures++
		r.Errors = append(r.Errors, newErrorEntry(i.Err, c.InstanceID))
		r.addChange(c, Fail, w.failedText(c.Action, planned, i))
	case i.State == apply.Unknown:
		r.Unknown++
		r.addChange(c, Unknown, w.unknownText(c.Action, i.Reason.Text(w.lang)))
	case i.State == apply.Held:
		r.Held++
		r.addChange(c, plan.Hold, i.Reason.Text(w.lang))
	case c.Interim:
		// The change that follows shows everything about an interim step.
	case i.State == apply.Done:
		r.countAction(c.Action)
		r.addChange(c, c.Action, planned)
		r.addWithout(c, w.lang)
	default:
		if i.State == apply.NotReached {
			r.notReached++
		}
		r.Skipped++
		r.addChange(c, plan.Skip, w.notMadeText(c.Action, i.Reason.Text(w.lang)))
	}
	if code, open := openItemCode(i); open && !c.Interim {
		r.addOpen(c, code)
	}
}

func (r *Report) addNote(c plan.Change, w texts) {
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
	r.addChange(c, c.Action, c.Reason.Text(w.lang))
	if c.Action != plan.Drift {
		r.addOpen(c, c.Reason.Code)
	}
}

func (r *Report) countAction(a plan.Action) {
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

func (r *Report) addChange(c plan.Change, action plan.Action, why string) {
	fields := c.Fields
	if fields == nil {
		fields = []string{}
	}
	r.Changes = append(r.Changes, Change{
		Action: action, Reason: why,
		Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: shownRegion(c.Scope),
		InstanceID: c.InstanceID, AssetID: c.AssetID,
		Name: c.Name, Address: c.Address, Platform: c.Platform, Fields: fields,
	})
}

// worstOutcome returns the worst of what happened. A run whose scopes all failed has failed only if nothing was
// done either.
func (r *Report) worstOutcome(stopped bool) Outcome {
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
	case broken > 0, r.Failures > 0, r.notReached > 0, r.Unknown > 0, len(r.runErrors) > 0:
		return Partial
	case r.Held > 0:
		return Held
	default:
		return OK
	}
}

// errorText returns an error's text. If a request was refused for its time, the text begins with what to do.
func (w texts) errorText(err error) string {
	var fault *inventory.Error
	if !errors.As(err, &fault) || fault.Kind != inventory.ClockOff {
		return language.ErrorText(err, w.lang)
	}
	return plan.ClockRefusalReason(fault.Skew).Text(w.lang) + w.colon + err.Error()
}

// newErrorEntry returns the entry of an error; nil, which no caller should pass, is an error too.
func newErrorEntry(err error, instance string) ErrorEntry {
	if err == nil {
		return ErrorEntry{Kind: inventory.Unknown, InstanceID: instance}
	}
	return ErrorEntry{Kind: inventory.KindOf(err), Message: err.Error(), InstanceID: instance}
}

// runErrorEntry returns the entry of an error of the run.
func (w texts) runErrorEntry(err error) ErrorEntry {
	f := newErrorEntry(err, "")
	if err != nil {
		f.Message = w.errorText(err)
	}
	var t *reason.RunError
	if errors.As(err, &t) {
		f.Message = t.Reason.Text(w.lang)
	}
	return f
}
