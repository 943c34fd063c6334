package explain

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

// fields returns the fields of the asset side by side: as they are, as they should be, and what a run would write.
func (e explainer) fields() []Field {
	out := []Field{
		e.field(plan.FieldName, mapping.FieldName, SourceCloud),
		e.field(plan.FieldAddress, mapping.FieldAddress, SourceCloud),
		e.field(plan.FieldPlatform, mapping.FieldPlatform, SourceCloud),
		e.field(plan.FieldNode, mapping.FieldNode, SourceAccount),
		e.field(plan.FieldZone, mapping.FieldZone, SourceAccount),
		e.field(plan.FieldPort, mapping.FieldPort, SourcePlatform),
		e.field(plan.FieldAccounts, mapping.FieldAccounts, ""),
		e.field(plan.FieldLabels, mapping.FieldLabels, ""),
		e.field(plan.FieldActive, mapping.FieldActive, ""),
	}
	for n := range out {
		out[n].Differs = e.differs(out[n])
		e.addChanges(&out[n])
	}
	return out
}

// field returns one field. source says what decides on it where no rule does.
func (e explainer) field(name string, of mapping.Field, source string) Field {
	f := Field{Field: name}
	if a := e.subject.Asset; a != nil {
		f.Now = e.valueOf(name, *a)
		f.NotRead = name == plan.FieldAccounts && len(a.Accounts) == 0 && (!e.basis.Rules.Needs().Accounts || e.basis.Input.Current.AccountsUnread)
		if e.subject.Ours {
			policy, setting := e.basis.Rules.PolicyOf(name, *a)
			f.Policy, f.Setting = string(policy), setting
		}
	}
	if e.subject.Instance == nil {
		return f
	}
	f.Wanted = e.wantedValue(name)
	rule, ruled := e.setBy[of]
	switch {
	case ruled && rule < 0:
		f.Source = SourceTags
	case ruled:
		f.Source, f.Rule = SourceRule, rule+1
	case f.Wanted != "":
		f.Source = source
	}
	return f
}

// valueOf returns a field of an asset of JumpServer.
func (e explainer) valueOf(field string, a inventory.Asset) string {
	switch field {
	case plan.FieldName:
		return a.Name
	case plan.FieldAddress:
		return a.Address
	case plan.FieldPlatform:
		return a.Platform
	case plan.FieldNode:
		return e.names.NodesOf(a)
	case plan.FieldZone:
		return e.names.Zone(a.Zone)
	case plan.FieldPort:
		return plan.ProtocolText(a.Protocols)
	case plan.FieldAccounts:
		var names []string
		for _, account := range a.Accounts {
			names = append(names, account.Username)
		}
		return strings.Join(names, listComma)
	case plan.FieldLabels:
		return labelTexts(a.Labels)
	case plan.FieldActive:
		return plan.ActiveText(a.Active)
	}
	return ""
}

// wantedValue returns a field as a new asset of the instance would have it.
func (e explainer) wantedValue(field string) string {
	w := e.wanted
	switch field {
	case plan.FieldName:
		return w.Name
	case plan.FieldAddress:
		return w.Address
	case plan.FieldPlatform:
		return w.Platform
	case plan.FieldNode:
		return strings.Join(w.NodePaths, listComma)
	case plan.FieldZone:
		return e.names.Zone(w.Zone)
	case plan.FieldPort:
		if w.Protocols == nil {
			return plan.ProtocolText(e.basis.Input.Current.Platforms[w.Platform].Protocols)
		}
		return plan.ProtocolText(w.Protocols)
	case plan.FieldAccounts:
		return e.names.Templates(w.Accounts)
	case plan.FieldLabels:
		return labelTexts(w.Labels)
	case plan.FieldActive:
		if e.outcome.Inactive {
			return plan.ActiveText(false)
		}
	}
	return ""
}

// differs reports whether a field of the asset is not as wanted.
func (e explainer) differs(f Field) bool {
	switch {
	case e.subject.Asset == nil, f.Wanted == "", f.Wanted == f.Now:
		return false
	case f.Field == plan.FieldPort && e.subject.Asset.Protocols == nil, f.Field == plan.FieldAccounts:
		return false // not read; and templates are no users
	case f.Field == plan.FieldLabels:
		now := strings.Split(f.Now, listComma)
		return slices.ContainsFunc(strings.Split(f.Wanted, listComma), func(l string) bool { return !slices.Contains(now, l) })
	case f.Field == plan.FieldNode:
		now, wanted := strings.Split(f.Now, listComma), strings.Split(f.Wanted, listComma)
		slices.Sort(now)
		slices.Sort(wanted)
		return !slices.Equal(now, wanted)
	}
	return true
}

// listComma stands between the values of a field.
const listComma = ", "

// addChanges adds what a run would write into a field.
func (e explainer) addChanges(f *Field) {
	if e.change == nil || e.subject.Asset == nil {
		return
	}
	for _, c := range e.change.FieldChanges(e.names) {
		if c.Field != f.Field || c.Field == plan.FieldLabels && isOwnLabelText(c.Before+c.After) {
			continue
		}
		f.Changes, f.After = true, c.After
		if c.Field == plan.FieldLabels {
			f.After = labelTexts(e.change.Patch.Labels)
		}
	}
}

func isOwnLabelText(text string) bool {
	name, value, _ := strings.Cut(text, ":")
	return plan.IsOwnLabel(inventory.Label{Name: name, Value: value})
}
