package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// owners is what state remembers of the accounts of some listings.
type owners map[plan.Holder]state.Owner

func holderOf(at inventory.Scope) plan.Holder {
	return plan.Holder{Cloud: at.Cloud, Account: at.Account}
}

// recall reads whose accounts are, of those that were listed as a whole. What cannot be read is not known, and
// then the marks of assets decide.
func (e Engine) recall(ctx context.Context, listings []inventory.Listing) owners {
	known := owners{}
	if e.Owners == nil {
		return known
	}
	for _, l := range listings {
		h := holderOf(l.Scope)
		if _, read := known[h]; read || !l.Complete() {
			continue
		}
		o, err := e.Owners.Owner(ctx, h.Cloud, h.Account)
		if err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", h.Account, "error", err)
		}
		known[h] = o
	}
	return known
}

// vouched returns the listings, those failed that were read with a key of another cloud account than theirs: with
// it every instance seems to be gone, and others would be made. assets are those of JumpServer.
func (e Engine) vouched(listings []inventory.Listing, known owners, assets []inventory.Asset) []inventory.Listing {
	marked := plan.Owners(assets, e.Rules)
	out := make([]inventory.Listing, 0, len(listings))
	for _, l := range listings {
		h := holderOf(l.Scope)
		v := plan.Vouched{Remembered: known[h].Owner, Accepted: known[h].Accepted, Marked: marked[h]}
		why, doubted := v.Doubt(l.Account, l.Owner, e.Rules)
		if l.Complete() && doubted {
			l = inventory.Listing{Scope: l.Scope, Owner: l.Owner, Err: otherAccount(why)}
			e.Log.Error("the key is not believed to be the account's", "scope", l.Scope.String(), "error", l.Err)
		}
		out = append(out, l)
	}
	return out
}

func otherAccount(why plan.Reason) error {
	return &plan.Trouble{Kind: inventory.OtherAccount, Reason: why}
}

// sure reports whether state vouches for all accounts of some listings, so that no asset need be read for it.
func (e Engine) sure(ctx context.Context, listings []inventory.Listing) bool {
	if e.Owners == nil {
		return true // the marks were compared by the run before, of which something else than Owners remembers
	}
	known := e.recall(ctx, listings)
	for _, l := range listings {
		o := known[holderOf(l.Scope)]
		_, doubted := plan.Vouched{Remembered: o.Owner, Accepted: o.Accepted}.Doubt(l.Account, l.Owner, e.Rules)
		if doubted || o.Owner == "" && e.Rules.Accounts[l.Account].Owner == "" {
			return false
		}
	}
	return true
}

// learnOwners remembers whose the accounts are that were listed. account_id is a person's word.
func (e Engine) learnOwners(ctx context.Context, listings []inventory.Listing, known owners) {
	if e.Owners == nil {
		return
	}
	done := map[plan.Holder]bool{}
	for _, l := range listings {
		h := holderOf(l.Scope)
		was, read := known[h]
		said := e.Rules.Accounts[l.Account].Owner != ""
		if !l.Complete() || !read || done[h] || was.Owner == l.Owner && (was.Accepted || !said) || was.Owner != "" && !said {
			continue
		}
		done[h] = true
		now := state.Owner{Cloud: h.Cloud, Account: h.Account, Owner: l.Owner, Accepted: said}
		if err := e.Owners.KeepOwner(ctx, was, now); err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", h.Account, "error", err)
		}
	}
}

// strange returns why an owner's event is not about these scopes, where an account of theirs is remembered to be
// another's.
func (e Engine) strange(ctx context.Context, scopes []inventory.Scope, owner string) (why plan.Reason, is bool) {
	for _, at := range scopes {
		if e.Owners == nil || e.Rules.Accounts[at.Account].Owner != "" {
			continue
		}
		o, err := e.Owners.Owner(ctx, at.Cloud, at.Account)
		if err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", at.Account, "error", err)
		}
		why, is = plan.Vouched{Remembered: o.Owner, Accepted: o.Accepted}.Doubt(at.Account, owner, e.Rules)
		if is {
			return why, true
		}
	}
	return plan.Reason{}, false
}
