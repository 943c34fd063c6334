package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// conditionsOf returns what lasts beyond the run that an input describes.
func conditionsOf(in Input, w texts) []Condition {
	var all []Condition
	if in.Stopped != nil {
		all = append(all, w.stoppedCondition(in))
	}
	for _, l := range in.Listings {
		if !l.IsComplete() {
			all = append(all, w.scopeCondition(l))
		}
	}
	for _, err := range in.Problems {
		all = append(all, w.problemCondition(err, in.Slice))
	}
	all = append(all, w.changeConditions(in)...)
	if in.Pause.Stands() {
		all = append(all, Condition{Key: string(Paused), Kind: Paused, Text: in.Pause.Why.Text(w.lang)})
	}
	return all
}

// stoppedCondition returns that a run was stopped. What only its own request can cause is that of its slice.
func (w texts) stoppedCondition(in Input) Condition {
	entry := w.runErrorEntry(in.Stopped)
	c := Condition{Kind: RunFailed, Code: codeOf(entry.Kind), Text: w.kindName(entry.Kind) + w.colon + entry.Message}
	if entry.Kind == inventory.NotFound {
		c.Slice = in.Slice
	}
	c.Key = keyOf(c.Kind, c.Slice)
	return c
}

// codeOf returns the code of a kind of error. What passes by itself has none, so that a server that answers now late and
// now not at all is down once.
func codeOf(k inventory.Kind) string {
	switch k {
	case inventory.Throttled, inventory.Temporary, inventory.Unanswered, inventory.Incomplete, inventory.Deadline, inventory.Unknown:
		return ""
	}
	return string(k)
}

func (w texts) scopeCondition(l inventory.Listing) Condition {
	kind := inventory.KindOf(l.Err)
	c := scopedCondition(ScopeFailed, l.Scope)
	c.Code = codeOf(kind)
	c.Text = w.kindName(kind) + w.colon + w.runErrorEntry(l.Err).Message
	return c
}

// problemCondition returns a problem or a warning of a run. What depends on what a run lists is that of its slice.
func (w texts) problemCondition(err error, slice string) Condition {
	entry := w.runErrorEntry(err)
	c := Condition{Kind: RunProblem, Slice: slice, Text: w.kindName(entry.Kind) + w.colon + entry.Message}
	name := string(entry.Kind)
	var t *reason.RunError
	if errors.As(err, &t) {
		name = string(t.Reason.Code)
	}
	if IsWarning(err) {
		c.Kind = Warned
	}
	switch {
	case entry.Kind == inventory.ClockOff, name == string(reason.NearlyFull), name == string(reason.OnlyDeactivate):
		c.Slice = ""
	case entry.Kind == inventory.Deadline, entry.Kind == inventory.Unanswered:
		c.Patient = true // a first sync takes several runs
	}
	c.Key = keyOf(c.Kind, name, c.Slice)
	return c
}

// scopedCondition returns a condition of a scope, with its key.
func scopedCondition(kind ConditionKind, s inventory.Scope, more ...string) Condition {
	parts := append([]string{string(s.Cloud), s.Account, shownRegion(s)}, more...)
	return Condition{Key: keyOf(kind, parts...), Kind: kind, Cloud: s.Cloud, Account: s.Account, Region: shownRegion(s)}
}

// keyOf joins the parts of a key. Names from outside cannot forge another key.
func keyOf(kind ConditionKind, parts ...string) string {
	key := string(kind)
	for _, p := range parts {
		key += "/" + strings.ReplaceAll(strings.ReplaceAll(p, "%", "%25"), "/", "%2F")
	}
	return strings.TrimRight(key, "/")
}

// changeGroup is the lines of one condition: a scope, and in some kinds a reason.
type changeGroup struct {
	Condition
	why   string // of the first
	names []string
}

