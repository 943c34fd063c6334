package azure

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v7"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// This file, credential.go and convert.go alone know the Azure SDK.

// The versions of the calls that no module of ours has.
const (
	subscriptionsVersion = "2022-12-01"
	permissionsVersion   = "2022-04-01"
)

// session is what every client of an account is made of. Clients are cheap; connections and tokens
// are shared.
type session struct {
	cred   azcore.TokenCredential
	scope  policy.TokenRequestOptions // as the SDK's own clients ask for it
	opts   arm.ClientOptions
	plain  *arm.Client // for the calls that no module of ours has
	graphs *armresourcegraph.Client
}

func newAPI(account cloud.Account, at cloud.Endpoint, transport http.RoundTripper) (api, error) {
	where, err := placeOf(account, at)
	if err != nil {
		return api{}, err
	}
	by := newTransporter(account, where, transport)
	cred, err := newCredential(account, where, by)
	if err != nil {
		return api{}, &inventory.Error{Kind: inventory.BadCredentials, Message: "tenant_id, or what the environment tells of a managed identity, is not well-formed"}
	}
	s := session{cred: tokens{cred, make(chan struct{}, 1)}, opts: options(where, by)}
	s.scope = policy.TokenRequestOptions{Scopes: []string{manager(where.Configuration).Audience + "/.default"}, EnableCAE: true}
	if s.plain, err = arm.NewClient("jms-sync", "v1.0.0", s.cred, &s.opts); err != nil {
		return api{}, err
	}
	if s.graphs, err = armresourcegraph.NewClient(s.cred, &s.opts); err != nil {
		return api{}, err
	}
	return api{
		subscription: s.subscription, subscriptions: s.subscriptions, locations: s.locations, permissions: s.permissions,
		machines: s.machines, interfaces: s.interfaces, addresses: s.addresses, sets: s.sets,
		setMachines: s.setMachines, setInterfaces: s.setInterfaces, setAddresses: s.setAddresses, graph: s.graph,
	}, nil
}

// ready gets a token before a client needs it: a refusal is met here, where no client wraps it.
func (s session) ready(ctx context.Context) error {
	_, err := s.cred.GetToken(ctx, s.scope)
	return err
}

// get makes a call for which we have no module. token is a whole address, as link gives it.
func (s session) get(ctx context.Context, path, version, token string, into any) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if token == "" {
		token = runtime.JoinPaths(s.plain.Endpoint(), path) + "?api-version=" + version
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, token)
	if err != nil {
		return err
	}
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := s.plain.Pipeline().Do(req)
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return runtime.NewResponseError(resp)
	}
	return runtime.UnmarshalAsJSON(resp, into)
}

// link gives the address of the next page at the host that we ask, or an error if it is another's:
// the token that goes there is for this one alone.
func link(next *string, endpoint string) (string, error) {
	if next == nil || *next == "" {
		return "", nil
	}
	own, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(*next)
	if err != nil || u.User != nil || u.Path == "" || !strings.EqualFold(u.Hostname(), own.Hostname()) || portOf(u) != portOf(own) {
		return "", &refusal{Refusal: &cloud.Refusal{Status: http.StatusOK, Kind: inventory.Incomplete, Text: "the next page is said to be at another host, and was not asked for there"}}
	}
	return own.Scheme + "://" + own.Host + u.EscapedPath() + "?" + u.RawQuery, nil
}

// portOf gives a port; Resource Manager writes its own sometimes, and sometimes not.
func portOf(u *url.URL) string {
	if u.Port() == "443" || u.Port() == "80" {
		return ""
	}
	return u.Port()
}

// paged reads one page of an SDK's pager: the first one, or that at token. A pager that failed once
// fails for ever, so that each page has one of its own.
func paged[R any](ctx context.Context, s session, pager *runtime.Pager[R], token string) (page R, err error) {
	if err := s.ready(ctx); err != nil {
		return page, err
	}
	if token != "" {
		before, err := json.Marshal(map[string]string{"nextLink": token})
		if err != nil {
			return page, err
		}
		if err := pager.UnmarshalJSON(before); err != nil {
			return page, err
		}
		if _, err := pager.NextPage(ctx); err != nil { // the page before, which we just made up
			return page, err
		}
	}
	return pager.NextPage(ctx)
}

