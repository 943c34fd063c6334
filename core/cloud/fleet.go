package cloud

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// defaultParallelRegions is how many regions of one account are listed at once: more than any cloud has, so
// that listing takes as long as the slowest region. A region's pages come one after another, which keeps
// below its limit; where a cloud counts its regions together, Retry waits for the next window.
const defaultParallelRegions = 64

// OpenedAccount is one account of a fleet: with a Lister, or with the error of opening it.
type OpenedAccount struct {
	Account Account
	Lister  Lister
	Err     error
	Info    inventory.CloudInfo // of its cloud; zero = not known
	Kinds   []OpenedKind        // the kinds that it is asked for, beside the main one
}

// Fleet lists accounts scope by scope. It never changes once it is made, and may be used by several
// goroutines at once; each call asks the clouds anew.
type Fleet struct {
	accounts []OpenedAccount
	log      *slog.Logger
	parallel int
	owners   *OwnerCache
}

// Filter limits a listing to the accounts (by their configured names) and regions it names;
// empty = all.
type Filter struct{ Accounts, Regions []string }

// NewFleet makes a fleet of accounts. One that has neither a lister nor an error becomes Unsupported.
func NewFleet(targets []OpenedAccount) Fleet {
	targets = slices.Clone(targets)
	for i, t := range targets {
		if t.Lister == nil && t.Err == nil {
			targets[i].Err = newError(inventory.Unsupported, "account %s: no lister for cloud %q", t.Account.Name, t.Account.Cloud)
		}
		targets[i].Account.Regions = dedupe(t.Account.Regions)
	}
	return Fleet{accounts: targets, log: slog.New(slog.DiscardHandler), parallel: defaultParallelRegions, owners: NewOwnerCache()}
}

// Open opens every account with the provider of its cloud. It makes no call and never fails as
// a whole: an account that cannot be opened becomes failed listings.
func Open(accounts []Account, providers []Provider) Fleet {
	targets := make([]OpenedAccount, len(accounts))
	for i, account := range accounts {
		targets[i] = openAccount(account, providers)
	}
	return NewFleet(targets)
}

func openAccount(account Account, providers []Provider) OpenedAccount {
	i := slices.IndexFunc(providers, func(p Provider) bool { return p.Cloud == account.Cloud })
	if i < 0 {
		err := newError(inventory.Unsupported, "account %s: cloud %q is not supported yet", account.Name, account.Cloud)
		return OpenedAccount{Account: account, Err: err}
	}
	lister, err := providers[i].Open(account)
	return OpenedAccount{Account: account, Lister: lister, Err: err, Info: providers[i].CloudInfo, Kinds: openKinds(account, providers[i])}
}

// WithLogger returns a copy of f that logs to log.
func (f Fleet) WithLogger(log *slog.Logger) Fleet {
	if log != nil {
		f.log = log
	}
	return f
}

// WithParallel returns a copy of f that lists at most n regions of each account at once.
func (f Fleet) WithParallel(n int) Fleet {
	if n > 0 {
		f.parallel = n
	}
	return f
}

// WithOwnerCache returns a copy of f that shares a cache of owners with other fleets of the process. Events,
// which make few calls each, use it.
func (f Fleet) WithOwnerCache(shared *OwnerCache) Fleet {
	f.owners = shared
	return f
}

