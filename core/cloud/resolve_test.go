package cloud_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// owned is a lister whose credential belongs to an account; "" = it refuses to tell.
func owned(account string) *fake {
	return &fake{owner: func() (string, error) {
		if account == "" {
			return "", kindError(inventory.Temporary)
		}
		return account, nil
	}}
}

// configured is a target with an account_id.
func configured(t cloud.OpenedAccount, accountID string) cloud.OpenedAccount {
	t.Account.AccountID = accountID
	return t
}

func TestResolve(t *testing.T) {
	t.Parallel()
	huawei := configured(target("far", owned("7")), "7")
	huawei.Account.Cloud = "huawei"
	closed := cloud.OpenedAccount{Account: cloud.Account{Cloud: inventory.Alibaba, Name: "closed"}, Err: kindError(inventory.BadCredentials)}
	for _, c := range []struct {
		name    string
		targets []cloud.OpenedAccount
		account string // that the event names, in region r1
		want    string // the accounts found, in their order
		err     inventory.Kind
		asked   int32 // for identities
	}{
		{name: "nobody", account: "7"},
		{name: "by account_id", targets: []cloud.OpenedAccount{configured(target("a", owned("7")), "7")}, account: "7", want: "a"},
		{name: "by identity", targets: []cloud.OpenedAccount{target("a", owned("7"))}, account: "7", want: "a", asked: 1},
		{name: "another account_id", targets: []cloud.OpenedAccount{configured(target("a", owned("7")), "8")}, account: "7"},
		{name: "another identity", targets: []cloud.OpenedAccount{target("a", owned("8"))}, account: "7", asked: 1},
		{name: "region listed", targets: []cloud.OpenedAccount{target("a", owned("7"), "r2", "r1")}, account: "7", want: "a", asked: 1},
		{name: "region not listed", targets: []cloud.OpenedAccount{target("a", owned("7"), "r2")}, account: "7"},
		{name: "another cloud", targets: []cloud.OpenedAccount{huawei}, account: "7"},
		{name: "the second of two", targets: []cloud.OpenedAccount{target("a", owned("8")), target("b", owned("7"))},
			account: "7", want: "b", asked: 2},
		{name: "of two of one owner that which lists the region", account: "7", want: "b", targets: []cloud.OpenedAccount{
			configured(target("a", owned("7"), "r2"), "7"), configured(target("b", owned("7"), "r1"), "7")}},
		{name: "both of one owner", account: "7", want: "a b", asked: 1, targets: []cloud.OpenedAccount{
			target("b", owned("7")), configured(target("a", owned("7")), "7")}},
		{name: "one of one owner cannot be opened", account: "7", err: inventory.BadCredentials, targets: []cloud.OpenedAccount{
			configured(closed, "7"), configured(target("a", owned("7")), "7")}},
		{name: "cannot be asked", targets: []cloud.OpenedAccount{target("a", owned(""))}, account: "7", err: inventory.Temporary, asked: 1},
		{name: "cannot be asked, but another matches", targets: []cloud.OpenedAccount{target("a", owned("")), target("b", owned("7"))},
			account: "7", want: "b", err: inventory.Temporary, asked: 2},
		{name: "cannot be asked, and no other matches", targets: []cloud.OpenedAccount{target("a", owned("")), target("b", owned("8"))},
			account: "7", err: inventory.Temporary, asked: 2},
		{name: "cannot be asked, but lists another region", targets: []cloud.OpenedAccount{target("a", owned(""), "r2")}, account: "7"},
		{name: "cannot be opened", targets: []cloud.OpenedAccount{closed}, account: "7", err: inventory.BadCredentials},
		{name: "cannot be opened, and is meant", targets: []cloud.OpenedAccount{configured(closed, "7")}, account: "7", err: inventory.BadCredentials},
		{name: "cannot be opened, and is not meant", targets: []cloud.OpenedAccount{configured(closed, "8")}, account: "7"},
		{name: "no lister", targets: []cloud.OpenedAccount{configured(target("a", nil), "7")}, account: "7", err: inventory.Unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			event := cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: c.account, Region: "r1", InstanceIDs: []string{"i-1"}}
			scopes, err := cloud.NewFleet(c.targets).ResolveScopes(t.Context(), event)
			var found []string
			for _, s := range scopes {
				if s.Cloud != inventory.Alibaba || s.Region != "r1" {
					t.Errorf("scope %s", s)
				}
				found = append(found, s.Account)
			}
			if strings.Join(found, " ") != c.want || inventory.KindOf(err) != c.err && !joins(err, c.err) {
				t.Errorf("%v %v", found, err)
			}
			var asked int32
			for _, target := range c.targets {
				if f, ok := target.Lister.(*fake); ok {
					asked += f.owners.Load()
				}
			}
			if asked != c.asked {
				t.Errorf("%d questions for an identity, want %d", asked, c.asked)
			}
		})
	}
}

