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
	"github.com/jms-sync/jms-sync/core/secret"
)

// This file and its neighbours transport.go, metadata.go and rows.go alone know aws-sdk-go-v2. Its
// module config is left out: it reads files and the environment, and weighs 2.3 MB.

const (
	// pageSize is the most that DescribeInstances gives at once; a page may have fewer rows.
	pageSize = 1000
	// sessionName is how CloudTrail calls the sessions of assumed roles.
	sessionName = "jms-sync"
)

// api is the part of AWS's APIs that is used, one function per call and answer. The only files
// that know the SDK fill it in; everything else works on what was answered.
type api struct {
	metadataCredentials func(context.Context) (cloud.Credentials, error)
	assumeRole          func(context.Context, cloud.Credentials, string) (cloud.Credentials, error)
	callerIdentity      func(context.Context, cloud.Credentials) (string, error)
	describeRegions     func(ctx context.Context, by cloud.Credentials, all bool) ([]regionRow, error)
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
		hasList   bool // the answer has a list, be it an empty one
		nextToken string
	}
)

// sdkClient is what every call of an account is made with. The SDK's clients may be shared.
type sdkClient struct {
	ec2      *ec2.Client
	sts      *sts.Client
	metadata metadataClient
	slots    cloud.Slots
}

func newAPI(account cloud.Account, at cloud.Endpoint, home string, w transports) api {
	timeout := cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout)
	client := &http.Client{Transport: cloud.StrictTransport{Base: w.apis, Timeout: timeout, ParseError: newAPIError}}
	var url *string // nil = AWS's own hosts
	if at.Host != "" {
		url = sdk.String(at.URL())
	}
	s := sdkClient{
		ec2: ec2.New(ec2.Options{
			Region: home, BaseEndpoint: url, HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		sts: sts.New(sts.Options{
			Region: home, BaseEndpoint: url, HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		metadata: metadataClient{transport: w.metadata, url: w.metadataURL},
		slots:    cloud.NewSlots(),
	}
	return api{
		metadataCredentials: s.metadata.roleCredentials, assumeRole: s.assumeRole, callerIdentity: s.callerIdentity, describeRegions: s.describeRegions, describeInstances: s.describeInstances,
	}
}

// newSDKCredential makes the SDK sign with these credentials.
func newSDKCredential(by cloud.Credentials) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{
			AccessKeyID: by.KeyID.Reveal(), SecretAccessKey: by.Secret.Reveal(), SessionToken: by.Token.Reveal(), Source: "jms-sync",
		}, nil
	})
}

// stsOptions and ec2Options are the options of one call.
func stsOptions(by cloud.Credentials, a *answerCheck) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = newSDKCredential(by)
		o.APIOptions = append(o.APIOptions, a.addToStack)
	}
}

func ec2Options(by cloud.Credentials, a *answerCheck, region string) func(*ec2.Options) {
	return func(o *ec2.Options) {
		o.Credentials, o.Region = newSDKCredential(by), cmp.Or(region, o.Region)
		o.APIOptions = append(o.APIOptions, a.addToStack)
	}
}

func (s sdkClient) callerIdentity(ctx context.Context, by cloud.Credentials) (string, error) {
	a := &answerCheck{}
	out, err := s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, stsOptions(by, a))
	if err != nil {
		return "", a.unwrapSDKError(err)
	}
	return sdk.ToString(out.Account), nil
}

func (s sdkClient) assumeRole(ctx context.Context, by cloud.Credentials, arn string) (cloud.Credentials, error) {
	a := &answerCheck{}
	out, err := s.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: sdk.String(arn), RoleSessionName: sdk.String(sessionName),
	}, stsOptions(by, a))
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

func (s sdkClient) describeRegions(ctx context.Context, by cloud.Credentials, all bool) ([]regionRow, error) {
	a := &answerCheck{}
	input := &ec2.DescribeRegionsInput{}
	if all {
		input.AllRegions = sdk.Bool(true)
	}
	out, err := s.ec2.DescribeRegions(ctx, input, ec2Options(by, a, ""))
	if err != nil {
		return nil, a.unwrapSDKError(err)
	}
	rows := make([]regionRow, len(out.Regions))
	for i, r := range out.Regions {
		rows[i] = regionRow{id: sdk.ToString(r.RegionName), optIn: sdk.ToString(r.OptInStatus)}
	}
	return rows, nil
}

func (s sdkClient) describeInstances(ctx context.Context, by cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
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
		input.InstanceIds, input.MaxResults = q.instanceIDs, nil // which EC2 does not take together
	}
	if q.filterIDs != nil {
		input.Filters = []types.Filter{{Name: sdk.String("instance-id"), Values: q.filterIDs}}
	}
	out, err := s.ec2.DescribeInstances(ctx, input, ec2Options(by, a, q.region))
	if err != nil {
		return instancesAnswer{}, a.unwrapSDKError(err)
	}
	return convertPage(out), nil
}

// addToStack puts the check of an answer before the SDK reads it.
func (a *answerCheck) addToStack(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(a, "OperationDeserializer", middleware.After)
}
