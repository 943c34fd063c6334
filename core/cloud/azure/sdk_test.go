package azure

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const testSubscription = "11111111-2222-4333-8444-555555555555"

// openOffline opens a lister whose tokens are given, and whose other calls are answered by r.
func openOffline(t testing.TB, account cloud.Account, r cloudtest.TransportFunc) *lister {
	t.Helper()
	account.Cloud, account.Name, account.TenantID, account.AccountID = "azure", "a", "tenant.example", testSubscription
	account.AccessKeyID, account.AccessKeySecret = secret.New("client-of-test"), secret.New("secret-of-test")
	l, err := openLister(account, cloud.RetryPolicy{Sleep: cloudtest.InstantRetries().Sleep}, cloudtest.TransportFunc(func(req *http.Request) (int, []byte) {
		base := "https://" + req.URL.Host + "/tenant.example"
		switch {
		case strings.HasSuffix(req.URL.Path, "/openid-configuration"):
			return 200, []byte(`{"issuer":"` + base + `/v2.0","token_endpoint":"` + base + `/oauth2/v2.0/token","authorization_endpoint":"` + base + `/a"}`)
		case strings.HasSuffix(req.URL.Path, "/oauth2/v2.0/token"):
			return 200, []byte(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-of-test"}`)
		}
		return r(req)
	}))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestHosts: HTTPS and the cloud's own hosts by default, which regions or their endpoint tell; any
// other endpoint takes all calls.
func TestHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		login   string
		manager string
	}{
		"public":         {cloud.Account{}, "https://login.microsoftonline.com", "https://management.azure.com"},
		"china":          {cloud.Account{Regions: []string{"chinaeast2", "chinanorth3"}}, "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"},
		"government":     {cloud.Account{Regions: []string{"usgovvirginia"}}, "https://login.microsoftonline.us", "https://management.usgovcloudapi.net"},
		"china by host":  {cloud.Account{Endpoint: "https://management.chinacloudapi.cn"}, "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"},
		"endpoint":       {cloud.Account{Endpoint: "https://azure.example"}, "https://azure.example", "https://azure.example"},
		"services":       {cloud.Account{Endpoints: map[string]string{"arm": "https://arm.example", "login": "https://login.example"}}, "https://login.example", "https://arm.example"},
		"a gateway":      {cloud.Account{Regions: []string{"chinaeast2"}, Endpoints: map[string]string{"arm": "https://arm.example"}}, "https://login.chinacloudapi.cn", "https://arm.example"},
		"own login":      {cloud.Account{Endpoint: "https://management.azure.com", Endpoints: map[string]string{"login": "https://login.example"}}, "https://login.example", "https://management.azure.com"},
		"plain endpoint": {cloud.Account{Endpoint: "http://azure.example:8080/"}, "http://azure.example:8080", "http://azure.example:8080"},
	} {
		asked := map[string][]string{}
		account := c.account
		account.AccessKeyID, account.AccessKeySecret, account.TenantID = secret.New("client-of-test"), secret.New("secret-of-test"), "tenant.example"
		l := openOffline(t, account, func(r *http.Request) (int, []byte) { return 400, nil })
		watched, err := openLister(l.account, cloud.RetryPolicy{}, cloudtest.TransportFunc(func(r *http.Request) (int, []byte) {
			host := r.URL.Scheme + "://" + r.URL.Host
			asked[r.URL.Path] = append(asked[r.URL.Path], host)
			base := "https://" + r.URL.Host + "/tenant.example"
			switch {
			case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
				return 200, []byte(`{"issuer":"` + base + `/v2.0","token_endpoint":"` + base + `/t","authorization_endpoint":"` + base + `/a"}`)
			case strings.HasSuffix(r.URL.Path, "/t"):
				return 200, []byte(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-of-test"}`)
			}
			return 400, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = watched.Owner(t.Context()) // only the addresses matter here
		if got := asked["/tenant.example/t"]; !slices.Equal(got, []string{c.login}) {
			t.Errorf("%s: tokens are asked at %q, want %s", name, got, c.login)
		}
		if got := asked["/subscriptions/"+testSubscription]; !slices.Equal(got, []string{c.manager}) {
			t.Errorf("%s: Resource Manager is asked at %q, want %s", name, got, c.manager)
		}
	}
}

// TestNoTokenElsewhere: whatever the SDK is told, nothing goes to another host, or without TLS.
func TestNoTokenElsewhere(t *testing.T) {
	t.Parallel()
	by := strictTransport{hosts: []string{"management.azure.com"}, base: cloud.StrictTransport{Base: cloudtest.TransportFunc(func(*http.Request) (int, []byte) {
		t.Error("it was sent")
		return 200, []byte("{}")
	})}}
	for _, address := range []string{"https://elsewhere.example/", "http://management.azure.com/", "https://management.azure.com.elsewhere.example/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = by.Do(req)
		if err == nil {
			t.Errorf("%s is asked", address)
		}
	}
}

// TestLink: where a next page may be.
func TestLink(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"https://management.azure.com/x?a=b":            "https://management.azure.com/x?a=b",
		"https://Management.Azure.com:443/x%2Fy?$s=%20": "https://management.azure.com/x%2Fy?$s=%20",
		"http://management.azure.com:80/x":              "https://management.azure.com/x?",
		"":                                              "",
		"https://management.azure.com":                  "error",
		"https://management.azure.com:8443/x":           "error",
		"https://management.azure.com.evil.example/x":   "error",
		"https://evil.example/management.azure.com":     "error",
		"https://user@management.azure.com/x":           "error",
		"//evil.example/x":                              "error",
		"/x":                                            "error",
		"x":                                             "error",
		"https://management.azure.com/x\x7f":            "error",
	} {
		got, err := nextPageURL(next, "https://management.azure.com")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", next, got, want)
		}
	}
}

// TestKinds: codes and statuses, by what they mean for us.
func TestKinds(t *testing.T) {
	t.Parallel()
	arm := func(status int, code string) apiError {
		return apiError{APIError: &cloud.APIError{Status: status, Code: code}}
	}
	token := func(status int, code string) apiError {
		return apiError{APIError: &cloud.APIError{Status: status, Code: code}, sender: directoryResponder}
	}
	for kind, refusals := range map[inventory.Kind][]apiError{
		inventory.Throttled:      {arm(429, "RateLimiting"), arm(429, ""), token(429, "")},
		inventory.Denied:         {arm(403, "AuthorizationFailed"), arm(403, "")},
		inventory.BadCredentials: {arm(401, "ExpiredAuthenticationToken"), token(401, "AADSTS7000215"), token(400, "AADSTS700016"), token(400, "AADSTS90002"), token(404, ""), token(403, "")},
		inventory.ClockOff:       {token(401, "AADSTS700024"), token(400, "AADSTS500133")},
		inventory.NotFound:       {arm(404, "SubscriptionNotFound"), arm(404, "")},
		inventory.Temporary:      {arm(500, "x"), arm(502, ""), arm(503, ""), arm(408, ""), token(500, ""), token(410, ""), token(400, "temporarily_unavailable")},
		inventory.Invalid:        {arm(400, "BadRequest"), arm(404, "InvalidResourceType"), arm(400, "NoRegisteredProviderFound"), arm(409, "MissingSubscriptionRegistration"), arm(410, "")},
		inventory.Incomplete:     {arm(302, ""), token(302, "")},
	} {
		for _, r := range refusals {
			if got := errorKind(&r); got != kind {
				t.Errorf("%q %d (of %v) is %q, want %q", r.Code, r.Status, int(r.sender), got, kind)
			}
		}
	}
}

func TestWaitOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"Retry-After: 17": 17 * time.Second, "Retry-After: Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "X: y": 0,
		"X-Ms-User-Quota-Resets-After: 00:01:05": 65 * time.Second, "X-Ms-User-Quota-Resets-After: 5": 0,
	} {
		name, value, _ := strings.Cut(header, ": ")
		if got := parseRetryAfter(http.Header{name: {value}}, now); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
}

// TestTooBig: what does not end is no answer.
func TestTooBig(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(" "), 32<<20+1)
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, body })
	if _, err := l.Owner(t.Context()); inventory.KindOf(err) != inventory.Incomplete {
		t.Error(err)
	}
}

