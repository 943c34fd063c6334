package huawei

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
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

// This file alone knows huaweicloud-sdk-go-v3.

// iamHost answers for all regions; the regional ones know the same.
const iamHost = "iam.myhuaweicloud.com"

// session is what every client of an account is made of. The SDK knows no context, so that each
// call has a client of its own; the connections are shared.
type session struct {
	account   cloud.Account
	at        cloud.Endpoint
	transport http.RoundTripper
	timeout   time.Duration
}

func newAPI(account cloud.Account, at cloud.Endpoint, transport http.RoundTripper) api {
	s := session{
		account: account, at: at, transport: transport,
		timeout: cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout),
	}
	return api{ownProjects: s.ownProjects, allProjects: s.allProjects, servers: s.servers, server: s.server}
}

// client makes a client for one call to a host. Project, host and user agent are given, because
// the SDK would ask IAM for the first, read the second from the environment, and write a file
// into the home directory for the third.
func (s session) client(ctx context.Context, builder *core.HcHttpClientBuilder, project, host string) (*core.HcHttpClient, error) {
	credentials, err := basic.NewCredentialsBuilder().WithAk(s.account.AccessKeyID.Reveal()).WithSk(s.account.AccessKeySecret.Reveal()).
		WithSecurityToken(s.account.SecurityToken.Reveal()).WithProjectId(project).SafeBuild()
	if err != nil {
		return nil, notMade()
	}
	courier := cloud.Courier{Ctx: ctx, Base: s.transport, Timeout: s.timeout, Refuse: newRefusal}
	// The courier ends the call; the time-out only keeps the SDK's default from ending it earlier.
	settings := config.DefaultHttpConfig().WithUserAgent("jms-sync").WithTimeout(s.timeout + time.Second).
		WithRetries(0).WithHttpRoundTripper(reader{courier})
	client, err := builder.WithEndpoints([]string{cmp.Or(s.at.URL(), "https://"+host)}).
		WithCredential(credentials).WithHttpConfig(settings).SafeBuild()
	if err != nil {
		return nil, notMade()
	}
	return client, nil
}

func notMade() error {
	return &cloud.Refusal{Kind: inventory.Invalid, Text: "the SDK does not take the credential"}
}

func (s session) iam(ctx context.Context) (*core.HcHttpClient, error) {
	return s.client(ctx, iam.IamClientBuilder(), "", iamHost)
}

func (s session) ecs(ctx context.Context, at place) (*core.HcHttpClient, error) {
	return s.client(ctx, ecs.EcsClientBuilder(), at.project, "ecs."+at.region+".myhuaweicloud.com")
}

func (s session) ownProjects(ctx context.Context) (projectPage, error) {
	client, err := s.iam(ctx)
	if err != nil {
		return projectPage{}, err
	}
	return call[projectPage](client, &iammodel.KeystoneListAuthProjectsRequest{}, iam.GenReqDefForKeystoneListAuthProjects())
}

func (s session) allProjects(ctx context.Context) (projectPage, error) {
	client, err := s.iam(ctx)
	if err != nil {
		return projectPage{}, err
	}
	return call[projectPage](client, &iammodel.KeystoneListProjectsRequest{}, iam.GenReqDefForKeystoneListProjects())
}

func (s session) servers(ctx context.Context, q query) (serverPage, error) {
	client, err := s.ecs(ctx, q.place)
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
	return call[serverPage](client, request, ecs.GenReqDefForListServersDetails())
}

func (s session) server(ctx context.Context, at place, id string) (oneServer, error) {
	client, err := s.ecs(ctx, at)
	if err != nil {
		return oneServer{}, err
	}
	return call[oneServer](client, &ecsmodel.ShowServerRequest{ServerId: id}, ecs.GenReqDefForShowServer())
}

// call makes one call of the SDK, which reads the answer into our own type: its own methods panic
// where the answer is null. What it says about JSON repeats parts of the answer, so that only the
// fact is told.
func call[T any](client *core.HcHttpClient, request any, definition *def.HttpRequestDef) (T, error) {
	var none T
	definition.Response = new(T)
	answer, err := client.Sync(request, definition)
	var unread *sdkerr.ServiceResponseError
	if errors.As(err, &unread) { // refusals never get here: the courier makes them
		return none, notJSON(unread.StatusCode)
	}
	if err != nil {
		return none, err
	}
	if value, ok := answer.(*T); ok && value != nil {
		return *value, nil
	}
	return none, notJSON(http.StatusOK)
}

func notJSON(status int) error {
	return &cloud.Refusal{Status: status, Kind: inventory.Incomplete, Text: "the answer is not the JSON that it should be"}
}

// reader is a courier that lets only whole JSON documents through: the SDK stops reading at the
// end of the first one, and is lenient about what is in it.
type reader struct{ cloud.Courier }

// RoundTrip implements http.RoundTripper.
func (r reader) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.Courier.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, notJSON(resp.StatusCode)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
