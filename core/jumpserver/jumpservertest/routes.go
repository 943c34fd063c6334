package jumpservertest

import (
	"net/http"
	"strings"
)

// openPages are those that anybody may read.
func (s *Server) openPages(path string) (reply, bool) {
	switch path {
	case "/api/health/":
		return ok(map[string]any{
			"status": true, "db_status": true, "db_time": 0.002, "redis_status": true, "redis_time": 0.0003,
			"time": s.o.Now().Unix(),
		}), true
	case "/api/v1/settings/public/open/":
		return ok(map[string]any{"XPACK_ENABLED": s.o.Enterprise}), true
	}
	return reply{}, false
}

func (s *Server) route(c *call) reply {
	where := strings.Join(c.parts[:min(2, len(c.parts))], "/")
	handlers := map[string]func(*call) reply{
		"assets/nodes":     s.nodes,
		"assets/platforms": s.platformPages, "assets/" + s.zoneField + "s": s.zonePages,
		"labels/labels": s.labelPages, "labels/resource-types": s.resourceTypes, "labels/labeled-resources": s.labeledResources,
		"common/resources": s.park, "orgs/orgs": s.organisations,
		"users/profile": s.profile, "accounts/account-templates": s.templates, "accounts/accounts": s.accounts,
		"terminal/status": func(*call) reply { return ok([]any{}) },
		"settings/public": func(*call) reply { return ok(map[string]any{"XPACK_ENABLED": s.o.Enterprise}) },
	}
	for name := range s.kinds {
		handlers["assets/"+name] = s.assetPages
	}
	if handle, known := handlers[where]; known && strings.HasPrefix(c.r.URL.Path, "/api/v1/") {
		return handle(c)
	}
	return s.noPage(c)
}

// noPage is the answer to a path that the server does not have.
func (s *Server) noPage(c *call) reply {
	s.surprise("%s %s: no such path", c.method, c.r.URL.Path)
	return html(http.StatusNotFound)
}

// noMethod is the answer to a method that the path does not take.
func (s *Server) noMethod(c *call) reply {
	s.surprise("%s %s: no such method", c.method, c.r.URL.Path)
	return detail(http.StatusMethodNotAllowed, `Method "`+c.method+`" not allowed.`, "method_not_allowed")
}