// slowCredential returns a token after an hour.
type slowCredential struct{}

func (slowCredential) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	time.Sleep(time.Hour)
	return azcore.AccessToken{Token: "t"}, nil
}

// TestTokensInTurn: who is cancelled while another one gets a token does not wait for that.
func TestTokensInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cred := serialCredential{slowCredential{}, make(chan struct{}, 1)}
		go func() { _, _ = cred.GetToken(t.Context(), policy.TokenRequestOptions{}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := cred.GetToken(ctx, policy.TokenRequestOptions{}); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		time.Sleep(time.Hour)
	})
}

func TestMatches(t *testing.T) {
	t.Parallel()
	const action = "Microsoft.Compute/virtualMachines/read"
	for pattern, want := range map[string]bool{
		"*": true, "*/read": true, "Microsoft.Compute/*": true, "microsoft.compute/VIRTUALMACHINES/read": true, "Microsoft.Compute/*/read": true,
		"*virtual*machines*": true, "Microsoft.Compute/virtualMachines/read*": true, "": false, "*/write": false, "Microsoft.Compute": false,
		"Microsoft.Compute/virtualMachines/*/read": false, "Microsoft.Compute/virtualMachines/read/action": false, "*read*read": false, "read": false,
	} {
		if got := matchesAny([]string{pattern}, action); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	got := Permissions()
	if !slices.IsSorted(got) || len(got) != 11 || slices.ContainsFunc(got, func(a string) bool { return !matchesAny([]string{"*/read"}, a) }) {
		t.Errorf("%q are not sorted, or more than Reader has", got)
	}
}

func TestProvider(t *testing.T) {
	t.Parallel()
	p := Provider(cloud.RetryPolicy{})
	if l, err := p.Open(cloud.Account{Name: "a"}); p.Cloud != "azure" || p.Events != nil || l == nil || err != nil {
		t.Errorf("%+v: %v, %v", p, l, err)
	}
}

// TestIsMachine: what Resource Graph may name is asked for; what is anything else is not.
func TestIsMachine(t *testing.T) {
	t.Parallel()
	const group = "/subscriptions/" + testSubscription + "/resourcegroups/g/providers/microsoft.compute/"
	for resource, want := range map[string]bool{
		group + "virtualmachines/web": true, group + "virtualmachinescalesets/pool/virtualmachines/0": true,
		group + "virtualmachines": false, group + "virtualmachines/": false, group + "virtualmachines/web/extensions/x": false,
		group + "disks/d": false, group + "virtualmachinescalesets/pool": false, group + "virtualmachinescalesets/pool/extensions/0": false,
		strings.Replace(group, "compute", "network", 1) + "virtualmachines/web": false, "": false, "/": false,
		strings.Replace(group, "1111", "2222", 1) + "virtualmachines/web": false, "x" + group + "virtualmachines/web": false,
		strings.Replace(group, "/g/", "//", 1) + "virtualmachines/web": false,
	} {
		if got := isMachine(resource, strings.ToUpper(testSubscription)); got != want {
			t.Errorf("%s: %t", resource, got)
		}
	}
}

// TestMissing: which refusals say that a machine does not exist.
func TestMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		from   responder
		want   bool
	}{
		{404, "ResourceNotFound", managerResponder, true}, {404, "ResourceGroupNotFound", managerResponder, true}, {404, "ParentResourceNotFound", managerResponder, true},
		{404, "NotFound", managerResponder, true}, {404, "resourcenotfound", managerResponder, true},
		{404, "SubscriptionNotFound", managerResponder, false}, {404, "InvalidResourceType", managerResponder, false}, {404, "InvalidResourceNamespace", managerResponder, false},
		{404, "", managerResponder, false}, {403, "ResourceNotFound", managerResponder, false}, {410, "ResourceNotFound", managerResponder, false}, {404, "NotFound", directoryResponder, false},
	} {
		r := &apiError{APIError: &cloud.APIError{Status: c.status, Code: c.code}, sender: c.from}
		if got := r.isNotFound(); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestOddResource: Resource Graph cannot make us ask for something else.
func TestOddResource(t *testing.T) {
	t.Parallel()
	for _, resource := range []string{
		"/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web", "/../x", "//evil.example/x",
	} {
		var gets int
		l := openOffline(t, cloud.Account{}, func(r *http.Request) (int, []byte) {
			switch {
			case r.Method == http.MethodPost:
				return 200, []byte(`{"totalRecords":1,"count":1,"resultTruncated":"false","data":[{"id":"` + resource + `","location":"r","properties":{"vmId":"` + testSubscription + `"}}]}`)
			case strings.HasSuffix(r.URL.Path, "/permissions"):
				return 200, []byte(`{"value":[{"actions":["*"]}]}`)
			case strings.HasSuffix(r.URL.Path, "/locations"):
				return 200, []byte(`{"value":[{"name":"r"}]}`)
			case strings.Contains(r.URL.Path, "evil") || strings.HasPrefix(r.URL.Path, "/subscriptions/2222") || strings.HasSuffix(r.URL.Path, "/x"):
				gets++
			}
			return 200, []byte(`{"value":[]}`)
		})
		found, err := l.FindVerified(t.Context(), "r", []string{testSubscription})
		if inventory.KindOf(err) != inventory.Incomplete || found.Weak != nil || gets > 0 {
			t.Errorf("%s: %+v after %d requests: %v", resource, found, gets, err)
		}
	}
}
