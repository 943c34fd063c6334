package alibaba

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sts"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Only this file and swassdk.go know alibaba-cloud-sdk-go, whose support ended on 2025-03-01. To replace the SDK, write
// another newAPI.

// pageSize is the most rows of one answer of DescribeInstances.
const pageSize = 100

// api holds the calls of Alibaba's APIs that are used, one function for each. newAPI fills it in with the
// SDK; every other file works on the answers.
type api struct {
	metadataCredentials func(context.Context) (cloud.Credentials, error)
	assumeRole          func(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (assumeAnswer, error)
	callerIdentity      func(context.Context, cloud.Credentials) (identityAnswer, error)
	describeRegions     func(context.Context, cloud.Credentials) (regionsAnswer, error)
	describeInstances   func(context.Context, cloud.Credentials, instancesQuery) (instancesAnswer, error)
	describeInstance    func(ctx context.Context, credentials cloud.Credentials, region, id string) (instanceAnswer, error)

	swasRegions                 func(context.Context, cloud.Credentials) (regionsAnswer, error)
	swasInstances, swasStatuses swasCall
}

type (
	instancesQuery struct {
		region    string
		pageToken string   // NextToken, "" for the first page
		ids       []string // InstanceIds; nil = all
		dryRun    bool     // ask only whether the call is allowed
	}
	assumeAnswer struct {
		requestID   string
		credentials cloud.Credentials
	}
	identityAnswer struct{ requestID, account string }
	instanceAnswer struct {
		requestID string
		row       inventory.Instance // Region as in the answer
	}
	regionsAnswer struct {
		requestID string
		ids       []string
	}
	instancesAnswer struct {
		requestID string
		rows      []inventory.Instance // Region as in the row
		hasList   bool                 // the answer has a list, if only an empty one
		nextToken string
	}
)

// The SDK's hosts of regions that do not follow the pattern <product>.<region>.aliyuncs.com.
// They are read here, before any goroutine runs, because the SDK fills this map lazily
// without a lock. Nothing writes to it.
var ecsHosts = ecs.GetEndpointMap() //nolint:gochecknoglobals // see above

// sdkClient holds what the calls of an account share. The SDK's clients cannot be used by several
// goroutines, so that each call makes its own; the connections are shared.
type sdkClient struct {
	account   cloud.Account
	endpoints cloud.Endpoints
	transport http.RoundTripper
	timeout   time.Duration
	slots     cloud.Slots
}

func newAPI(account cloud.Account, at cloud.Endpoints, w transports) api {
	metadata := metadataClient{transport: w.metadata, url: w.metadataURL}
	s := sdkClient{
		account: account, endpoints: at, transport: w.apis,
		timeout: cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout),
		slots:   cloud.NewSlots(),
	}
	return api{
		metadataCredentials: metadata.roleCredentials, assumeRole: s.assumeRole, callerIdentity: s.callerIdentity, describeRegions: s.describeRegions,
		describeInstances: s.describeInstances, describeInstance: s.describeInstance,
		swasRegions: s.swasRegions, swasInstances: s.swasInstances, swasStatuses: s.swasStatuses,
	}
}

// apiHost is where a call goes: to the host of a service, unless an endpoint is configured for the service.
type apiHost struct{ service, host string }

// prepareClient sets a client up for one call to a region at a host. The transport is the call's own.
func (s sdkClient) prepareClient(transport *strictTransport, client *sdk.Client, credentials cloud.Credentials, region string, to apiHost) error {
	at := s.endpoints.Of(to.service)
	config := sdk.NewConfig().WithScheme(strings.ToUpper(cmp.Or(at.Scheme, "https"))).WithAutoRetry(false).WithUserAgent("jms-sync")
	config.Transport = transport
	if err := client.InitWithOptions(region, config, newSDKCredential(credentials)); err != nil {
		return &cloud.APIError{Kind: inventory.Invalid, Message: "the id of the region or the credential is not well-formed"}
	}
	client.Domain = cmp.Or(at.Host, to.host)
	// The transport ends the call; this only keeps the SDK's default from ending it earlier.
	client.SetReadTimeout(s.timeout + time.Second)
	// Our transport knows the proxy. These values are never used, but keep the SDK from reading
	// the environment: it takes NO_PROXY for a list of regular expressions and fails on bad ones.
	client.SetHttpProxy("http://unused.invalid")
	client.SetHttpsProxy("http://unused.invalid")
	client.SetNoProxy("^$")
	return nil
}

func (s sdkClient) newTransport(ctx context.Context) *strictTransport {
	return &strictTransport{
		StrictTransport: cloud.StrictTransport{Ctx: ctx, Base: s.transport, Timeout: s.timeout, ParseError: newAPIError}, slot: cloud.Slot{Slots: s.slots},
	}
}

func newSDKCredential(signer cloud.Credentials) auth.Credential {
	id, key := signer.KeyID.Reveal(), signer.Secret.Reveal()
	if signer.Token.IsEmpty() {
		return credentials.NewAccessKeyCredential(id, key)
	}
	return credentials.NewStsTokenCredential(id, key, signer.Token.Reveal())
}

