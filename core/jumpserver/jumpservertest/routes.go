package jumpservertest

import (
	"net/http"
	"slices"
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
		return ok(map[string]any{"XPACK_ENABLED": false}), true
	}
	return reply{}, false
}

func (s *Server) route(c *call) reply {
	where := strings.Join(c.parts[:min(2, len(c.parts))], "/")
	handlers := map[string]func(*call) reply{
		"assets/hosts": s.hosts, "assets/assets": s.allAssets, "assets/nodes": s.nodes,
		"assets/platforms": s.listPlatforms, "assets/" + s.zoneField + "s": s.zones,
		"labels/labels": s.labelPages, "labels/resource-types": s.resourceTypes, "labels/labeled-resources": s.labeledResources,
		"common/resources": s.park, "orgs/orgs": s.organisations,
		"users/profile": s.profile, "accounts/account-templates": s.templates, "accounts/accounts": s.accounts,
		"assets/gateways": func(c *call) reply { return paged(s, c, []any{}, func(row any) any { return row }) },
		"terminal/status": func(*call) reply { return ok([]any{}) },
		"settings/public": func(*call) reply { return ok(map[string]any{"XPACK_ENABLED": false}) },
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

func rootOrganisation() map[string]any {
	return map[string]any{"id": RootOrg, "name": "GLOBAL", "is_default": false, "is_root": true, "is_system": false}
}

func (o *org) show() map[string]any {
	return map[string]any{
		"id": o.id, "name": o.name, "is_default": o.id == DefaultOrg, "is_root": false, "is_system": false,
	}
}

// sortedOrgs gives all organisations by id.
func (s *Server) sortedOrgs() []*org {
	var all []*org
	for _, o := range s.orgs {
		all = append(all, o)
	}
	slices.SortFunc(all, func(x, y *org) int { return strings.Compare(x.id, y.id) })
	return all
}

func (s *Server) organisations(c *call) reply {
	switch {
	case c.method != http.MethodGet:
		return s.noMethod(c)
	case len(c.parts) == 3 && c.parts[2] == "current":
		out := c.org.show()
		if c.orgID == RootOrg {
			out = rootOrganisation()
		}
		out["comment"] = ""
		return ok(out)
	case len(c.parts) > 2:
		return s.noPage(c)
	}
	all := []any{}
	for _, o := range s.sortedOrgs() {
		row := o.show()
		delete(row, "is_system")
		row["internal"], row["comment"] = o.id == DefaultOrg, ""
		all = append(all, row)
	}
	all = append(all, map[string]any{
		"id": "00000000-0000-0000-0000-000000000004", "name": "SYSTEM", "is_default": false, "is_root": false,
		"internal": true, "comment": "",
	})
	return ok(all)
}

// profile tells who asks. The organisations of the key stand in it on v4.7, and below
// permissions/ on v4.10.
func (s *Server) profile(c *call) reply {
	deeper := len(c.parts) == 3 && c.parts[2] == "permissions"
	switch {
	case deeper && s.o.Version == V47:
		return reply{status: http.StatusNotFound, body: map[string]any{"error": "Not found"}}
	case c.method != http.MethodGet:
		return s.noMethod(c)
	case len(c.parts) > 2 && !deeper:
		return s.noPage(c)
	}
	orgs := []any{rootOrganisation()}
	for _, o := range s.sortedOrgs() {
		orgs = append(orgs, o.show())
	}
	if deeper {
		out := map[string]any{"console_orgs": orgs, "audit_orgs": orgs, "workbench_orgs": orgs}
		c.key.tell(out)
		return ok(out)
	}
	out := map[string]any{
		"id": labelID(c.user), "name": c.user, "username": c.user, "email": c.user + "@example.com", "labels": []any{},
		"source": map[string]any{"value": "local", "label": "Local"}, "is_valid": true, "is_expired": false, "is_active": true,
		"created_by": "System", "updated_by": "System", "comment": nil,
	}
	out["is_superuser"] = c.key.Permissions == nil
	out["system_roles"] = []any{map[string]any{"id": "00000000-0000-0000-0000-000000000003", "display_name": "User"}}
	if c.key.Permissions == nil {
		out["system_roles"] = []any{map[string]any{"id": RootOrg[:35] + "1", "display_name": "SystemAdmin"}}
	}
	if c.user == "admin" {
		out["name"] = "Administrator"
	}
	if s.o.Version == V47 {
		out["console_orgs"], out["audit_orgs"], out["workbench_orgs"] = orgs, orgs, orgs
		c.key.tell(out)
	}
	return ok(out)
}
