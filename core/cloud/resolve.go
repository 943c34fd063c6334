package cloud

import (
	"context"
	"errors"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// ProjectLocator is a Lister of a cloud whose events name a project in place of a region.
type ProjectLocator interface {
	// RegionOfProject returns the region of one of the account's projects; NotFound where it has no such
	// project.
	RegionOfProject(ctx context.Context, projectID string) (region string, err error)
}

// ResolveScopes returns the scopes of an event, sorted and all of one region: the accounts with this id, as
// configured or as the cloud tells it, and the region, if a full run lists it. Without a region it asks
// each account of the owner for the region of the project; an account that does not know the project is not
// meant. Several accounts may be one owner's, each seeing a part. No scope is no error.
//
// An error beside scopes says that the owner of a further account is unknown: what the scopes show is there,
// but what they do not show may be that account's. An error without scopes says the same, or that an account
// that is meant cannot be opened, or does not tell the region.
func (f Fleet) ResolveScopes(ctx context.Context, target EventTarget) ([]inventory.Scope, error) {
	if target.Region == "" && target.ProjectID == "" {
		return nil, newError(inventory.Invalid, "an event of account %s names neither a region nor a project", target.AccountID)
	}
	var scopes []inventory.Scope
	var meant, unsure []error
	for _, t := range f.accounts {
		if t.Account.Cloud != target.Cloud || target.Region != "" && !coversRegion(t.Account, target.Region) {
			continue
		}
		owner, err := f.ownerOf(ctx, t)
		region := target.Region
		if err == nil && owner == target.AccountID && region == "" {
			region, err = f.projectRegion(ctx, t, target.ProjectID)
		}
		switch {
		case owner != "" && owner != target.AccountID:
		case err == nil && region != "":
			scopes = append(scopes, inventory.Scope{Cloud: target.Cloud, Account: t.Account.Name, Region: region})
		case err == nil: // none of its projects, or in a region that it does not list
		case owner == "":
			unsure = append(unsure, err)
		default:
			meant = append(meant, err)
		}
	}
	if len(meant) > 0 {
		return nil, errors.Join(meant...)
	}
	sorting.By(scopes, inventory.Scope.Compare)
	for _, s := range scopes {
		if s.Region != scopes[0].Region {
			return nil, newError(inventory.Incomplete, "project %s is in two regions: %s and %s", target.ProjectID, scopes[0], s)
		}
	}
	return scopes, errors.Join(unsure...)
}

// projectRegion returns the region of a project, if a full run of the account lists it; "" = it does not,
// or the account has no such project. It makes no call where the configuration names one project and one
// region.
func (f Fleet) projectRegion(ctx context.Context, t OpenedAccount, project string) (string, error) {
	if t.Account.ProjectID == project && len(t.Account.Regions) == 1 {
		return t.Account.Regions[0], nil
	}
	locator, ok := t.Lister.(ProjectLocator)
	if !ok {
		return "", nil
	}
	region, err := recoverPanic(f.log, t.Account, "find the region of project "+project, func() (string, error) {
		return locator.RegionOfProject(ctx, project)
	})
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return "", nil
	case err != nil:
		return "", err
	case region == "":
		return "", newError(inventory.Incomplete, "account %s: the region of project %s is not told", t.Account.Name, project)
	case !coversRegion(t.Account, region):
		return "", nil
	}
	return region, nil
}

// ownerOf returns an account's own id as configured, else as the cloud tells it. It returns a configured
// one beside the error of an account that cannot be opened.
func (f Fleet) ownerOf(ctx context.Context, t OpenedAccount) (string, error) {
	if t.Account.AccountID != "" {
		return t.Account.AccountID, t.Err
	}
	owner, err := f.cachedOwner(ctx, t)
	return owner.id, err
}

// coversRegion reports whether a full run lists this region of the account.
func coversRegion(a Account, region string) bool {
	plain, _ := inventory.SplitRegion(region)
	return inventory.IsAskedFor(a.Regions, a.Kinds, region) && !slices.Contains(a.ExcludeRegions, plain)
}
