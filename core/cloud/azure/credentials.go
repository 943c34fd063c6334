package azure

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// identityConnectTimeout is how long a managed identity's service may take to be connected: it is on the
// same host, or nowhere.
const identityConnectTimeout = time.Second

// environment holds the hosts of an account's cloud, and the endpoints that answer in their place; a zero one = the
// cloud's own hosts.
type environment struct {
	azcloud.Configuration
	manager   cloud.Endpoint // Resource Manager's calls
	directory cloud.Endpoint // those for tokens of an application
	host      cloud.Endpoint // those for tokens of the host's managed identity
}

// environmentOf returns the cloud (public, China, Government) by the names of regions, which differ in each, or by the
// endpoint: the host of a cloud's own Resource Manager stands for that cloud with all its hosts.
func environmentOf(a cloud.Account, at cloud.Endpoints) (environment, error) {
	found, err := cloudOfRegions(a.Regions)
	if err != nil {
		return environment{}, err
	}
	env := environment{Configuration: found, manager: at.Of(serviceManager), directory: at.Of(serviceDirectory), host: at.Of("")}
	for _, place := range []*cloud.Endpoint{&env.manager, &env.directory, &env.host} {
		own, is := cloudOfManager(place.Host)
		if is {
			*place, env.Configuration = cloud.Endpoint{}, own
		}
	}
	authority, manager := env.ActiveDirectoryAuthorityHost, managerService(env.Configuration)
	if env.directory.Host != "" {
		authority = "https://" + env.directory.Host // the SDK wants https; strictTransport sends it to the endpoint
	}
	if env.manager.Host != "" {
		manager.Endpoint = "https://" + env.manager.Host
	}
	env.Configuration = azcloud.Configuration{
		ActiveDirectoryAuthorityHost: authority, Services: map[azcloud.ServiceName]azcloud.ServiceConfiguration{azcloud.ResourceManager: manager},
	}
	return env, nil
}

// cloudOfRegions returns the cloud whose regions have such names; they must be of one.
func cloudOfRegions(regions []string) (azcloud.Configuration, error) {
	found := azcloud.AzurePublic
	for i, region := range regions {
		of := azcloud.AzurePublic
		switch {
		case strings.HasPrefix(region, "china"):
			of = azcloud.AzureChina
		case strings.HasPrefix(region, "usgov"), strings.HasPrefix(region, "usdod"):
			of = azcloud.AzureGovernment
		}
		if i > 0 && of.ActiveDirectoryAuthorityHost != found.ActiveDirectoryAuthorityHost {
			return found, &inventory.Error{Kind: inventory.Invalid, Message: "the regions are of different clouds, such as Azure and Azure China, where no account is the same"}
		}
		found = of
	}
	return found, nil
}

// cloudOfManager returns the cloud whose own Resource Manager has this host.
func cloudOfManager(host string) (azcloud.Configuration, bool) {
	for _, own := range []azcloud.Configuration{azcloud.AzurePublic, azcloud.AzureChina, azcloud.AzureGovernment} {
		if host != "" && hostOf(managerService(own).Endpoint) == strings.ToLower(host) {
			return own, true
		}
	}
	return azcloud.Configuration{}, false
}

func managerService(c azcloud.Configuration) azcloud.ServiceConfiguration {
	return c.Services[azcloud.ResourceManager]
}

// hostOf returns the host[:port] of an address that the SDK knows.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// clientOptions returns the options of an SDK client that neither retries nor registers anything.
func clientOptions(env environment, transport strictTransport) arm.ClientOptions {
	return arm.ClientOptions{
		DisableRPRegistration: true,
		ClientOptions: policy.ClientOptions{
			Cloud: env.Configuration, Transport: transport,
			Retry:     policy.RetryOptions{MaxRetries: -1},
			Telemetry: policy.TelemetryOptions{ApplicationID: "jms-sync"},
		},
	}
}

// newCredential returns the account's credential, and makes no call. That of an application asks only
// the cloud's own directory; the regional ones, to which AZURE_REGIONAL_AUTHORITY_NAME sends
// azidentity, are other hosts, and get nothing.
func newCredential(a cloud.Account, env environment, transport strictTransport) (azcore.TokenCredential, error) {
	if a.AccessKeyID.IsEmpty() {
		return newManagedIdentity(a, env, transport)
	}
	transport.sender, transport.endpoint = directoryResponder, env.directory
	transport.hosts = []string{hostOf(env.ActiveDirectoryAuthorityHost)}
	return azidentity.NewClientSecretCredential(a.TenantID, a.AccessKeyID.Reveal(), a.AccessKeySecret.Reveal(), &azidentity.ClientSecretCredentialOptions{
		ClientOptions: clientOptions(env, transport).ClientOptions,
		// The hosts that are asked for tokens are the SDK's own constants, or the account's endpoint, so that
		// Microsoft need not be asked whether they are its own.
		DisableInstanceDiscovery: true,
	})
}

// newManagedIdentity asks the host's own service, without a proxy.
func newManagedIdentity(a cloud.Account, env environment, transport strictTransport) (azcore.TokenCredential, error) {
	transport.sender, transport.endpoint = hostResponder, env.host
	if env.host.Host == "" {
		transport.base.Base = httpx.NewTransport(nil, min(cmp.Or(a.ConnectTimeout, identityConnectTimeout), identityConnectTimeout))
	}
	options := azidentity.ManagedIdentityCredentialOptions{ClientOptions: clientOptions(env, transport).ClientOptions}
	if a.Identity != "" {
		options.ID = azidentity.ClientID(a.Identity)
	}
	return azidentity.NewManagedIdentityCredential(&options)
}

// serialCredential hands out a credential's tokens to one caller at a time. azidentity has a lock that no context
// ends; here a cancelled caller leaves at once while another one waits for a token.
type serialCredential struct {
	azcore.TokenCredential
	lock chan struct{}
}

// GetToken implements azcore.TokenCredential. A cached token costs no request.
func (t serialCredential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return azcore.AccessToken{}, ctx.Err()
	}
	got, err := t.TokenCredential.GetToken(ctx, o)
	if err == nil && got.Token == "" { // a managed identity's answer without a token
		err = &apiError{APIError: &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: "the answer has no token"}}
	}
	return got, err
}

// newStrictTransport makes the one for Resource Manager; that for tokens is derived from it.
func newStrictTransport(a cloud.Account, env environment, base http.RoundTripper) strictTransport {
	return strictTransport{
		base: cloud.StrictTransport{Base: base, Timeout: a.RequestTimeout}, endpoint: env.manager,
		hosts: []string{hostOf(managerService(env.Configuration).Endpoint)},
	}
}
