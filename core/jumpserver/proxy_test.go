package jumpserver_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// testProxy is a proxy for plain HTTP and for tunnels. It answers refused requests with a page.
type testProxy struct {
	refuse  jumpservertest.Page // Status 0 = nothing
	carried atomic.Int64
}

func (c *testProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.refuse.Status != 0 {
		c.refuse.ServeHTTP(w, r)
		return
	}
	c.carried.Add(1)
	if r.Method != http.MethodConnect {
		(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	go copyAndClose(there, here)
	go copyAndClose(here, there)
}

func copyAndClose(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// clientBehindProxy returns a client that reaches JumpServer through a proxy.
func clientBehindProxy(t *testing.T, secure bool, by *testProxy, set ...func(*jumpserver.Options)) *jumpserver.Client {
	t.Helper()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	door := httptest.NewUnstartedServer(s)
	door.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		door.StartTLS()
	} else {
		door.Start()
	}
	t.Cleanup(door.Close)
	proxy := httptest.NewServer(by)
	t.Cleanup(proxy.Close)
	all := append([]func(*jumpserver.Options){func(o *jumpserver.Options) {
		o.URL, o.Transport, o.Proxy = door.URL, nil, strings.Replace(proxy.URL, "://", "://user:pass-of-proxy@", 1)
		o.Sleep = nil
	}}, set...)
	c := newClient(t, s, all...)
	t.Cleanup(c.Close)
	return c
}

// TestProxy: a proxy's refusal is reported as the proxy's, with its address and without its password.
func TestProxy(t *testing.T) {
	for name, test := range map[string]struct {
		refuse jumpservertest.Page
		secure bool
		advice inventory.Advice
		words  string
	}{
		"plain":               {jumpservertest.Page{}, false, "", ""},
		"tunnel":              {jumpservertest.Page{}, true, "", ""},
		"plain, 407":          {jumpservertest.RecordedPages()["Squid 407"], false, inventory.ProxyLogin, "the proxy http://127.0.0.1:"},
		"tunnel, 407":         {jumpservertest.RecordedPages()["Squid 407"], true, inventory.ProxyLogin, "the proxy http://127.0.0.1:"},
		"tunnel, 403":         {jumpservertest.NginxPage(403, ""), true, inventory.ProxyRefuses, "answered: 403 Forbidden; let the proxy connect to 127.0.0.1:"},
		"tunnel, 503":         {jumpservertest.RecordedPages()["Squid 503"], true, inventory.BehindIsDown, "answered: 503"},
		"plain, 502":          {jumpservertest.NginxPage(502, ""), false, inventory.BehindIsDown, ", or something else in front of JumpServer, answered: 502"},
		"plain, a firewall's": {jumpservertest.NginxPage(403, ""), false, inventory.Blocked, ", or something else in front of JumpServer, answered: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_PROXY", "")
			t.Setenv("no_proxy", "")
			by := &testProxy{refuse: test.refuse}
			_, _, err := clientBehindProxy(t, test.secure, by, func(o *jumpserver.Options) { o.Sleep = quick }).Organisation(t.Context())
			if test.advice == "" {
				if err != nil || by.carried.Load() == 0 {
					t.Errorf("%d were carried: %v", by.carried.Load(), err)
				}
				return
			}
			if inventory.KindOf(err) != inventory.Front || inventory.AdviceOf(err) != test.advice || !strings.Contains(err.Error(), test.words) {
				t.Errorf("%q: %v", inventory.AdviceOf(err), err)
			}
			if strings.Contains(err.Error(), "pass-of-proxy") {
				t.Errorf("a password in %v", err)
			}
		})
	}
}

// TestNoProxyForJumpServer: NO_PROXY is obeyed for a proxy of our own settings, too.
func TestNoProxyForJumpServer(t *testing.T) {
	t.Setenv("no_proxy", "")
	for noProxy, carried := range map[string]bool{"": true, "127.0.0.0/8": false} {
		t.Setenv("NO_PROXY", noProxy)
		by := &testProxy{}
		if _, _, err := clientBehindProxy(t, false, by).Organisation(t.Context()); err != nil || (by.carried.Load() > 0) != carried {
			t.Errorf("NO_PROXY=%q: %d were carried: %v", noProxy, by.carried.Load(), err)
		}
	}
}

// TestProxyAway: a missing proxy is distinguished from a missing JumpServer.
func TestProxyAway(t *testing.T) {
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	dead := func(o *jumpserver.Options) { o.Proxy, o.Sleep = "http://user:pass-of-proxy@127.0.0.1:1", quick }
	_, _, err := clientBehindProxy(t, false, &testProxy{}, dead).Organisation(t.Context())
	if inventory.KindOf(err) != inventory.Temporary || inventory.AdviceOf(err) != inventory.ProxyAway || !strings.Contains(err.Error(), "the proxy of jumpserver.proxy") ||
		strings.Contains(err.Error(), "pass-of-proxy") {
		t.Errorf("%q: %v", inventory.AdviceOf(err), err)
	}
}

// TestOtherProxy: if JumpServer is unreachable, the error mentions that the setting proxy is not for it.
func TestOtherProxy(t *testing.T) {
	t.Parallel()
	for _, other := range []bool{false, true} {
		c := newClient(t, nil, func(o *jumpserver.Options) {
			o.URL, o.Transport, o.OtherProxy, o.Sleep, o.ConnectTimeout = "http://127.0.0.1:1", nil, other, quick, time.Second
		})
		_, _, err := c.Organisation(t.Context())
		if inventory.KindOf(err) != inventory.Temporary || strings.Contains(err.Error(), "set jumpserver.proxy") != other {
			t.Errorf("%t: %v", other, err)
		}
	}
}

// quick does not wait between tries.
func quick(ctx context.Context, _ time.Duration) error { return ctx.Err() }
