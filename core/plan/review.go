package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// ApprovalPolicy says which changes wait for a person.
type ApprovalPolicy string

// The policies; anything else is ApproveNothing.
const (
	ApproveNothing  ApprovalPolicy = "none"
	ApproveRemovals ApprovalPolicy = "removals" // every removal is held until it is approved
	ApproveAll      ApprovalPolicy = "all"      // every change needs a review, see Limits.Reviewed
)

// IsApprovable reports whether a person can release what is held for this reason: a threshold, or a policy that
// asks people. What lacks its proof stays held.
func IsApprovable(code reason.Code) bool {
	switch code {
	case reason.GuardShare, reason.GuardEmpty, reason.GuardLeak, reason.GuardMissing, reason.GuardRun,
		reason.GuardRunLately, reason.GuardRunDeletes, reason.GuardFleet, reason.GuardEmptied, reason.GuardMarksLost, reason.GuardParts, reason.GuardUnasked, reason.GuardMoves, reason.GuardExpected, reason.GuardAsks, reason.AsksAll, reason.HeldInFile:
		return true
	}
	return false
}

// ApprovableHolds returns the candidates, and the updates that move assets, that the guard held in a, a result of this plan,
// and that a person may approve; sorted, with the reason of the hold in Reason. The updates are whole.
func (p Plan) ApprovableHolds(a Approved) []Change {
	why := map[string]reason.Reason{}
	for _, n := range a.notes {
		if n.Action == Hold && !n.heldUpdate && IsApprovable(n.Reason.Code) {
			why[n.AssetID] = n.Reason
		}
	}
	var held []Change
	for _, c := range p.candidates {
		if reason, is := why[c.AssetID]; is {
			c.Reason = reason
			held = append(held, c)
		}
	}
	held = append(held, a.heldMoves...)
	sorting.StableBy(held, Compare)
	return held
}

// ReviewLine is one change as a person reviews it: what is written to which asset. Equal lines write the same.
type ReviewLine struct {
	Action     Action          `json:"action"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance_id"`
	AssetID    string          `json:"asset_id"`
	Name       string          `json:"name"`
	Values     []FieldValue    `json:"values"` // never null; by field
	// Held says why the guard holds the removal; "" = it does not. A held one is made only if a person approves
	// it by itself, which removes this text.
	Held string `json:"held,omitempty"`
}

// FieldValue is a field that a change sets. Each label is a value of the field "label"; labels with the time of the
// run have the value "*", because two plans of the same change have two times.
type FieldValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Equal reports whether two lines change the same asset in the same way.
func (l ReviewLine) Equal(o ReviewLine) bool {
	return l.AssetID == o.AssetID && l.Action == o.Action && slices.Equal(l.Values, o.Values)
}

// includes reports whether a line writes no other value into any field than l does. An update that moves an asset may find
// that the rest of what was reviewed has been made.
func (l ReviewLine) includes(o ReviewLine) bool {
	if l.AssetID != o.AssetID || l.Action != o.Action {
		return false
	}
	fields := map[string]bool{}
	for _, v := range o.Values {
		fields[v.Field] = true
	}
	same := slices.DeleteFunc(slices.Clone(l.Values), func(v FieldValue) bool { return !fields[v.Field] })
	return slices.Equal(same, o.Values)
}

// isReviewedAs reports whether a line of a review is for this change.
func (c Change) isReviewedAs(l, line ReviewLine) bool {
	return l.Equal(line) || c.moves != 0 && l.includes(line)
}

// Scope returns where the line's instance is listed.
func (l ReviewLine) Scope() inventory.Scope {
	return inventory.Scope{Cloud: l.Cloud, Account: l.Account, Region: l.Region}
}

// Review returns a plan's changes for review: those that Approve let pass in a, a result of this plan, and then the
// removals that a person may approve too, each with why it is held.
func (p Plan) Review(a Approved, lang language.Lang) []ReviewLine {
	lines := a.ReviewLines()
	for _, c := range p.ApprovableHolds(a) {
		l := reviewLineOf(c)
		l.Held = c.Reason.Text(lang)
		lines = append(lines, l)
	}
	return lines
}

