package chaos

import (
	"net/http"
	"net/http/httptest"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// What something in front of JumpServer answers in its place, besides 502, 503 and redirects.
const (
	firewall      kind = "a firewall's page"
	firewallAfter kind = "a firewall's page after the work" // it dislikes what JumpServer answered
	login         kind = "a login's page"
	portalPage    kind = "200 of a portal"
	gateway       kind = "200 of a gateway, JSON"
	gatewayAfter  kind = "200 of a gateway, JSON, after the work"
	tooLong       kind = "413"
)

// fronts returns the page of each.
func fronts() map[kind]jumpservertest.Page {
	all := jumpservertest.Pages()
	return map[kind]jumpservertest.Page{
		firewall: all["Aliyun WAF 405"], firewallAfter: all["nginx 403"], login: all["nginx 401, auth_basic"],
		portalPage: all["captive portal, 200"], gateway: all["gateway in-house 200"], gatewayAfter: all["gateway in-house 200"], tooLong: all["nginx 413"],
	}
}

// shown is a page as a client gets it.
func shown(p jumpservertest.Page, r *http.Request) *http.Response {
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, r)
	return answer.Result()
}
