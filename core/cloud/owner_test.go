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