// ReviewLines returns the changes for review, in their order, without the steps of a swap of names and writes for
// later runs.
func (a Approved) ReviewLines() []ReviewLine {
	lines := []ReviewLine{}
	for c := range a.Changes() {
		if !c.Interim {
			lines = append(lines, reviewLineOf(c))
		}
	}
	return lines
}

func reviewLineOf(c Change) ReviewLine {
	return ReviewLine{
		Action: c.Action, Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
		InstanceID: c.InstanceID, AssetID: c.AssetID, Name: c.Name, Values: fieldValues(c),
	}
}

func fieldValues(c Change) []FieldValue {
	out := []FieldValue{}
	add := func(field string, value *string) {
		if value != nil {
			out = append(out, FieldValue{field, *value})
		}
	}
	addList := func(field, value string) {
		if value != "" {
			add(field, &value)
		}
	}
	switch {
	case c.Action == Create:
		a := c.NewAsset()
		if a != nil {
			for _, f := range []FieldValue{
				{"name", a.Name}, {"address", a.Address}, {"platform", a.Platform}, {"node", strings.Join(a.NodePaths, ", ")}, {"zone", a.Zone}, {"comment", a.Comment},
			} {
				add(f.Field, &f.Value)
			}
			addList(FieldPort, ProtocolText(a.Protocols))
			addList(FieldAccounts, strings.Join(a.Accounts, listComma))
			out = append(out, labelValues(a.Labels)...)
		}
	case c.Patch != nil:
		add("name", c.Patch.Name)
		add("address", c.Patch.Address)
		add(FieldPlatform, c.Patch.Platform)
		addList(FieldNode, strings.Join(slices.Concat(c.Patch.NodeIDs, c.Patch.NodePaths), listComma))
		add("zone", c.Patch.Zone)
		addList(FieldPort, ProtocolText(c.Patch.Protocols))
		addList(FieldAccounts, strings.Join(c.Patch.Accounts, listComma))
		if c.Patch.Active != nil {
			active := "false"
			if *c.Patch.Active {
				active = "true"
			}
			add("is_active", &active)
		}
		add("comment", c.Patch.Comment)
		out = append(out, labelValues(c.Patch.Labels)...)
	}
	return out
}

// labelValues returns labels sorted, without the times that the run writes, and without jms-approved, which depends on
// approvals given since.
func labelValues(labels []inventory.Label) []FieldValue {
	var out []FieldValue
	for _, l := range labels {
		if l.Is(inventory.LabelApproved) {
			continue
		}
		if hasAnyName(l, inventory.LabelGone, inventory.LabelDue, inventory.LabelMissing, inventory.LabelEvent, inventory.LabelClosed, inventory.LabelRuleOff) {
			l.Value = "*"
		}
		out = append(out, FieldValue{"label", l.String()})
	}
	sorting.By(out, func(x, y FieldValue) int { return cmp.Compare(x.Value, y.Value) })
	return out
}

// needsApproval reports whether a removal that nobody has approved waits for a person, and why.
func (l Limits) needsApproval(c Change) (reason.Reason, bool) {
	reviewed := slices.IndexFunc(l.Reviewed, func(o ReviewLine) bool { return o.AssetID == c.AssetID && o.Action.isRemoval() })
	switch {
	case reviewed >= 0 && l.Reviewed[reviewed].Held != "" && l.Reviewed[reviewed].Action == c.Action:
		return reason.New(reason.HeldInFile), true
	case reviewed >= 0:
		return reason.New(reason.ChangedSince, c.Action), true
	case l.Reviewed != nil:
		return reason.New(reason.NotReviewed, c.Action), true
	case l.Approval == ApproveAll:
		return reason.New(reason.AsksAll, c.Action), true
	case l.Approval == ApproveRemovals:
		return reason.New(reason.GuardAsks), true
	}
	return reason.Reason{}, false
}

// changeKey identifies a change: an asset may be renamed and removed in one plan.
type changeKey struct {
	assetID string
	action  Action
}

