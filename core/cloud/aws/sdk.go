package aws

import (
	"cmp"
	"context"
	"net/http"
	"runtime"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/secret"
)

// This file and its neighbours answer.go, metadata.go and row.go alone know aws-sdk-go-v2. Its
// module config is left out: it reads files and the environment, and weighs 2.3 MB.

const (
	// pageSize is the most that DescribeInstances gives at once; a page may have fewer rows.
	pageSize = 1000
	// sessionName is how CloudTrail calls the sessions of assumed roles.
	sessionName = "jms-sync"
)

// session is what every call of an account is made with. The SDK's clients may be shared.
type session struct {
	ec2      *ec2.Client
	sts      *sts.Client
	metadata metadata
	reading  chan struct{} // a place for each page that is turned into rows right now
}

func newAPI(account cloud.Account, at cloud.Endpoint, home string, w world) api {
	timeout := cmp.Or(account.RequestTimeout, cloud.DefaultRequestTimeout)
	client := &http.Client{Transport: cloud.Courier{Base: w.apis, Timeout: timeout, Refuse: newRefusal}}
	var url *string // nil = AWS's own hosts
	if at.Host != "" {
		url = sdk.String(at.URL())
	}
	s := session{
		ec2: ec2.New(ec2.Options{
			Region: home, BaseEndpoint: url, HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		sts: sts.New(sts.Options{
			Region: home, BaseEndpoint: url, HTTPClient: client, Retryer: sdk.NopRetryer{}, AppID: sessionName,
		}),
		metadata: metadata{transport: w.metadata, url: w.metadataURL},
		// More of them would not be faster, as nothing is waited for meanwhile; but a page takes
		// several times its size then, and all regions may have one at once.
		reading: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	return api{
		metadata: s.metadata.credentials, assume: s.assume, identity: s.identity, regions: s.regions, instances: s.instances,
	}
}

// signer makes the SDK sign with these credentials.
func signer(by cloud.Credentials) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{
			AccessKeyID: by.KeyID.Reveal(), SecretAccessKey: by.Secret.Reveal(), SessionToken: by.Token.Reveal(), Source: "jms-sync",
		}, nil
	})
}

// asSTS and asEC2 are the options of one call.
func asSTS(by cloud.Credentials, a *answer) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = signer(by)
		o.APIOptions = append(o.APIOptions, a.install)
	}
}

func asEC2(by cloud.Credentials, a *answer, region string) func(*ec2.Options) {
	return func(o *ec2.Options) {
		o.Credentials, o.Region = signer(by), cmp.Or(region, o.Region)
		o.APIOptions = append(o.APIOptions, a.install)
	}
}

func (s session) identity(ctx context.Context, by cloud.Credentials) (string, error) {
	a := &answer{}
	out, err := s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, asSTS(by, a))
	if err != nil {
		return "", a.broken(err)
	}
	return sdk.ToString(out.Account), nil
}

func (s session) assume(ctx context.Context, by cloud.Credentials, arn string) (cloud.Credentials, error) {
	a := &answer{}
	out, err := s.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: sdk.String(arn), RoleSessionName: sdk.String(sessionName),
	}, asSTS(by, a))
	if err != nil {
		return cloud.Credentials{}, a.broken(err)
	}
	if out.Credentials == nil {
		return cloud.Credentials{}, nil
	}
	return credentialsOf(sdk.ToString(out.Credentials.AccessKeyId), sdk.ToString(out.Credentials.SecretAccessKey),
		sdk.ToString(out.Credentials.SessionToken), sdk.ToTime(out.Credentials.Expiration)), nil
}

func credentialsOf(id, key, token string, expires time.Time) cloud.Credentials {
	return cloud.Credentials{KeyID: secret.New(id), Secret: secret.New(key), Token: secret.New(token), Expires: expires}
}

func (s session) regions(ctx context.Context, by cloud.Credentials, all bool) ([]regionRow, error) {
	a := &answer{}
	input := &ec2.DescribeRegionsInput{}
	if all {
		input.AllRegions = sdk.Bool(true)
	}
	out, err := s.ec2.DescribeRegions(ctx, input, asEC2(by, a, ""))
	if err != nil {
		return nil, a.broken(err)
	}
	rows := make([]regionRow, len(out.Regions))
	for i, r := range out.Regions {
		rows[i] = regionRow{id: sdk.ToString(r.RegionName), optIn: sdk.ToString(r.OptInStatus)}
	}
	return rows, nil
}

func (s session) instances(ctx context.Context, by cloud.Credentials, q query) (instancesAnswer, error) {
	a := &answer{reading: s.reading}
	defer a.done()
	input := &ec2.DescribeInstancesInput{MaxResults: sdk.Int32(pageSize)}
	if q.token != "" {
		input.NextToken = sdk.String(q.token)
	}
	if q.dryRun {
		input.DryRun = sdk.Bool(true)
	}
	if q.named != nil {
		input.InstanceIds, input.MaxResults = q.named, nil // which EC2 does not take together
	}
	if q.ids != nil {
		input.Filters = []types.Filter{{Name: sdk.String("instance-id"), Values: q.ids}}
	}
	out, err := s.ec2.DescribeInstances(ctx, input, asEC2(by, a, q.region))
	if err != nil {
		return instancesAnswer{}, a.broken(err)
	}
	return fromAnswer(out), nil
}

// install puts the check of an answer before the SDK reads it.
func (a *answer) install(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(a, "OperationDeserializer", middleware.After)
}
