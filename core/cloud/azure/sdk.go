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
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// api holds the calls of Azure's APIs that are used, one function for each. newAPI fills it in with the
// SDK; every other file works on the answers. The ids of resources are in lower case, because Azure writes
// one id in several ways.
type api struct {
	getSubscription   func(ctx context.Context, id string) (subscription, error)
	listSubscriptions func(ctx context.Context, token string) (answerPage[subscription], error)
	listLocations     func(ctx context.Context, subscription, token string) (answerPage[location], error)
	listPermissions   func(ctx context.Context, subscription, token string) (answerPage[permission], error)
	listMachines      func(ctx context.Context, subscription, token string) (answerPage[machine], error)
	listInterfaces    func(ctx context.Context, subscription, token string) (answerPage[nic], error)
	listAddresses     func(ctx context.Context, subscription, token string) (answerPage[address], error)
	listSets          func(ctx context.Context, subscription, token string) (answerPage[scaleSet], error)
	listSetMachines   func(ctx context.Context, subscription string, of scaleSet, token string) (answerPage[machine], error)
	listSetInterfaces func(ctx context.Context, subscription string, of scaleSet, token string) (answerPage[nic], error)
	listSetAddresses  func(ctx context.Context, subscription string, of scaleSet, token string) (answerPage[address], error)
	getMachine        func(ctx context.Context, resource string) (machine, error)
	queryGraph        func(ctx context.Context, subscription, query, token string) (answerPage[graphRow], error)
}

// Only this file, credentials.go and transport.go know the Azure SDK. Lists go through its client
// for Resource Manager (credentials, tokens, telemetry) and are read into our own documents.

// The versions of the APIs: old ones that have all fields which are read, because sovereign clouds offer new ones a year
// or more later, and refuse them (https://github.com/hashicorp/terraform-provider-azurerm/issues/32301, .../29449,
// https://github.com/Azure/azure-cli/issues/30847). Each is in https://github.com/Azure/azure-rest-api-specs under
// resource-manager/Microsoft.<name>/stable; images of community galleries are named since compute 2021-07-01.
const (
	subscriptionsVersion = "2021-01-01"
	permissionsVersion   = "2015-07-01"
	computeVersion       = "2021-07-01"
	networkVersion       = "2021-02-01"
	setNetworkVersion    = "2018-10-01" // of interfaces and public addresses in uniform scale sets
	// createdVersion is the first version of compute that shows when a machine was made. Only rules ask for that:
	// https://learn.microsoft.com/dotnet/api/azure.resourcemanager.compute.models.virtualmachinepatch.timecreated
	createdVersion = "2021-11-01"
)

// graphPageSize is the most rows of one answer of Resource Graph.
const graphPageSize = 1000

// sdkClient holds what the calls of an account share. It never changes.
type sdkClient struct {
	credential    azcore.TokenCredential
	scope         policy.TokenRequestOptions // as the SDK's own clients ask for it
	manager       *arm.Client
	resourceGraph *armresourcegraph.Client
	want          inventory.Want
}

// machineVersion returns the version of compute in which machines are read.
func (s sdkClient) machineVersion() string {
	if s.want.Has(inventory.FactCreatedAt) {
		return createdVersion
	}
	return computeVersion
}