// holdUnreviewed holds what no person has reviewed, if everything needs a review or only reviewed changes were
// asked for.
func (a *Approved) holdUnreviewed(limits Limits) {
	if limits.Reviewed == nil && limits.Approval != ApproveAll {
		return
	}
	reviewed := make(map[changeKey][]ReviewLine, len(limits.Reviewed))
	for _, l := range limits.Reviewed {
		k := changeKey{l.AssetID, l.Action}
		reviewed[k] = append(reviewed[k], l) // an update with and without what moves the asset
	}
	passes := map[changeKey]bool{}
	for c := range a.Changes() {
		k, line := changeKey{c.AssetID, c.Action}, reviewLineOf(c)
		if !c.Interim && slices.ContainsFunc(reviewed[k], func(l ReviewLine) bool {
			return (l.Held == "" || limits.Approved[c.AssetID]) && c.isReviewedAs(l, line)
		}) {
			passes[k] = true
		}
	}
	a.renameAllOrNone(passes)
	keep := func(changes []Change) []Change {
		return slices.DeleteFunc(changes, func(c Change) bool {
			k := changeKey{c.AssetID, c.Action}
			if c.Reason.Code == reason.Remembers {
				return limits.Reviewed == nil
			}
			if !passes[k] && !c.Interim {
				a.holdChange(c, limits.Reviewed != nil, len(reviewed[k]) > 0)
			}
			return !passes[k]
		})
	}
	for n := range a.renames {
		a.renames[n] = keep(a.renames[n])
	}
	a.renames = slices.DeleteFunc(a.renames, func(step []Change) bool { return len(step) == 0 })
	a.creates, a.updates, a.removals = keep(a.creates), keep(a.updates), keep(a.removals)
	for _, changes := range append(slices.Clone(a.renames), a.creates, a.updates) {
		for n := range changes {
			changes[n].reviewed = limits.Reviewed != nil
		}
	}
	a.noteNoLongerPlanned(limits.Reviewed)
}

// renameAllOrNone holds all renames in steps unless all pass: half of a swap would leave the other half without its
// name.
func (a *Approved) renameAllOrNone(passes map[changeKey]bool) {
	moves := slices.Concat(a.renames...)
	if !slices.ContainsFunc(moves, func(c Change) bool { return !passes[changeKey{c.AssetID, c.Action}] }) {
		return
	}
	for _, c := range moves {
		delete(passes, changeKey{c.AssetID, c.Action})
	}
}

// holdChange adds a note of a change that is not made, and why.
func (a *Approved) holdChange(c Change, chosen, reviewed bool) {
	why := reason.New(reason.AsksAll, c.Action)
	switch {
	case reviewed:
		why = reason.New(reason.ChangedSince, c.Action)
	case chosen:
		why = reason.New(reason.NotReviewed, c.Action)
	}
	c.heldUpdate = c.Action == Update
	if c.heldUpdate {
		c.heldPatch = c.Patch
	}
	c.Action, c.Reason, c.Patch, c.instance, c.assetBuilder = Hold, why, nil, nil, nil
	a.notes = append(a.notes, c)
}

// noteNoLongerPlanned adds notes of reviewed changes that are no longer needed and that no other line reports.
func (a *Approved) noteNoLongerPlanned(only []ReviewLine) {
	planned := map[changeKey]bool{}
	for c := range a.Changes() {
		planned[changeKey{c.AssetID, c.Action}] = true
	}
	waits := map[string]bool{}
	for _, n := range a.notes {
		waits[n.AssetID] = waits[n.AssetID] || n.Action == Hold || n.Action == Skip
	}
	for _, l := range only {
		if !planned[changeKey{l.AssetID, l.Action}] && !waits[l.AssetID] {
			a.notes = append(a.notes, Change{
				Action: Skip, Reason: reason.New(reason.NoLongerPlanned, l.Action), Scope: l.Scope(),
				InstanceID: l.InstanceID, AssetID: l.AssetID, Name: l.Name,
			})
		}
	}
}
