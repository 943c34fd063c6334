// Package fakecloudtest is a sixth cloud, which does not exist: tests add it to the list of clouds to show that
// a cloud is this folder and one line. It is also the smallest adapter, with all that the contract asks for.
//
// Two witnesses prove an absence: ListMachines, asked for the machine by its id, does not show it, and ShowMachine,
// asked for this one machine, says NoSuchMachine.
package fakecloudtest

import (
	"context"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// cloudID is part of every asset id, and never changes.
const cloudID inventory.Cloud = "fakecloud"

// Provider is the entry of this cloud in a list of clouds. The zero policy is right outside of tests.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		NonexistentID: "m-none",
	}
}

// info describes this cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:       cloudID,
		Spellings:   []string{"样例云", "fakecloud"},
		Name:        language.Text{ZH: "样例云", EN: "Fake Cloud"},
		Permissions: Permissions(),
		Facts:       factSources(),
		OwnerRight:  "fake:WhoAmI",
		Services:    services(),
		ZonePattern: `^(r-[a-z]+)-zone[0-9]$`,
		WithoutKey:  language.Text{ZH: "报错：必须写密钥", EN: "an error: a key is required"},
		Visibility:  language.Text{ZH: "这个账号，逐个地域", EN: "this account, region by region"},
	}
}

// Open returns a lister for an account, and makes no call. It fails with BadCredentials where the account has no
// key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = cloudID
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}}
	if account.AccessKeyID.IsEmpty() || account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "", "no credentials: the account has no key")
	}
	place, err := cloud.ParseEndpoints(account, services())
	if err != nil {
		return nil, err
	}
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister. It holds nothing that changes.
type lister struct {
	cloud.Client
	api api
}

// Owner implements cloud.Lister with WhoAmI.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "ask whose key it is"
	answer, err := cloud.Call(ctx, l.Client, op, "", func(ctx context.Context) (document, error) { return l.api.get(ctx, WhoAmI, "", nil) })
	if err == nil && answer.Account == "" {
		err = l.NewError(inventory.Incomplete, op, "", "the answer names no account")
	}
	return answer.Account, err
}
