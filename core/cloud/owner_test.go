package cloud_test

import (
	"errors"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestConfirmUntold: where the cloud refuses to say whose key it is, account_id names the owner of what is listed, and
// confirms nothing.
func TestConfirmUntold(t *testing.T) {
	t.Parallel()
	lister := &asked{owner: func() (string, error) { return "", &inventory.Error{Kind: inventory.Denied} }}
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "r"}
	f := cloud.NewFleet([]cloud.OpenedAccount{{
		Account: cloud.Account{Cloud: inventory.Alibaba, Name: "prod", AccountID: "1001", Regions: []string{"r"}}, Lister: lister,
	}})
	if listings := f.List(t.Context(), cloud.Filter{}); len(listings) != 1 || listings[0].Owner != "1001" || !listings[0].IsComplete() {
		t.Errorf("%+v", listings)
	}
	if err := f.VerifyOwner(t.Context(), scope, "1001"); !errors.Is(err, inventory.ErrOwnerUnknown) || inventory.KindOf(err) != inventory.Denied {
		t.Errorf("%v", err)
	}
	if err := f.VerifyOwner(t.Context(), scope, "1002"); inventory.KindOf(err) != inventory.BadCredentials {
		t.Errorf("%v", err)
	}
}

// TestOwnerOutOfReach: where the API that tells whose key it is cannot be reached, account_id names the owner, each listing
// says so, and nothing is confirmed. A failure after a connection was made is an outage.
func TestOwnerOutOfReach(t *testing.T) {
	t.Parallel()
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "r1"}
	lost := &inventory.Error{Kind: inventory.Temporary, Message: "sts", Err: &inventory.NotReachedError{Text: "no such host"}}
	for name, c := range map[string]struct {
		accountID string
		err       error
		complete  bool
	}{
		"account_id":                 {"1001", lost, true},
		"none configured":            {"", lost, false},
		"an outage":                  {"1001", kindError(inventory.Temporary), false},
		"a certificate of another's": {"1001", kindError(inventory.Invalid), false},
	} {
		f := cloud.NewFleet([]cloud.OpenedAccount{{
			Account: cloud.Account{Cloud: inventory.Alibaba, Name: "prod", AccountID: c.accountID, Regions: []string{"r1"}},
			Lister:  &fake{owner: func() (string, error) { return "", c.err }},
		}})
		listings := f.List(t.Context(), cloud.Filter{})
		if len(listings) != 1 || listings[0].IsComplete() != c.complete || listings[0].OwnerUnreached != c.complete || c.complete && listings[0].Owner != "1001" {
			t.Errorf("%s: %+v", name, listings)
		}
		err := f.VerifyOwner(t.Context(), scope, "1001")
		if err == nil || errors.Is(err, inventory.ErrOwnerUnknown) != c.complete {
			t.Errorf("%s: confirmed: %v", name, err)
		}
	}
}

// TestExcludedRegions: they are neither listed nor meant by events, and a run that would list none says so.
func TestExcludedRegions(t *testing.T) {
	t.Parallel()
	open := func(excluded ...string) cloud.Fleet {
		return cloud.NewFleet([]cloud.OpenedAccount{{
			Account: cloud.Account{Cloud: inventory.Alibaba, Name: "a", AccountID: "1111", ExcludeRegions: excluded}, Lister: &fake{},
		}})
	}
	f := open("r2", "r9")
	if got := outline(f.List(t.Context(), cloud.Filter{})); got != "a/r1 1111 2 " {
		t.Errorf("%q", got)
	}
	if got := f.List(t.Context(), cloud.Filter{Regions: []string{"r2"}}); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	if scopes, known := f.ListScopes(t.Context(), cloud.Filter{}); !known || len(scopes) != 1 || scopes[0].Region != "r1" {
		t.Errorf("%+v, %v", scopes, known)
	}
	for region, want := range map[string]int{"r1": 1, "r2": 0} {
		scopes, err := f.ResolveScopes(t.Context(), cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "1111", Region: region, InstanceIDs: []string{"i-1"}})
		if err != nil || len(scopes) != want {
			t.Errorf("%s: %+v, %v", region, scopes, err)
		}
	}
	if got := outline(open("r1", "r2").List(t.Context(), cloud.Filter{})); got != "a/* 1111 0 invalid" {
		t.Errorf("%q", got)
	}
}
