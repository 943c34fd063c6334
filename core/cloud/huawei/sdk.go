package huawei

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/def"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	ecs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2"
	ecsmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2/model"
	iam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"
	iammodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3/model"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Only this file knows huaweicloud-sdk-go-v3.

// api holds the calls of Huawei's APIs that are used, one function for each. newAPI fills it in with the
// SDK; every other file works on the answers.
type api struct {
	listOwnProjects func(context.Context) (projectPage, error)
	listAllProjects func(context.Context) (projectPage, error)
	listServers     func(context.Context, serversQuery) (serverPage, error)
	showServer      func(context.Context, projectScope, string) (serverAnswer, error)
}

// serversQuery is one question for servers.
type serversQuery struct {
	projectScope
	marker string   // id of the last server of the page before; "" for the first page
	ids    []string // nil = all
}

// sdkClient holds what the calls of an account share. The SDK knows no context, so that each
// call has a client of its own; the connections are shared.
type sdkClient struct {
	account   cloud.Account
	endpoints cloud.Endpoints
	transport http.RoundTripper
	timeout   time.Duration
}

func newAPI(account cloud.Account, at cloud.Endpoints, transport http.RoundTripper) api {
	s := sdkClient{
		account: account, endpoints: at, transport: transport,
		timeout: cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout),
	}
	return api{listOwnProjects: s.listOwnProjects, listAllProjects: s.listAllProjects, listServers: s.listServers, showServer: s.showServer}
}

// newHTTPClient makes a client for one call to a service, at its host unless an endpoint is configured for it. It sets project, host and user agent, because
// the SDK would ask IAM for the first, read the second from the environment, and write a file
// into the home directory for the third.
func (s sdkClient) newHTTPClient(ctx context.Context, builder *core.HcHttpClientBuilder, project, service, host string) (*core.HcHttpClient, error) {
	credentials, err := basic.NewCredentialsBuilder().WithAk(s.account.AccessKeyID.Reveal()).WithSk(s.account.AccessKeySecret.Reveal()).
		WithSecurityToken(s.account.SecurityToken.Reveal()).WithProjectId(project).SafeBuild()
	if err != nil {
		return nil, noClientError()
	}
	strict := cloud.StrictTransport{Ctx: ctx, Base: s.transport, Timeout: s.timeout, ParseError: newAPIError, CheckBody: checkJSON}
	// The transport ends the call; the time-out only keeps the SDK's default from ending it earlier.
	settings := config.DefaultHttpConfig().WithUserAgent("jms-sync").WithTimeout(s.timeout + time.Second).
		WithRetries(0).WithHttpRoundTripper(strict)
	client, err := builder.WithEndpoints([]string{cmp.Or(s.endpoints.Of(service).URL(), "https://"+host)}).
		WithCredential(credentials).WithHttpConfig(settings).SafeBuild()
	if err != nil {
		return nil, noClientError()
	}
	return client, nil
}

func noClientError() error {
	return &cloud.APIError{Kind: inventory.Invalid, Message: "the SDK does not take the credential"}
}

func (s sdkClient) newIAMClient(ctx context.Context) (*core.HcHttpClient, error) {
	return s.newHTTPClient(ctx, iam.IamClientBuilder(), "", serviceIAM, iamHost(s.account.Regions))
}

func (s sdkClient) newECSClient(ctx context.Context, at projectScope) (*core.HcHttpClient, error) {
	return s.newHTTPClient(ctx, ecs.EcsClientBuilder(), at.project, serviceECS, "ecs."+at.region+"."+domainOf(at.region))
}

func (s sdkClient) listOwnProjects(ctx context.Context) (projectPage, error) {
	client, err := s.newIAMClient(ctx)
	if err != nil {
		return projectPage{}, err
	}
	return callSDK[projectPage](client, &iammodel.KeystoneListAuthProjectsRequest{}, iam.GenReqDefForKeystoneListAuthProjects())
}

func (s sdkClient) listAllProjects(ctx context.Context) (projectPage, error) {
	client, err := s.newIAMClient(ctx)
	if err != nil {
		return projectPage{}, err
	}
	return callSDK[projectPage](client, &iammodel.KeystoneListProjectsRequest{}, iam.GenReqDefForKeystoneListProjects())
}

func (s sdkClient) listServers(ctx context.Context, q serversQuery) (serverPage, error) {
	client, err := s.newECSClient(ctx, q.projectScope)
	if err != nil {
		return serverPage{}, err
	}
	// Without all_granted_eps only the default enterprise project is listed. offset, which is the
	// number of a page, is never used: https://support.huaweicloud.com/api-ecs/zh-cn_topic_0094148850.html
	limit, projects := int32(pageSize), "all_granted_eps"
	request := &ecsmodel.ListServersDetailsRequest{Limit: &limit, EnterpriseProjectId: &projects}
	if q.marker != "" {
		request.Marker = &q.marker
	}
	if q.ids != nil {
		ids := strings.Join(q.ids, ",")
		request.ServerId = &ids
	}
	return callSDK[serverPage](client, request, ecs.GenReqDefForListServersDetails())
}

func (s sdkClient) showServer(ctx context.Context, at projectScope, id string) (serverAnswer, error) {
	client, err := s.newECSClient(ctx, at)
	if err != nil {
		return serverAnswer{}, err
	}
	return callSDK[serverAnswer](client, &ecsmodel.ShowServerRequest{ServerId: id}, ecs.GenReqDefForShowServer())
}

// callSDK makes one call of the SDK, which parses the answer into our own type: its own methods panic
// where the answer is null. The SDK's text about bad JSON repeats parts of the answer, so that it is
// replaced.
func callSDK[T any](client *core.HcHttpClient, request any, definition *def.HttpRequestDef) (T, error) {
	var none T
	definition.Response = new(T)
	answer, err := client.Sync(request, definition)
	var unread *sdkerr.ServiceResponseError
	if errors.As(err, &unread) { // the transport makes errors of answers that are no success
		return none, notJSONError(unread.StatusCode)
	}
	if err != nil {
		return none, err
	}
	if value, ok := answer.(*T); ok && value != nil {
		return *value, nil
	}
	return none, notJSONError(http.StatusOK)
}
