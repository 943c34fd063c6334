package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// resolveOrg finds the organisation that answers. A community server answers as DEFAULT, as the
// all-zero organisation, or as SYSTEM; an enterprise edition, which was not recorded, also as any other
// that it has.
func (s *Server) resolveOrg(c *call, asked string) {
	if word, known := map[string]string{"default": DefaultOrg, "root": RootOrg, "system": SystemOrg}[strings.ToLower(asked)]; known {
		asked = word
	}
	c.orgID, c.org = DefaultOrg, s.orgs[DefaultOrg]
	own := s.orgs[asked]
	switch {
	case asked == RootOrg:
		c.orgID = RootOrg
	case asked == SystemOrg:
		c.orgID, c.org = SystemOrg, s.system
	case own != nil && s.options.Enterprise:
		c.orgID, c.org = asked, own
	}
}

// SetEnterprise makes the server an enterprise edition, whose organisations can be entered, or a community edition.
func (s *Server) SetEnterprise(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Enterprise = is
}

// requestedOrg returns the organisation that a request names.
func requestedOrg(r *http.Request) string {
	if oid := r.URL.Query().Get("oid"); oid != "" {
		return oid
	}
	return r.Header.Get("X-JMS-ORG")
}

func rootOrganisation(name string) map[string]any {
	return map[string]any{"id": RootOrg, "name": name, "is_default": false, "is_root": true, "is_system": false}
}

func (o *org) showOrg() map[string]any {
	return map[string]any{
		"id": o.id, "name": o.name, "is_default": o.id == DefaultOrg, "is_root": false, "is_system": o.id == SystemOrg,
	}
}

// sortedOrgs returns all organisations by id.
func (s *Server) sortedOrgs() []*org {
	var all []*org
	for _, o := range s.orgs {
		all = append(all, o)
	}
	slices.SortFunc(all, func(x, y *org) int { return strings.Compare(x.id, y.id) })
	return all
}

// routeOrganisations routes /orgs/orgs/, which only a super user may list.
func (s *Server) routeOrganisations(c *call) reply {
	switch {
	case len(c.parts) == 3 && c.parts[2] == "current" && c.method == http.MethodGet:
		out := c.org.showOrg()
		if c.orgID == RootOrg {
			out = rootOrganisation("GLOBAL")
		}
		out["comment"] = ""
		return okReply(out)
	case len(c.parts) == 3 && c.method == http.MethodDelete && s.orgs[c.parts[2]] != nil && c.parts[2] != DefaultOrg:
		delete(s.orgs, c.parts[2])
		return statusReply(http.StatusNoContent)
	case len(c.parts) > 2:
		return s.unknownPath(c)
	case c.method == http.MethodPost:
		return s.createOrganisation(c)
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	}
	rows := append(s.sortedOrgs(), s.system)
	slices.SortFunc(rows, func(x, y *org) int { return strings.Compare(x.name, y.name) })
	all := []any{}
	for _, o := range rows {
		all = append(all, s.showOrganisation(o))
	}
	return okReply(all)
}

func (s *Server) showOrganisation(o *org) map[string]any {
	row := o.showOrg()
	delete(row, "is_system")
	internal := o.id == DefaultOrg || o.id == SystemOrg
	nodes := len(o.nodes)
	if o.id == SystemOrg {
		nodes = 0
	}
	row["internal"], row["comment"], row["created_by"], row["date_created"] = internal, o.comment, o.maker, s.started
	row["resource_statistics"] = map[string]any{
		"users_amount": 0, "groups_amount": 0, "assets_amount": len(o.listAssets()), "nodes_amount": nodes,
		s.zoneField + "s_amount": len(o.zones), "asset_perms_amount": 0,
	}
	return row
}

// createOrganisation creates an organisation: on v4.7.0 nobody can enter it; later community editions refuse.
func (s *Server) createOrganisation(c *call) reply {
	row, _ := c.body.(map[string]any)
	name, _ := row["name"].(string)
	switch {
	case s.options.Version.isSince(V41019) && !s.options.Enterprise:
		return deniedReply()
	case name == "":
		return badRequestReply(map[string]any{"name": []string{"This field is required."}})
	}
	o := s.newOrg(uuid.NewString(), name)
	o.comment, o.maker = textAt(row, "comment"), c.key.title()
	s.orgs[o.id] = o
	return reply{status: http.StatusCreated, body: s.showOrganisation(o)}
}

func deniedReply() reply {
	return detailReply(http.StatusForbidden, "You do not have permission to perform this action.", "permission_denied")
}

// orgsWithRight returns the organisations that a profile lists because the user has this right there;
// everybody works in DEFAULT.
func (s *Server) orgsWithRight(c *call, right string) []any {
	out := []any{}
	switch {
	case right == "" && !c.key.isSuperuser():
		out = append(out, rootOrganisation("All organizations"))
	case right == "":
		out = append(out, rootOrganisation("All organizations"))
	case c.key.isSuperuser():
		out = append(out, rootOrganisation("GLOBAL"))
	case !slices.Contains(s.permissionsOf(c), right):
		return out
	}
	for _, o := range s.sortedOrgs() {
		if o.id == DefaultOrg || s.options.Enterprise && !c.key.NoRole {
			out = append(out, o.showOrg())
		}
	}
	return out
}

// showProfile answers who asks. v4.7 lists the key's organisations in it, v4.10 below
// permissions/.
func (s *Server) showProfile(c *call) reply {
	deeper := len(c.parts) == 3 && c.parts[2] == "permissions"
	switch {
	case deeper && s.options.Version == V47:
		return reply{status: http.StatusNotFound, body: map[string]any{"error": "Not found"}}
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	case len(c.parts) > 2 && !deeper:
		return s.unknownPath(c)
	}
	out := map[string]any{
		"id": labelID(c.user), "name": c.key.title(), "username": c.user, "email": c.user + "@example.com", "labels": []any{},
		"source": map[string]any{"value": "local", "label": "Local"}, "is_valid": true, "is_expired": false, "is_active": true,
		"created_by": "System", "updated_by": "System", "comment": nil,
	}
	out["is_superuser"] = c.key.isSuperuser()
	out["system_roles"] = []any{map[string]any{"id": RootOrg[:35] + "3", "display_name": "User"}}
	if c.key.isSuperuser() {
		out["system_roles"] = []any{map[string]any{"id": RootOrg[:35] + "1", "display_name": "SystemAdmin"}}
	}
	if deeper {
		out = map[string]any{"id": out["id"], "username": c.user, "pam_orgs": s.orgsWithRight(c, "rbac.view_pam")}
	}
	if deeper || s.options.Version == V47 {
		out["console_orgs"], out["audit_orgs"] = s.orgsWithRight(c, "rbac.view_console"), s.orgsWithRight(c, "rbac.view_audit")
		out["workbench_orgs"] = s.orgsWithRight(c, "")
		if !c.key.HidesPermissions {
			out["perms"] = s.permissionsOf(c)
		}
	}
	return okReply(out)
}

// title returns the name under which the user writes.
func (k Key) title() string {
	if k.User == "admin" {
		return "Administrator"
	}
	return k.User
}
