package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Retirement names assets of ours that no configured account looks after any more.
type Retirement struct {
	Account string
	Region  string // "" = all regions of the account
	// Cloud limits it to the assets of one cloud; "" = all. It is needed if the account is one of another cloud now.
	Cloud inventory.Cloud
	// RegionUnnamed says that the cloud does not name Region for the account, which configures no regions, see
	// IsRegionUnnamed.
	RegionUnnamed bool
	// CloudsWithKey are the clouds for which there is a key of the account, so that its instances were listed.
	CloudsWithKey []inventory.Cloud
}

// CanRetire reports whether no run asks for an account, or a region of it, so that it may be retired.
func (r Rules) CanRetire(what Retirement) bool {
	account, there := r.Accounts[what.Account]
	switch {
	case !there, !account.Enabled, what.Cloud != "" && what.Cloud != account.Cloud:
		return true
	case what.Region == "":
		return false
	case !account.CoversRegion(what.Region):
		return true
	}
	return len(account.Regions) == 0 && what.RegionUnnamed
}

// IsRegionUnnamed reports whether the listings of a whole run show that the cloud no longer names the region.
func (r Rules) IsRegionUnnamed(what Retirement, listings []inventory.Listing) bool {
	return namesOtherRegions(listings, inventory.Scope{Cloud: r.Accounts[what.Account].Cloud, Account: what.Account, Region: what.Region})
}

// Scopes returns the scopes of the assets that a retirement means, sorted, each once.
func (what Retirement) Scopes(in inventory.JumpServerAssets, rules Rules) []inventory.Scope {
	b := newBuilder(Input{Current: in}, rules)
	var scopes []inventory.Scope
	for _, n := range b.assetOrder {
		m := b.ownerships[n]
		if b.ours[n] && what.covers(m) {
			scopes = append(scopes, m.accountScope())
		}
	}
	sorting.By(scopes, inventory.Scope.Compare)
	return slices.Compact(scopes)
}

func (what Retirement) covers(m ownership) bool {
	return m.account == what.Account && (what.Region == "" || m.region == what.Region) && (what.Cloud == "" || m.cloud == what.Cloud)
}

// Retire plans the end of orphans: it deactivates or deletes, by the mode of removal, what an account or a region
// of it left. It plans nothing else, and nothing at all while the configuration still asks for the account or
// region.
//
// In a cloud with a key the listings must be in the input: assets of listed instances stay, and all others need
// their proof. Without a key nothing can be proved, so assets are only deactivated. Assets that no run ever removes
// are kept.
func Retire(in Input, rules Rules, what Retirement) Plan {
	if !rules.CanRetire(what) {
		return Plan{}
	}
	rules.Partial = false
	b := newBuilder(in, rules)
	b.plan.unprovable = map[string]bool{}
	for _, n := range b.assetOrder { // no name of others is available
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
	b.skipLabelsAlone(what.Account, what.Region)
	b.plan.retired = true
	b.plan.sortChanges()
	return b.plan
}

func (b *builder) retireAsset(a *inventory.Asset, m ownership, keyed bool) {
	c := absentChange(a, m)
	where, runs := b.listingScope(m.instanceKey())
	failed := b.failedAccount(m)
	doubt, contradict := ownershipConflict(*a, m)
	why, unread := b.unreadScopeReason(m)
	c.Unlisted = a.Active && !runs && failed == ""
	if !runs {
		b.countRecentLoss(*a, m)
	}
	switch {
	case contradict:
		b.addSkip(c, doubt)
	case runs:
		b.addSkip(c, reason.New(reason.StillRuns, where.String()))
	case failed != "":
		b.addKeep(c, reason.New(reason.ScopeFailed, failed, m.region))
	case keyed && unread:
		b.addSkip(c, why)
	default:
		b.plan.unprovable[a.ID] = !keyed
		b.classifyAbsent(c, *a)
	}
}

// unreadScopeReason returns why the listing of an asset's own scope proves nothing about it, and reports whether
// that is so.
func (b *builder) unreadScopeReason(m ownership) (reason.Reason, bool) {
	own := slices.IndexFunc(b.input.Listings, func(l inventory.Listing) bool {
		return l.Cloud == m.cloud && l.Account == m.account && inventory.CoversRegion(l.Region, m.region)
	})
	if own < 0 {
		return reason.New(reason.ScopeNotAsked, m.account, m.region), true
	}
	l := b.input.Listings[own]
	switch {
	case !l.IsComplete():
		return reason.New(reason.ScopeFailed, m.account, m.region), true
	case !strings.EqualFold(l.Owner, m.owner):
		return reason.New(reason.OtherOwner, m.owner, l.Owner), true
	}
	why, asked := coversProject(l, m)
	return why, !asked
}

// RetireAdopted plans to delete adopted assets whose grace is over, of all accounts or of one and a region, as no
// run does (see Rules.DeleteAdopted). A complete listing of the asset's scope must lack its instance, and each
// needs its proof. It plans nothing else, and nothing if the mode never deletes.
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
		b.retireAdoptedAsset(absentChange(a, m), a, m, reason.New(reason.GraceOver, formatTime(since)))
	}
	b.skipLabelsAlone(account, region)
	b.plan.retired = true
	b.plan.sortChanges()
	return b.plan
}

