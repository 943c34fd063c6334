package plan

import (
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// isRuledOff reports whether the labels of an asset say that a rule deactivated it.
func isRuledOff(a inventory.Asset) bool { return a.LabelCount(inventory.LabelRuleOff) > 0 }

// wasRuledOff reports whether the labels of an asset prove that a rule deactivated it: the label that we write has the hour.
// Without it anybody could have an asset switched on again that a person had switched off.
func wasRuledOff(a inventory.Asset) bool {
	value, single := a.Label(inventory.LabelRuleOff)
	_, err := inventory.ParseLabelTime(value)
	return single && err == nil
}

// parseRuledOffAt returns the hour in which a rule deactivated an asset, and reports whether one did and it is known.
func parseRuledOffAt(a inventory.Asset) (at time.Time, known bool) {
	value, single := a.Label(inventory.LabelRuleOff)
	at, err := inventory.ParseLabelTime(value)
	return at, single && err == nil && !a.Active && a.LabelCount(inventory.LabelGone) == 0
}

// countRuledOff counts an asset of a listed instance that a rule deactivated within the last day, if it stays so. The fleet has
// counted it by its labels.
func (b *builder) countRuledOff(a inventory.Asset, m ownership, o *mapping.Outcome) {
	at, is := parseRuledOffAt(a)
	switch {
	case !staysRuledOff(a, o):
		b.plan.fleet.countRuledOff(a, m.accountScope(), b.rules.Now, -1)
		return
	case !is || b.rules.Now.Sub(at) >= recentLossWindow+time.Hour:
		return
	}
	for _, s := range []*scopeStats{b.ownerStatsOf(m.ownerScope()), b.accountStatsOf(m.accountScope())} {
		s.ruledOff++
	}
}

// staysRuledOff reports whether a rule wants an asset inactive, or may: what a rule rests on was not read, and one
// deactivated it before.
func staysRuledOff(a inventory.Asset, o *mapping.Outcome) bool {
	return o.Inactive || o.Unread.Has(mapping.FieldActive) && isRuledOff(a)
}

// withRuleMarks returns the labels that an asset of a listed instance should have with those that remember what rules and
// tags want: jms-rule-off on one that a rule deactivated, with what people did to it since, and jms-tag-keep.
func (b *builder) withRuleMarks(labels []inventory.Label, a inventory.Asset, o *mapping.Outcome) []inventory.Label {
	gone, off := a.LabelCount(inventory.LabelGone) > 0, isRuledOff(a)
	switch {
	case off && gone && !a.Active && switchedOffByPerson(a), off && !staysRuledOff(a, o):
		labels = withoutNamed(labels, inventory.LabelRuleOff, inventory.LabelOff, inventory.LabelReopened, inventory.LabelApproved)
	case o.Unread.Has(mapping.FieldActive):
	case !off && o.Inactive && gone && !a.Active && !switchedOffByPerson(a) && b.wasDeactivatedByUs(a):
		since, _, _ := parseDeactivatedAt(a, b.rules.Now)
		labels = append(slices.Clip(labels), ruleOffLabel(since))
	case off && a.Active && (inventory.Asset{Labels: labels}).LabelCount(inventory.LabelReopened) == 0 && !b.rules.Partial:
		labels = append(slices.Clip(labels), inventory.Label{Name: inventory.LabelReopened, Value: reopenedBy})
	}
	kept := a.LabelCount(inventory.LabelKept) > 0
	switch {
	case o.Unread.Has(mapping.FieldKeep):
	case o.Keep != "" && !kept:
		labels = append(slices.Clip(labels), keptLabel())
	case o.Keep == "" && kept:
		labels = withoutNamed(labels, inventory.LabelKept)
	}
	return labels
}

// withoutNamed returns labels without those of these names.
func withoutNamed(labels []inventory.Label, names ...string) []inventory.Label {
	return slices.DeleteFunc(slices.Clone(labels), func(l inventory.Label) bool { return hasAnyName(l, names...) })
}

// reactivate undoes our deactivation, of an absent instance or by a rule. An asset stays off if a person switched it off, if
// a rule wants it so, or if its labels do not prove that we did.
func (b *builder) reactivate(c *Change, a inventory.Asset, o *mapping.Outcome) {
	gone, off := a.LabelCount(inventory.LabelGone) > 0, isRuledOff(a)
	if a.Active || !gone && !off {
		return
	}
	switch {
	case gone && switchedOffByPerson(a):
		c.Reason = reason.New(reason.ReturnedOff)
	case gone && !b.wasDeactivatedByUs(a):
		c.Reason = reason.New(reason.ReturnedUnproved)
	case gone && staysRuledOff(a, o):
		c.Reason = reason.New(reason.RuledOffStays, b.rules.setterOf(o, mapping.FieldActive))
	case staysRuledOff(a, o):
	case !gone && switchedOffByPerson(a):
		c.Reason = reason.New(reason.RuleEndedOff)
	case !gone && !wasRuledOff(a):
		c.Reason = reason.New(reason.RuleEndedUnproved)
	default:
		c.Reason = reason.New(reason.Returned)
		if !gone {
			c.Reason = reason.New(reason.RuleEnded)
		}
		c.Patch.Active, c.Fields = new(true), append(c.Fields, FieldActive)
	}
}

// planRuleOff decides on an active asset whose instance is listed and which a rule wants inactive. That is a removal for the
// guard, by the rules of every removal: whatever keeps an asset from being removed keeps it active. Until then, and in a run
// in which it is decided, all else of the asset follows the cloud. Events leave it to full runs, which alone can count.
func (b *builder) planRuleOff(update Change, d *drift, i *inventory.Instance, n int, o *mapping.Outcome) {
	a := &b.input.Current.Assets[n]
	if !o.Inactive || o.Unread.Has(mapping.FieldActive) || !a.Active || a.LabelCount(inventory.LabelGone) > 0 {
		return
	}
	by := b.rules.setterOf(o, mapping.FieldActive)
	if spared, isSpared := b.sparedReason(i, *a, o); isSpared {
		d.notes = append(d.notes, fieldNote{FieldActive, reason.New(reason.RuledOffSpared, by, spared)})
		return
	}
	c := absentChange(a, b.ownerships[n])
	c.ruledOff, c.Fields = true, []string{FieldActive, FieldLabels}
	switch {
	case isRuledOff(*a):
		d.notes = append(d.notes, fieldNote{FieldActive, reason.New(reason.RuledOffByHand, by)})
	case b.rules.Partial:
		c.Before, c.Fields = nil, nil
		b.addSkip(c, reason.New(reason.RuledOffLater, by))
	default:
		labels := a.Labels
		if update.Patch != nil && update.Patch.Labels != nil {
			labels = update.Patch.Labels
		}
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(false), Labels: append(withoutNamed(labels, inventory.LabelRuleOff), ruleOffLabel(b.rules.Now))}
		b.addCandidate(c, Deactivate, reason.New(reason.RuledOff, by))
	}
}

// sparedReason returns why an asset of a listed instance is never removed, and reports whether that is so.
func (b *builder) sparedReason(i *inventory.Instance, a inventory.Asset, o *mapping.Outcome) (reason.Reason, bool) {
	switch {
	case b.hasProtectedAddress(*i, a):
		return reason.New(reason.IsProtected), true
	case o.Keep != "", o.Unread.Has(mapping.FieldKeep):
		return reason.New(reason.KeptByTag), true
	}
	return b.protectedReason(a)
}

// IsRuleOff reports whether a change is the deactivation of a listed instance's asset by a mapping rule. It needs no proof:
// the listing itself shows what the rule rests on.
func (c Change) IsRuleOff() bool { return c.ruledOff }