func ecsHost(region string) apiHost {
	return apiHost{service: serviceECS, host: cmp.Or(ecsHosts[region], "ecs."+region+".aliyuncs.com")}
}

// stsHost returns the central host, which answers for the keys of all regions, so that one mistyped region does not make
// the account fail. For two closed regions the SDK names hosts (sts-vpc.…) that answer inside a VPC of theirs only: who
// runs there names them with endpoints. (A VPC host is "only accessed from within an Alibaba Cloud VPC":
// https://www.alibabacloud.com/help/en/openapi/endpoints)
func stsHost() apiHost { return apiHost{service: serviceSTS, host: "sts.aliyuncs.com"} }

// sessionName is the name of the sessions of assumed roles in ActionTrail.
const sessionName = "jms-sync"

func (s sdkClient) assumeRole(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (assumeAnswer, error) {
	transport, client := s.newTransport(ctx), &sts.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, &client.Client, credentials, homeRegion, stsHost()); err != nil {
		return assumeAnswer{}, err
	}
	request := sts.CreateAssumeRoleRequest()
	request.RoleArn, request.RoleSessionName, request.ExternalId = arn, sessionName, externalID
	answer, err := client.AssumeRole(request)
	if err != nil {
		return assumeAnswer{}, unwrapSDKError(err)
	}
	got := answer.Credentials
	expires, _ := time.Parse(time.RFC3339, got.Expiration) // zero where it is no time: expired
	return assumeAnswer{requestID: answer.RequestId, credentials: cloud.Credentials{
		KeyID: secret.New(got.AccessKeyId), Secret: secret.New(got.AccessKeySecret), Token: secret.New(got.SecurityToken), Expires: expires,
	}}, nil
}

func (s sdkClient) callerIdentity(ctx context.Context, credentials cloud.Credentials) (identityAnswer, error) {
	transport, client := s.newTransport(ctx), &sts.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, &client.Client, credentials, homeRegion, stsHost()); err != nil {
		return identityAnswer{}, err
	}
	answer, err := client.GetCallerIdentity(sts.CreateGetCallerIdentityRequest())
	if err != nil {
		return identityAnswer{}, unwrapSDKError(err)
	}
	return identityAnswer{requestID: answer.RequestId, account: answer.AccountId}, nil
}

func (s sdkClient) describeRegions(ctx context.Context, credentials cloud.Credentials) (regionsAnswer, error) {
	transport, client := s.newTransport(ctx), &ecs.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, &client.Client, credentials, homeRegion, ecsHost(homeRegion)); err != nil {
		return regionsAnswer{}, err
	}
	answer, err := client.DescribeRegions(ecs.CreateDescribeRegionsRequest())
	if err != nil {
		return regionsAnswer{}, unwrapSDKError(err)
	}
	ids := make([]string, 0, len(answer.Regions.Region))
	for _, region := range answer.Regions.Region {
		ids = append(ids, region.RegionId)
	}
	return regionsAnswer{requestID: answer.RequestId, ids: ids}, nil
}

func (s sdkClient) describeInstances(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	transport, client := s.newTransport(ctx), &ecs.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, &client.Client, credentials, q.region, ecsHost(q.region)); err != nil {
		return instancesAnswer{}, err
	}
	request := ecs.CreateDescribeInstancesRequest()
	request.MaxResults = requests.NewInteger(pageSize)
	request.NextToken = q.pageToken
	if q.dryRun {
		request.DryRun = requests.NewBoolean(true)
	}
	if q.ids != nil {
		ids, err := json.Marshal(q.ids)
		if err != nil {
			return instancesAnswer{}, err
		}
		request.InstanceIds = string(ids)
	}
	answer := &instancesPage{BaseResponse: &responses.BaseResponse{}}
	if err := client.DoAction(request, answer); err != nil {
		return instancesAnswer{}, unwrapSDKError(err)
	}
	return convertPage(answer, s.account.Want), nil
}

func (s sdkClient) describeInstance(ctx context.Context, credentials cloud.Credentials, region, id string) (instanceAnswer, error) {
	transport, client := s.newTransport(ctx), &ecs.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, &client.Client, credentials, region, ecsHost(region)); err != nil {
		return instanceAnswer{}, err
	}
	request := ecs.CreateDescribeInstanceAttributeRequest()
	request.InstanceId = id
	answer := &attributePage{BaseResponse: &responses.BaseResponse{}}
	if err := client.DoAction(request, answer); err != nil {
		return instanceAnswer{}, unwrapSDKError(err)
	}
	row := convertRow(&answer.instanceRow)
	row.Facts = answer.attributeFacts(s.account.Want)
	return instanceAnswer{requestID: answer.RequestId, row: row}, nil
}

// unwrapSDKError returns the error inside the SDK's. The SDK's text about bad JSON repeats parts of the
// answer, so that it is replaced.
func unwrapSDKError(err error) error {
	var local *sdkerrors.ClientError
	if errors.As(err, &local) && local.ErrorCode() == sdkerrors.JsonUnmarshalErrorCode {
		return &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: "the answer is not the JSON that it should be"}
	}
	return err
}
