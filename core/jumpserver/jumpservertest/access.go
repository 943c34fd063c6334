package jumpservertest

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// AccessRule is an access rule as people and tests see it.
type AccessRule struct {
	ID, Name string
	Users    []string // ids
	Groups   []string // ids
	Nodes    []string // paths
	Assets   []string // ids
	Accounts []string // nil = @ALL; none = people see the hosts and cannot log in
	Actions  []string // nil = all
	Inactive bool
	Expired  bool
}

// person is a user of the server, or a group of an organisation's users.
type person struct {
	id, name string
	members  []string // of a group
}

// accessRule is an AccessRule as the server stores it.
type accessRule struct {
	id, name, maker              string
	users, groups, nodes, assets []string // ids
	accounts, actions            []string
	active                       bool
	created, begins, expires     time.Time
	row                          int // the number of its first relation of each kind
}

// SeedUser adds a user and returns the id.
func (s *Server) SeedUser(id, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" {
		id = uuid.NewString()
	}
	s.people = append(s.people, person{id: id, name: name})
	return id
}

// SeedGroup adds a group of users and returns its id.
func (s *Server) SeedGroup(orgID, name string, users ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := person{id: uuid.NewString(), name: name, members: users}
	s.orgs[orgID].groups = append(s.orgs[orgID].groups, g)
	return g.id
}

// SeedRule adds an access rule, or replaces the one with its id, and returns the id.
func (s *Server) SeedRule(orgID string, r AccessRule) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, now := s.orgs[orgID], s.options.Now()
	rule := &accessRule{
		id: r.ID, name: r.Name, maker: "Administrator", users: r.Users, groups: r.Groups, assets: r.Assets, accounts: r.Accounts, actions: r.Actions,
		active: !r.Inactive, created: now, begins: now, expires: now.AddDate(70, 0, 0),
	}
	if rule.id == "" {
		rule.id = uuid.NewString()
	}
	if r.Accounts == nil {
		rule.accounts = []string{"@ALL"}
	}
	if r.Actions == nil {
		rule.actions = allActions()
	}
	if r.Expired {
		rule.begins, rule.expires = now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)
	}
	for _, path := range r.Nodes {
		rule.nodes = append(rule.nodes, o.ensureNode(path).id)
	}
	o.dropRule(rule.id)
	s.addRule(o, rule)
	return rule.id
}

func (s *Server) addRule(o *org, r *accessRule) {
	r.row = s.relations + 1
	s.relations += len(r.users) + len(r.groups) + len(r.nodes) + len(r.assets)
	o.rules = append(o.rules, r)
}

func (o *org) dropRule(id string) {
	o.rules = slices.DeleteFunc(o.rules, func(r *accessRule) bool { return r.id == id })
}

func (o *org) findRule(id string) *accessRule {
	at := slices.IndexFunc(o.rules, func(r *accessRule) bool { return r.id == strings.ToLower(id) })
	if at < 0 {
		return nil
	}
	return o.rules[at]
}

func allActions() []string {
	return []string{"connect", "upload", "download", "copy", "paste", "delete", "share"}
}

// liveNodes returns the rule's nodes that exist: one that was deleted is in no rule any more, although another of its path
// may have been made.
func (o *org) liveNodes(r *accessRule) []*node {
	var nodes []*node
	for _, id := range r.nodes {
		if n := o.nodeByID(id); n != nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// dropFromRules takes a deleted host out of all rules: one that is made again under its id is in none.
func (o *org) dropFromRules(assetID string) {
	for _, r := range o.rules {
		r.assets = slices.DeleteFunc(r.assets, func(id string) bool { return id == assetID })
	}
}

func (r *accessRule) isExpired(now time.Time) bool { return now.After(r.expires) }
func (r *accessRule) isValid(now time.Time) bool {
	return r.active && !r.isExpired(now) && !now.Before(r.begins)
}

// usersOf returns the ids of a rule's users, the members of its groups among them, by their names.
func (s *Server) usersOf(o *org, r *accessRule) []string {
	all := slices.Clone(r.users)
	for _, g := range o.groups {
		if slices.Contains(r.groups, g.id) {
			all = append(all, g.members...)
		}
	}
	slices.SortFunc(all, func(x, y string) int { return strings.Compare(nameIn(s.people, x)+x, nameIn(s.people, y)+y) })
	return slices.Compact(all)
}

func nameIn(people []person, id string) string {
	for _, p := range people {
		if p.id == id {
			return p.name
		}
	}
	return ""
}

// refs returns people as rows name them.
func refs(people []person, ids []string) []any {
	out := []any{}
	for _, id := range ids {
		out = append(out, map[string]any{"id": id, "name": nameIn(people, id)})
	}
	return out
}

// showRule returns a rule; only its detail names those who have it and what it gives.
func (s *Server) showRule(o *org, r *accessRule, detail bool) map[string]any {
	now := s.options.Now()
	labels := map[string]string{
		"connect": "Connect (All protocols)", "upload": "Upload (RDP, SFTP)", "download": "Download (RDP, SFTP)", "copy": "Copy (RDP, VNC)",
		"paste": "Paste (RDP, VNC)", "delete": "Delete (SFTP)", "share": "Share (SSH)",
	}
	if s.options.Version.isSince(V410) {
		labels["share"] = "Share (Web SSH, Web RDP, Web VNC)"
	}
	actions, accounts := []any{}, append([]string{}, r.accounts...)
	for _, a := range r.actions {
		actions = append(actions, map[string]any{"value": a, "label": labels[a]})
	}
	nodes, assets := []any{}, []any{}
	for _, n := range o.liveNodes(r) {
		nodes = append(nodes, map[string]any{"id": n.id, "name": n.value})
	}
	for _, id := range r.assets {
		assets = append(assets, map[string]any{"id": id, "name": o.findAsset(id).Name})
	}
	row := map[string]any{
		"id": r.id, "name": r.name, "labels": []any{}, "users_amount": len(r.users), "user_groups_amount": len(r.groups),
		"assets_amount": len(assets), "nodes_amount": len(nodes), "accounts": accounts, "protocols": []string{"all"}, "actions": actions,
		"org_id": o.id, "org_name": o.name, "is_active": r.active, "is_expired": r.isExpired(now), "is_valid": r.isValid(now), "from_ticket": false,
		"date_created": s.formatTime(r.created), "date_start": s.formatTime(r.begins), "date_expired": s.formatTime(r.expires),
		"created_by": r.maker, "comment": "",
	}
	if detail {
		row["users"], row["user_groups"], row["nodes"], row["assets"] = refs(s.people, r.users), refs(o.groups, r.groups), nodes, assets
	}
	return row
}