// rowsOf makes an answer of a page. The SDK leaves a list nil where the answer has none.
func rowsOf[S, T any](s session, list []*S, next *string, convert func(*S) T) (answer[T], error) {
	at, err := link(next, s.plain.Endpoint())
	if err != nil {
		return answer[T]{}, err
	}
	rows := make([]T, len(list))
	for i, one := range list {
		if one != nil { // else the row has no id, and no list with it is believed
			rows[i] = convert(one)
		}
	}
	return answer[T]{rows: rows, listed: list != nil, next: at}, nil
}

func (s session) subscription(ctx context.Context, id string) (subscription, error) {
	var got subscriptionDoc
	err := s.get(ctx, "/subscriptions/"+url.PathEscape(id), subscriptionsVersion, "", &got)
	return got.convert(), err
}

func (s session) subscriptions(ctx context.Context, token string) (answer[subscription], error) {
	return docs(ctx, s, "/subscriptions", subscriptionsVersion, token, (*subscriptionDoc).convert)
}

func (s session) locations(ctx context.Context, id, token string) (answer[location], error) {
	return docs(ctx, s, "/subscriptions/"+url.PathEscape(id)+"/locations", subscriptionsVersion, token, (*locationDoc).convert)
}

func (s session) permissions(ctx context.Context, id, token string) (answer[permission], error) {
	path := "/subscriptions/" + url.PathEscape(id) + "/providers/Microsoft.Authorization/permissions"
	return docs(ctx, s, path, permissionsVersion, token, (*permissionDoc).convert)
}

// docs reads a page of a list for which we have no module.
func docs[D, T any](ctx context.Context, s session, path, version, token string, convert func(*D) T) (answer[T], error) {
	var got struct {
		Value    []*D    `json:"value"`
		NextLink *string `json:"nextLink"`
	}
	if err := s.get(ctx, path, version, token, &got); err != nil {
		return answer[T]{}, err
	}
	return rowsOf(s, got.Value, got.NextLink, convert)
}

func (s session) machines(ctx context.Context, id, token string) (answer[machine], error) {
	client, err := armcompute.NewVirtualMachinesClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[machine]{}, err
	}
	page, err := paged(ctx, s, client.NewListAllPager(nil), token)
	if err != nil {
		return answer[machine]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromMachine)
}

func (s session) sets(ctx context.Context, id, token string) (answer[scaleSet], error) {
	client, err := armcompute.NewVirtualMachineScaleSetsClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[scaleSet]{}, err
	}
	page, err := paged(ctx, s, client.NewListAllPager(nil), token)
	if err != nil {
		return answer[scaleSet]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromSet)
}

func (s session) setMachines(ctx context.Context, id string, of scaleSet, token string) (answer[machine], error) {
	client, err := armcompute.NewVirtualMachineScaleSetVMsClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[machine]{}, err
	}
	page, err := paged(ctx, s, client.NewListPager(of.group, of.name, nil), token)
	if err != nil {
		return answer[machine]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromSetMachine)
}

func (s session) interfaces(ctx context.Context, id, token string) (answer[nic], error) {
	client, err := armnetwork.NewInterfacesClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[nic]{}, err
	}
	page, err := paged(ctx, s, client.NewListAllPager(nil), token)
	if err != nil {
		return answer[nic]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromInterface)
}

func (s session) setInterfaces(ctx context.Context, id string, of scaleSet, token string) (answer[nic], error) {
	client, err := armnetwork.NewInterfacesClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[nic]{}, err
	}
	page, err := paged(ctx, s, client.NewListVirtualMachineScaleSetNetworkInterfacesPager(of.group, of.name, nil), token)
	if err != nil {
		return answer[nic]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromInterface)
}

func (s session) addresses(ctx context.Context, id, token string) (answer[address], error) {
	client, err := armnetwork.NewPublicIPAddressesClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[address]{}, err
	}
	page, err := paged(ctx, s, client.NewListAllPager(nil), token)
	if err != nil {
		return answer[address]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromAddress)
}

func (s session) setAddresses(ctx context.Context, id string, of scaleSet, token string) (answer[address], error) {
	client, err := armnetwork.NewPublicIPAddressesClient(id, s.cred, &s.opts)
	if err != nil {
		return answer[address]{}, err
	}
	page, err := paged(ctx, s, client.NewListVirtualMachineScaleSetPublicIPAddressesPager(of.group, of.name, nil), token)
	if err != nil {
		return answer[address]{}, err
	}
	return rowsOf(s, page.Value, page.NextLink, fromAddress)
}
