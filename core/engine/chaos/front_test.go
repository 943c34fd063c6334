package chaos

import (
	"net/http"
	"net/http/httptest"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// What something in front of JumpServer answers in its place, besides 502, 503 and redirects.
const (
	firewall      faultKind = "a firewall's page"
	firewallAfter faultKind = "a firewall's page after the work" // it dislikes what JumpServer answered
	login         faultKind = "a login's page"
	portalPage    faultKind = "200 of a portal"
	gateway       faultKind = "200 of a gateway, JSON"
	gatewayAfter  faultKind = "200 of a gateway, JSON, after the work"
	tooLong       faultKind = "413"
)

// frontPages returns the page of each.
func frontPages() map[faultKind]jumpservertest.Page {
	all := jumpservertest.RecordedPages()
	return map[faultKind]jumpservertest.Page{
		firewall: all["Aliyun WAF 405"], firewallAfter: all["nginx 403"], login: all["nginx 401, auth_basic"],
		portalPage: all["captive portal, 200"], gateway: all["gateway in-house 200"], gatewayAfter: all["gateway in-house 200"], tooLong: all["nginx 413"],
	}
}

// pageResponse is a page as a client gets it.
func pageResponse(p jumpservertest.Page, r *http.Request) *http.Response {
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, r)
	return answer.Result()
}