// UnknownAccounts returns the account names of a filter that the fleet does not have, so that a
// misspelt name is an error and not a run without work.
func (f Fleet) UnknownAccounts(filter Filter) []string {
	var unknown []string
	for _, name := range filter.Accounts {
		if !slices.ContainsFunc(f.accounts, func(t OpenedAccount) bool { return t.Account.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// List lists the selected accounts and regions in parallel. The result has exactly one listing
// for each account, kind and region, sorted by Scope.Compare, complete or failed: a failed listing
// has an error and no instances. An account whose regions of a kind cannot be listed is one failed
// listing of inventory.AnyRegion of this kind.
func (f Fleet) List(ctx context.Context, filter Filter) []inventory.Listing {
	ctx = withInterner(ctx)
	results := make([][]inventory.Listing, len(f.accounts))
	var group sync.WaitGroup
	for i, t := range f.accounts {
		if isSelected(filter.Accounts, t.Account.Name) {
			group.Go(func() {
				results[i] = f.listAccount(ctx, t, filter.Regions)
			})
		}
	}
	group.Wait()
	listings := slices.Concat(results...)
	sorting.By(listings, func(a, b inventory.Listing) int { return a.Scope.Compare(b.Scope) })
	for _, l := range listings {
		f.logListing(l)
	}
	return listings
}

// ListScopes returns the scopes that List would list, sorted. It asks the cloud, in one call for each kind, for the
// regions of an account that configures none, and for those of each kind beside the main one. It reports false where a cloud does not answer; the scopes are
// those of the other accounts then.
func (f Fleet) ListScopes(ctx context.Context, filter Filter) (scopes []inventory.Scope, known bool) {
	known = true
	for _, t := range f.accounts {
		if !isSelected(filter.Accounts, t.Account.Name) {
			continue
		}
		for _, kind := range t.selectedKinds(filter.Regions) {
			regions, err := f.regionsOfKind(ctx, t, kind)
			if err != nil {
				known = false
				continue
			}
			for _, region := range filterNames(regions, filter.Regions) {
				scopes = append(scopes, inventory.Scope{Cloud: t.Account.Cloud, Account: t.Account.Name, Region: region})
			}
		}
	}
	sorting.By(scopes, inventory.Scope.Compare)
	return scopes, known
}

// listAccount lists one account: it asks for the owner, then for the regions, then lists them.
func (f Fleet) listAccount(ctx context.Context, t OpenedAccount, only []string) []inventory.Listing {
	kinds := t.selectedKinds(only)
	var asked []string
	for _, kind := range kinds {
		asked = append(asked, t.plannedRegions(kind, only)...)
	}
	if len(asked) == 0 {
		return nil
	}
	owner, err := f.cachedOwner(ctx, t)
	if err != nil {
		return failedListings(t.Account, asked, "", err)
	}
	var regions []string
	var failed []inventory.Listing
	for _, kind := range kinds {
		all, err := f.regionsOfKind(ctx, t, kind)
		if err != nil {
			failed = append(failed, failedListings(t.Account, t.plannedRegions(kind, only), owner.id, err)...)
		}
		regions = append(regions, filterNames(all, only)...)
	}
	return append(failed, f.listRegions(ctx, t, owner, regions)...)
}

// listRegions lists regions of an account, a bounded number at once.
func (f Fleet) listRegions(ctx context.Context, t OpenedAccount, owner keyOwner, regions []string) []inventory.Listing {
	listings := make([]inventory.Listing, len(regions))
	var group errgroup.Group
	group.SetLimit(f.parallel)
	for i, region := range regions {
		group.Go(func() error {
			listings[i] = f.listRegion(ctx, t, owner, region)
			return nil
		})
	}
	_ = group.Wait() // errors are in the listings
	return listings
}

func (f Fleet) listRegion(ctx context.Context, t OpenedAccount, owner keyOwner, region string) inventory.Listing {
	scope := inventory.Scope{Cloud: t.Account.Cloud, Account: t.Account.Name, Region: region}
	list, err := recoverPanic(f.log, t.Account, "list instances of "+region, func() ([]inventory.Instance, error) {
		lister, plain, err := t.listerOf(region)
		if err != nil {
			return nil, err
		}
		return lister.List(ctx, plain)
	})
	if err == nil {
		err = normalize(scope, owner.id, list)
	}
	var projects []string
	if err == nil {
		projects, err = f.listProjects(ctx, t, region)
	}
	if err != nil {
		return inventory.Listing{Scope: scope, Owner: owner.id, Err: err}
	}
	return inventory.Listing{Scope: scope, Owner: owner.id, OwnerUnknown: owner.known != ownerTold, Instances: list, Projects: projects}
}

// listProjects returns the projects that a lister reads for a region; nil where its cloud has none.
func (f Fleet) listProjects(ctx context.Context, t OpenedAccount, region string) ([]string, error) {
	lister, is := t.Lister.(ProjectLister)
	if !is {
		return nil, nil
	}
	return recoverPanic(f.log, t.Account, "find the projects of "+region, func() ([]string, error) { return lister.Projects(ctx, region) })
}

// FindVerified returns those of the named instances that exist, sorted by id, with their owner. Without
// an error the others are proved absent, but for those in Weak; with one there are no instances.
func (f Fleet) FindVerified(ctx context.Context, scope inventory.Scope, ids []string) (inventory.FindResult, error) {
	return f.findWith(ctx, scope, ids, "look up instances", Lister.FindVerified)
}

// Find is FindVerified without proof: it makes one call for each 100 ids, and absences mean nothing.
func (f Fleet) Find(ctx context.Context, scope inventory.Scope, ids []string) ([]inventory.Instance, error) {
	found, err := f.findWith(ctx, scope, ids, "find instances",
		func(l Lister, ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
			list, err := l.Find(ctx, region, ids)
			return inventory.FindResult{Instances: list}, err
		})
	return found.Instances, err
}

// findFunc is FindVerified or Find of a lister.
type findFunc func(l Lister, ctx context.Context, region string, ids []string) (inventory.FindResult, error)

func (f Fleet) findWith(ctx context.Context, scope inventory.Scope, ids []string, op string, find findFunc) (inventory.FindResult, error) {
	none := inventory.FindResult{}
	i := slices.IndexFunc(f.accounts, func(t OpenedAccount) bool {
		return t.Account.Name == scope.Account && t.Account.Cloud == scope.Cloud
	})
	if i < 0 {
		return none, newError(inventory.NotFound, op+": no account %s of cloud %s is configured", scope.Account, scope.Cloud)
	}
	if len(ids) == 0 {
		return none, nil
	}
	t := f.accounts[i]
	owner, err := f.cachedOwner(ctx, t)
	if err != nil {
		return none, err
	}
	var found inventory.FindResult
	ids = dedupe(ids)
	for part := range slices.Chunk(ids, maxIDsPerCall) {
		some, err := recoverPanic(f.log, t.Account, op+" in "+scope.Region, func() (inventory.FindResult, error) {
			lister, plain, err := t.listerOf(scope.Region)
			if err != nil {
				return none, err
			}
			return find(lister, ctx, plain, part)
		})
		if err != nil {
			return none, err
		}
		found = mergeFound(found, some)
	}
	if err := normalize(scope, owner.id, found.Instances); err != nil {
		return none, err
	}
	if err := verifyRequested(scope, found, ids); err != nil {
		return none, err
	}
	return found, nil
}

// mergeFound returns the answers to two parts of one question as one.
func mergeFound(a, b inventory.FindResult) inventory.FindResult {
	a.Instances = append(a.Instances, b.Instances...)
	if a.Weak == nil {
		a.Weak = b.Weak
	} else {
		maps.Copy(a.Weak, b.Weak)
	}
	a.Projects = slices.Compact(slices.Sorted(slices.Values(append(a.Projects, b.Projects...))))
	return a
}

func (f Fleet) logListing(l inventory.Listing) {
	log := f.log.With("cloud", string(l.Cloud), "account", l.Account, "region", l.Region, "op", "list")
	if l.IsComplete() {
		log.Info("listed", "instances", len(l.Instances))
		return
	}
	log.Error("not listed", "kind", string(inventory.KindOf(l.Err)), "error", l.Err.Error())
}
