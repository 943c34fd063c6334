package jumpservertest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// routeRules routes /perms/asset-permissions/.
func (s *Server) routeRules(c *call) reply {
	rest := strings.Join(c.parts[min(3, len(c.parts)):], "/")
	switch {
	case len(c.parts) == 2 && c.method == http.MethodGet:
		return s.listRules(c)
	case len(c.parts) == 2 && c.method == http.MethodPost:
		return s.createRule(c)
	case len(c.parts) < 3:
		return s.unknownMethod(c)
	}
	r := c.org.findRule(c.parts[2])
	switch {
	case r == nil:
		return notFoundReply("AssetPermission")
	case rest == "" && c.method == http.MethodGet:
		return okReply(s.showRule(c.org, r, true))
	case rest == "" && c.method == http.MethodDelete:
		c.org.dropRule(r.id)
		return statusReply(http.StatusNoContent)
	case rest == "users/all" && c.method == http.MethodGet:
		return pageOf(s, c, s.usersOf(c.org, r), func(id string) any {
			name := nameIn(s.people, id)
			return map[string]any{"user": id, "user_display": name + "(" + name + ")"}
		})
	case rest == "assets/all" && c.method == http.MethodGet:
		hosts := filterRows(c.org.listAssets(), []func(*host) bool{func(h *host) bool { return c.org.reachesHost(r, h, true) }})
		return pageOf(s, c, hosts, func(h *host) any {
			return map[string]any{"asset": h.ID, "asset_display": h.Name + "(" + h.Address + ")"}
		})
	}
	return s.unknownPath(c)
}

// reachesNode reports whether a rule is on a node, or (all) on one of its ancestors.
func (o *org) reachesNode(r *accessRule, n *node, all bool) bool {
	return slices.ContainsFunc(o.liveNodes(r), func(at *node) bool { return at == n || all && n.isAtOrBelow(at.key) })
}

// reachesHost reports whether a rule is on a host, or (all) on its nodes or their ancestors.
func (o *org) reachesHost(r *accessRule, h *host, all bool) bool {
	return slices.Contains(r.assets, h.ID) || all && slices.ContainsFunc(h.nodes, func(id string) bool { return o.reachesNode(r, o.nodeByID(id), true) })
}

// listRules lists rules. It obeys the filters that the version knows, and ignores the others in silence.
func (s *Server) listRules(c *call) reply {
	var rows []*accessRule
	for _, r := range c.org.rules {
		if s.matchesRule(c, r) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(x, y *accessRule) int { return strings.Compare(x.name, y.name) })
	return pageOf(s, c, rows, func(r *accessRule) any { return c.fieldsOf(s.showRule(c.org, r, false)) })
}

func (s *Server) matchesRule(c *call, r *accessRule) bool {
	o, all, now := c.org, c.query.Get("all") != "0", s.options.Now()
	hosts := func(keep func(*host) bool) bool {
		return slices.ContainsFunc(o.listAssets(), func(h *host) bool { return keep(h) && o.reachesHost(r, h, all) })
	}
	filters := map[string]func(asked string) bool{
		"node_id":    func(asked string) bool { return o.nodeByID(asked) != nil && o.reachesNode(r, o.nodeByID(asked), all) },
		"asset_id":   func(asked string) bool { return hosts(func(h *host) bool { return h.ID == asked }) },
		"asset_name": func(asked string) bool { return hosts(func(h *host) bool { return h.Name == asked }) },
		"address":    func(asked string) bool { return hosts(func(h *host) bool { return h.Address == asked }) },
		"node_name": func(asked string) bool {
			return slices.ContainsFunc(o.nodes, func(n *node) bool { return n.value == asked && o.reachesNode(r, n, all) })
		},
		"user_id": func(asked string) bool {
			return slices.Contains(r.users, asked) || all && slices.Contains(s.usersOf(o, r), asked)
		},
		"user_group_id": func(asked string) bool { return slices.Contains(r.groups, asked) },
		"is_valid":      func(asked string) bool { return matchesBool(r.isValid(now), asked) },
		"is_effective": func(asked string) bool {
			return matchesBool(r.isValid(now) && len(s.usersOf(o, r)) > 0 && len(r.nodes)+len(r.assets) > 0, asked)
		},
		"search": func(asked string) bool { return o.db.containsText(r.name, asked) },
		"ids":    func(asked string) bool { return slices.Contains(strings.Split(asked, ","), r.id) },
		"accounts": func(asked string) bool {
			return slices.Contains(r.accounts, asked) || slices.Contains(r.accounts, "@ALL")
		},
	}
	if s.options.Version.isSince(V410) {
		filters["is_active"] = func(asked string) bool { return matchesBool(r.active, asked) }
		filters["is_expired"] = func(asked string) bool { return matchesBool(r.isExpired(now), asked) }
	}
	for name, matches := range filters {
		if asked := c.query.Get(name); asked != "" && !matches(asked) {
			return false
		}
	}
	return true
}