func newAPI(account cloud.Account, at cloud.Endpoints, transport http.RoundTripper) (api, error) {
	env, err := environmentOf(account, at)
	if err != nil {
		return api{}, err
	}
	by := newStrictTransport(account, env, transport)
	cred, err := newCredential(account, env, by)
	if err != nil {
		return api{}, &inventory.Error{Kind: inventory.BadCredentials, Message: "tenant_id, or what the environment tells of a managed identity, is not well-formed"}
	}
	s := sdkClient{credential: serialCredential{cred, make(chan struct{}, 1)}, want: account.Want}
	s.scope = policy.TokenRequestOptions{Scopes: []string{managerService(env.Configuration).Audience + "/.default"}, EnableCAE: true}
	opts := clientOptions(env, by)
	s.manager, err = arm.NewClient("jms-sync", "v1.0.0", s.credential, &opts)
	if err != nil {
		return api{}, err
	}
	s.resourceGraph, err = armresourcegraph.NewClient(s.credential, &opts)
	if err != nil {
		return api{}, err
	}
	toMachine := func(d *machineDoc) machine { return d.convert(s.want) }
	toNIC := func(d *nicDoc) nic { return d.convert(s.want) }
	const compute, network = "/providers/Microsoft.Compute/", "/providers/Microsoft.Network/"
	return api{
		getSubscription: s.getSubscription,
		listSubscriptions: func(ctx context.Context, token string) (answerPage[subscription], error) {
			return getPage(ctx, s, "/subscriptions", subscriptionsVersion, token, (*subscriptionDoc).convert)
		},
		listLocations:   newLister(s, "/locations", subscriptionsVersion, (*locationDoc).convert),
		listPermissions: newLister(s, "/providers/Microsoft.Authorization/permissions", permissionsVersion, (*permissionDoc).convert),
		listMachines:    newLister(s, compute+"virtualMachines", s.machineVersion(), toMachine),
		listInterfaces:  newLister(s, network+"networkInterfaces", networkVersion, toNIC),
		listAddresses:   newLister(s, network+"publicIPAddresses", networkVersion, (*addressDoc).convert),
		listSets:        newLister(s, compute+"virtualMachineScaleSets", computeVersion, (*setDoc).convert),

		listSetMachines:   newSetLister(s, "/virtualMachines", s.machineVersion(), toMachine),
		listSetInterfaces: newSetLister(s, "/networkInterfaces", setNetworkVersion, toNIC),
		listSetAddresses:  newSetLister(s, "/publicIPAddresses", setNetworkVersion, (*addressDoc).convert),
		queryGraph:        s.queryGraph,
		getMachine:        s.getMachine,
	}, nil
}

// newLister and newSetLister make the lists of a subscription, and of a scale set in it.
func newLister[D, T any](s sdkClient, path, version string, convert func(*D) T) func(context.Context, string, string) (answerPage[T], error) {
	return func(ctx context.Context, id, token string) (answerPage[T], error) {
		return getPage(ctx, s, "/subscriptions/"+url.PathEscape(id)+path, version, token, convert)
	}
}

func newSetLister[D, T any](s sdkClient, path, version string, convert func(*D) T) func(context.Context, string, scaleSet, string) (answerPage[T], error) {
	return func(ctx context.Context, id string, of scaleSet, token string) (answerPage[T], error) {
		set := "/subscriptions/" + url.PathEscape(id) + "/resourceGroups/" + url.PathEscape(of.group) +
			"/providers/Microsoft.Compute/virtualMachineScaleSets/" + url.PathEscape(of.name)
		return getPage(ctx, s, set+path, version, token, convert)
	}
}

// getPage reads one page of a list: the first one, or that at token.
func getPage[D, T any](ctx context.Context, s sdkClient, path, version, token string, convert func(*D) T) (answerPage[T], error) {
	var got struct {
		Value    []*D   `json:"value"`
		NextLink string `json:"nextLink"`
	}
	if err := s.getDocument(ctx, path, version, token, &got); err != nil {
		return answerPage[T]{}, err
	}
	next, err := nextPageURL(got.NextLink, s.manager.Endpoint())
	return answerPage[T]{rows: convertAll(got.Value, convert), hasList: got.Value != nil, next: next}, err
}

func convertAll[D, T any](docs []*D, convert func(*D) T) []T {
	rows := make([]T, len(docs))
	for i, doc := range docs {
		if doc != nil { // else the row has no id, and the list is refused
			rows[i] = convert(doc)
		}
	}
	return rows
}