// joins reports whether an error joins one of a kind.
func joins(err error, kind inventory.Kind) bool {
	several, ok := err.(interface{ Unwrap() []error })
	return ok && slices.ContainsFunc(several.Unwrap(), func(e error) bool { return inventory.KindOf(e) == kind })
}

// TestResolveOpened opens accounts as a program does: a cloud that we have no lister for is
// not in the way of others.
func TestResolveOpened(t *testing.T) {
	t.Parallel()
	fleet := cloud.Open([]cloud.Account{
		{Cloud: "huawei", Name: "far", AccountID: "7"}, {Cloud: inventory.Alibaba, Name: "near", AccountID: "7"},
	}, []cloud.Provider{{CloudInfo: inventory.CloudInfo{Cloud: inventory.Alibaba}, Open: func(cloud.Account) (cloud.Lister, error) { return owned("7"), nil }}})
	event := cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "7", Region: "r1"}
	if scopes, err := fleet.ResolveScopes(t.Context(), event); len(scopes) != 1 || err != nil || scopes[0].Account != "near" {
		t.Errorf("%+v %v", scopes, err)
	}
	event.Cloud = "tencent"
	if scopes, err := fleet.ResolveScopes(t.Context(), event); len(scopes) > 0 || err != nil {
		t.Errorf("%+v %v", scopes, err)
	}
}

// TestConfiguredIDs: whose a key is is asked once, and compared with account_id.
func TestConfiguredIDs(t *testing.T) {
	t.Parallel()
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r1"}
	for _, c := range []struct {
		name, accountID, identity string
		owner                     string
		asked                     int32 // in two questions
	}{
		{"compared", "7", "7", "7", 1},
		{"nothing to compare with", "", "8", "8", 1},
		{"a wrong key is never remembered", "7", "8", "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lister := owned(c.identity)
			lister.lookup = func(ids []string) (inventory.FindResult, error) {
				return rowsOf(inventory.Instance{ID: ids[0], Scope: scope}), nil
			}
			fleet := cloud.NewFleet([]cloud.OpenedAccount{configured(target("a", lister), c.accountID)})
			verified := func(ctx context.Context, at inventory.Scope, ids []string) ([]inventory.Instance, error) {
				found, err := fleet.FindVerified(ctx, at, ids)
				return found.Instances, err
			}
			for _, ask := range []func(context.Context, inventory.Scope, []string) ([]inventory.Instance, error){fleet.Find, verified} {
				found, err := ask(t.Context(), scope, []string{"i-2", "i-1"})
				if c.owner == "" {
					if err == nil || len(found) > 0 || !strings.Contains(err.Error(), "account_id is 7") {
						t.Errorf("%+v %v", found, err)
					}
				} else if err != nil || len(found) != 1 || found[0].ID != "i-1" || found[0].Owner != c.owner || found[0].Scope != scope {
					t.Errorf("%+v %v", found, err)
				}
			}
			if got := lister.owners.Load(); got != c.asked {
				t.Errorf("%d questions for the identity", got)
			}
		})
	}
}