// createRule makes a rule. What it leaves out is: all actions, and no account.
func (s *Server) createRule(c *call) reply {
	given, _ := c.body.(map[string]any)
	r := &accessRule{
		id: uuid.NewString(), name: textAt(given, "name"), maker: c.key.title(), users: textsAt(given, "users"), groups: textsAt(given, "user_groups"),
		nodes: textsAt(given, "nodes"), assets: textsAt(given, "assets"), accounts: textsAt(given, "accounts"), actions: textsAt(given, "actions"),
		active: given["is_active"] != false, created: s.options.Now(), begins: s.options.Now(), expires: s.options.Now().AddDate(70, 0, 0),
	}
	if r.actions == nil {
		r.actions = allActions()
	}
	for _, a := range r.actions {
		if !slices.Contains(allActions(), a) {
			return badRequestReply(map[string]any{"actions": []string{"Invalid choice: " + a}})
		}
	}
	switch {
	case r.name == "":
		return badRequestReply(map[string]any{"name": []string{"This field is required."}})
	case slices.ContainsFunc(c.org.rules, func(other *accessRule) bool { return c.org.db.SameText(other.name, r.name) }):
		return badRequestReply(map[string]any{"name": []string{"This field must be unique."}})
	}
	for _, date := range []struct {
		name string
		to   *time.Time
	}{{"date_start", &r.begins}, {"date_expired", &r.expires}} {
		if at, err := time.ParseInLocation(time.DateTime, textAt(given, date.name), time.FixedZone("", 8*60*60)); err == nil {
			*date.to = at
		}
	}
	s.makeTemplateAccounts(c, r)
	s.addRule(c.org, r)
	return reply{status: http.StatusCreated, body: s.showRule(c.org, r, true)}
}

// makeTemplateAccounts makes the accounts of the templates that a rule names (%id) on the hosts that are in its nodes
// now, and puts the usernames into the rule. Hosts that enter later get none.
func (s *Server) makeTemplateAccounts(c *call, r *accessRule) {
	for n, name := range r.accounts {
		id, is := strings.CutPrefix(name, "%")
		t := c.org.findTemplate(id)
		if !is || t == nil {
			continue
		}
		r.accounts[n] = textAt(t, "username")
		for _, h := range c.org.listHosts() {
			if account := s.accountOf(c.org, t, c.key.title()); c.org.reachesHost(r, h, true) && h.accountLike(account) == nil {
				h.accounts = append(h.accounts, account)
			}
		}
	}
}

func textsAt(row map[string]any, name string) []string {
	items, given := row[name].([]any)
	if !given {
		return nil
	}
	texts := []string{}
	for _, item := range items {
		text, _ := item.(string)
		texts = append(texts, text)
	}
	return texts
}

// routeRelations routes the lists that tie rules to one kind of what they name, a row each.
func (s *Server) routeRelations(kind string) func(*call) reply {
	return func(c *call) reply {
		if c.method != http.MethodGet || len(c.parts) > 2 {
			return s.unknownPath(c)
		}
		var rows []map[string]any
		for _, r := range c.org.rules {
			for n, row := range s.relationsOf(c.org, r, kind) {
				row["id"], row["assetpermission"], row["assetpermission_display"] = r.row+n, r.id, r.name
				if isAsked(c, row, "assetpermission") && isAsked(c, row, "node") && isAsked(c, row, "user") {
					rows = append(rows, row)
				}
			}
		}
		return pageOf(s, c, rows, func(row map[string]any) any { return row })
	}
}

func (s *Server) relationsOf(o *org, r *accessRule, kind string) (rows []map[string]any) {
	display := func(name, more string) string { // v4.7.0 shows less
		if s.options.Version.isSince(V410) {
			return name + "(" + more + ")"
		}
		return name
	}
	switch kind {
	case "nodes":
		for _, n := range o.liveNodes(r) {
			rows = append(rows, map[string]any{"node": n.id, "node_display": n.path})
		}
	case "assets":
		for _, id := range r.assets {
			h := o.findAsset(id)
			rows = append(rows, map[string]any{"asset": id, "asset_display": display(h.Name, h.Address)})
		}
	case "users":
		for _, id := range r.users {
			name := nameIn(s.people, id)
			rows = append(rows, map[string]any{"user": id, "user_display": display(name, name)})
		}
	case "user-groups":
		for _, id := range r.groups {
			rows = append(rows, map[string]any{"usergroup": id, "usergroup_display": nameIn(o.groups, id)})
		}
	}
	return rows
}

// routeGroups routes /users/groups/.
func (s *Server) routeGroups(c *call) reply {
	switch {
	case len(c.parts) > 2:
		return s.unknownPath(c)
	case c.method == http.MethodPost:
		given, _ := c.body.(map[string]any)
		g := person{id: uuid.NewString(), name: textAt(given, "name"), members: textsAt(given, "users")}
		c.org.groups = append(c.org.groups, g)
		return reply{status: http.StatusCreated, body: s.showGroup(c, g)}
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	}
	return pageOf(s, c, c.org.groups, func(g person) any { return c.fieldsOf(s.showGroup(c, g)) })
}

func (s *Server) showGroup(c *call, g person) map[string]any {
	return map[string]any{
		"id": g.id, "name": g.name, "users": refs(s.people, g.members), "labels": []any{}, "org_id": c.org.id, "org_name": c.org.name,
		"date_created": s.formatTime(s.options.Now()), "comment": "", "created_by": c.key.title(),
	}
}

// listUsers lists the users of the server.
func (s *Server) listUsers(c *call) reply {
	if len(c.parts) > 2 || c.method != http.MethodGet {
		return s.unknownPath(c)
	}
	return pageOf(s, c, s.people, func(p person) any {
		return c.fieldsOf(map[string]any{"id": p.id, "name": p.name, "username": p.name})
	})
}
