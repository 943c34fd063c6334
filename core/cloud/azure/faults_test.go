package azure_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// checkError fails a test whose error shows a secret or does not name what was done for whom.
func checkError(t *testing.T, err error) { t.Helper(); harness().CheckError(t, err) }

// TestFaults: what each fault of Resource Manager means for each method, and that no text shows a
// secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[azuretest.Kind]inventory.Kind{
		azuretest.Throttled: inventory.Throttled, azuretest.Forbidden: inventory.Denied, azuretest.Gone: inventory.NotFound,
		azuretest.Expired: inventory.BadCredentials, azuretest.InternalError: inventory.Temporary, azuretest.Unavailable: inventory.Temporary,
		peertest.HTML500: inventory.Temporary, peertest.HTML503: inventory.Temporary, peertest.HTML200: inventory.Incomplete,
		azuretest.OddError: inventory.Invalid, peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete,
		peertest.EmptyBody: inventory.Incomplete, azuretest.NoList: inventory.Incomplete, azuretest.Truncated: inventory.Incomplete,
		peertest.CutOff: inventory.Temporary, peertest.Redirect: inventory.Incomplete, peertest.Reset: inventory.Temporary,
		azuretest.Accepted: inventory.Incomplete, peertest.Hang: inventory.Temporary,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Fill(region, 3)
			for _, action := range []string{
				azuretest.GetSubscription, azuretest.ListLocations, azuretest.ListPermissions, azuretest.ListMachines,
				azuretest.ListInterfaces, azuretest.ListAddresses, azuretest.ListSets, azuretest.QueryGraph,
			} {
				w.Server.Break(azuretest.Fault{Kind: fault, Action: action})
			}
			harness().CheckAllFail(t, w.Open(t, cloudtest.InstantRetries(), cloudtest.ShortTimeout(fault)), []string{azuretest.SampleVM(0).ID}, want)
		})
	}
}

// TestTokenFaults: the same of those who give tokens, where a refusal is one of the credential.
func TestTokenFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[azuretest.Kind]inventory.Kind{
		azuretest.ExpiredAssertion: inventory.ClockOff, azuretest.Throttled: inventory.Throttled, azuretest.Forbidden: inventory.BadCredentials, azuretest.Gone: inventory.BadCredentials,
		azuretest.InternalError: inventory.Temporary, peertest.HTML503: inventory.Temporary, peertest.HTML200: inventory.Incomplete,
		azuretest.OddError: inventory.BadCredentials, peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete,
		peertest.EmptyBody: inventory.Incomplete, azuretest.NoList: inventory.Incomplete, azuretest.Truncated: inventory.Incomplete,
		peertest.CutOff: inventory.Temporary, peertest.Redirect: inventory.Incomplete, peertest.Reset: inventory.Temporary,
		peertest.Hang: inventory.Temporary,
	} {
		for _, action := range []string{azuretest.OpenIDConfiguration, azuretest.Token} {
			t.Run(action+" "+string(fault), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.Fill(region, 3)
				w.Server.Break(azuretest.Fault{Kind: fault, Action: action})
				harness().CheckAllFail(t, w.Open(t, cloudtest.InstantRetries(), cloudtest.ShortTimeout(fault)), []string{azuretest.SampleVM(0).ID}, want)
			})
		}
	}
}

// TestTokenHeals: a token that comes at the second try is one.
func TestTokenHeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 3)
	w.Server.Break(azuretest.Fault{Kind: azuretest.Throttled, Action: azuretest.Token, Times: 1})
	w.Server.Break(azuretest.Fault{Kind: azuretest.Unavailable, Action: azuretest.OpenIDConfiguration, Times: 1})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != len(ids) || w.Calls(azuretest.Token) != 2 {
		t.Errorf("%d of %d rows after %d calls for a token: %v", len(list), len(ids), w.Calls(azuretest.Token), err)
	}
}

