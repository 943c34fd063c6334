package jumpservertest

import (
	"net/http"
	"strings"
)

// publicPage returns the pages that anybody may read.
func (s *Server) publicPage(path string) (reply, bool) {
	switch path {
	case "/api/health/":
		return okReply(map[string]any{
			"status": true, "db_status": true, "db_time": 0.002, "redis_status": true, "redis_time": 0.0003,
			"time": s.options.Now().Unix(),
		}), true
	case "/api/v1/settings/public/open/":
		return okReply(map[string]any{"XPACK_ENABLED": s.options.Enterprise}), true
	}
	return reply{}, false
}

func (s *Server) route(c *call) reply {
	where := strings.Join(c.parts[:min(2, len(c.parts))], "/")
	handlers := map[string]func(*call) reply{
		"assets/nodes":     s.routeNodes,
		"assets/platforms": s.routePlatforms, "assets/" + s.zoneField + "s": s.routeZones,
		"labels/labels": s.routeLabels, "labels/resource-types": s.listResourceTypes, "labels/labeled-resources": s.listLabeledResources,
		"common/resources": s.parkIDs, "orgs/orgs": s.routeOrganisations,
		"users/profile": s.showProfile, "accounts/account-templates": s.routeTemplates, "accounts/accounts": s.routeAccounts,
		"perms/asset-permissions": s.routeRules, "perms/users": s.routeHostsOf, "perms/user-groups": s.routeHostsOf, "users/groups": s.routeGroups, "users/users": s.listUsers,
		"terminal/status": func(*call) reply { return okReply([]any{}) },
		"settings/public": func(*call) reply { return okReply(map[string]any{"XPACK_ENABLED": s.options.Enterprise}) },
	}
	for _, kind := range []string{"nodes", "assets", "users", "user-groups"} {
		handlers["perms/asset-permissions-"+kind+"-relations"] = s.routeRelations(kind)
	}
	for name := range s.kinds {
		handlers["assets/"+name] = s.routeAssets
	}
	if handle, known := handlers[where]; known && strings.HasPrefix(c.r.URL.Path, "/api/v1/") {
		return handle(c)
	}
	return s.unknownPath(c)
}

// unknownPath returns the answer to a path that the server does not have.
func (s *Server) unknownPath(c *call) reply {
	s.recordUnexpected("%s %s: no such path", c.method, c.r.URL.Path)
	return htmlReply(http.StatusNotFound)
}

// unknownMethod returns the answer to a method that the path does not support.
func (s *Server) unknownMethod(c *call) reply {
	s.recordUnexpected("%s %s: no such method", c.method, c.r.URL.Path)
	return detailReply(http.StatusMethodNotAllowed, `Method "`+c.method+`" not allowed.`, "method_not_allowed")
}
