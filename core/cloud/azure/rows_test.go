package azure_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// withPublic returns a machine a public address.
func withPublic(vm azuretest.VM) azuretest.VM {
	if vm.Location == "" {
		vm.Location = region
	}
	vm.NICs[0].Configs[0].Public = "52" + vm.NICs[0].Configs[0].Private[2:]
	return vm
}

func withScope(i inventory.Instance) inventory.Instance {
	i.Scope = inventory.Scope{Cloud: "azure", Account: "azure-prod", Region: region}
	return i
}

const (
	windows = "0a000000-5ab1-4e00-8000-000000000000"
	golden  = "0b000000-5ab1-4e00-8000-000000000000"
	member0 = "0c000000-5ab1-4e00-8000-000000000000"
	member1 = "0d000000-5ab1-4e00-8000-000000000000"
)

// fillFleet fills a world with a machine of each sort.
func fillFleet(w *world) (want []inventory.Instance) {
	w.sub.Put(azuretest.VM{
		ID: windows, Name: "Win 1", Group: "Prod", Location: "East US", HostName: "win-1", OSType: "Windows", OSOffer: "WindowsServer",
		OSSKU: "2022-datacenter", Size: "Standard_D2s_v5", State: "Succeeded", NICs: []azuretest.NIC{
			{Name: "second", Network: "Net/other", Configs: []azuretest.Config{{Private: "10.9.0.1", Public: "52.0.0.9"}, {Public: "2603:0::0009"}}},
			{Name: "first", Primary: true, Network: "Net/Hub", Configs: []azuretest.Config{
				{Private: "10.0.0.3"}, {Private: "10.0.0.2", Public: "52.0.0.2", Primary: true}, {Private: "fd00::2"},
			}},
		},
	}, azuretest.VM{
		ID: golden, Name: "golden", Group: "Prod", Location: region, HostName: "golden", OSType: "Linux", Size: "Standard_B1s", State: "Updating",
		Image: "/subscriptions/x/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/hardened/versions/1.0.0",
		NICs:  []azuretest.NIC{{Name: "unread", Primary: true, Hidden: true, Configs: []azuretest.Config{{Private: "10.0.0.4"}}}},
	})
	of := func(id, ip, public string) azuretest.VM {
		return azuretest.VM{ID: id, HostName: "pool" + ip, OSType: "Linux", OSOffer: "aks", OSSKU: "2204gen2", Size: "Standard_D4s_v5", State: "Succeeded",
			NICs: []azuretest.NIC{{Name: "nic", Primary: true, Network: "Net/pods", Configs: []azuretest.Config{{Private: ip, Public: public, Primary: true}}}}}
	}
	w.sub.PutSet(azuretest.Set{Name: "pool", Group: "MC_aks", Location: region, VMs: []azuretest.VM{of(member0, "10.1.0.4", ""), of(member1, "10.1.0.5", "52.1.0.5")}})
	w.sub.PutSet(azuretest.Set{Name: "flexible", Group: "MC_aks", Location: region, Flexible: true})
	w.sub.PutSet(azuretest.Set{Name: "empty", Group: "MC_aks", Location: region})
	pool := inventory.Instance{OSType: "linux", OSName: "aks 2204gen2", Status: "succeeded", Type: "Standard_D4s_v5", VPC: "net/pods"}
	first, second := pool, pool
	first.ID, first.Name, first.HostName, first.PrivateIPs = member0, "pool_0", "pool10.1.0.4", []string{"10.1.0.4"}
	second.ID, second.Name, second.HostName, second.PrivateIPs, second.PublicIPs = member1, "pool_1", "pool10.1.0.5", []string{"10.1.0.5"}, []string{"52.1.0.5"}
	return []inventory.Instance{
		withScope(inventory.Instance{ID: windows, Name: "Win 1", HostName: "win-1", OSType: "windows", OSName: "WindowsServer 2022-datacenter", Status: "succeeded",
			Type: "Standard_D2s_v5", VPC: "net/hub", PrivateIPs: []string{"10.0.0.2", "10.0.0.3", "10.9.0.1"}, PublicIPs: []string{"52.0.0.2", "52.0.0.9"}, IPv6s: []string{"fd00::2", "2603::9"}}),
		withScope(inventory.Instance{ID: golden, Name: "golden", HostName: "golden", OSType: "linux", OSName: "hardened", Status: "updating", Type: "Standard_B1s",
			AddressesPartial: true}),
		withScope(first), withScope(second),
	}
}

