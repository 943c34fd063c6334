package jumpserver

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// AccessRulesOfNode returns the access rules in force that reach the hosts of a node: those on the node and on its
// ancestors. A node that does not exist has none. It is one call, and needs perms.view_assetpermission: an error of kind
// Denied says that the access key's user lacks it.
func (c *Client) AccessRulesOfNode(ctx context.Context, nodeID string) ([]inventory.AccessRule, error) {
	return c.readRules(ctx, "read access rules of node "+nodeID, "&node_id="+url.QueryEscape(nodeID))
}

// AccessRulesOfAsset returns the access rules in force that reach a host: those on the host, on its nodes and on their
// ancestors. It is one call, with the right of AccessRulesOfNode.
func (c *Client) AccessRulesOfAsset(ctx context.Context, assetID string) ([]inventory.AccessRule, error) {
	return c.readRules(ctx, "read access rules of host "+assetID, "&asset_id="+url.QueryEscape(assetID))
}

type ruleRow struct {
	ID, Name string
	OrgID    string    `json:"org_id"`
	Valid    *bool     `json:"is_valid"`
	Accounts *[]string `json:"accounts"`
	Users    int       `json:"users_amount"`
	Groups   int       `json:"user_groups_amount"`
}

// readRules reads the rules in force. The filter is_valid costs JumpServer a tenth of is_effective, and v4.7.0 ignores
// is_active.
func (c *Client) readRules(ctx context.Context, op, filter string) ([]inventory.AccessRule, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: op}
	return readAll(ctx, c, listRequest[inventory.AccessRule, ruleRow]{
		op: op, path: apiRules, limit: pageSize,
		query: orderByName + "fields=id,name,users_amount,user_groups_amount,accounts,is_valid,org_id&is_valid=1" + filter,
		id:    func(rule inventory.AccessRule) string { return rule.ID },
		convert: func(row *ruleRow) (inventory.AccessRule, error) {
			rule := inventory.AccessRule{ID: strings.ToLower(row.ID), Name: row.Name, Users: row.Users, Groups: row.Groups}
			if row.Valid == nil || !*row.Valid || row.Accounts == nil {
				return rule, newError(inventory.Incomplete, "jumpserver: "+op+": the rule "+quote(row.Name)+" came, which is not in force", nil)
			}
			rule.LoginDenied = len(*row.Accounts) == 0
			return rule, r.validateRow(row.ID, row.OrgID)
		},
	})
}

// MembersOfAccessRule returns those to whom a rule gives its hosts. It is one call, and a second one where the rule names
// groups, whose members are among the users.
func (c *Client) MembersOfAccessRule(ctx context.Context, rule inventory.AccessRule) (inventory.AccessMembers, error) {
	op := "read who has access rule " + quote(rule.Name)
	if !isUUID(rule.ID) {
		return inventory.AccessMembers{}, newInvalidError(op, "the id %s is not a UUID", quote(rule.ID))
	}
	var members inventory.AccessMembers
	var err error
	members.Users, err = c.readMembers(ctx, op, apiRules+rule.ID+"/users/all/", "")
	if err != nil || rule.Groups == 0 {
		return members, err
	}
	var detail struct {
		ID     string
		Groups []inventory.Member `json:"user_groups"`
	}
	err = c.doCall(ctx, apiCall{op: op, method: http.MethodGet, path: apiRules + rule.ID + "/", read: decodeInto(&detail, "id")})
	members.Groups = detail.Groups
	return members, err
}

// relationRow is a row that ties a rule to one user, group, node or host. Lists of who has a rule have such rows without a
// rule.
type relationRow struct {
	ID        int
	Rule      string `json:"assetpermission"`
	User      string `json:"user"`
	UserName  string `json:"user_display"`
	Group     string `json:"usergroup"`
	GroupName string `json:"usergroup_display"`
	Node      string `json:"node"`
	Asset     string `json:"asset"`
}

func (r relationRow) member() inventory.Member {
	if r.Group != "" {
		return inventory.Member{ID: strings.ToLower(r.Group), Name: r.GroupName}
	}
	return inventory.Member{ID: strings.ToLower(r.User), Name: r.UserName}
}

func (c *Client) readMembers(ctx context.Context, op, path, query string) ([]inventory.Member, error) {
	return readAll(ctx, c, listRequest[inventory.Member, relationRow]{
		op: op, path: path, query: query, limit: pageSize,
		id: func(m inventory.Member) string { return m.ID },
		convert: func(row *relationRow) (inventory.Member, error) {
			m := row.member()
			if !isUUID(m.ID) {
				return m, newError(inventory.Incomplete, "jumpserver: "+op+": a row names no user", nil)
			}
			return m, nil
		},
	})
}

// AccessGrants returns all access rules in force, each with what it names itself. It makes five lists whatever the number
// of rules and nodes; members of groups, and nodes below those named, are not resolved.
func (c *Client) AccessGrants(ctx context.Context) ([]inventory.AccessGrant, error) {
	rules, err := c.readRules(ctx, "list access rules", "")
	if err != nil {
		return nil, err
	}
	grants := make([]inventory.AccessGrant, len(rules))
	at := make(map[string]*inventory.AccessGrant, len(rules))
	for n, rule := range rules {
		grants[n].AccessRule = rule
		at[rule.ID] = &grants[n]
	}
	for _, kind := range []string{"nodes", "assets", "users", "user-groups"} {
		rows, err := c.readRelations(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if g := at[strings.ToLower(row.Rule)]; g != nil { // others are of rules that are not in force
				row.addTo(g)
			}
		}
	}
	return grants, nil
}

func (c *Client) readRelations(ctx context.Context, kind string) ([]relationRow, error) {
	return readAll(ctx, c, listRequest[relationRow, relationRow]{
		op: "list " + kind + " of access rules", path: strings.TrimSuffix(apiRules, "/") + "-" + kind + "-relations/", limit: pageSize,
		id:      func(row relationRow) string { return strconv.Itoa(row.ID) },
		convert: func(row *relationRow) (relationRow, error) { return *row, nil },
	})
}

// addTo adds what a relation ties to its rule.
func (r relationRow) addTo(g *inventory.AccessGrant) {
	switch {
	case r.Node != "":
		g.NodeIDs = append(g.NodeIDs, strings.ToLower(r.Node))
	case r.Asset != "":
		g.AssetIDs = append(g.AssetIDs, strings.ToLower(r.Asset))
	case r.Group != "":
		g.Members.Groups = append(g.Members.Groups, r.member())
	case r.User != "" && !slices.Contains(g.Members.Users, r.member()):
		g.Members.Users = append(g.Members.Users, r.member())
	}
}
