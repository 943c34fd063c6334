package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// configured tells whether no run will ever ask for an asset's instance, as the configuration is, and
// why: its account is not there or switched off, or its region is not among those of the account.
func (b *builder) configured(m mark) (Reason, bool) {
	account, there := b.rules.Accounts[m.account]
	asked := func() bool {
		return slices.ContainsFunc(b.in.Listings, func(l inventory.Listing) bool { return l.Account == m.account })
	}
	switch {
	case !there:
		return because(NotConfigured, m.account), true
	case !account.Enabled && !asked():
		return because(SwitchedOffAccount, m.account), true
	case len(account.Regions) > 0 && !slices.Contains(account.Regions, m.region):
		return because(RegionNotConfigured, m.account, m.region), true
	}
	return Reason{}, false
}

// orphaned tells whether a reason is one of those of configured.
func orphaned(code Code) bool {
	return slices.Contains([]Code{NotConfigured, SwitchedOffAccount, RegionNotConfigured}, code)
}

// orphan reports an asset that no run will look after. It is not removed: that nobody asks for its
// instance any more says nothing of it. One that is deactivated already only has to wait.
func (b *builder) orphan(c Change, a inventory.Asset, why Reason) {
	since, gone, readable := goneSince(a, b.rules.Now)
	keep, kept := kept(a)
	switch {
	case kept:
		b.skip(c, because(KeptByLabel, keep))
	case gone && readable && !a.Active && b.rules.Mode != ModeDelete:
		b.keep(c, because(b.stays(), stamp(since)))
	case gone && readable && !a.Active && b.rules.Now.Before(since.Add(b.rules.Grace)):
		b.keep(c, because(InGrace, stamp(since), stamp(since.Add(b.rules.Grace))))
	default:
		c.Action, c.Reason = Orphan, why
		b.plan.notes = append(b.plan.notes, c)
	}
}

// Retirement names assets of ours that no configured account looks after any more.
type Retirement struct {
	Account string
	Region  string // "" = all regions of the account
}

// Orphans tells whether an account, or a region of it, may be retired: whether no run asks for it.
func (r Rules) Orphans(what Retirement) bool {
	account, there := r.Accounts[what.Account]
	if !there || !account.Enabled {
		return true
	}
	return what.Region != "" && len(account.Regions) > 0 && !slices.Contains(account.Regions, what.Region)
}

// Retire plans the end of orphans: what an account (a region of it) left, deactivated or deleted as the
// mode of removal says. It plans nothing else. There is no proof that their instances are gone, which is
// why a person must ask for it; but an asset whose instance a listing holds, or may hold that failed, is
// kept, and so is all that no run ever removes. Where the configuration still asks for the account or
// region, Retire plans nothing: see Orphans.
func Retire(in Input, rules Rules, what Retirement) Plan {
	if !rules.Orphans(what) {
		return Plan{}
	}
	rules.Partial = false
	b := newBuilder(in, rules)
	for _, n := range b.order { // nothing but these give a name away
		b.plan.fixed.add(b.in.Bastion.Assets[n].Name)
	}
	for n, m := range b.left() {
		if m.account != what.Account || what.Region != "" && m.region != what.Region {
			continue
		}
		b.retire(&b.in.Bastion.Assets[n], m)
	}
	b.plan.retired = true
	b.plan.sort()
	return b.plan
}

func (b *builder) retire(a *inventory.Asset, m mark) {
	c := leftover(a, m)
	where, elsewhere := b.where(instanceKey{m.cloud, m.instance})
	name := b.failed(m)
	_, orphan := b.configured(m)
	doubt, contradict := contradicts(*a, m)
	switch {
	case contradict:
		b.skip(c, doubt)
	case elsewhere:
		b.keep(c, because(SeenElsewhere, where.String()))
	case name != "":
		b.keep(c, because(ScopeFailed, name, m.region))
	case !orphan: // a region that the account does list
		b.keep(c, because(ScopeNotAsked, m.account, m.region))
	default:
		b.judge(c, *a)
	}
}

// ApproveRetirement lets the candidates of Retire pass: who asks for it stands for the proof that cannot
// be had. Of any other plan it approves nothing.
func (p Plan) ApproveRetirement() Approved {
	if !p.retired {
		return Approved{}
	}
	out := Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.marks)}
	for _, c := range p.candidates {
		if c.Action == Deactivate || c.Reason.Code == GoneAtOnce {
			c.Reason = because(Retired)
		}
		out.removals = append(out.removals, c)
	}
	slices.SortFunc(out.updates, Compare)
	return out
}