// TestRetryAfter: the wait that Azure asks for is kept.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Server.Break(azuretest.Fault{Kind: azuretest.Throttled, Action: azuretest.GetSubscription, Times: 1})
	var slept []time.Duration
	policy := cloud.RetryPolicy{Sleep: func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		return nil
	}}
	if _, err := w.Open(t, policy, nil).Owner(t.Context()); err != nil || len(slept) != 1 || slept[0] < 2*time.Second {
		t.Errorf("slept %v: %v", slept, err)
	}
	w.Server.Break(azuretest.Fault{Kind: azuretest.Throttled, Action: azuretest.GetSubscription})
	policy.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := w.Open(t, policy, nil).Owner(ctx)
	var fault *inventory.Error
	fault, _ = err.(*inventory.Error)
	if fault == nil || fault.RetryAfter != 2*time.Second {
		t.Errorf("%+v", err)
	}
}

// TestPagingFaults: what can go wrong between two pages, in each of the lists.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[azuretest.Kind]inventory.Kind{
		azuretest.RepeatedToken: inventory.Incomplete, azuretest.ForeignLink: inventory.Incomplete,
		azuretest.InternalError: inventory.Temporary, azuretest.NoList: inventory.Incomplete, azuretest.Truncated: inventory.Incomplete,
	} {
		for _, action := range []string{
			azuretest.ListMachines, azuretest.ListInterfaces, azuretest.ListAddresses, azuretest.ListSets,
			azuretest.ListSetMachines, azuretest.ListSetInterfaces, azuretest.ListSetAddresses, azuretest.ListPermissions,
		} {
			w := newWorldOf(t, azuretest.Options{PageSize: 1})
			w.sub.Put(withPublic(azuretest.SampleVM(1)), withPublic(azuretest.SampleVM(2)), withPublic(azuretest.SampleVM(3)))
			for _, name := range []string{"one", "two", "three"} {
				w.sub.PutSet(azuretest.Set{Name: name, Group: "G", Location: region, VMs: []azuretest.VM{
					withPublic(azuretest.SampleVM(100 + len(name))), withPublic(azuretest.SampleVM(200 + len(name)*10)), withPublic(azuretest.SampleVM(300 + len(name)*20)),
				}})
			}
			after := 1
			if fault == azuretest.RepeatedToken || fault == azuretest.ForeignLink {
				after = 0
			}
			w.Server.Break(azuretest.Fault{Kind: fault, Action: action, After: after})
			list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
			if got := inventory.KindOf(err); got != want || list != nil {
				if action != azuretest.ListPermissions || fault != azuretest.RepeatedToken { // which has two pages only
					t.Errorf("%s, %s: %d rows, kind %q, want %q: %v", action, fault, len(list), got, want, err)
				}
			}
		}
	}
}

// TestForeignLinkGetsNoToken: the address of a next page at another host is not asked at all.
func TestForeignLinkGetsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 3)
	w.Server.Break(azuretest.Fault{Kind: azuretest.ForeignLink, Action: azuretest.ListMachines})
	_, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Incomplete || !strings.Contains(err.Error(), "at another host") || w.Calls(azuretest.ListMachines) != 1 {
		t.Errorf("%v after %d calls", err, w.Calls(azuretest.ListMachines))
	}
}

// TestGraphFaults: an answer of Resource Graph that is a part is none.
func TestGraphFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []azuretest.Kind{azuretest.GraphCut, azuretest.RepeatedToken, azuretest.NoList, azuretest.Truncated} {
		w := newWorld(t)
		ids := w.Fill(region, 3*pageSize)
		w.Server.Break(azuretest.Fault{Kind: fault, Action: azuretest.QueryGraph})
		list, err := w.Open(t, cloudtest.InstantRetries(), nil).Find(t.Context(), region, ids)
		if inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Errorf("%s: %d rows, %v", fault, len(list), err)
		}
		checkError(t, err)
	}
}

