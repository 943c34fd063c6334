package jumpservertest

import (
	"fmt"
)

// specialAccess are the entries about access rules that need what the recording server had before, or what was not
// recorded in between.
func (r *replay) specialAccess() map[string]func(int, entry) {
	all := map[string]func(int, entry){
		"access group_create":     r.firstAccess,
		"access node_delete_used": r.first(func() { r.nodeOf("node_delete_used", "path", "/DEFAULT/tmp1") }),
		"access perm_create_p8":   r.first(func() { r.nodeOf("perm_create_p8", "nodes", "/DEFAULT/tmp2") }),
		"access inactive_user_assets": r.first(func() {
			r.s.Edit(DefaultOrg, r.idIn("asset_perm_users_pm3", "path"), func(h *Host) { h.Active = false })
		}),
		"access rights_users_rec-auditor":        r.sameFields,
		"access_more rule_default_actions":       r.first(func() { r.ruleAsShown("rule_default_actions", AccessRule{Nodes: []string{"/DEFAULT/NA"}}) }),
		"access_more renamed_rule":               r.renamedRule,
		"access_more asset_rule_after":           r.first(func() { r.dropNamed("na-1") }),
		"filters_and_tasks access_rules_of_node": r.ruleOfNode,
		"verify all_actions":                     r.first(func() { r.ruleAsShown("all_actions", AccessRule{}) }),
	}
	for n := range 6 {
		name := fmt.Sprintf("rule_accounts_%d_effective", n)
		all["access_more "+name] = r.onlyRuleAsListed
	}
	return all
}

// seedPeople adds the users whom answers show.
func (r *replay) seedPeople(body any) {
	switch b := body.(type) {
	case []any:
		for _, one := range b {
			r.seedPeople(one)
		}
	case map[string]any:
		users, _ := b["users"].([]any)
		for _, raw := range users {
			if u, is := raw.(map[string]any); is && nameIn(r.s.people, textAt(u, "id")) == "" {
				r.s.SeedUser(textAt(u, "id"), textAt(u, "name"))
			}
		}
		for _, value := range b {
			r.seedPeople(value)
		}
	}
}

// nodeOf adds a node under the recorded id that a request has in its path or in a field.
func (r *replay) nodeOf(entry, field, path string) {
	n := r.s.orgs[DefaultOrg].ensureNode(path)
	if id := r.idIn(entry, field); id != n.id {
		r.ids[id] = n.id
	}
}

// firstAccess adds the users, the nodes and the hosts that the topic begins with.
func (r *replay) firstAccess(n int, e entry) {
	for _, e := range r.all {
		if e.Response != nil {
			r.seedPeople(e.Response.Body)
		}
	}
	r.ids[r.idIn("perm_filter_node_id_root", "query")] = r.s.orgs[DefaultOrg].nodes[0].id
	for _, node := range [][3]string{
		{"perm_create_p4", "nodes", "/DEFAULT/PM"}, {"perm_create_p1", "nodes", "/DEFAULT/PM/prod"}, {"perm_create_p2", "nodes", "/DEFAULT/PM/dev"},
		{"perm_filter_node_id_child", "query", "/DEFAULT/PM/prod/web"},
	} {
		r.nodeOf(node[0], node[1], node[2])
	}
	for name, where := range map[string][2]string{
		"pm-1": {"asset_perm_users_pm1", "/DEFAULT/PM/prod/web"}, "pm-2": {"asset_perm_users_pm2", "/DEFAULT/PM/dev"}, "pm-3": {"asset_perm_users_pm3", "/DEFAULT/PM"},
	} {
		id := r.s.Seed(DefaultOrg, Host{ID: r.idIn(where[0], "path"), Name: name, Address: "192.0.2.40", Nodes: []string{where[1]}, Active: true})
		r.known[id] = true
	}
	r.play(n, e)
}

// ruleAsShown adds the rule that an answer shows, under its id.
func (r *replay) ruleAsShown(name string, rule AccessRule) {
	for _, e := range r.all {
		if e.Name == name {
			row, _ := e.Response.Body.(map[string]any)
			rule.ID, rule.Name = textAt(row, "id"), textAt(row, "name")
			r.s.SeedRule(DefaultOrg, rule)
		}
	}
}

// onlyRuleAsListed replaces all rules by the one that an answer lists: rules were made and deleted between the entries.
func (r *replay) onlyRuleAsListed(n int, e entry) {
	row := rowsOf(e.Response.Body)[0]
	r.s.orgs[DefaultOrg].rules = nil
	r.nodeOf(e.Name, "query", "/DEFAULT/NA")
	if host := r.idIn("host_out", "path"); !r.known[host] {
		r.s.Seed(DefaultOrg, Host{ID: host, Name: "na-1", Nodes: []string{"/DEFAULT/NA"}})
		r.known[host] = true
	}
	r.s.SeedRule(DefaultOrg, AccessRule{
		ID: textAt(row, "id"), Name: textAt(row, "name"), Accounts: textsAt(row, "accounts"), Nodes: []string{"/DEFAULT/NA"}, Users: []string{r.s.SeedUser("", "rec-ann")},
	})
	r.play(n, e)
}

// renamedRule: a person put the node that was made again into the rule, and renamed it.
func (r *replay) renamedRule(n int, e entry) {
	row, _ := e.Response.Body.(map[string]any)
	r.s.SeedRule(DefaultOrg, AccessRule{ID: textAt(row, "id"), Name: textAt(row, "name"), Nodes: []string{"/DEFAULT/NA"}})
	r.renameNode("/DEFAULT/NA", "NA-renamed")
	nodes, _ := row["nodes"].([]any)
	node, _ := nodes[0].(map[string]any)
	r.ids[textAt(node, "id")] = r.s.NodeAt(DefaultOrg, "/DEFAULT/NA-renamed")
	r.play(n, e)
}

// ruleOfNode adds the rule that earlier topics had left on a node.
func (r *replay) ruleOfNode(n int, e entry) {
	row := rowsOf(e.Response.Body)[0]
	r.nodeOf(e.Name, "query", "/DEFAULT/PM/prod")
	users, _ := r.all[n+1].Response.Body.(map[string]any)
	user := textAt(rowsOf(users)[0], "user")
	r.s.SeedUser(user, "rec-ann")
	r.s.SeedRule(DefaultOrg, AccessRule{
		ID: textAt(row, "id"), Name: textAt(row, "name"), Nodes: []string{"/DEFAULT/PM/prod"}, Users: []string{user}, Actions: []string{"connect", "upload"},
	})
	r.s.orgs[DefaultOrg].findRule(textAt(row, "id")).row = 8
	r.play(n, e)
}

// sameFields compares the status and the fields of the rows.
func (r *replay) sameFields(_ int, e entry) {
	status, got := r.send(exchangeOf(e), keyOf(e.Request.As), KeySecret)
	want, rows := rowsOf(e.Response.Body), rowsOf(got)
	if status != e.Response.Status || len(rows) != len(want) || len(rows) > 0 && fmt.Sprint(sortedKeys(rows[0])) != fmt.Sprint(sortedKeys(want[0])) {
		r.t.Errorf("%s: %d %v, recorded %d %v", e.Name, status, got, e.Response.Status, e.Response.Body)
	}
}
