package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ruledSkip returns why the rules let no asset be made for an instance (yet), and reports whether that is so. In doubt none
// is made: one in the wrong node or zone is open to the wrong people.
//
// due is when an instance that is too young gets its asset.
func (b *builder) ruledSkip(i *inventory.Instance, o *mapping.Outcome) (why reason.Reason, due time.Time, skips bool) {
	if b.rules.Mapping == nil {
		return reason.Reason{}, time.Time{}, false
	}
	unread := unreadAmong(o, mapping.FieldSkip, mapping.FieldNode, mapping.FieldZone, mapping.FieldActive)
	due, waits := b.awaitedAge(i, o)
	switch {
	case o.Skip != "":
		return reason.New(reason.RuleSkips, b.rules.setterOf(o, mapping.FieldSkip), o.Skip), time.Time{}, true
	case len(unread) > 0:
		return reason.New(reason.RuleUnread, fieldNames(unread)), time.Time{}, true
	case o.Inactive:
		return reason.New(reason.RuleInactive, b.rules.setterOf(o, mapping.FieldActive)), time.Time{}, true
	case waits:
		return reason.New(reason.RuleTooYoung, b.rules.setterOf(o, mapping.FieldMinAge), o.MinAge.String(), formatTime(due)), due, true
	case o.AddressMissing != "" && !i.AddressesPartial:
		return reason.New(reason.RuleNoAddress, b.rules.setterOf(o, mapping.FieldAddress), o.AddressMissing), time.Time{}, true
	case o.Zone != "":
		if _, known := findZone(b.input.Current.Zones, b.input.Current.ZonesDenied, o.Zone); !known {
			return reason.New(reason.RuleNoZone, b.rules.setterOf(o, mapping.FieldZone), o.Zone), time.Time{}, true
		}
	}
	return reason.Reason{}, time.Time{}, false
}

// awaitedAge reports whether an instance is younger than the rules want it to be before it gets an asset, and returns when
// it is old enough. One whose cloud does not show when it was made gets its asset at once.
func (b *builder) awaitedAge(i *inventory.Instance, o *mapping.Outcome) (due time.Time, waits bool) {
	if o.MinAge <= 0 || i.Facts == nil || i.Facts.CreatedAt.IsZero() {
		return time.Time{}, false
	}
	due = i.Facts.CreatedAt.Add(o.MinAge)
	return due, b.rules.Now.Before(due)
}

// unreadAmong returns which of the fields rest on what the cloud did not show.
func unreadAmong(o *mapping.Outcome, fields ...mapping.Field) []mapping.Field {
	var unread []mapping.Field
	for _, f := range fields {
		if o.Unread.Has(f) {
			unread = append(unread, f)
		}
	}
	return unread
}

// unreadOnNew returns the fields of a new asset that rest on what the cloud did not show, and do not keep it from being
// made.
func unreadOnNew(o *mapping.Outcome) []mapping.Field {
	return unreadAmong(o, mapping.FieldPlatform, mapping.FieldPort, mapping.FieldName, mapping.FieldLabels, mapping.FieldAccounts, mapping.FieldAddress)
}

// leaveAsItIs keeps an asset of ours as it is, as a rule says that its instance is skipped.
func (b *builder) leaveAsItIs(e listedInstance, a *inventory.Asset, o *mapping.Outcome) {
	c := emptyUpdate(e, a)
	c.Patch, c.Before = nil, nil
	b.addSkip(c, reason.New(reason.RuleLeaves, b.rules.setterOf(o, mapping.FieldSkip), o.Skip))
}

// leaveWhatMayBeSkipped makes of all that only rules set something that is not known, where it is not known whether they skip
// the instance: an asset that they leave alone is not switched off or moved because a cloud did not show its tags.
func leaveWhatMayBeSkipped(o *mapping.Outcome) {
	if !o.Unread.Has(mapping.FieldSkip) {
		return
	}
	for _, f := range [...]mapping.Field{
		mapping.FieldNode, mapping.FieldZone, mapping.FieldPlatform, mapping.FieldPort, mapping.FieldLabels, mapping.FieldAccounts, mapping.FieldActive,
	} {
		o.Unread |= 1 << f
	}
}
