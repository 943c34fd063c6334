package main

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestAnswersInFrontOfJumpServer: an answer from something in front of JumpServer is reported everywhere, in both languages. The exit code is
// 1, or 2 at once where a setting has to be changed.
func TestAnswersInFrontOfJumpServer(t *testing.T) {
	t.Parallel()
	redirect := jumpservertest.Page{Status: http.StatusMovedPermanently, Header: map[string]string{"Location": "https://elsewhere.example/api/v1/orgs/orgs/current/"}}
	for name, c := range map[string]struct {
		page  jumpservertest.Page
		code  int
		tries int // of the run; each sends one request, and four where the page may go away
		says  string
	}{
		"a firewall":    {jumpservertest.RecordedPages()["Aliyun WAF 405"], exitFailed, 2, "405 (an HTML page titled"},
		"a login":       {jumpservertest.RecordedPages()["nginx 401, auth_basic"], exitFailed, 2, "a login stands before JumpServer"},
		"down":          {jumpservertest.NginxPage(http.StatusBadGateway, ""), exitFailed, 8, "502 Bad Gateway"},
		"a redirect":    {redirect, exitUsage, 1, "correct jumpserver.url: https://elsewhere.example"},
		"plain to TLS":  {jumpservertest.RecordedPages()["nginx, plain HTTP to TLS"], exitUsage, 1, "correct jumpserver.url: https://"},
		"a proxy's 407": {jumpservertest.RecordedPages()["Squid 407"], exitUsage, 1, "password into jumpserver.proxy"},
	} {
		for lang, want := range map[string]string{"zh": "应答的不是 JumpServer", "en": "not JumpServer's answer"} {
			t.Run(name+" "+lang, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				d.fillInstances(1, "cn-beijing")
				f := jumpservertest.NewIntermediary(d.JMS)
				f.Answer(jumpservertest.MatchRequest("", ""), -1, c.page)
				d.JumpServerURL, d.more = d.Serve(f), "language: "+lang
				d.run(c.code, "-r", "2", "--interval", "0", "-o", d.dir+"/results.json")
				r := d.readResults(report.Failed)
				if len(r.Errors) != 1 || r.Errors[0].Kind != "front" || !strings.Contains(r.Errors[0].Message, c.says) {
					t.Errorf("%+v", r.Errors)
				}
				d.wantPrinted(want, c.says)
				shown := strings.ReplaceAll(c.says, "://", "：//") // which no card turns into a link
				if text := d.wantCards(1); !strings.Contains(text, want) || !strings.Contains(text, shown) || strings.Contains(text, "没有权限") {
					t.Error(text)
				}
				if f.Intercepted() != c.tries || len(d.Hosts()) > 0 {
					t.Errorf("%d requests, want %d", f.Intercepted(), c.tries)
				}
			})
		}
	}
}

// recordingProxy is a proxy for plain HTTP that records the hosts it was used for.
type recordingProxy struct {
	mu    sync.Mutex
	hosts map[string]bool
}

func (w *recordingProxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.hosts[r.URL.Host] = true
	w.mu.Unlock()
	(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(rw, r)
}

func (w *recordingProxy) used(url string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return w.hosts[host]
}

// TestProxies: proxy is for clouds and cards, jumpserver.proxy for JumpServer, and NO_PROXY for neither.
func TestProxies(t *testing.T) {
	t.Setenv("no_proxy", "")
	for _, c := range []struct {
		proxy, inner bool
		exempt       string
	}{{true, false, ""}, {false, true, ""}, {true, true, ""}, {true, true, "127.0.0.0/8"}} {
		d := newDesk(t)
		d.fillInstances(1, "cn-beijing")
		outer, inner := &recordingProxy{hosts: map[string]bool{}}, &recordingProxy{hosts: map[string]bool{}}
		if c.proxy {
			d.more = "proxy: " + d.Serve(outer)
		}
		t.Setenv("JMS_SYNC_JUMPSERVER_PROXY", "")
		if c.inner {
			t.Setenv("JMS_SYNC_JUMPSERVER_PROXY", d.Serve(inner))
		}
		t.Setenv("NO_PROXY", c.exempt)
		d.run(exitDone, "-r", "1")
		for what, got := range map[string]bool{
			"the cloud by proxy": outer.used(d.CloudURL) == (c.proxy && c.exempt == ""), "the card by proxy": outer.used(d.Webhook) == (c.proxy && c.exempt == ""),
			"JumpServer by jumpserver.proxy": inner.used(d.JumpServerURL) == (c.inner && c.exempt == ""),
			"JumpServer never by proxy":      !outer.used(d.JumpServerURL), "the cloud never by jumpserver.proxy": !inner.used(d.CloudURL) && !inner.used(d.Webhook),
		} {
			if !got {
				t.Errorf("%+v: %s: not so: %v, %v", c, what, outer.hosts, inner.hosts)
			}
		}
		if len(d.Hosts()) != 1 {
			t.Errorf("%d hosts", len(d.Hosts()))
		}
	}
}