// getDocument makes a call of Resource Manager. token is the whole address of a page, as nextPageURL returns it.
func (s sdkClient) getDocument(ctx context.Context, path, version, token string, into any) error {
	if err := s.ensureToken(ctx); err != nil {
		return err
	}
	if token == "" {
		token = runtime.JoinPaths(s.manager.Endpoint(), path) + "?api-version=" + version
	}
	req, err := runtime.NewRequest(ctx, http.MethodGet, token)
	if err != nil {
		return err
	}
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := s.manager.Pipeline().Do(req)
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return runtime.NewResponseError(resp)
	}
	return runtime.UnmarshalAsJSON(resp, into)
}

// ensureToken gets a token before a client needs it: an error is met here, where no client wraps it, and
// waiting for it ends with the context.
func (s sdkClient) ensureToken(ctx context.Context) error {
	_, err := s.credential.GetToken(ctx, s.scope)
	return err
}

// nextPageURL returns the address of the next page, or an error if it is at another host than the endpoint:
// the token in the request is for that host alone.
func nextPageURL(next, endpoint string) (string, error) {
	if next == "" {
		return "", nil
	}
	own, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(next)
	if err != nil || u.User != nil || u.Path == "" || !strings.EqualFold(u.Hostname(), own.Hostname()) || portOf(u) != portOf(own) {
		return "", incompleteError("the next page is said to be at another host, and was not asked for there")
	}
	return own.Scheme + "://" + own.Host + u.EscapedPath() + "?" + u.RawQuery, nil
}

// portOf returns a port; Resource Manager writes its own sometimes, and sometimes not.
func portOf(u *url.URL) string {
	if u.Port() == "443" || u.Port() == "80" {
		return ""
	}
	return u.Port()
}

// incompleteError returns the error of a success that is not trusted.
func incompleteError(text string) error {
	return &apiError{APIError: &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: text}}
}

// getMachine returns a machine by its resource id.
func (s sdkClient) getMachine(ctx context.Context, resource string) (machine, error) {
	parts := strings.Split(resource, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	var got machineDoc
	err := s.getDocument(ctx, strings.Join(parts, "/"), s.machineVersion(), "", &got)
	return got.convert(s.want), err
}

func (s sdkClient) getSubscription(ctx context.Context, id string) (subscription, error) {
	var got subscriptionDoc
	err := s.getDocument(ctx, "/subscriptions/"+url.PathEscape(id), subscriptionsVersion, "", &got)
	return got.convert(), err
}

// queryGraph makes a query of Resource Graph. It counts only if the answer says that it is whole:
// https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
func (s sdkClient) queryGraph(ctx context.Context, id, query, token string) (answerPage[graphRow], error) {
	if err := s.ensureToken(ctx); err != nil {
		return answerPage[graphRow]{}, err
	}
	request := armresourcegraph.QueryRequest{
		Query: &query, Subscriptions: []*string{&id},
		Options: &armresourcegraph.QueryRequestOptions{
			ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray), Top: to.Ptr(int32(graphPageSize)), AllowPartialScopes: to.Ptr(false),
		},
	}
	if token != "" {
		request.Options.SkipToken = &token
	}
	got, err := s.resourceGraph.Resources(ctx, request, nil)
	if err != nil {
		return answerPage[graphRow]{}, err
	}
	data, err := json.Marshal(got.Data) // the SDK decodes it into maps
	if err != nil {
		return answerPage[graphRow]{}, err
	}
	var rows []*graphDoc
	if err := json.Unmarshal(data, &rows); err != nil {
		return answerPage[graphRow]{}, err
	}
	next := ""
	if got.SkipToken != nil {
		next = *got.SkipToken
	}
	whole := got.Count != nil && *got.Count == int64(len(rows)) && got.TotalRecords != nil && *got.TotalRecords >= *got.Count &&
		(next != "" || got.ResultTruncated != nil && *got.ResultTruncated == armresourcegraph.ResultTruncatedFalse)
	if !whole {
		return answerPage[graphRow]{}, incompleteError("the answer is a part without a continuation")
	}
	return answerPage[graphRow]{rows: convertAll(rows, func(d *graphDoc) graphRow { return d.convert(s.want) }), hasList: rows != nil, next: next}, nil
}