// TestOddRows: a machine without an id or a location spoils the reading, for it may be any.
func TestOddRows(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no properties": `{"id":"/x","name":"nameless","location":"eastus"}`, "no id": `{"id":"/x","location":"eastus","properties":{"provisioningState":"Failed"}}`,
		"null": `null`, "no location": `{"id":"/x","properties":{"vmId":"0"}}`, "a number": `{"id":"/x","location":5,"properties":{"vmId":"0"}}`,
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.sub.Put(azuretest.VM{ID: "odd", Raw: []byte(raw)})
		harness().CheckListFails(t, name, w, inventory.Incomplete)
	}
}

// TestRightsOfGroups: lists that are filtered by rights on resource groups are not believed, what
// the subscription itself gives is; and each action counts.
func TestRightsOfGroups(t *testing.T) {
	t.Parallel()
	all := azure.Permissions()
	for name, c := range map[string]struct {
		actions, except, groups []string
		want                    inventory.Kind
	}{
		"reader":                {[]string{"*/read"}, nil, nil, ""},
		"owner":                 {[]string{"*"}, []string{"Microsoft.Authorization/*/Write"}, nil, ""},
		"each by name":          {all, nil, nil, ""},
		"of compute and nets":   {[]string{"microsoft.compute/*/read", "Microsoft.Network/*"}, nil, nil, ""},
		"nothing":               {nil, nil, nil, inventory.Denied},
		"a group":               {nil, nil, []string{"Prod"}, inventory.Denied},
		"no scale sets":         {[]string{"Microsoft.Compute/virtualMachines/read", "Microsoft.Network/*/read"}, nil, nil, inventory.Denied},
		"one taken away":        {[]string{"*/read"}, []string{"Microsoft.Network/networkInterfaces/*"}, nil, inventory.Denied},
		"only writes":           {[]string{"Microsoft.Compute/*/write", "*/action"}, nil, nil, inventory.Denied},
		"another resource":      {[]string{"Microsoft.Compute/virtualMachines*/extensions/read"}, nil, nil, inventory.Denied},
		"without public access": {slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == "Microsoft.Network/publicIPAddresses/read" }), nil, nil, inventory.Denied},
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.sub.Grant(c.actions, c.except, c.groups)
		lister := w.Open(t, cloudtest.InstantRetries(), nil)
		list, err := lister.List(t.Context(), region)
		_, lookupErr := lister.FindVerified(t.Context(), region, []string{azuretest.SampleVM(9).ID})
		if got := inventory.KindOf(err); got != c.want || (err == nil) != (len(list) == 3) || inventory.KindOf(lookupErr) != c.want {
			t.Errorf("%s: %d rows, kind %q, want %q: %v; %v", name, len(list), got, c.want, err, lookupErr)
		}
	}
}

// TestCredentials: what is wrong with a key, in words.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*cloud.Account)
		words  string
	}{
		"application": {func(a *cloud.Account) { a.AccessKeyID = secret.New(unknownClientID) }, "AADSTS700016"},
		"secret":      {func(a *cloud.Account) { a.AccessKeySecret = secret.New("another-secret") }, "AADSTS7000215"},
		"tenant":      {func(a *cloud.Account) { a.TenantID = "contoso.example" }, "AADSTS90002"},
	} {
		w := newWorld(t)
		for _, err := range cloudtest.MethodErrors(t.Context(), w.Open(t, cloud.RetryPolicy{}, c.change), region, []string{azuretest.SampleVM(0).ID}) {
			if inventory.KindOf(err) != inventory.BadCredentials || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %v", name, err)
			}
			checkError(t, err)
		}
	}
}

