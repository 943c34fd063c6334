package aws

import (
	"cmp"
	"context"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Only this file, transport.go, metadata.go, rows.go and facts.go know aws-sdk-go-v2. Its module config is left out: it
// reads files and the environment, and adds 2.3 MB.

const (
	// pageSize is the most rows of one answer of DescribeInstances; a page may have fewer.
	pageSize = 1000
	// sessionName is the name of the sessions of assumed roles in CloudTrail.
	sessionName = "jms-sync"
)

// api holds the calls of AWS's APIs that are used, one function for each. newAPI fills it in with the
// SDK; every other file works on the answers.
type api struct {
	metadataCredentials func(context.Context) (cloud.Credentials, error)
	assumeRole          func(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (cloud.Credentials, error)
	callerIdentity      func(context.Context, cloud.Credentials) (string, error)
	describeRegions     func(ctx context.Context, credentials cloud.Credentials, all bool) ([]regionRow, error)
	describeInstances   func(context.Context, cloud.Credentials, instancesQuery) (instancesAnswer, error)
}

type (
	instancesQuery struct {
		region      string
		pageToken   string   // NextToken, "" for the first page
		filterIDs   []string // of the filter instance-id; nil = all
		instanceIDs []string // InstanceIds; nil = all
		dryRun      bool     // ask only whether the call is allowed
	}
	regionRow       struct{ id, optIn string }
	instancesAnswer struct {
		rows      []instanceRow
		hasList   bool // the answer has a list, if only an empty one
		nextToken string
	}
)

// sdkClient holds what the calls of an account share. The SDK's clients may be shared.
type sdkClient struct {
	ec2      *ec2.Client
	sts      *sts.Client
	metadata metadataClient
	slots    cloud.Slots
	want     inventory.Want
}

func newAPI(account cloud.Account, at cloud.Endpoints, home string, w transports) api {
	timeout := cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout)
	client := &http.Client{Transport: cloud.StrictTransport{Base: w.apis, Timeout: timeout, ParseError: newAPIError}}
	s := sdkClient{
		ec2: ec2.New(ec2.Options{
			Region: home, BaseEndpoint: baseEndpoint(at.Of(serviceEC2)), HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		sts: sts.New(sts.Options{
			Region: home, BaseEndpoint: baseEndpoint(at.Of(serviceSTS)), HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		metadata: metadataClient{transport: w.metadata, url: w.metadataURL},
		slots:    cloud.NewSlots(), want: account.Want,
	}
	return api{
		metadataCredentials: s.metadata.roleCredentials, assumeRole: s.assumeRole, callerIdentity: s.callerIdentity, describeRegions: s.describeRegions, describeInstances: s.describeInstances,
	}
}

// baseEndpoint returns nil for AWS's own hosts.
func baseEndpoint(at cloud.Endpoint) *string {
	if at.Host == "" {
		return nil
	}
	return sdk.String(at.URL())
}

// newSDKCredential makes the SDK sign with these credentials.
func newSDKCredential(credentials cloud.Credentials) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{
			AccessKeyID: credentials.KeyID.Reveal(), SecretAccessKey: credentials.Secret.Reveal(), SessionToken: credentials.Token.Reveal(), Source: "jms-sync",
		}, nil
	})
}

// stsOptions and ec2Options are the options of one call.
func stsOptions(credentials cloud.Credentials, a *answerCheck) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = newSDKCredential(credentials)
		o.APIOptions = append(o.APIOptions, a.addToStack)
	}
}

func ec2Options(credentials cloud.Credentials, a *answerCheck, region string) func(*ec2.Options) {
	return func(o *ec2.Options) {
		o.Credentials, o.Region = newSDKCredential(credentials), cmp.Or(region, o.Region)
		o.APIOptions = append(o.APIOptions, a.addToStack)
	}
}

func (s sdkClient) callerIdentity(ctx context.Context, credentials cloud.Credentials) (string, error) {
	a := &answerCheck{}
	out, err := s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, stsOptions(credentials, a))
	if err != nil {
		return "", a.unwrapSDKError(err)
	}
	return sdk.ToString(out.Account), nil
}

func (s sdkClient) assumeRole(ctx context.Context, credentials cloud.Credentials, arn, externalID string) (cloud.Credentials, error) {
	a := &answerCheck{}
	input := &sts.AssumeRoleInput{RoleArn: sdk.String(arn), RoleSessionName: sdk.String(sessionName)}
	if externalID != "" {
		input.ExternalId = sdk.String(externalID)
	}
	out, err := s.sts.AssumeRole(ctx, input, stsOptions(credentials, a))
	if err != nil {
		return cloud.Credentials{}, a.unwrapSDKError(err)
	}
	if out.Credentials == nil {
		return cloud.Credentials{}, nil
	}
	return newCredentials(sdk.ToString(out.Credentials.AccessKeyId), sdk.ToString(out.Credentials.SecretAccessKey),
		sdk.ToString(out.Credentials.SessionToken), sdk.ToTime(out.Credentials.Expiration)), nil
}

func newCredentials(id, key, token string, expires time.Time) cloud.Credentials {
	return cloud.Credentials{KeyID: secret.New(id), Secret: secret.New(key), Token: secret.New(token), Expires: expires}
}

func (s sdkClient) describeRegions(ctx context.Context, credentials cloud.Credentials, all bool) ([]regionRow, error) {
	a := &answerCheck{}
	input := &ec2.DescribeRegionsInput{}
	if all {
		input.AllRegions = sdk.Bool(true)
	}
	out, err := s.ec2.DescribeRegions(ctx, input, ec2Options(credentials, a, ""))
	if err != nil {
		return nil, a.unwrapSDKError(err)
	}
	rows := make([]regionRow, len(out.Regions))
	for i, r := range out.Regions {
		rows[i] = regionRow{id: sdk.ToString(r.RegionName), optIn: sdk.ToString(r.OptInStatus)}
	}
	return rows, nil
}

func (s sdkClient) describeInstances(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	a := &answerCheck{slot: cloud.Slot{Slots: s.slots}}
	defer a.slot.Free()
	input := &ec2.DescribeInstancesInput{MaxResults: sdk.Int32(pageSize)}
	if q.pageToken != "" {
		input.NextToken = sdk.String(q.pageToken)
	}
	if q.dryRun {
		input.DryRun = sdk.Bool(true)
	}
	if q.instanceIDs != nil {
		input.InstanceIds, input.MaxResults = q.instanceIDs, nil // EC2 does not take both
	}
	if q.filterIDs != nil {
		input.Filters = []types.Filter{{Name: sdk.String("instance-id"), Values: q.filterIDs}}
	}
	out, err := s.ec2.DescribeInstances(ctx, input, ec2Options(credentials, a, q.region))
	if err != nil {
		return instancesAnswer{}, a.unwrapSDKError(err)
	}
	return convertPage(out, s.want), nil
}

// addToStack inserts the check of an answer before the SDK parses it.
func (a *answerCheck) addToStack(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(a, "OperationDeserializer", middleware.After)
}
