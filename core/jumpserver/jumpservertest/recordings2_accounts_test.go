package jumpservertest

import (
	"fmt"
	"slices"
	"strings"
)

// specialAccounts are the entries about accounts that need what other topics had left on the recording server.
func (r *replay) specialAccounts() map[string]func(int, entry) {
	return map[string]func(int, entry){
		"accounts_later account_detail_push": r.withTemplates(
			"account_detail_push", "tpl-push", "deploy", "bulk_skip", "tpl-root", "root", "bulk_sameuser_skip", "tpl-root2", "root",
			"bulk_unknown_asset", "tpl-nosecret", "nos", "tpl_delete_used", "tpl-random", "rnd"),
		"accounts_later bulk_skip":       r.bulkHosts,
		"accounts_later bulk_win":        r.bulkWindows,
		"accounts_later acc_by_source":   r.sameFilter,
		"accounts_later acc_by_username": r.sameFilter,
		"accounts_later acc_by_assets":   r.sameFilter,
		"accounts_later acc_by_node":     r.sameFilter,
		"accounts_later bulk_nodes":      r.bulkNodes,
		"accounts_later tpl_delete_used_after": func(_ int, e entry) {
			r.sameFilter(0, e)
		},
		"accounts_later bulk_tpl_list": r.withSecondTemplate,
		"accounts_more tpl_key":        r.firstAccounts,
	}
}

// idIn returns the first recorded id in a request's path, query or field.
func (r *replay) idIn(name, field string) string {
	at := slices.IndexFunc(r.all, func(e entry) bool { return e.Name == name })
	request := r.all[at].Request
	if field == "query" {
		return idPattern.FindString(request.Query)
	}
	if field == "path" {
		return idPattern.FindString(request.Path + "?" + request.Query)
	}
	body, _ := request.Body.(map[string]any)
	return idPattern.FindString(fmt.Sprint(body[field]))
}

// seedTemplate adds a template under its recorded id.
func (r *replay) seedTemplate(id, name, username string) {
	r.s.SeedTemplate(DefaultOrg, AccountTemplate{ID: id, Name: name, Username: username, Secret: "Fake-First", Privileged: name == "tpl-root"})
}

// withTemplates adds the templates that entries name, each by an entry's name, its own name and its username. The
// first one is that of an account of a host.
func (r *replay) withTemplates(what ...string) func(int, entry) {
	return func(n int, e entry) {
		row, _ := e.Response.Body.([]any)[0].(map[string]any)
		r.seedTemplate(textAt(row, "source_id"), what[1], what[2])
		for row := range slices.Chunk(what[3:], 3) {
			field := "template"
			if strings.HasPrefix(row[0], "tpl_") {
				field = "path"
			}
			r.seedTemplate(r.idIn(row[0], field), row[1], row[2])
		}
		asset, _ := row["asset"].(map[string]any)
		host := r.s.Seed(DefaultOrg, Host{ID: textAt(asset, "id"), Name: textAt(asset, "name"), Address: textAt(asset, "address"), Nodes: []string{"/DEFAULT/accb"}})
		r.s.SeedAccount(DefaultOrg, host, Account{Template: textAt(row, "source_id")})
		r.s.orgs[DefaultOrg].hosts[host].accounts[0]["created_by"] = "rec-admin"
		r.play(n, e)
	}
}

// withSecondTemplate adds the template that a list of two names first.
func (r *replay) withSecondTemplate(n int, e entry) {
	body, _ := e.Request.Body.(map[string]any)
	for _, id := range body["template"].([]any) {
		if id := id.(string); r.s.orgs[DefaultOrg].findTemplate(id) == nil {
			r.seedTemplate(id, "tpl-push", "deploy")
		}
	}
	r.play(n, e)
}

// bulkHosts: the answers name hosts, the requests their ids; the second of the three has the account.
func (r *replay) bulkHosts(n int, e entry) {
	body, _ := e.Request.Body.(map[string]any)
	for at, id := range body["assets"].([]any) {
		id := r.s.Seed(DefaultOrg, Host{ID: id.(string), Name: fmt.Sprintf("accb-%d", at+1), Address: "192.0.2.20", Nodes: []string{"/DEFAULT/accb"}})
		r.known[id] = true
		if at == 1 {
			r.s.SeedAccount(DefaultOrg, id, Account{Template: textAt(body, "template")})
		}
	}
	r.play(n, e)
}

func (r *replay) bulkWindows(n int, e entry) {
	id := r.idIn("bulk_win", "assets")
	r.s.Seed(DefaultOrg, Host{ID: id, Name: "acc-win", Address: "192.0.2.10", Platform: "Windows"})
	r.known[id] = true
	r.play(n, e)
}

// sameFilter: what other hosts the server had is not known, but that the filter is obeyed, or is not.
func (r *replay) sameFilter(_ int, e entry) {
	status, got := r.send(exchangeOf(e), KeyID, KeySecret)
	if status != e.Response.Status {
		r.t.Errorf("%s: status %d, recorded %d", e.Name, status, e.Response.Status)
	}
	want, rows := rowsOf(e.Response.Body), rowsOf(got)
	if len(want) > 0 && len(rows) == 0 {
		r.t.Errorf("%s: no rows", e.Name)
	}
	for _, row := range rows {
		if fmt.Sprint(sortedKeys(row)) != fmt.Sprint(sortedKeys(want[0])) {
			r.t.Errorf("%s: %v, recorded %v", e.Name, row, want[0])
		}
		for _, field := range []string{"source_id", "username"} {
			if asked := e.Request.Query; strings.Contains(asked, field+"=") && !strings.Contains(r.translate(asked), field+"="+textAt(row, field)) {
				r.t.Errorf("%s: %v", e.Name, row)
			}
		}
	}
}

// bulkNodes: the recording names all hosts of a node, among them some of other topics.
func (r *replay) bulkNodes(n int, e entry) {
	id := r.idIn("bulk_nodes", "nodes")
	r.ids[id] = r.s.NodeAt(DefaultOrg, "/DEFAULT/accb")
	status, got := r.send(exchangeOf(e), KeyID, KeySecret)
	if status != e.Response.Status {
		r.t.Errorf("%d %s: status %d, recorded %d: %v", n, e.Name, status, e.Response.Status, got)
	}
	rows, _ := got.([]any)
	if status == 200 && len(rows) < 3 {
		r.t.Errorf("%d %s: %v", n, e.Name, rows)
	}
}

// firstAccounts adds the template, the host and its account that accounts_more begins with.
func (r *replay) firstAccounts(n int, e entry) {
	template := r.idIn("patch_same_template", "accounts")
	r.seedTemplate(template, "am-root", "root")
	host := r.s.Seed(DefaultOrg, Host{ID: r.idIn("patch_same_template", "path"), Name: "am-1", Address: "192.0.2.3"})
	r.known[host] = true
	r.ids[r.idIn("rotate", "path")] = r.s.SeedAccount(DefaultOrg, host, Account{Template: template})
	r.nodeOf("perm_template", "nodes", "/DEFAULT/AM")
	for name, node := range map[string]string{"perm_template_host": "/DEFAULT/AM", "perm_template_newhost": "/DEFAULT"} {
		id := r.s.Seed(DefaultOrg, Host{ID: r.idIn(name, "path"), Name: name, Nodes: []string{node}})
		r.known[id] = true
	}
	r.play(n, e)
}
