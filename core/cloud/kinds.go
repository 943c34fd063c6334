package cloud

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// OpenedKind is one kind of instances of an opened account, beside the main one: with a Lister, or with the error of
// opening it.
type OpenedKind struct {
	Name   string
	Lister Lister
	Err    error
}

// openKinds opens those kinds of an account that it is asked for.
func openKinds(account Account, p Provider) []OpenedKind {
	var opened []OpenedKind
	for _, kind := range p.Kinds {
		if inventory.HasKind(account.Regions, account.Kinds, kind.Name) {
			lister, err := kind.Open(account)
			opened = append(opened, OpenedKind{Name: kind.Name, Lister: lister, Err: err})
		}
	}
	return opened
}

// listerOf returns the lister of a scope's region, and the region as the cloud names it.
func (t OpenedAccount) listerOf(region string) (lister Lister, plain string, err error) {
	plain, kind := inventory.SplitRegion(region)
	if kind == "" {
		return t.Lister, plain, t.Err
	}
	i := slices.IndexFunc(t.Kinds, func(k OpenedKind) bool { return k.Name == kind })
	if i < 0 {
		return nil, plain, newError(inventory.Unsupported, "account %s: its cloud has no kind %q, or it is not configured", t.Account.Name, kind)
	}
	return t.Kinds[i].Lister, plain, t.Kinds[i].Err
}

// selectedKinds returns the kinds that an account is asked for, "" for the main one, if only these regions are listed
// (none = all).
func (t OpenedAccount) selectedKinds(only []string) []string {
	kinds := inventory.AskedKinds(t.Account.Regions, t.Account.Kinds)
	return slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool {
		return len(only) > 0 && !slices.ContainsFunc(only, func(region string) bool { return inventory.KindOfRegion(region) == kind })
	})
}

// plannedRegions returns the regions whose listings fail if the account's regions of a kind cannot be told: the
// configured ones, or else AnyRegion of this kind.
func (t OpenedAccount) plannedRegions(kind string, only []string) []string {
	if len(t.Account.Regions) == 0 {
		return []string{inventory.RegionOfKind(inventory.AnyRegion, kind)}
	}
	return filterNames(t.configuredRegions(kind), only)
}

// configuredRegions returns the configured regions of a kind, as scopes have them.
func (t OpenedAccount) configuredRegions(kind string) []string {
	return slices.DeleteFunc(slices.Clone(t.Account.Regions), func(region string) bool { return inventory.KindOfRegion(region) != kind })
}

// regionsOfKind returns the regions of a kind, as scopes have them: the configured ones, or all. The cloud is asked
// for those of another kind than the main one even where they are configured: many regions do not offer it.
func (f Fleet) regionsOfKind(ctx context.Context, t OpenedAccount, kind string) ([]string, error) {
	configured := t.configuredRegions(kind)
	if kind == "" && len(configured) > 0 {
		return configured, nil
	}
	all, err := f.fetchRegions(ctx, t, kind)
	if err != nil || len(t.Account.Regions) == 0 {
		return all, err
	}
	return slices.DeleteFunc(configured, func(region string) bool { return !slices.Contains(all, region) }), nil
}

// fetchRegions asks for the regions of an account that have a kind, and returns them as scopes have them, without
// those that are excluded. None is an error: every cloud has some, and some of the main kind must be left.
func (f Fleet) fetchRegions(ctx context.Context, t OpenedAccount, kind string) ([]string, error) {
	lister, _, err := t.listerOf(inventory.RegionOfKind(inventory.AnyRegion, kind))
	if err != nil {
		return nil, err
	}
	all, err := recoverPanic(f.log, t.Account, "list regions", func() ([]string, error) { return lister.Regions(ctx) })
	if err != nil {
		return nil, err
	}
	all = dedupe(all)
	if len(all) == 0 {
		return nil, newError(inventory.Incomplete, "account %s: the cloud names no regions", t.Account.Name)
	}
	all = slices.DeleteFunc(all, func(region string) bool { return slices.Contains(t.Account.ExcludeRegions, region) })
	if len(all) == 0 && kind == "" {
		return nil, newError(inventory.Invalid, "account %s: exclude_regions names all of its regions", t.Account.Name)
	}
	for i := range all {
		all[i] = inventory.RegionOfKind(all[i], kind)
	}
	return all, nil
}
