package azure_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	region   = "eastus"
	owner    = "11111111-2222-4333-8444-555555555555"
	pageSize = 20
)

func TestContract(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Region: region, Missing: "mars",
		Owner: owner, Secrets: secrets(), PageSize: pageSize, Absent: azure.Provider(cloud.Policy{}).Absent,
	})
}

// good is the application of these tests, with a secret that a form has to escape.
var good = azuretest.Principal{
	Tenant: "99999999-8888-4777-8666-555555555555", ClientID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", Secret: "s3c~ret/+=*& of the test",
}

const unknown = "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee"

// secrets are what no text may show.
func secrets() []string {
	return []string{
		good.ClientID, unknown, good.Secret, url.QueryEscape(good.Secret), url.QueryEscape(url.QueryEscape(good.Secret)), "another-secret",
		"eyJ0eXAi", "Bearer", "client_secret", "identity-header-secret",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*azuretest.Server
	sub *azuretest.Subscription
	url string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, azuretest.Options{PageSize: pageSize})
}

func newWorldOf(t testing.TB, o azuretest.Options) *world {
	t.Helper()
	o.Reporter = t
	server := azuretest.New(o)
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	server.AddPrincipal(good)
	server.AddSubscription("22222222-2222-4333-8444-555555555555", "somebody else")
	return &world{Server: server, sub: server.AddSubscription(owner, good.ClientID), url: web.URL}
}

func same(*cloud.Account) {}

func (w *world) open(t testing.TB, policy cloud.Policy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := cloud.Account{
		Cloud: inventory.Azure, Name: "azure-prod", Endpoint: w.url, TenantID: good.Tenant, AccountID: owner,
		AccessKeyID: secret.New(good.ClientID), AccessKeySecret: secret.New(good.Secret),
	}
	change(&account)
	lister, err := azure.Open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

func (w *world) Open(t testing.TB, key cloudtest.Key, policy cloud.Policy) cloud.Lister {
	return w.open(t, policy, func(a *cloud.Account) {
		switch key {
		case cloudtest.UnknownKey:
			a.AccessKeyID = secret.New(unknown)
		case cloudtest.WrongSecret:
			a.AccessKeySecret = secret.New("another-secret")
		}
	})
}

func (w *world) Fill(region string, n int) (ids []string) {
	return w.sub.Fill(region, n, azuretest.Sample)
}

// Break spoils the list of machines, and the query that Glance makes. A missing permission shows in
// the answer about permissions, which is asked for once after the list.
func (w *world) Break(_ string, fault cloudtest.Fault, after, times int) {
	kind := map[cloudtest.Fault]azuretest.Kind{
		cloudtest.Throttled: azuretest.Throttled, cloudtest.NoPermission: azuretest.NoPermission,
		cloudtest.ServerError: azuretest.HTML503, cloudtest.Disconnect: azuretest.Reset,
		cloudtest.EmptyBody: azuretest.EmptyBody, cloudtest.EmptyObject: azuretest.EmptyObject,
		cloudtest.Truncated: azuretest.Truncated, cloudtest.WebPage: azuretest.HTML200,
		cloudtest.Redirect: azuretest.Redirect, cloudtest.NoProgress: azuretest.RepeatToken,
		cloudtest.Hang: azuretest.Hang,
	}[fault]
	w.Server.Break(azuretest.Fault{Kind: kind, Action: azuretest.ListMachines, After: after, Times: times})
	w.Server.Break(azuretest.Fault{Kind: kind, Action: azuretest.QueryGraph, After: after, Times: times})
	if fault == cloudtest.NoPermission {
		w.Server.Break(azuretest.Fault{Kind: kind, Action: azuretest.ListPermissions})
	}
}
