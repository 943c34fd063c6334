package engine

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/state"
)

// knownOwners is what state remembers of the accounts of some listings.
type knownOwners map[plan.AccountKey]state.Owner

func holderOf(at inventory.Scope) plan.AccountKey {
	return plan.AccountKey{Cloud: at.Cloud, Account: at.Account}
}

// loadOwners reads whose accounts are, of those that were listed as a whole. What cannot be read is not known, and
// then the labels of assets decide.
func (e Engine) loadOwners(ctx context.Context, listings []inventory.Listing) knownOwners {
	known := knownOwners{}
	if e.Memory.Owners == nil {
		return known
	}
	for _, l := range listings {
		h := holderOf(l.Scope)
		if _, read := known[h]; read || !l.IsComplete() {
			continue
		}
		o, err := e.Memory.Owners.LoadOwner(ctx, h.Cloud, h.Account)
		if err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", h.Account, "error", err)
		}
		known[h] = o
	}
	return known
}

// FailForeignListings is failForeignListings by what state remembers of the listed accounts.
func (e Engine) FailForeignListings(ctx context.Context, listings []inventory.Listing, assets []inventory.Asset) []inventory.Listing {
	return e.failForeignListings(listings, e.loadOwners(ctx, listings), assets)
}

// failForeignListings returns the listings, those failed that were read with a key of another cloud account than theirs: with
// it every instance seems to be gone, and others would be made. assets are those of JumpServer.
func (e Engine) failForeignListings(listings []inventory.Listing, known knownOwners, assets []inventory.Asset) []inventory.Listing {
	marked := plan.OwnersByAccount(assets, e.Rules)
	out := make([]inventory.Listing, 0, len(listings))
	for _, l := range listings {
		h := holderOf(l.Scope)
		v := plan.OwnerEvidence{Remembered: known[h].Owner, Accepted: known[h].Accepted, Labelled: marked[h]}
		why, doubted := v.DoubtReason(l.Account, l.Owner, e.Rules)
		if !doubted && l.OwnerUnreached && plan.ShowsNoneOfOurs(l, assets, e.Rules) {
			why, doubted = reason.New(reason.KeyUnchecked, l.Account, l.Owner, l.Region), true
		}
		if l.IsComplete() && doubted {
			l = inventory.Listing{Scope: l.Scope, Owner: l.Owner, Err: errOtherAccount(why)}
			e.Log.Error("the key is not believed to be the account's", "scope", l.Scope.String(), "error", l.Err)
		}
		out = append(out, l)
	}
	return out
}

func errOtherAccount(why reason.Reason) error {
	return &reason.RunError{Kind: inventory.OtherAccount, Reason: why}
}

// hasStoredOwners reports whether state vouches for all accounts of some listings, so that no asset need be read for it.
func (e Engine) hasStoredOwners(ctx context.Context, listings []inventory.Listing) bool {
	if e.Memory.Owners == nil {
		return true // the run before compared the labels; only Memory.Owners is not configured
	}
	known := e.loadOwners(ctx, listings)
	for _, l := range listings {
		o := known[holderOf(l.Scope)]
		_, doubted := plan.OwnerEvidence{Remembered: o.Owner, Accepted: o.Accepted}.DoubtReason(l.Account, l.Owner, e.Rules)
		if doubted || o.Owner == "" && e.Rules.Accounts[l.Account].Owner == "" {
			return false
		}
	}
	return true
}

// saveNewOwners remembers whose the accounts are that were listed. account_id is a person's word.
func (e Engine) saveNewOwners(ctx context.Context, listings []inventory.Listing, known knownOwners) {
	if e.Memory.Owners == nil {
		return
	}
	done := map[plan.AccountKey]bool{}
	for _, l := range listings {
		h := holderOf(l.Scope)
		was, read := known[h]
		said := e.Rules.Accounts[l.Account].Owner != ""
		if !l.IsComplete() || !read || done[h] || was.Owner == l.Owner && (was.Accepted || !said) || was.Owner != "" && !said {
			continue
		}
		done[h] = true
		now := state.Owner{Cloud: h.Cloud, Account: h.Account, Owner: l.Owner, Accepted: said}
		if err := e.Memory.Owners.SaveOwner(ctx, was, now); err != nil {
			e.Log.Warn("it is not remembered whose an account is", "account", h.Account, "error", err)
		}
	}
}
