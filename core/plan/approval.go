package plan

import (
	"cmp"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Ask says which changes wait for a person.
type Ask string

// The choices; anything else is AskNothing.
const (
	AskNothing  Ask = "none"
	AskRemovals Ask = "removals" // every removal is held until it is approved
	AskAll      Ask = "all"      // every change is only made as one of a reviewed plan, see Limits.Only
)

// Approvable tells whether a person can let pass what is held for this reason: a threshold, or that a
// person is to be asked. What lacks its proof is held whatever anybody approves.
func Approvable(code Code) bool {
	switch code {
	case GuardShare, GuardEmpty, GuardLeak, GuardMissing, GuardRun, GuardParts, GuardUnasked, GuardAsks, AsksAll, HeldInFile:
		return true
	}
	return false
}

// Holdable gives the candidates that a guard with these limits holds and a person may approve, with why
// in their Reason, sorted. Approved is what came of the same plan.
func (p Plan) Holdable(a Approved) []Change {
	why := map[string]Reason{}
	for _, n := range a.notes {
		if n.Action == Hold && Approvable(n.Reason.Code) {
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
	return held
}

// Line is one change as a person reviews it: what is written to which asset. Two lines that are equal
// write the same.
type Line struct {
	Action     Action          `json:"action"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance_id"`
	AssetID    string          `json:"asset_id"`
	Name       string          `json:"name"`
	Values     []Value         `json:"values"` // never null; by field
	// Held says why the guard holds the removal; "" = it does not. A held one is made only if a person
	// approves just it, and so takes this text away.
	Held string `json:"held,omitempty"`
}

// Value is a field that a change sets. Labels are each a value of the field "label"; those that carry the
// time of the run stand without it, as two plans of the same change have two times.
type Value struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Equal tells whether both change the same asset in the same way.
func (l Line) Equal(o Line) bool {
	return l.AssetID == o.AssetID && l.Action == o.Action && slices.Equal(l.Values, o.Values)
}

// Scope gives where the line's instance is listed.
func (l Line) Scope() inventory.Scope {
	return inventory.Scope{Cloud: l.Cloud, Account: l.Account, Region: l.Region}
}

// Review returns the changes of a plan for review: those that Approve let pass, and behind them the removals that a
// person may let pass besides, each with why it is held. Approved is what came of the same plan.
func (p Plan) Review(a Approved, lang Lang) []Line {
	lines := a.Lines()
	for _, c := range p.Holdable(a) {
		l := lineOf(c)
		l.Held = c.Reason.Text(lang)
		lines = append(lines, l)
	}
	return lines
}

// Lines gives the changes for review, in their order. Steps of a swap of names and labels by which
// later runs remember something are not among them.
func (a Approved) Lines() []Line {
	lines := []Line{}
	for c := range a.Changes() {
		if !c.Interim {
			lines = append(lines, lineOf(c))
		}
	}
	return lines
}

func lineOf(c Change) Line {
	return Line{
		Action: c.Action, Cloud: c.Scope.Cloud, Account: c.Scope.Account, Region: c.Scope.Region,
		InstanceID: c.InstanceID, AssetID: c.AssetID, Name: c.Name, Values: values(c),
	}
}

func values(c Change) []Value {
	out := []Value{}
	add := func(field string, value *string) {
		if value != nil {
			out = append(out, Value{field, *value})
		}
	}
	switch {
	case c.Action == Create:
		if a := c.New(); a != nil {
			for _, f := range []Value{
				{"name", a.Name}, {"address", a.Address}, {"platform", a.Platform}, {"node", a.Node}, {"zone", a.Zone}, {"comment", a.Comment},
			} {
				add(f.Field, &f.Value)
			}
			out = append(out, labelValues(a.Labels)...)
		}
	case c.Patch != nil:
		add("name", c.Patch.Name)
		add("address", c.Patch.Address)
		add("zone", c.Patch.Zone)
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

// labelValues gives labels sorted, without the times that the run writes.
func labelValues(labels []inventory.Label) []Value {
	var out []Value
	for _, l := range labels {
		if isAny(l, inventory.LabelGone, inventory.LabelDue, inventory.LabelMissing, inventory.LabelEvent) {
			l.Value = "*"
		}
		out = append(out, Value{"label", l.String()})
	}
	slices.SortFunc(out, func(x, y Value) int { return cmp.Compare(x.Value, y.Value) })
	return out
}

// asks tells whether a removal that nobody has approved waits for a person, and why.
func (l Limits) asks(c Change) (Reason, bool) {
	reviewed := slices.IndexFunc(l.Only, func(o Line) bool { return o.AssetID == c.AssetID && o.Action.removes() })
	switch {
	case reviewed >= 0 && l.Only[reviewed].Held != "" && l.Only[reviewed].Action == c.Action:
		return because(HeldInFile), true
	case reviewed >= 0:
		return because(ChangedSince, c.Action), true
	case l.Only != nil:
		return because(NotReviewed, c.Action), true
	case l.Ask == AskAll:
		return because(AsksAll, c.Action), true
	case l.Ask == AskRemovals:
		return because(GuardAsks), true
	}
	return Reason{}, false
}

// oneChange tells the changes of a plan apart: an asset may give its name away and be removed.
type oneChange struct {
	asset  string
	action Action
}

// review holds what no person has reviewed, where every change must be, or only some were asked for.
func (a *Approved) review(limits Limits) {
	if limits.Only == nil && limits.Ask != AskAll {
		return
	}
	reviewed := make(map[oneChange]Line, len(limits.Only))
	for _, l := range limits.Only {
		reviewed[oneChange{l.AssetID, l.Action}] = l
	}
	passes := map[oneChange]bool{}
	for c := range a.Changes() {
		k := oneChange{c.AssetID, c.Action}
		if l, is := reviewed[k]; is && !c.Interim && l.Equal(lineOf(c)) {
			passes[k] = true
		}
	}
	a.moveAllOrNone(passes)
	keep := func(changes []Change) []Change {
		return slices.DeleteFunc(changes, func(c Change) bool {
			k := oneChange{c.AssetID, c.Action}
			if c.Reason.Code == Remembers {
				return limits.Only == nil
			}
			if _, is := reviewed[k]; !passes[k] && !c.Interim {
				a.wait(c, limits.Only != nil, is)
			}
			return !passes[k]
		})
	}
	for n := range a.moves {
		a.moves[n] = keep(a.moves[n])
	}
	a.moves = slices.DeleteFunc(a.moves, func(step []Change) bool { return len(step) == 0 })
	a.creates, a.updates, a.removals = keep(a.creates), keep(a.updates), keep(a.removals)
	for _, changes := range append(slices.Clone(a.moves), a.creates, a.updates) {
		for n := range changes {
			changes[n].reviewed = limits.Only != nil
		}
	}
	a.missing(limits.Only)
}

// moveAllOrNone: half of a swap of names would leave the other half without its name.
func (a *Approved) moveAllOrNone(passes map[oneChange]bool) {
	moves := slices.Concat(a.moves...)
	if !slices.ContainsFunc(moves, func(c Change) bool { return !passes[oneChange{c.AssetID, c.Action}] }) {
		return
	}
	for _, c := range moves {
		delete(passes, oneChange{c.AssetID, c.Action})
	}
}

// wait notes a change that is not made, and why.
func (a *Approved) wait(c Change, chosen, reviewed bool) {
	why := because(AsksAll, c.Action)
	switch {
	case reviewed:
		why = because(ChangedSince, c.Action)
	case chosen:
		why = because(NotReviewed, c.Action)
	}
	c.Action, c.Reason, c.Patch, c.from, c.by = Hold, why, nil, nil, nil
	a.notes = append(a.notes, c)
}

// missing notes the reviewed changes of which nothing else is said: nothing is to be done any more.
func (a *Approved) missing(only []Line) {
	told := map[oneChange]bool{}
	for c := range a.Changes() {
		told[oneChange{c.AssetID, c.Action}] = true
	}
	waits := map[string]bool{}
	for _, n := range a.notes {
		waits[n.AssetID] = waits[n.AssetID] || n.Action == Hold || n.Action == Skip
	}
	for _, l := range only {
		if !told[oneChange{l.AssetID, l.Action}] && !waits[l.AssetID] {
			a.notes = append(a.notes, Change{
				Action: Skip, Reason: because(NoLongerPlanned, l.Action), Scope: l.Scope(),
				InstanceID: l.InstanceID, AssetID: l.AssetID, Name: l.Name,
			})
		}
	}
}
