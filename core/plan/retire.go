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
	// CloudsWithKey are the clouds in which there is a key of the account, so that it was asked for what it left.
	CloudsWithKey []inventory.Cloud
}

// CanRetire reports whether an account, or a region of it, may be retired: whether no run asks for it.
func (r Rules) CanRetire(what Retirement) bool {
	account, there := r.Accounts[what.Account]
	if !there || !account.Enabled {
		return true
	}
	return what.Region != "" && len(account.Regions) > 0 && !slices.Contains(account.Regions, what.Region)
}

// Scopes returns where the assets are that a retirement is about, sorted, each once.
func (what Retirement) Scopes(in inventory.JumpServerAssets, rules Rules) []inventory.Scope {
	b := newBuilder(Input{Current: in}, rules)
	var scopes []inventory.Scope
	for _, n := range b.assetOrder {
		if m := b.ownerships[n]; b.ours[n] && what.covers(m) {
			scopes = append(scopes, inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region})
		}
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

func (what Retirement) covers(m ownership) bool {
	return m.account == what.Account && (what.Region == "" || m.region == what.Region)
}

// Retire plans the end of orphans: what an account (a region of it) left, deactivated or deleted as the
// mode of removal says. It plans nothing else. Where there is a key its listings must be among those of the input:
// what they hold is not touched, and all else needs its proof. Where there is none, nothing can be proved, and what
// a person orders is deactivated only. All that no run ever removes is kept. Where the configuration still
// asks for the account or region, Retire plans nothing: see Orphans.
func Retire(in Input, rules Rules, what Retirement) Plan {
	if !rules.CanRetire(what) {
		return Plan{}
	}
	rules.Partial = false
	b := newBuilder(in, rules)
	b.plan.unprovable = map[string]bool{}
	for _, n := range b.assetOrder { // nothing but these give a name away
		b.plan.fixedNames.add(b.input.Current.Assets[n].Name)
	}
	mode := b.rules.Mode
	for _, n := range b.assetOrder {
		m := b.ownerships[n]
		if !b.ours[n] || !what.covers(m) {
			continue
		}
		b.rules.Mode = mode
		keyed := slices.Contains(what.CloudsWithKey, m.cloud)
		if !keyed {
			b.rules.Mode = ModeDeactivate
		}
		b.retireAsset(&b.input.Current.Assets[n], m, keyed)
	}
	b.unwitnessed(what.Account, what.Region)
	b.plan.retired = true
	b.plan.sortChanges()
	return b.plan
}

func (b *builder) retireAsset(a *inventory.Asset, m ownership, keyed bool) {
	c := absentChange(a, m)
	where, runs := b.listingScope(instanceKey{m.cloud, m.instanceID})
	failed := b.failedAccount(m)
	doubt, contradict := ownershipConflict(*a, m)
	why, unread := b.unreadScopeReason(m)
	if !runs {
		b.countRecentLoss(*a, m)
	}
	switch {
	case contradict:
		b.addSkip(c, doubt)
	case runs:
		b.addSkip(c, newReason(StillRuns, where.String()))
	case failed != "":
		b.addKeep(c, newReason(ScopeFailed, failed, m.region))
	case keyed && unread:
		b.addSkip(c, why)
	default:
		b.plan.unprovable[a.ID] = !keyed
		b.classifyAbsent(c, *a)
	}
}

// unreadScopeReason returns why the listing of an asset's own scope says nothing about it, and reports whether that is so.
func (b *builder) unreadScopeReason(m ownership) (Reason, bool) {
	own := slices.IndexFunc(b.input.Listings, func(l inventory.Listing) bool {
		return l.Cloud == m.cloud && l.Account == m.account && (l.Region == m.region || l.Region == anyRegion)
	})
	if own < 0 {
		return newReason(ScopeNotAsked, m.account, m.region), true
	}
	l := b.input.Listings[own]
	switch {
	case !l.IsComplete():
		return newReason(ScopeFailed, m.account, m.region), true
	case !strings.EqualFold(l.Owner, m.owner):
		return newReason(OtherOwner, m.owner, l.Owner), true
	}
	why, asked := coversProject(l, m)
	return why, !asked
}

// RetireAdopted plans the deletion of adopted assets that were deactivated longer than the grace ago, of all accounts
// or of one and a region: no run does it, see Rules.DeleteAdopted. A complete listing of each one's scope must lack its
// instance, and each needs its proof. It plans nothing else, and nothing where nothing is ever deleted.
func RetireAdopted(in Input, rules Rules, account, region string) Plan {
	rules.Partial, rules.DeleteAdopted = false, true
	b := newBuilder(in, rules)
	for n, m := range b.absentAssets() {
		a := &b.input.Current.Assets[n]
		b.countRecentLoss(*a, m)
		since, aged := b.graceElapsed(*a)
		if isProvedByID(*a) || !aged || account != "" && m.account != account || region != "" && m.region != region {
			continue
		}
		b.retireAdoptedAsset(absentChange(a, m), a, m, newReason(GraceOver, formatTime(since)))
	}
	b.unwitnessed(account, region)
	b.plan.retired = true
	b.plan.sortChanges()
	return b.plan
}

// graceElapsed reports whether an asset was deactivated, when, and whether the grace is over, as well as any other time
// that was promised.
func (b *builder) graceElapsed(a inventory.Asset) (since time.Time, over bool) {
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	until, given := parseDueDate(a)
	value, _ := a.Label(inventory.LabelDue)
	waits := given && !strings.EqualFold(value, inventory.DueNever) && b.rules.Now.Before(until)
	return since, gone && readable && !a.Active && !waits && a.LabelCount(inventory.LabelReopened) == 0 && !b.rules.Now.Before(since.Add(b.rules.Grace))
}

func (b *builder) retireAdoptedAsset(c Change, a *inventory.Asset, m ownership, over Reason) {
	where, elsewhere := b.listingScope(instanceKey{m.cloud, m.instanceID})
	why, proved := b.isScopeFullyRead(m)
	doubt, contradict := ownershipConflict(*a, m)
	spared, spares := b.protectedReason(*a)
	switch {
	case contradict:
		b.addSkip(c, doubt)
	case spares:
		b.addSkip(c, spared)
	case elsewhere:
		b.addSkip(c, newReason(StillRuns, where.String()))
	case isOrphanCode(why.Code):
		b.addSkip(c, newReason(NotProvable, why))
	case !proved:
		b.addSkip(c, why)
	case b.rules.removalMode(*a) != ModeDelete:
		b.addSkip(c, newReason(b.neverDeletedCode(*a), over.Args...))
	default:
		b.addCandidate(c, Delete, over)
	}
}

// ProvableCandidates are the candidates whose absence a cloud can be asked for.
func (p Plan) ProvableCandidates() []Change {
	return slices.DeleteFunc(p.Candidates(), func(c Change) bool { return p.unprovable[c.AssetID] })
}

// ApproveRetirement is Approve for the plans of Retire and RetireAdopted; of any other it approves nothing. yes is what
// a person has agreed to: all that a threshold holds passes then, and no doubt does.
func (p Plan) ApproveRetirement(limits Limits, proofs Proofs, yes bool) Approved {
	if !p.retired {
		return Approved{}
	}
	limits.Reviewed, limits.Approved = nil, map[string]bool{}
	if limits.Approval == ApproveAll { // the order is the review
		limits.Approval = ApproveRemovals
	}
	for _, c := range p.candidates {
		limits.Approved[c.AssetID] = yes
	}
	return p.approve(limits, proofs)
}
