package tencent

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	cvm "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/cvm/v20170312"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Only this file and lighthousesdk.go know tencentcloud-sdk-go.

// sessionName is the name of the sessions of assumed roles in CloudAudit.
const sessionName = "jms-sync"

// apiDomain is the domain of all hosts.
const apiDomain = "tencentcloudapi.com"

// api holds the calls of Tencent's APIs that are used, one function for each. newAPI fills it in with the
// SDK; every other file works on the answers.
type api struct {
	assumeRole        func(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (assumeAnswer, error)
	callerIdentity    func(context.Context, cloud.Credentials) (identityAnswer, error)
	describeRegions   func(context.Context, cloud.Credentials) (regionsAnswer, error)
	describeInstances instancesCall
	describeStatuses  instancesCall

	lighthouseRegions                     func(context.Context, cloud.Credentials) (regionsAnswer, error)
	lighthouseInstances, lighthouseDenied instancesCall
}

// instancesCall is DescribeInstances, or DescribeInstancesStatus, whose rows only have an id.
type instancesCall func(context.Context, cloud.Credentials, instancesQuery) (instancesAnswer, error)

type (
	instancesQuery struct {
		region        string
		offset, limit int      // Offset and Limit
		ids           []string // InstanceIds; nil = all
	}
	assumeAnswer struct {
		requestID   string
		credentials cloud.Credentials
	}
	identityAnswer struct{ requestID, account string }
	regionsAnswer  struct {
		requestID string
		total     int // -1 = the answer has none
		regions   []regionRow
	}
	regionRow       struct{ id, state string }
	instancesAnswer struct {
		requestID    string
		rows         []inventory.Instance // Region as the zone in the row says
		hasList      bool                 // the answer has a list, if only an empty one
		total        int                  // -1 = the answer has none
		hasUnknownID bool                 // refused, as one of the ids exists nowhere
	}
)

// sdkClient holds what the calls of an account share. Each call has a client of its own, because its
// transport remembers how the call went; the connections are shared.
type sdkClient struct {
	account   cloud.Account
	endpoints cloud.Endpoints
	transport http.RoundTripper
}

func newAPI(account cloud.Account, at cloud.Endpoints, transport http.RoundTripper) api {
	s := sdkClient{account: account, endpoints: at, transport: transport}
	return api{
		assumeRole: s.assumeRole, callerIdentity: s.callerIdentity, describeRegions: s.describeRegions, describeInstances: s.describeInstances,
		describeStatuses: s.describeStatuses, lighthouseRegions: s.lighthouseRegions, lighthouseInstances: s.lighthouseInstances, lighthouseDenied: s.lighthouseDenied,
	}
}

// host returns the host of a service. Closed regions (finance) have hosts of their own.
func (s sdkClient) host(service, region string) string {
	at := s.endpoints.Of(service)
	if at.Host == "" && strings.HasSuffix(region, "-fsi") {
		service += "." + region
	}
	return cmp.Or(at.Host, service+"."+apiDomain)
}

// prepareClient sets a client up for one call.
func (s sdkClient) prepareClient(client *common.Client, credentials cloud.Credentials, service, region string) *strictTransport {
	transport := &strictTransport{StrictTransport: cloud.StrictTransport{Base: s.transport, Timeout: s.account.RequestTimeout, ParseError: newAPIError}}
	p := profile.NewClientProfile()
	p.Language = "en-US" // of error messages
	p.HttpProfile.Scheme = cmp.Or(s.endpoints.Of(service).Scheme, "https")
	p.HttpProfile.Endpoint = s.host(service, region)
	p.HttpProfile.ReqTimeout = 0 // the transport ends the call
	// cloud.Retry counts the tries, not the SDK, which must not choose another region either.
	p.NetworkFailureMaxRetries, p.RateLimitExceededMaxRetries = 0, 0
	p.DisableRegionBreaker = true
	client.Init(region).WithCredential(newSDKCredential(credentials)).WithProfile(p).WithHttpTransport(transport)
	return transport
}

func newSDKCredential(signer cloud.Credentials) *common.Credential {
	return common.NewTokenCredential(signer.KeyID.Reveal(), signer.Secret.Reveal(), signer.Token.Reveal())
}

// callSDK makes a call and parses its answer. It does what the SDK's …WithContext calls do, with another
// type of answer.
func callSDK[T interface{ answer() answerHead }](ctx context.Context, transport *strictTransport, client *common.Client, request tchttp.Request) (T, error) {
	var answer document[T]
	request.SetContext(ctx)
	err := client.Send(request, &answer)
	return answer.content, unwrapSDKError(transport, err)
}

// callGeneric makes a call for which no typed client is linked.
func callGeneric[T interface{ answer() answerHead }](
	ctx context.Context, s sdkClient, credentials cloud.Credentials, service, version, region, action string, params map[string]any,
) (T, error) {
	var client common.Client
	transport := s.prepareClient(&client, credentials, service, region)
	request := tchttp.NewCommonRequest(service, version, action)
	if err := request.SetActionParameters(params); err != nil {
		var none T
		return none, unwrapSDKError(transport, err)
	}
	return callSDK[T](ctx, transport, &client, request)
}

func (s sdkClient) assumeRole(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (assumeAnswer, error) {
	params := map[string]any{"RoleArn": arn, "RoleSessionName": sessionName}
	if externalID != "" {
		params["ExternalId"] = externalID
	}
	doc, err := callGeneric[assumeDocument](ctx, s, credentials, serviceSTS, "2018-08-13", homeRegion, "AssumeRole", params)
	answer := assumeAnswer{requestID: doc.RequestId, credentials: cloud.Credentials{
		KeyID: secret.New(doc.Credentials.TmpSecretId), Secret: secret.New(doc.Credentials.TmpSecretKey), Token: secret.New(doc.Credentials.Token),
	}}
	if doc.ExpiredTime > 0 {
		answer.credentials.Expires = time.Unix(doc.ExpiredTime, 0)
	}
	return answer, err
}

func (s sdkClient) callerIdentity(ctx context.Context, credentials cloud.Credentials) (identityAnswer, error) {
	doc, err := callGeneric[identityDocument](ctx, s, credentials, serviceSTS, "2018-08-13", homeRegion, "GetCallerIdentity", map[string]any{})
	return identityAnswer{requestID: doc.RequestId, account: doc.AccountId}, err
}

func (s sdkClient) describeRegions(ctx context.Context, credentials cloud.Credentials) (regionsAnswer, error) {
	doc, err := callGeneric[regionsDocument](ctx, s, credentials, serviceRegion, "2022-06-27", homeRegion, "DescribeRegions", map[string]any{"Product": "cvm"})
	return convertRegions(doc), err
}

func convertRegions(doc regionsDocument) regionsAnswer {
	answer := regionsAnswer{requestID: doc.RequestId, total: valueOrMissing(doc.TotalCount)}
	for _, r := range doc.RegionSet {
		answer.regions = append(answer.regions, regionRow{id: r.Region, state: r.RegionState})
	}
	return answer
}

func (s sdkClient) describeInstances(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	var client cvm.Client
	transport := s.prepareClient(&client.Client, credentials, serviceCVM, q.region)
	request := cvm.NewDescribeInstancesRequest()
	request.InstanceIds, request.Offset, request.Limit = q.sdkParameters()
	doc, err := callSDK[instancesDocument](ctx, transport, &client.Client, request)
	rows := make([]inventory.Instance, len(doc.InstanceSet))
	for i := range doc.InstanceSet {
		rows[i] = convertRow(&doc.InstanceSet[i])
		rows[i].Facts = doc.InstanceSet[i].facts(s.account.Want)
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, hasList: doc.InstanceSet != nil, total: valueOrMissing(doc.TotalCount)}, err
}

func (s sdkClient) describeStatuses(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	var client cvm.Client
	transport := s.prepareClient(&client.Client, credentials, serviceCVM, q.region)
	request := cvm.NewDescribeInstancesStatusRequest()
	request.InstanceIds, request.Offset, request.Limit = q.sdkParameters()
	doc, err := callSDK[statusesDocument](ctx, transport, &client.Client, request)
	rows := make([]inventory.Instance, len(doc.InstanceStatusSet))
	for i, row := range doc.InstanceStatusSet {
		rows[i].ID, rows[i].Existence = row.InstanceId, existenceOf(row.InstanceState)
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, hasList: doc.InstanceStatusSet != nil, total: valueOrMissing(doc.TotalCount)}, err
}

func (q instancesQuery) sdkParameters() (ids []*string, offset, limit *int64) {
	if q.ids != nil {
		ids = common.StringPtrs(q.ids)
	}
	return ids, common.Int64Ptr(int64(q.offset)), common.Int64Ptr(int64(q.limit))
}

// unwrapSDKError returns what failed: the transport, whose error the SDK only quotes; the parsing of the
// answer, whose error it passes on; or the SDK itself, whose text is replaced, because it repeats the whole
// answer.
func unwrapSDKError(transport *strictTransport, err error) error {
	var local *sdkerrors.TencentCloudSDKError
	switch {
	case err == nil:
		return nil
	case transport.failure != nil:
		return transport.failure
	case errors.As(err, &local):
		return &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: "the answer is none that the SDK reads (" + local.Code + ")"}
	}
	return err
}