// TestConversion: every field, of ordinary machines and those of a uniform scale set, in the same way
// by all methods; and how many calls it takes.
func TestConversion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := fillFleet(w)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	got, err := lister.List(t.Context(), region)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("list: %v\ngot\n%+v\nwant\n%+v", err, got, want)
	}
	for action, n := range map[string]int{
		azuretest.ListMachines: 1, azuretest.ListInterfaces: 1, azuretest.ListAddresses: 1, azuretest.ListSets: 1, azuretest.ListLocations: 1, azuretest.ListPermissions: 1,
		azuretest.ListSetMachines: 2, azuretest.ListSetInterfaces: 2, azuretest.ListSetAddresses: 1, azuretest.OpenIDConfiguration: 1, azuretest.Token: 1, "": 13,
	} {
		if got := w.Calls(action); got != n {
			t.Errorf("%d calls %q, want %d", got, action, n)
		}
	}
	ids := []string{windows, golden, member0, member1, azuretest.SampleVM(7).ID}
	got, err = cloudtest.FindInstances(t.Context(), lister, region, ids...)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("lookup: %v\ngot\n%+v", err, got)
	}
	got, err = lister.Find(t.Context(), region, ids)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("glance: %v\ngot\n%+v\nwant\n%+v", err, got, want)
	}
	if n := w.Calls(azuretest.QueryGraph); n != 2+2 { // FindVerified with one absent, and Find
		t.Errorf("%d queries, want 4", n)
	}
	got, err = lister.Find(t.Context(), "westeurope", ids)
	if err != nil || len(got) != 0 {
		t.Errorf("in another region: %v, %v", got, err)
	}
}

// TestFindMany: more ids than a query takes, and more rows than a page has.
func TestFindMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 130)
	got, err := w.Open(t, cloudtest.InstantRetries(), nil).Find(t.Context(), region, append(ids, "no-uuid'); drop", "{"+ids[0][1:35]+"}"))
	if want := 5 + 2; err != nil || len(got) != 130 || w.Calls(azuretest.QueryGraph) != want {
		t.Errorf("%d of 130 in %d queries, want %d: %v", len(got), w.Calls(azuretest.QueryGraph), want, err)
	}
	if _, err := w.Open(t, cloudtest.InstantRetries(), nil).Find(t.Context(), region, []string{""}); inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("an empty id: %v", err)
	}
}

// TestScaleSetGoes: a set that is deleted while it is read is no error, if the list says so too.
func TestScaleSetGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := fillFleet(w)
	w.Server.Break(azuretest.Fault{Kind: azuretest.Gone, Action: azuretest.ListSetMachines, Times: 2})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Incomplete || list != nil {
		t.Errorf("a set that is listed, and not found: %d rows, %v", len(list), err)
	}
	// Between the two lists of sets, the sets go: while a first failure is waited for.
	w.Server.Break(azuretest.Fault{Kind: azuretest.Unavailable, Action: azuretest.ListSetMachines, Times: 2})
	going := cloud.RetryPolicy{Sleep: func(context.Context, time.Duration) error {
		w.sub.RemoveSet("MC_aks", "pool")
		w.sub.RemoveSet("MC_aks", "empty")
		return nil
	}}
	list, err = w.Open(t, going, nil).List(t.Context(), region)
	if err != nil || len(list) != 2 || list[0].ID != want[0].ID {
		t.Errorf("%d rows, %v", len(list), err)
	}
}

// TestScaleSetGoesWithItsInterfaces: a set that goes after its machines were read does not fail the subscription. Its
// machines count once more, with addresses that are not known.
func TestScaleSetGoesWithItsInterfaces(t *testing.T) {
	t.Parallel()
	for _, action := range []string{azuretest.ListSetInterfaces, azuretest.ListSetAddresses} {
		w := newWorld(t)
		want := fillFleet(w)
		w.Server.Break(azuretest.Fault{Kind: azuretest.Gone, Action: action})
		list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
		if err != nil || len(list) != len(want) {
			t.Errorf("%s: %d rows, want %d: %v", action, len(list), len(want), err)
		}
		partial := 0
		for _, i := range list {
			if i.AddressesPartial {
				partial++
			}
		}
		if partial == 0 || partial == len(list) {
			t.Errorf("%s: %d of %d with addresses that are not known", action, partial, len(list))
		}
	}
}

