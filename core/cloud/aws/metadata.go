package aws

import (
	"context"
	"errors"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// metadataURL is the instance metadata service, inside every EC2 instance:
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
	metadataURL = "http://169.254.169.254"
	// It answers in milliseconds, or not at all where this program does not run on EC2.
	metadataConnectTimeout = time.Second
	metadataTimeout        = 2 * time.Second // of each of the three requests
)

// metadataClient asks the instance metadata service (version 2, with a token) for the role.
type metadataClient struct {
	transport http.RoundTripper
	url       string
}

// roleCredentials returns the credentials of the instance's role. It makes a new client of the SDK, which would
// remember failures for good, and sets what the SDK would read from the environment.
func (m metadataClient) roleCredentials(ctx context.Context) (cloud.Credentials, error) {
	last := &statusRecorder{base: cloud.StrictTransport{Base: m.transport, Timeout: metadataTimeout}}
	client := imds.New(imds.Options{
		Endpoint: m.url, ClientEnableState: imds.ClientEnabled, EnableFallback: sdk.FalseTernary, Retryer: sdk.NopRetryer{},
		HTTPClient: &http.Client{Transport: last},
	})
	got, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }).Retrieve(ctx)
	if err != nil {
		return cloud.Credentials{}, last.noRoleError(ctx, err)
	}
	return newCredentials(got.AccessKeyID, got.SecretAccessKey, got.SessionToken, got.Expires), nil
}

// statusRecorder keeps the status of the last answer, which the SDK's errors lose.
type statusRecorder struct {
	base   http.RoundTripper
	status int
}

// RoundTrip implements http.RoundTripper.
func (l *statusRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	l.status = 0
	resp, err := l.base.RoundTrip(req)
	if err == nil {
		l.status = resp.StatusCode
	}
	return resp, err
}

// noRoleError says why there is no role. The SDK's own text may repeat an answer with a key in it.
func (l *statusRecorder) noRoleError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refused interface{ ErrorCode() string }
	var why string
	switch {
	case l.status >= http.StatusInternalServerError:
		return &cloud.APIError{Status: l.status, Kind: inventory.Temporary, Message: "the EC2 instance metadata is out of order"}
	case l.status == 0:
		why = "no EC2 instance metadata (IMDSv2) answers here; in a container its hop limit has to be 2"
	case l.status == http.StatusNotFound:
		why = "the EC2 instance has no IAM role"
	case l.status != http.StatusOK:
		why = "the EC2 instance metadata refuses: " + http.StatusText(l.status)
	case errors.As(err, &refused):
		why = "the EC2 instance metadata gives none for its role: " + refused.ErrorCode()
	default:
		return &cloud.APIError{Status: l.status, Kind: inventory.Incomplete, Message: "the answer of the EC2 instance metadata is not what it should be"}
	}
	return &cloud.APIError{Kind: inventory.BadCredentials, Message: "no credentials: the account has no key, and " + why}
}