// changeConditions returns what lasts of single assets and instances, by scope.
func (w texts) changeConditions(in Input) []Condition {
	var groups []*changeGroup
	byKey := map[string]*changeGroup{}
	add := func(c plan.Change, of Condition, why string) {
		g := byKey[of.Key]
		if g == nil {
			g = &changeGroup{Condition: of, why: why}
			byKey[of.Key], groups = g, append(groups, g)
		}
		g.Size++
		if len(g.names) <= maxNames {
			g.names = append(g.names, c.Name)
		}
	}
	for _, i := range in.Items {
		c := i.Change
		switch i.State {
		case apply.Failed:
			add(c, scopedCondition(ChangeFailed, c.Scope), w.failedText(c.Action, "", i))
		case apply.Unknown:
			add(c, patient(scopedCondition(ChangeFailed, c.Scope, string(Unknown))), i.Reason.Text(w.lang))
		case apply.Held:
			add(c, scopedCondition(Holding, c.Scope), i.Reason.Text(w.lang))
		case apply.Kept:
			if isForPeople(i.Reason.Code) {
				add(c, patient(scopedCondition(Skipping, c.Scope, string(i.Reason.Code))), i.Reason.Text(w.lang))
			}
		}
	}
	for _, n := range in.Notes {
		of, lasts := noteCondition(n, in.Slice)
		if lasts && !(in.Pause.Stands() && n.Reason.Code == reason.GuardPaused) {
			add(n, of, n.Reason.Text(w.lang))
		}
	}
	all := make([]Condition, 0, len(groups))
	for _, g := range groups {
		g.Text = w.groupText(g)
		all = append(all, g.Condition)
	}
	return all
}

// noteCondition returns the condition of a line that changes nothing; lasts is false where it is one of this run only, or
// as it should be.
func noteCondition(n plan.Change, slice string) (c Condition, lasts bool) {
	switch n.Action {
	case plan.Skip:
		if n.Unlisted { // its scope is mostly none of the run's
			return Condition{Key: keyOf(StaysOpen, string(n.Reason.Code), slice), Kind: StaysOpen, Slice: slice}, true
		}
		return patient(scopedCondition(Skipping, n.Scope, string(n.Reason.Code))), isForPeople(n.Reason.Code)
	case plan.Hold:
		if endsByItself(n.Reason.Code) {
			return patient(scopedCondition(Holding, n.Scope, "wait")), true
		}
		return scopedCondition(Holding, n.Scope), true
	case plan.Orphan:
		of := scopedCondition(Orphaned, n.Scope)
		of.Code = string(n.Reason.Code)
		if n.Reason.Code == reason.RegionNotNamed { // which only who asks for all regions of the account sees
			of.Slice = slice
		}
		return of, true
	case plan.Drift:
		return scopedCondition(Drifting, n.Scope), true
	}
	return Condition{}, false
}

func patient(c Condition) Condition {
	c.Patient = true
	return c
}

// endsByItself reports whether a hold waits for the next answer of a cloud, as most removals do once, and for no person.
func endsByItself(code reason.Code) bool {
	return slices.Contains([]reason.Code{
		reason.GuardWeak, reason.GuardUnproven, reason.GuardNotAsked, reason.GuardMissing, reason.GuardContradicts,
	}, code)
}

// isForPeople reports whether what is skipped for a reason stays so until a person does something. Others are skipped by
// configuration, or handled by a later run.
func isForPeople(code reason.Code) bool {
	return slices.Contains([]reason.Code{
		reason.NoAddress, reason.AddressesUnknown, reason.MarksTakenOff, reason.NamedInComment, reason.NamedByLabel,
		reason.NotHoldable, reason.NotMarkable, reason.NameHeld, reason.Doubled, reason.OtherRegion, reason.NoPlatform, reason.RoomUsedUp,
		reason.OwnersDiffer, reason.ProjectsDiffer, reason.RegionsDiffer, reason.RuleNoZone, reason.RuleNoAddress, reason.RuleUnread,
	}, code)
}

// groupText returns how many, the first names, and why.
func (w texts) groupText(g *changeGroup) string {
	names := strings.Join(g.names[:min(maxNames, len(g.names))], w.comma)
	if g.Size > maxNames {
		names = fmt.Sprintf(w.heldNamesF, names)
	}
	return fmt.Sprintf(w.heldLineF, g.Size) + w.openParen + names + w.closeParen + w.colon + g.why
}