// TestOneReadingForAllRegions: regions of one run share a reading, each once.
func TestOneReadingForAllRegions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, place := range []string{"eastus", "westeurope", "northeurope"} {
		w.sub.Fill(place, i+1, func(n int) azuretest.VM { return azuretest.SampleVM(100*i + n) })
	}
	w.SetLatency(20 * time.Millisecond)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	regions, err := lister.Regions(t.Context())
	if err != nil || !slices.Equal(regions, []string{"eastus", "northeurope", "westeurope"}) {
		t.Fatalf("%q, %v", regions, err)
	}
	var group sync.WaitGroup
	for place, n := range map[string]int{"eastus": 1, "westeurope": 2, "northeurope": 3} {
		group.Go(func() {
			list, err := lister.List(t.Context(), place)
			if err != nil || len(list) != n || list[0].Region != place {
				t.Errorf("%s: %d rows, want %d: %v", place, len(list), n, err)
			}
		})
	}
	group.Wait()
	if n := w.Calls(azuretest.ListMachines); n != 1 {
		t.Errorf("%d readings for three regions", n)
	}
	w.sub.Remove()
	if list, err := lister.List(t.Context(), "eastus"); err != nil || len(list) != 0 || w.Calls(azuretest.ListMachines) != 2 {
		t.Errorf("a second time: %d rows in %d readings: %v", len(list), w.Calls(azuretest.ListMachines), err)
	}
}

// TestOwner: which subscription an account is.
func TestOwner(t *testing.T) {
	t.Parallel()
	const second = "33333333-2222-4333-8444-555555555555"
	for name, c := range map[string]struct {
		configured string
		prepare    func(*world)
		want       string
		kind       inventory.Kind
	}{
		"configured":              {owner, func(*world) {}, owner, ""},
		"another's":               {"22222222-2222-4333-8444-555555555555", func(*world) {}, "", inventory.Denied},
		"none of this id":         {second, func(*world) {}, "", inventory.NotFound},
		"the only one":            {"", func(*world) {}, owner, ""},
		"the only one in use":     {"", func(w *world) { w.AddSubscription(second, testPrincipal.ClientID).SetState("Disabled") }, owner, ""},
		"one of two":              {"", func(w *world) { w.AddSubscription(second, testPrincipal.ClientID) }, "", inventory.Invalid},
		"one that owes is in use": {"", func(w *world) { w.AddSubscription(second, testPrincipal.ClientID).SetState("PastDue") }, "", inventory.Invalid},
		"none":                    {"", func(w *world) { w.sub.SetState("Deleted") }, "", inventory.Denied},
	} {
		w := newWorldOf(t, azuretest.Options{PageSize: 1})
		w.Fill(region, 1)
		c.prepare(w)
		lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AccountID = c.configured })
		got, err := lister.Owner(t.Context())
		if got != c.want || inventory.KindOf(err) != c.kind {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if list, err := lister.List(t.Context(), region); inventory.KindOf(err) != c.kind || (err == nil) != (len(list) == 1) {
			t.Errorf("%s: %d rows, %v", name, len(list), err)
		}
	}
}

