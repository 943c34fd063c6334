package cloud

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// fetchOwner asks whose account it is. Labels and removals rest on this id, so:
//
//	the cloud names an id            it counts; it must equal account_id, where one is configured
//	Denied or NotFound, account_id   account_id counts
//	cannot be reached, account_id    account_id counts; the listings are OwnerUnreached
//	anything else                    the account fails
func (f Fleet) fetchOwner(ctx context.Context, t OpenedAccount) (string, error) {
	owner, _, err := f.fetchKeyOwner(ctx, t)
	return owner, err
}

// confirmation says how the owner of a key is known.
type confirmation int

const (
	ownerTold      confirmation = iota // the cloud named the id
	ownerRefused                       // the cloud refuses to: account_id alone says it
	ownerUnreached                     // the API that would cannot be reached: likewise
)

// fetchKeyOwner is fetchOwner, and says how the id is known.
func (f Fleet) fetchKeyOwner(ctx context.Context, t OpenedAccount) (id string, known confirmation, err error) {
	configured := t.Account.AccountID
	owner, err := recoverPanic(f.log, t.Account, "ask for the account's id", func() (string, error) { return t.Lister.Owner(ctx) })
	kind := inventory.KindOf(err)
	switch {
	case err == nil && owner == "":
		return "", 0, newError(inventory.Incomplete, "account %s: the cloud gave no account id", t.Account.Name)
	case err == nil && configured != "" && owner != configured:
		return "", 0, newError(inventory.BadCredentials,
			"account %s: the key belongs to account %s, but account_id is %s", t.Account.Name, owner, configured)
	case err == nil:
		return owner, ownerTold, nil
	case configured != "" && inventory.IsNotReached(err):
		f.log.Warn("account_id is used, because the API that tells whose key it is cannot be reached: nobody checks that the key is that account's",
			"cloud", string(t.Account.Cloud), "account", t.Account.Name, "op", "owner", "error", err.Error())
		return configured, ownerUnreached, nil
	case kind != inventory.Denied && kind != inventory.NotFound:
		return "", 0, err
	case configured != "":
		f.log.Info("account_id is used, because the cloud does not tell it",
			"cloud", string(t.Account.Cloud), "account", t.Account.Name, "op", "owner", "error", err.Error())
		return configured, ownerRefused, nil
	}
	return "", 0, &inventory.Error{Kind: inventory.KindOf(err), Err: err, Message: fmt.Sprintf(
		"account %s: its own id is not known: set account_id, or grant %s",
		t.Account.Name, cmp.Or(t.Info.OwnerRight, "the right to ask for it"))}
}

// KeyOwner returns the id of the account that the key of a configured account opens; see fetchOwner.
func (f Fleet) KeyOwner(ctx context.Context, account string) (string, error) {
	for _, t := range f.accounts {
		switch {
		case t.Account.Name != account:
			continue
		case t.Err != nil:
			return "", t.Err
		}
		return f.fetchOwner(ctx, t)
	}
	return "", newError(inventory.NotFound, "no account %s is configured", account)
}

// VerifyOwner asks anew, past the cache, whose account a scope is read with, and fails with BadCredentials
// where it is another owner's: with the key of another account every instance seems to be gone. Where
// the cloud does not answer and account_id alone says it, the cause is inventory.ErrOwnerUnknown.
func (f Fleet) VerifyOwner(ctx context.Context, scope inventory.Scope, owner string) error {
	for _, t := range f.accounts {
		if t.Account.Name != scope.Account || t.Account.Cloud != scope.Cloud {
			continue
		}
		if t.Err != nil {
			return t.Err
		}
		now, how, err := f.fetchKeyOwner(ctx, t)
		switch {
		case err == nil && now != owner:
			err = newError(inventory.BadCredentials, "account %s: the key belongs to account %s now, and belonged to %s", t.Account.Name, now, owner)
		case err == nil && how != ownerTold:
			remedy := "grant " + cmp.Or(t.Info.OwnerRight, "the right to ask for the account's id")
			if how == ownerUnreached {
				remedy = "name an address in endpoints where it can be asked"
			}
			err = &inventory.Error{Kind: inventory.Denied, Err: inventory.ErrOwnerUnknown, Message: fmt.Sprintf(
				"account %s: nothing shows that the key still belongs to %s: %s", t.Account.Name, owner, remedy)}
		}
		return err
	}
	return newError(inventory.NotFound, "confirm: no account %s of cloud %s is configured", scope.Account, scope.Cloud)
}