// graceElapsed reports whether a deactivated asset's grace is over, and a later time in jms-due too. since is when
// it was deactivated.
func (b *builder) graceElapsed(a inventory.Asset) (since time.Time, over bool) {
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	until, given := parseDueDate(a)
	value, _ := a.Label(inventory.LabelDue)
	waits := given && !strings.EqualFold(value, inventory.DueNever) && b.rules.Now.Before(until)
	_, due, begins := b.graceOf(a, since)
	return since, gone && readable && !a.Active && !waits && !begins && a.LabelCount(inventory.LabelReopened) == 0 && !b.rules.Now.Before(due)
}

func (b *builder) retireAdoptedAsset(c Change, a *inventory.Asset, m ownership, over reason.Reason) {
	where, elsewhere := b.listingScope(m.instanceKey())
	why, proved := b.isScopeFullyRead(m)
	doubt, contradict := ownershipConflict(*a, m)
	protected, isProtected := b.protectedReason(*a)
	switch {
	case contradict:
		b.addSkip(c, doubt)
	case isProtected:
		b.addSkip(c, protected)
	case elsewhere:
		b.addSkip(c, reason.New(reason.StillRuns, where.String()))
	case isOrphanCode(why.Code):
		b.addSkip(c, reason.New(reason.NotProvable, why))
	case !proved:
		b.addSkip(c, why)
	case b.rules.removalMode(*a) != ModeDelete:
		b.addSkip(c, reason.New(b.neverDeletedCode(*a), over.Args...))
	default:
		b.addCandidate(c, Delete, over)
	}
}

// ProvableCandidates returns the candidates whose absence a cloud can be asked for.
func (p Plan) ProvableCandidates() []Change {
	return slices.DeleteFunc(p.Candidates(), func(c Change) bool { return p.unprovable[c.AssetID] })
}

// ApproveRetirement is Approve for the plans of Retire and RetireAdopted; of any other plan it approves nothing.
// yes is a person's consent: it passes all thresholds, and never replaces a proof.
func (p Plan) ApproveRetirement(limits Limits, proofs Proofs, yes bool) Approved {
	if !p.retired {
		return Approved{}
	}
	limits.Reviewed, limits.Approved = nil, map[string]bool{}
	if limits.Approval == ApproveAll { // the person's order is the review
		limits.Approval = ApproveRemovals
	}
	for _, c := range p.candidates {
		limits.Approved[c.AssetID] = yes
	}
	return p.approve(limits, proofs)
}