// TestRemembered: whose a key is is asked again where the answer may be another one: for another key
// or role, and always for a credential that may open several accounts, of which nobody names one.
func TestRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		change  func(*cloud.Account)
		asked   int32 // in two fleets
		shared  bool  // the credential may open several accounts
	}{
		"the same":          {account: cloud.Account{}, change: func(*cloud.Account) {}, asked: 1},
		"another key":       {cloud.Account{AccessKeyID: secret.New("k1")}, func(a *cloud.Account) { a.AccessKeyID = secret.New("k2") }, 2, false},
		"another role":      {cloud.Account{AssumeRoleARN: "r1"}, func(a *cloud.Account) { a.AssumeRoleARN = "r2" }, 2, false},
		"one of several":    {cloud.Account{AccessKeyID: secret.New("k")}, func(*cloud.Account) {}, 2, true},
		"a named one":       {cloud.Account{AccountID: "7"}, func(*cloud.Account) {}, 1, true},
		"named in the mean": {cloud.Account{}, func(a *cloud.Account) { a.AccountID = "7" }, 2, true},
	} {
		cache, lister := cloud.NewOwnerCache(), owned("7")
		c.account.Name = "a"
		for range 2 {
			fleet := cloud.NewFleet([]cloud.OpenedAccount{{Account: c.account, Lister: lister, Info: inventory.CloudInfo{SharedCredentials: c.shared}}}).WithOwnerCache(cache)
			if _, err := fleet.Find(t.Context(), inventory.Scope{Cloud: c.account.Cloud, Account: "a", Region: "r1"}, []string{"i-1"}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c.change(&c.account)
		}
		if got := lister.owners.Load(); got != c.asked {
			t.Errorf("%s: %d questions, want %d", name, got, c.asked)
		}
	}
}

// TestOwnerUnknown: who may not ask for the account's id is told which right that takes in this cloud.
func TestOwnerUnknown(t *testing.T) {
	t.Parallel()
	for right, want := range map[string]string{"x:WhoAmI": "or grant x:WhoAmI: ", "": "or grant the right to ask for it: "} {
		one := target("a", &fake{owner: func() (string, error) { return "", kindError(inventory.Denied) }}, "r1")
		fleet := cloud.Open([]cloud.Account{one.Account}, []cloud.Provider{{
			CloudInfo: inventory.CloudInfo{Cloud: inventory.Alibaba, OwnerRight: right}, Open: func(cloud.Account) (cloud.Lister, error) { return one.Lister, nil },
		}})
		listing := fleet.List(t.Context(), cloud.Filter{})[0]
		if inventory.KindOf(listing.Err) != inventory.Denied || !strings.Contains(listing.Err.Error(), want) {
			t.Errorf("%v, want %q", listing.Err, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	lister := owned("7")
	var chunks []int
	lister.lookup = func(ids []string) (inventory.FindResult, error) {
		chunks = append(chunks, len(ids))
		return inventory.FindResult{}, nil
	}
	fleet := cloud.NewFleet([]cloud.OpenedAccount{target("a", lister)})
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r1"}
	ids := make([]string, 0, 150)
	for i := range 150 {
		ids = append(ids, "i-"+strings.Repeat("x", i+1))
	}
	if found, err := fleet.Find(t.Context(), scope, append(ids, ids...)); err != nil || len(found) > 0 || len(chunks) != 2 || chunks[0]+chunks[1] != 150 {
		t.Errorf("%d found, questions for %v: %v", len(found), chunks, err)
	}
	if found, err := fleet.Find(t.Context(), scope, nil); err != nil || len(found) > 0 || len(chunks) != 2 {
		t.Errorf("asked for nothing: %d found, %v", len(found), err)
	}
	lister.lookup = func([]string) (inventory.FindResult, error) { return rowsOf(inventory.Instance{ID: "i-other"}), nil }
	if found, err := fleet.Find(t.Context(), scope, []string{"i-1"}); inventory.KindOf(err) != inventory.Incomplete || len(found) > 0 {
		t.Errorf("an answer to another question: %d found, %v", len(found), err)
	}
	scope.Account = "b"
	if _, err := fleet.Find(t.Context(), scope, []string{"i-1"}); inventory.KindOf(err) != inventory.NotFound {
		t.Errorf("an account that is not there: %v", err)
	}
}