// failedListings returns a failed listing for each region.
func failedListings(account Account, regions []string, owner string, err error) []inventory.Listing {
	listings := make([]inventory.Listing, len(regions))
	for i, region := range regions {
		scope := inventory.Scope{Cloud: account.Cloud, Account: account.Name, Region: region}
		listings[i] = inventory.Listing{Scope: scope, Owner: owner, Err: err}
	}
	return listings
}

// normalize checks what a lister returned, sorts it by id, and writes scope and owner into each row.
func normalize(scope inventory.Scope, owner string, list []inventory.Instance) error {
	for i := range SortByID(list) {
		row := &list[i]
		switch {
		case row.ID == "":
			return newError(inventory.Incomplete, "%s: an instance has no id", scope)
		case i > 0 && list[i-1].ID == row.ID:
			return newError(inventory.Incomplete, "%s: %s is listed twice", scope, row.ID)
		case row.Region != "" && row.Region != scope.Region:
			return newError(inventory.Incomplete, "%s: %s is of region %s", scope, row.ID, row.Region)
		}
		row.Scope, row.Owner = scope, owner
	}
	return nil
}

// verifyRequested checks that an answer holds only what was asked for, and does not contradict itself.
func verifyRequested(scope inventory.Scope, found inventory.FindResult, ids []string) error {
	for _, row := range found.Instances {
		if _, ok := slices.BinarySearch(ids, row.ID); !ok {
			return newError(inventory.Incomplete, "%s: %s was not asked for", scope, row.ID)
		}
		if _, weak := found.Weak[row.ID]; weak {
			return newError(inventory.Incomplete, "%s: %s is said to be there, and to be absent", scope, row.ID)
		}
	}
	return nil
}

// recoverPanic calls a lister. A panic in it fails one scope, never the run.
func recoverPanic[T any](log *slog.Logger, account Account, op string, call func() (T, error)) (value T, err error) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		// The text of a panic may hold anything, a key included; that of a runtime error does not.
		what := fmt.Sprintf("a %T", panicked)
		if e, ok := panicked.(runtime.Error); ok {
			what = e.Error()
		}
		log.Error("the lister broke", "cloud", string(account.Cloud), "account", account.Name,
			"op", op, "panic", what, "stack", stackFrames(debug.Stack()))
		var none T
		value, err = none, newError(inventory.Unknown, "account %s: %s: the lister broke: %s", account.Name, op, what)
	}()
	return call()
}

// stackFrames returns the places of a stack, without the line that repeats the panic's value.
func stackFrames(stack []byte) string {
	var kept []string
	for line := range strings.Lines(string(stack)) {
		if place, ok := strings.CutPrefix(line, "\t"); ok {
			kept = append(kept, strings.TrimSpace(place))
		}
	}
	return strings.Join(kept, "; ")
}

// dedupe returns names sorted, each once, without empty ones.
func dedupe(names []string) []string {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(sorted) > 0 && sorted[0] == "" {
		sorted = sorted[1:]
	}
	return sorted
}

// filterNames returns those names that are selected.
func filterNames(names, only []string) []string {
	var picked []string
	for _, name := range names {
		if isSelected(only, name) {
			picked = append(picked, name)
		}
	}
	return picked
}

// isSelected reports whether a filter selects a name; an empty one selects all.
func isSelected(only []string, name string) bool {
	return len(only) == 0 || slices.Contains(only, name)
}

func newError(kind inventory.Kind, format string, args ...any) error {
	return &inventory.Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}
