package alibaba

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	// metadataURL is the instance metadata service, inside every ECS instance:
	// https://help.aliyun.com/zh/ecs/user-guide/view-instance-metadata
	metadataURL = "http://100.100.100.200"
	// It answers in milliseconds, or not at all where this program does not run on ECS.
	metadataConnectTimeout = time.Second
	metadataTimeout        = 2 * time.Second // of each of the three requests
	rolePath               = "/latest/meta-data/ram/security-credentials/"
)

// metadataClient asks the instance metadata service for the role, with a token (hardened mode), which instances in the
// normal mode take too. The SDK's own provider knows no token, and no context.
type metadataClient struct {
	transport http.RoundTripper
	url       string
}

// roleDocument is the answer that holds the credentials of the role.
type roleDocument struct {
	Code            string
	AccessKeyId     string //nolint:revive // as in the answer
	AccessKeySecret string
	SecurityToken   string
	Expiration      time.Time
}

// roleCredentials returns the credentials of the instance's role.
func (m metadataClient) roleCredentials(ctx context.Context) (cloud.Credentials, error) {
	token, err := m.ask(ctx, http.MethodPut, "/latest/api/token", "X-aliyun-ecs-metadata-token-ttl-seconds", "60")
	if err != nil {
		return cloud.Credentials{}, err
	}
	const tokenHeader = "X-aliyun-ecs-metadata-token"
	role, err := m.ask(ctx, http.MethodGet, rolePath, tokenHeader, token)
	if err != nil {
		return cloud.Credentials{}, err
	}
	role = strings.TrimSpace(role)
	if !cloud.ValidCharset(role, cloud.LowerChars+cloud.UpperChars+"._") {
		return cloud.Credentials{}, incompleteMetadata()
	}
	text, err := m.ask(ctx, http.MethodGet, rolePath+role, tokenHeader, token)
	if err != nil {
		return cloud.Credentials{}, err
	}
	var got roleDocument
	if json.Unmarshal([]byte(text), &got) != nil || got.Code != "Success" || got.AccessKeyId == "" || got.AccessKeySecret == "" || got.SecurityToken == "" || got.Expiration.IsZero() {
		return cloud.Credentials{}, incompleteMetadata()
	}
	return cloud.Credentials{
		KeyID: secret.New(got.AccessKeyId), Secret: secret.New(got.AccessKeySecret), Token: secret.New(got.SecurityToken), Expires: got.Expiration,
	}, nil
}

// ask makes one request with one header.
func (m metadataClient) ask(ctx context.Context, method, path, header, value string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, m.url+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set(header, value)
	resp, err := cloud.StrictTransport{Base: m.transport, Timeout: metadataTimeout, ParseError: noRoleError}.RoundTrip(req)
	_, answered := cloud.AsAPIError(err)
	switch {
	case err != nil && (answered || ctx.Err() != nil):
		return "", err
	case err != nil:
		return "", noCredentialsError("no ECS instance metadata answers here")
	}
	defer func() { _ = resp.Body.Close() }() // it is in memory
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// noRoleError says why there is no role. The answer is not repeated: it might hold a key.
func noRoleError(status int, _ []byte) error {
	switch {
	case status >= http.StatusInternalServerError:
		return &cloud.APIError{Status: status, Kind: inventory.Temporary, Message: "the ECS instance metadata is out of order"}
	case status == http.StatusNotFound:
		return noCredentialsError("the ECS instance has no RAM role")
	}
	return noCredentialsError("the ECS instance metadata refuses: " + http.StatusText(status))
}

func noCredentialsError(why string) error {
	return &cloud.APIError{Kind: inventory.BadCredentials, Message: "no credentials: identity is " + identityECSRole + ", and " + why}
}

func incompleteMetadata() error {
	return &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: "the answer of the ECS instance metadata is not what it should be"}
}
