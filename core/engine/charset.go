package engine

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// RulesFor returns the rules for a plan of listings that is made now.
func (e Engine) RulesFor(ctx context.Context, of EventBastion, listings []inventory.Listing) plan.Rules {
	rules := e.Rules
	rules.Now, rules.UTF8MB3 = e.Now(), e.needsUTF8MB3Names(ctx, of, listings)
	return rules
}

// needsUTF8MB3Names reports whether names must be made without signs of four bytes: some instance or account has one,
// and JumpServer, which is asked only then, cannot hold it. Where that cannot be learnt, names are made as they are.
func (e Engine) needsUTF8MB3Names(ctx context.Context, of EventBastion, listings []inventory.Listing) bool {
	if !slices.ContainsFunc(listings, hasFourByteName) {
		return false
	}
	is, err := of.UsesUTF8MB3(ctx)
	if err != nil {
		e.Log.Warn("it is not known whether JumpServer's database holds every sign", "error", err)
	}
	return is
}

func hasFourByteName(l inventory.Listing) bool {
	return len(l.Instances) > 0 && inventory.HasFourByteRunes(l.Account) || slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool {
		return inventory.HasFourByteRunes(i.Name, i.HostName) || i.Facts != nil && slices.ContainsFunc(i.Facts.Tags, func(t inventory.Tag) bool {
			return inventory.HasFourByteRunes(t.Value)
		})
	})
}
