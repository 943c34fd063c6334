package azure_test

import (
	"net/url"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
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
	cloudtest.RunContract(t, harness())
}

// TestContractForgets: the same where Resource Graph has forgotten what is gone, so that there is no resource
// id to ask for, and where it is what fails.
func TestContractForgets(t *testing.T) {
	t.Parallel()
	h := harness()
	h.VerifyForgets, h.VerifyAction = true, azuretest.QueryGraph
	h.New = func(t testing.TB) cloudtest.World {
		w := newWorld(t)
		w.forgets = true
		return w
	}
	cloudtest.RunContract(t, h)
}

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: azure.Open,
		Account: cloud.Account{
			Cloud: "azure", Name: "azure-prod", TenantID: testPrincipal.Tenant, AccountID: owner,
			AccessKeyID: secret.New(testPrincipal.ClientID), AccessKeySecret: secret.New(testPrincipal.Secret),
		},
		UnknownKey: unknownClientID, Region: region, MissingRegion: "mars", NonexistentID: azure.Provider(cloud.RetryPolicy{}).NonexistentID, Services: azure.Provider(cloud.RetryPolicy{}).Services, Owner: owner, Secrets: secrets(),
		ListAction: azuretest.ListMachines, VerifyAction: azuretest.GetMachine, PageSize: pageSize, ListCalls: 12, AllowsNoKey: true, UsesTokens: true,
		NoFacts: azure.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses: map[string]inventory.Existence{
			"Creating": inventory.Present, "Updating": inventory.Present, "Succeeded": inventory.Present, "Migrating": inventory.Present, "Failed": inventory.Present,
			"Deleting": inventory.NotMade,
		},
	}
}

// testPrincipal is the application of these tests, with a secret that a form has to escape.
var testPrincipal = azuretest.Principal{
	Tenant: "99999999-8888-4777-8666-555555555555", ClientID: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", Secret: "s3c~ret/+=*& of the test",
}

const unknownClientID = "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee"

// secrets are what no text may show.
func secrets() []string {
	return []string{
		testPrincipal.ClientID, unknownClientID, testPrincipal.Secret, url.QueryEscape(testPrincipal.Secret), url.QueryEscape(url.QueryEscape(testPrincipal.Secret)), "another-secret",
		"eyJ0eXAi", "Bearer", "client_secret", "identity-header-secret",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*azuretest.Server
	*cloudtest.ServedEmulator
	sub     *azuretest.Subscription
	forgets bool // Resource Graph knows at once what is gone
	filled  int  // by FillFacts
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, azuretest.Options{PageSize: pageSize})
}

func newWorldOf(t testing.TB, o azuretest.Options) *world {
	t.Helper()
	o.Reporter = t
	server := azuretest.New(o)
	server.AddPrincipal(testPrincipal)
	server.AddSubscription("22222222-2222-4333-8444-555555555555", "somebody else")
	return &world{Server: server, ServedEmulator: cloudtest.Serve(t, server, server.Close, harness()), sub: server.AddSubscription(owner, testPrincipal.ClientID)}
}

func (w *world) FillIPv6(region string) string {
	return w.sub.Fill(region, 1, azuretest.SampleIPv6VM)[0]
}

func (w *world) Fill(region string, n int) []string { return w.sub.Fill(region, n, azuretest.SampleVM) }

func (w *world) Remove(_ string, ids ...string) {
	if !w.forgets {
		w.sub.FreezeGraph()
	}
	w.sub.Remove(ids...)
}

func (w *world) SetStatus(_, status string, ids ...string) { w.sub.SetStatus(status, ids...) }

func (w *world) Hide(_ string, ids ...string) { w.sub.Hide(azuretest.ListMachines, ids...) }

// Break spoils, with the list of machines, the query that Find makes. A missing permission shows in
// the answer about permissions, which is asked for once after the list. Azure has no regions to spoil.
func (w *world) Break(f peertest.Fault) (repair func()) {
	f.Region = ""
	if f.Action == azuretest.ListMachines {
		query := f
		query.Action = azuretest.QueryGraph
		w.Server.Break(query)
		if f.Kind == peertest.NoPermission {
			w.Server.Break(peertest.Fault{Kind: f.Kind, Action: azuretest.ListPermissions})
		}
	}
	return w.Server.Break(f)
}
