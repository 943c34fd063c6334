package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// unreadAssets are existing assets of which something stays as it is because a cloud did not show the tags on which it rests.
type unreadAssets struct {
	count int
	names []string // of the first ones
}

// mostUnreadNamed is how many of these assets are named.
const mostUnreadNamed = 3

// Unread returns how many existing assets keep what rules would decide by tags that their clouds did not show, and the names of
// some. Each would be a line of its own in every run, should a key lose the right to read tags.
func (p Plan) Unread() (count int, names []string) { return p.unread.count, p.unread.names }

// countUnread counts an existing asset if anything that a run may write to it rests on what the cloud did not show.
func (b *builder) countUnread(a inventory.Asset, o *mapping.Outcome) {
	if o.Unread == 0 || b.rules.Partial {
		return
	}
	m := b.rules.managed(o)
	writes := func(p FieldPolicy) bool { return b.rules.policy(p, true) != WriteOnCreate }
	decided := map[mapping.Field]bool{
		mapping.FieldSkip: true, mapping.FieldActive: true, mapping.FieldName: m.managesName(a), mapping.FieldAddress: m.Address != WriteOnCreate,
		mapping.FieldZone: m.managesZone(a), mapping.FieldNode: writes(m.Node), mapping.FieldPlatform: writes(m.Platform), mapping.FieldPort: writes(m.Port),
		mapping.FieldLabels: writes(m.Labels), mapping.FieldAccounts: writes(m.Accounts),
	}
	for field, is := range decided {
		if !is || !o.Unread.Has(field) {
			continue
		}
		b.plan.unread.count++
		if len(b.plan.unread.names) < mostUnreadNamed {
			b.plan.unread.names = append(slices.Clip(b.plan.unread.names), a.Name)
		}
		return
	}
}
