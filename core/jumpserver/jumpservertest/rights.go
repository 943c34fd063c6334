package jumpservertest

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// recordedRights are the permissions that v4.7.0 and v4.10.19 showed: those of everybody, and what
// an administrator of an organisation, an auditor and a super user have besides.
//
//go:embed permissions.json
var recordedRights []byte

type roles struct{ Everybody, Administrator, Auditor, Superuser []string }

// recordedRoles returns the permissions of a version; those of v4.10.16 were not recorded and are v4.10.19's.
func (v Version) recordedRoles() roles {
	var all map[Version]roles
	if err := json.Unmarshal(recordedRights, &all); err != nil {
		panic(err) // the file is ours
	}
	if v == V410 {
		v = V41019
	}
	return all[v]
}

// AuditorPermissions returns those of the built-in auditor of an organisation.
func AuditorPermissions(v Version) []string { return v.recordedRoles().Auditor }

// isSuperuser reports whether the key's user may do everything, in every organisation.
func (k Key) isSuperuser() bool { return k.Permissions == nil && !k.OrgAdmin && !k.NoRole }

// permissionsOf returns the permissions that the server shows of a key's user.
func (s *Server) permissionsOf(c *call) []string {
	all := s.roles
	out := all.Everybody
	switch {
	case c.key.isSuperuser():
		out = slices.Concat(out, all.Administrator, all.Superuser)
	case c.isOutsideOrgs(), c.key.NoRole:
	case c.key.OrgAdmin:
		out = slices.Concat(out, all.Administrator)
	default:
		out = slices.Concat(out, c.key.Permissions)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isOutsideOrgs reports whether the organisation is one in which nobody has a role.
func (c *call) isOutsideOrgs() bool { return c.orgID == RootOrg || c.orgID == SystemOrg }

// isAllowed reports whether the key's user has the right that a request needs; assets of every kind need
// the same.
func (s *Server) isAllowed(c *call) bool {
	if c.key.isSuperuser() {
		return true
	}
	needed := s.neededRight(c)
	if needed == "" {
		return true
	}
	return !c.isOutsideOrgs() && slices.Contains(s.permissionsOf(c), needed)
}

// neededRight returns the right that a request needs; "" = none.
func (s *Server) neededRight(c *call) string {
	verb := map[string]string{
		http.MethodGet: "view", http.MethodPost: "add", http.MethodPut: "change", http.MethodPatch: "change", http.MethodDelete: "delete",
	}[c.method]
	if verb == "" || len(c.parts) < 2 {
		return ""
	}
	switch {
	case c.parts[0] == "assets" && len(c.parts) > 3 && strings.HasPrefix(c.parts[3], "perm-user"):
		return "perms.view_assetpermission"
	case c.parts[0] == "perms" && len(c.parts) > 2 && c.parts[2] == "self":
		return ""
	case c.parts[0] == "perms" && c.parts[1] == "users":
		return "perms.view_userassets"
	case c.parts[0] == "assets" && s.kinds[c.parts[1]] != nil && c.parts[1] != "gateways":
		return "assets." + verb + "_asset"
	case c.parts[0] == "assets" && c.parts[1] == "nodes" && len(c.parts) == 5 && c.parts[3] == "assets":
		return "assets.change_assetnodes"
	case c.parts[0] == "orgs" && (len(c.parts) == 2 || c.parts[2] != "current"):
		return "of a super user"
	case c.parts[0] == "perms" && strings.HasPrefix(c.parts[1], "asset-permissions"):
		return "perms." + verb + "_assetpermission"
	case c.parts[0] == "labels" && len(c.parts) > 3:
		return "labels." + verb + "_labeledresource"
	}
	noun := map[string]string{
		"assets/nodes": "assets._node", "assets/platforms": "assets._platform", "assets/" + s.zoneField + "s": "assets._" + s.zoneField,
		"assets/gateways": "assets._gateway", "labels/labels": "labels._label", "labels/labeled-resources": "labels._labeledresource",
		"accounts/account-templates": "accounts._accounttemplate", "accounts/accounts": "accounts._account",
		"users/groups": "users._usergroup", "users/users": "users._user",
	}[strings.Join(c.parts[:2], "/")]
	return strings.Replace(noun, "_", verb+"_", 1)
}