// TestOpenRefuses: an application or account that is none, beside the contract.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	h := harness()
	for name, c := range map[string]struct {
		change func(*cloud.Account)
		want   inventory.Kind
	}{
		"no tenant":      {func(a *cloud.Account) { a.TenantID = "" }, inventory.BadCredentials},
		"a tenant, odd":  {func(a *cloud.Account) { a.TenantID = "a/../b" }, inventory.BadCredentials},
		"account_id":     {func(a *cloud.Account) { a.AccountID = "prod" }, inventory.Invalid},
		"regions of two": {func(a *cloud.Account) { a.Regions = []string{"eastus", "chinanorth3"} }, inventory.Invalid},
	} {
		t.Run(name, func(t *testing.T) { h.CheckOpenFails(t, c.want, c.change) })
	}
}

// TestHints: refusals whose text does not say what to do, and what is said beside it.
func TestHints(t *testing.T) {
	t.Parallel()
	for fault, c := range map[azuretest.Kind]struct {
		action string
		kind   inventory.Kind
		words  []string
	}{
		azuretest.NoSuchVersion: {azuretest.ListMachines, inventory.Invalid, []string{"NoRegisteredProviderFound", "does not offer the version of the API", "chinaeast, chinanorth"}},
		azuretest.NoSuchType:    {azuretest.ListMachines, inventory.Invalid, []string{"InvalidResourceType", "does not offer the version of the API", "regions and endpoint"}},
		azuretest.NotRegistered: {azuretest.ListMachines, inventory.Invalid, []string{"MissingSubscriptionRegistration", "az provider register", "Microsoft.Compute"}},
		azuretest.NoSuchTenant:  {azuretest.Token, inventory.BadCredentials, []string{"AADSTS90002", "is tenant_id right?", "chinaeast2", testPrincipal.Tenant}},
	} {
		w := newWorld(t)
		w.Fill(region, 1)
		w.Server.Break(azuretest.Fault{Kind: fault, Action: c.action})
		_, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
		if inventory.KindOf(err) != c.kind {
			t.Errorf("%s: kind %q: %v", fault, inventory.KindOf(err), err)
		}
		for _, word := range c.words {
			if !strings.Contains(fmt.Sprint(err), word) {
				t.Errorf("%s: no %q in %v", fault, word, err)
			}
		}
		checkError(t, err)
	}
}

// TestTwoMachinesWithOneVMID: neither passes for the other. Their region has no list, and the error names both; other
// regions have theirs.
func TestTwoMachinesWithOneVMID(t *testing.T) {
	t.Parallel()
	const elsewhere = "northeurope"
	for name, c := range map[string]struct {
		place  string
		failed []string
	}{
		"in one region":  {region, []string{region}},
		"in two regions": {"westeurope", []string{region, "westeurope"}},
	} {
		w := newWorld(t)
		w.Fill(region, 2)
		w.sub.Fill(elsewhere, 1, func(int) azuretest.VM { return azuretest.SampleVM(50) })
		twin := azuretest.SampleVM(0)
		twin.Name, twin.Group, twin.Location = "web-copy", "Other", c.place
		w.sub.PutTwin(twin)
		lister := w.Open(t, cloudtest.InstantRetries(), nil)
		for _, place := range []string{region, "westeurope", elsewhere} {
			list, err := lister.List(t.Context(), place)
			if !slices.Contains(c.failed, place) {
				if err != nil {
					t.Errorf("%s, %s: %v", name, place, err)
				}
				continue
			}
			text := strings.ToLower(fmt.Sprint(err))
			if inventory.KindOf(err) != inventory.Incomplete || list != nil || !strings.Contains(text, "/web-copy") || !strings.Contains(text, "/web-00000") {
				t.Errorf("%s, %s: %d rows, %v", name, place, len(list), err)
			}
			_, err = lister.FindVerified(t.Context(), place, []string{azuretest.SampleVM(7).ID})
			if inventory.KindOf(err) != inventory.Incomplete {
				t.Errorf("%s, %s: an absence is proved: %v", name, place, err)
			}
		}
	}
}
