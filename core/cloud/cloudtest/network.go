package cloudtest

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// WrongSecret belongs to no key. No error may show it, nor the proxy's password.
const (
	WrongSecret   = "another-secret"
	proxyPassword = "proxy-password"
)

// testOpenRefuses: an account with a mistake is not opened, and its secrets are not shown.
func testOpenRefuses(t *testing.T, h Harness) {
	h.Secrets = append(h.Secrets[:len(h.Secrets):len(h.Secrets)], WrongSecret)
	none := secret.Value{}
	for name, c := range map[string]struct {
		change func(*cloud.Account)
		want   inventory.Kind
	}{
		"half a key":          {func(a *cloud.Account) { a.AccessKeySecret = none }, inventory.BadCredentials},
		"the other half":      {func(a *cloud.Account) { a.AccessKeyID = none }, inventory.BadCredentials},
		"endpoint, no scheme": {func(a *cloud.Account) { a.Endpoint = "127.0.0.1:80" }, inventory.Invalid},
		"endpoint, ftp":       {func(a *cloud.Account) { a.Endpoint = "ftp://127.0.0.1" }, inventory.Invalid},
		"endpoint, path":      {func(a *cloud.Account) { a.Endpoint = "http://127.0.0.1/x" }, inventory.Invalid},
		"endpoint, user":      {func(a *cloud.Account) { a.Endpoint = "http://" + WrongSecret + "@127.0.0.1" }, inventory.Invalid},
		"proxy":               {func(a *cloud.Account) { a.Proxy = "://" + WrongSecret }, inventory.Invalid},
	} {
		t.Run(name, func(t *testing.T) { h.CheckOpenFails(t, c.want, c.change) })
	}
	keyless := func(a *cloud.Account) { a.AccessKeyID, a.AccessKeySecret, a.SecurityToken = none, none, none }
	if !h.AllowsNoKey {
		h.CheckOpenFails(t, inventory.BadCredentials, keyless)
		return
	}
	account := h.Account
	keyless(&account)
	if lister, err := h.Open(account, cloud.RetryPolicy{}); lister == nil || err != nil {
		t.Errorf("no key: %v, %v", lister, err)
	}
}

// unusedAddress returns an address where nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closed.Close() }()
	return closed.Addr().String()
}

// testConnectionRefused: a refused connection is no empty region.
func testConnectionRefused(t *testing.T, h Harness) {
	lister := h.New(t).Open(t, InstantRetries(), func(a *cloud.Account) { a.Endpoint = "http://" + unusedAddress(t) })
	list, err := lister.List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Temporary)
}

// testTLS: an untrusted certificate is an error at once, not an outage, and nothing is sent.
func testTLS(t *testing.T, h Harness) {
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the failed handshake
	web.StartTLS()
	defer web.Close()
	list, err := h.New(t).Open(t, cloud.RetryPolicy{}, func(a *cloud.Account) { a.Endpoint = web.URL }).List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Invalid)
	if err != nil && !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

// testProxy: an account's proxy is used, and nothing else; its password is not shown.
func testProxy(t *testing.T, h Harness) {
	h.Secrets = append(h.Secrets[:len(h.Secrets):len(h.Secrets)], proxyPassword)
	w := h.New(t)
	ids := w.Fill(h.Region, 1)
	var emulator string
	w.Open(t, InstantRetries(), func(a *cloud.Account) {
		emulator = strings.TrimPrefix(a.Endpoint, "http://")
	})
	var proxied atomic.Int32
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if r.In.URL.Host == "cloud.invalid" && r.In.Header.Get("Proxy-Authorization") != "" {
			proxied.Add(1)
		}
		r.Out.URL.Host, r.Out.Host = emulator, r.In.Host // the host is signed
	}})
	defer proxy.Close()
	through := func(address string) cloud.Lister {
		return w.Open(t, InstantRetries(), func(a *cloud.Account) {
			a.Endpoint = "http://cloud.invalid"
			a.Proxy = (&url.URL{Scheme: "http", User: url.UserPassword("user", proxyPassword), Host: address}).String()
		})
	}
	list, err := through(proxy.Listener.Addr().String()).List(t.Context(), h.Region)
	wantIDs(t, list, err, ids)
	calls := w.Calls("")
	if n := int(proxied.Load()); n == 0 || n != calls {
		t.Errorf("the proxy was asked %d times, the cloud %d times", n, calls)
	}
	list, err = through(unusedAddress(t)).List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Temporary)
	if w.Calls("") != calls {
		t.Error("the cloud was asked past the proxy")
	}
}

// testEndpoints: an address of a single service goes before that of all, and each service that the cloud's table names is
// one that is called.
func testEndpoints(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 1)
	dead := "http://" + unusedAddress(t)
	open := func(all, single string, services ...string) cloud.Lister {
		return w.Open(t, InstantRetries(), func(a *cloud.Account) {
			emulator := a.Endpoint
			named := map[string]string{"": emulator, "dead": dead}
			a.Endpoint, a.Endpoints = named[all], map[string]string{}
			for _, service := range services {
				a.Endpoints[service] = named[single]
			}
		})
	}
	if len(h.Services) == 0 {
		t.Fatal("the harness names no services")
	}
	l := open("dead", "", h.Services...)
	_, ownerErr := l.Owner(t.Context())
	_, regionsErr := l.Regions(t.Context())
	list, err := l.List(t.Context(), h.Region)
	wantIDs(t, list, err, ids)
	if ownerErr != nil || regionsErr != nil {
		t.Errorf("%v, %v", ownerErr, regionsErr)
	}
	for _, service := range h.Services {
		l := open("", "dead", service)
		_, ownerErr := l.Owner(t.Context())
		_, regionsErr := l.Regions(t.Context())
		_, listErr := l.List(t.Context(), h.Region)
		for _, err := range []error{ownerErr, regionsErr, listErr} {
			if err != nil && inventory.KindOf(err) != inventory.Temporary {
				t.Errorf("%s: %v", service, err)
			}
		}
		if ownerErr == nil && regionsErr == nil && listErr == nil {
			t.Errorf("nothing is called at the address of %s", service)
		}
	}
	h.CheckOpenFails(t, inventory.Invalid, func(a *cloud.Account) { a.Endpoints = map[string]string{"no-such-service": dead} })
	h.CheckOpenFails(t, inventory.Invalid, func(a *cloud.Account) { a.Endpoints = map[string]string{h.Services[0]: dead + "/path"} })
}
