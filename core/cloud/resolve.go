package cloud

import (
	"context"
	"errors"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Resolve finds the scopes of an event: the accounts by their own id, as configured or as their
// credentials have it, and the region, if it is one that a full run lists. Several accounts may
// be one owner's, each seeing a part: all of them are given, sorted. None is no error. An error
// beside scopes tells that a further account could not be asked whose it is: what the scopes show
// is there, but what they do not show may be that account's. An error without scopes tells the
// same, or that an account that is meant cannot be opened.
func (f Fleet) Resolve(ctx context.Context, h Hint) ([]inventory.Scope, error) {
	var scopes []inventory.Scope
	var meant, unsure []error
	for _, t := range f.targets {
		if t.Account.Cloud != h.Cloud || !lists(t.Account, h.Region) {
			continue
		}
		owner, err := f.whose(ctx, t)
		switch {
		case owner != "" && owner != h.AccountID:
		case err == nil:
			scopes = append(scopes, inventory.Scope{Cloud: h.Cloud, Account: t.Account.Name, Region: h.Region})
		case owner == "":
			unsure = append(unsure, err)
		default:
			meant = append(meant, err)
		}
	}
	if len(meant) > 0 {
		return nil, errors.Join(meant...)
	}
	slices.SortFunc(scopes, inventory.Scope.Compare)
	return scopes, errors.Join(unsure...)
}

// whose gives an account's own id as configured, else as its credential has it; with an error
// too, if the account cannot be opened.
func (f Fleet) whose(ctx context.Context, t Target) (string, error) {
	if t.Account.AccountID != "" {
		return t.Account.AccountID, t.Err
	}
	return f.owner(ctx, t)
}

// lists tells whether a full run lists this region of the account.
func lists(a Account, region string) bool {
	return len(a.Regions) == 0 || slices.Contains(a.Regions, region)
}
