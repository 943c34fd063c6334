package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Retirement names assets of ours that no configured account looks after any more.
type Retirement struct {
	Account string
	Region  string // "" = all regions of the account
	// Keyed are the clouds in which there is a key of the account, so that it was asked for what it left.
	Keyed []inventory.Cloud
}

// Orphans reports whether an account, or a region of it, may be retired: whether no run asks for it.
func (r Rules) Orphans(what Retirement) bool {
	account, there := r.Accounts[what.Account]
	if !there || !account.Enabled {
		return true
	}
	return what.Region != "" && len(account.Regions) > 0 && !slices.Contains(account.Regions, what.Region)
}

// Scopes returns where the assets are that a retirement is about, sorted, each once.
func (what Retirement) Scopes(in inventory.Bastion, rules Rules) []inventory.Scope {
	b := newBuilder(Input{Bastion: in}, rules)
	var scopes []inventory.Scope
	for _, n := range b.order {
		if m := b.marks[n]; b.ours[n] && what.covers(m) {
			scopes = append(scopes, inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region})
		}
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

func (what Retirement) covers(m mark) bool {
	return m.account == what.Account && (what.Region == "" || m.region == what.Region)
}

// Retire plans the end of orphans: what an account (a region of it) left, deactivated or deleted as the
// mode of removal says. It plans nothing else. Where there is a key its listings must be among those of the input:
// what they hold is not touched, and all else needs its proof. Where there is none, nothing can be proved, and what
// a person orders is deactivated only. All that no run ever removes is kept. Where the configuration still
// asks for the account or region, Retire plans nothing: see Orphans.
func Retire(in Input, rules Rules, what Retirement) Plan {
	if !rules.Orphans(what) {
		return Plan{}
	}
	rules.Partial = false
	b := newBuilder(in, rules)
	b.plan.unprovable = map[string]bool{}
	for _, n := range b.order { // nothing but these give a name away
		b.plan.fixed.add(b.in.Bastion.Assets[n].Name)
	}
	mode := b.rules.Mode
	for _, n := range b.order {
		m := b.marks[n]
		if !b.ours[n] || !what.covers(m) {
			continue
		}
		b.rules.Mode = mode
		keyed := slices.Contains(what.Keyed, m.cloud)
		if !keyed {
			b.rules.Mode = ModeDeactivate
		}
		b.retire(&b.in.Bastion.Assets[n], m, keyed)
	}
	b.unwitnessed(what.Account, what.Region)
	b.plan.retired = true
	b.plan.sort()
	return b.plan
}

func (b *builder) retire(a *inventory.Asset, m mark, keyed bool) {
	c := leftover(a, m)
	where, runs := b.where(instanceKey{m.cloud, m.instance})
	failed := b.failed(m)
	doubt, contradict := contradicts(*a, m)
	why, unread := b.unreadHere(m)
	if !runs {
		b.leaked(*a, m)
	}
	switch {
	case contradict:
		b.skip(c, doubt)
	case runs:
		b.skip(c, because(StillRuns, where.String()))
	case failed != "":
		b.keep(c, because(ScopeFailed, failed, m.region))
	case keyed && unread:
		b.skip(c, why)
	default:
		b.plan.unprovable[a.ID] = !keyed
		b.judge(c, *a)
	}
}

// unreadHere returns why the listing of an asset's own scope says nothing about it, and reports whether that is so.
func (b *builder) unreadHere(m mark) (Reason, bool) {
	own := slices.IndexFunc(b.in.Listings, func(l inventory.Listing) bool {
		return l.Cloud == m.cloud && l.Account == m.account && (l.Region == m.region || l.Region == everyRegion)
	})
	if own < 0 {
		return because(ScopeNotAsked, m.account, m.region), true
	}
	l := b.in.Listings[own]
	switch {
	case !l.Complete():
		return because(ScopeFailed, m.account, m.region), true
	case !strings.EqualFold(l.Owner, m.owner):
		return because(OtherOwner, m.owner, l.Owner), true
	}
	why, asked := projectAsked(l, m)
	return why, !asked
}

// RetireAdopted plans the deletion of adopted assets that were deactivated longer than the grace ago, of all accounts
// or of one and a region: no run does it, see Rules.DeleteAdopted. A complete listing of each one's scope must lack its
// instance, and each needs its proof. It plans nothing else, and nothing where nothing is ever deleted.
func RetireAdopted(in Input, rules Rules, account, region string) Plan {
	rules.Partial, rules.DeleteAdopted = false, true
	b := newBuilder(in, rules)
	for n, m := range b.left() {
		a := &b.in.Bastion.Assets[n]
		b.leaked(*a, m)
		since, aged := b.aged(*a)
		if provedByID(*a) || !aged || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		b.retireAdopted(leftover(a, m), a, m, because(GraceOver, stamp(since)))
	}
	b.unwitnessed(account, region)
	b.plan.retired = true
	b.plan.sort()
	return b.plan
}

// aged reports whether an asset was deactivated, when, and whether the grace is over, as well as any other time
// that was promised.
func (b *builder) aged(a inventory.Asset) (since time.Time, over bool) {
	since, gone, readable := goneSince(a, b.rules.Now)
	until, given := promised(a)
	value, _ := a.Label(inventory.LabelDue)
	waits := given && !strings.EqualFold(value, inventory.DueNever) && b.rules.Now.Before(until)
	return since, gone && readable && !a.Active && !waits && a.Count(inventory.LabelReopened) == 0 && !b.rules.Now.Before(since.Add(b.rules.Grace))
}

func (b *builder) retireAdopted(c Change, a *inventory.Asset, m mark, over Reason) {
	where, elsewhere := b.where(instanceKey{m.cloud, m.instance})
	why, proved := b.readScope(m)
	doubt, contradict := contradicts(*a, m)
	spared, spares := b.spared(*a)
	switch {
	case contradict:
		b.skip(c, doubt)
	case spares:
		b.skip(c, spared)
	case elsewhere:
		b.skip(c, because(StillRuns, where.String()))
	case orphaned(why.Code):
		b.skip(c, because(NotProvable, why))
	case !proved:
		b.skip(c, why)
	case b.rules.modeOf(*a) != ModeDelete:
		b.skip(c, because(b.stays(*a), over.Args...))
	default:
		b.candidate(c, Delete, over)
	}
}

// Provable are the candidates whose absence a cloud can be asked for.
func (p Plan) Provable() []Change {
	return slices.DeleteFunc(p.Candidates(), func(c Change) bool { return p.unprovable[c.AssetID] })
}

// ApproveRetirement is Approve for the plans of Retire and RetireAdopted; of any other it approves nothing. yes is what
// a person has agreed to: all that a threshold holds passes then, and no doubt does.
func (p Plan) ApproveRetirement(limits Limits, proofs Proofs, yes bool) Approved {
	if !p.retired {
		return Approved{}
	}
	limits.Only, limits.Approved = nil, map[string]bool{}
	if limits.Ask == AskAll { // the order is the review
		limits.Ask = AskRemovals
	}
	for _, c := range p.candidates {
		limits.Approved[c.AssetID] = yes
	}
	return p.approve(limits, proofs)
}
