package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// keptValue is the value of inventory.LabelKept, the same on all assets: one row of JumpServer's label page.
const keptValue = "tag"

// ruleOffLabel returns the label of an asset that a rule deactivates. Its value is the hour, which all assets share that
// rules deactivate in it, so that the guard counts them among the losses of a day.
func ruleOffLabel(now time.Time) inventory.Label {
	return inventory.Label{Name: inventory.LabelRuleOff, Value: inventory.FormatLabelTime(now.UTC().Truncate(time.Hour))}
}

func keptLabel() inventory.Label {
	return inventory.Label{Name: inventory.LabelKept, Value: keptValue}
}

// ruledLabels returns the labels that the rules want, as JumpServer can hold them, each name once. None of them is ever one
// of ours: those say whose an asset is and what becomes of it.
func (r Rules) ruledLabels(o *mapping.Outcome) []inventory.Label {
	out := make([]inventory.Label, 0, len(o.Labels))
	for _, l := range o.Labels {
		if r.UTF8MB3 {
			l = inventory.Label{Name: strings.TrimSpace(inventory.DropFourByteRunes(l.Name)), Value: strings.TrimSpace(inventory.DropFourByteRunes(l.Value))}
		}
		twice := slices.ContainsFunc(out, func(have inventory.Label) bool { return inventory.MayBeEqual(have.Name, l.Name) })
		if !twice && inventory.IsStorableLabel(l.Value) && inventory.IsStorableLabel(l.Name) && !looksLikeOurs(l.Name) {
			out = append(out, l)
		}
	}
	return out
}

// looksLikeOurs reports whether a database, or a careless reader, may take a label's name for one of ours.
func looksLikeOurs(name string) bool {
	folded := strings.TrimSpace(inventory.FoldName(name))
	return strings.HasPrefix(folded, ownLabelPrefix) || isKeepLabelName(name)
}

// withRuledLabels returns an asset's labels with those that the rules want, as far as we write labels of this asset; what
// differs otherwise is drift. Labels that no rule names stay.
func (b *builder) withRuledLabels(labels []inventory.Label, d *drift, o *mapping.Outcome) []inventory.Label {
	if o.Unread.Has(mapping.FieldLabels) {
		return labels
	}
	policy := b.rules.policy(b.rules.Manage.Labels, true)
	for _, want := range b.rules.ruledLabels(o) {
		named := func(l inventory.Label) bool { return inventory.MayBeEqual(l.Name, want.Name) }
		first := slices.IndexFunc(labels, named)
		switch {
		case first < 0 && policy != WriteOnCreate:
			labels = append(slices.Clip(labels), want)
		case first < 0:
			d.add(FieldLabels, "–", want.String())
		case policy == WriteAlways && !hasOnly(labels, named, want.Value):
			labels = replaceNamed(labels, named, inventory.Label{Name: labels[first].Name, Value: want.Value})
		case policy != WriteAlways && !hasValue(labels, named, want.Value):
			d.add(FieldLabels, labels[first].String(), want.String())
		}
	}
	return labels
}

// hasValue reports whether one of the labels that are meant has a value, in a spelling that a database may keep.
func hasValue(labels []inventory.Label, meant func(inventory.Label) bool, value string) bool {
	return slices.ContainsFunc(labels, func(l inventory.Label) bool { return meant(l) && inventory.MayBeEqual(l.Value, value) })
}

// hasOnly reports whether all of the labels that are meant have a value.
func hasOnly(labels []inventory.Label, meant func(inventory.Label) bool, value string) bool {
	return !slices.ContainsFunc(labels, func(l inventory.Label) bool { return meant(l) && !inventory.MayBeEqual(l.Value, value) })
}

// replaceNamed returns labels with one in place of all that are meant.
func replaceNamed(labels []inventory.Label, meant func(inventory.Label) bool, by inventory.Label) []inventory.Label {
	at := slices.IndexFunc(labels, meant)
	out := slices.DeleteFunc(slices.Clone(labels), meant)
	return slices.Insert(out, at, by)
}