// TestManagedIdentity: an account without a key is the host's own identity, in both of its forms.
// MSAL keeps such tokens for the whole process, so that these live too short to be kept.
func TestManagedIdentity(t *testing.T) {
	for name, header := range map[string]string{"virtual machine": "", "app service": "identity-header-secret"} {
		t.Run(name, func(t *testing.T) {
			action := azuretest.IMDS
			if header != "" {
				action = azuretest.AppService
				t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
				t.Setenv("IDENTITY_HEADER", header)
			}
			w := newWorldOf(t, azuretest.Options{TokenLife: 4 * time.Minute})
			w.SetIdentity("identity", header)
			w.AddSubscription("44444444-2222-4333-8444-555555555555", "identity").Put(withPublic(azuretest.SampleVM(3)))
			open := func() cloud.Lister {
				lister, err := azure.Open(cloud.Account{Name: "azure-prod", Endpoint: w.Account.Endpoint}, cloudtest.InstantRetries())
				if err != nil {
					t.Fatal(err)
				}
				return lister
			}
			list, err := open().List(t.Context(), region)
			if err != nil || len(list) != 1 || w.Calls(action) == 0 || w.Calls(azuretest.Token) != 0 {
				t.Errorf("%d rows, %v", len(list), err)
			}
			for fault, want := range map[azuretest.Kind]inventory.Kind{
				azuretest.Forbidden: inventory.BadCredentials, peertest.HTML200: inventory.Incomplete, azuretest.NoList: inventory.Incomplete,
				azuretest.Throttled: inventory.Throttled, peertest.HTML503: inventory.Temporary, peertest.EmptyBody: inventory.Incomplete,
			} {
				repair := w.Server.Break(azuretest.Fault{Kind: fault, Action: action})
				_, err := open().List(t.Context(), region)
				if inventory.KindOf(err) != want {
					t.Errorf("%s: kind %q, want %q: %v", fault, inventory.KindOf(err), want, err)
				}
				checkError(t, err)
				repair()
			}
			w.SetIdentity("nobody", header+"x")
			_, err = open().Owner(t.Context())
			if inventory.KindOf(err) != map[bool]inventory.Kind{true: inventory.BadCredentials, false: inventory.Denied}[header != ""] {
				t.Errorf("another identity: %v", err)
			}
		})
	}
}

// TestAssignedIdentity: the identity that is named is used, and no other of the host; a host without it is told so.
func TestAssignedIdentity(t *testing.T) {
	const assigned, absent = "66666666-2222-4333-8444-555555555555", "77777777-2222-4333-8444-555555555555"
	for name, header := range map[string]string{"virtual machine": "", "app service": "identity-header-secret"} {
		t.Run(name, func(t *testing.T) {
			if header != "" {
				t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
				t.Setenv("IDENTITY_HEADER", header)
			}
			w := newWorldOf(t, azuretest.Options{TokenLife: 4 * time.Minute})
			w.SetIdentity("identity", header)
			w.AssignIdentity(assigned)
			w.AddSubscription("44444444-2222-4333-8444-555555555555", "identity").Put(azuretest.SampleVM(3))
			w.AddSubscription("55555555-2222-4333-8444-555555555555", assigned).Put(azuretest.SampleVM(4))
			for identity, want := range map[string]string{"": "44444444-2222-4333-8444-555555555555", assigned: "55555555-2222-4333-8444-555555555555", absent: ""} {
				lister, err := azure.Open(cloud.Account{Name: "azure-prod", Endpoint: w.Account.Endpoint, Identity: identity}, cloudtest.InstantRetries())
				if err != nil {
					t.Fatal(err)
				}
				owner, err := lister.Owner(t.Context())
				if owner != want || (want == "") != (inventory.KindOf(err) == inventory.BadCredentials) {
					t.Errorf("%q: %q, %v", identity, owner, err)
				}
			}
		})
	}
	for name, a := range map[string]cloud.Account{
		"no id": {Identity: "mine"}, "a key too": {Identity: assigned, AccessKeyID: secret.New("k"), AccessKeySecret: secret.New("s"), TenantID: "t"},
	} {
		a.Name = "azure-prod"
		lister, err := azure.Open(a, cloud.RetryPolicy{})
		if lister != nil || inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoManagedIdentity: where there is none, that is said at once, in words.
func TestNoManagedIdentity(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
	t.Setenv("IDENTITY_HEADER", "identity-header-secret")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:2") // by which it must not be asked
	tries := 0
	policy := cloud.RetryPolicy{Sleep: func(context.Context, time.Duration) error {
		tries++
		return nil
	}}
	lister, err := azure.Open(cloud.Account{Name: "azure-prod"}, policy)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lister.Owner(t.Context())
	if inventory.KindOf(err) != inventory.BadCredentials || tries != 0 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	checkError(t, err)
	if text := fmt.Sprint(err); !strings.Contains(text, "nothing answers at 127.0.0.1:1") || !strings.Contains(text, "managed identity") {
		t.Errorf("it does not tell what to do: %v", err)
	}
}
