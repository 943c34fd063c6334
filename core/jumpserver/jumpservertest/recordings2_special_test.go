package jumpservertest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// first returns a check that does something before an exchange, and then plays it.
func (r *replay) first(before func()) func(int, entry) {
	return func(n int, e entry) {
		before()
		r.play(n, e)
	}
}

// special are the entries that need more than sending and comparing, by topic and name: something that
// was not recorded happened before, or several calls are summarised.
func (r *replay) special() map[string]func(int, entry) {
	const again = "spot_checks labels_back_"
	all := map[string]func(int, entry){
		"other_kinds_lists name_taken_db":      r.first(func() { r.s.SeedOther(DefaultOrg, "kd-acc", "database") }),
		"other_kinds_lists name_taken_host":    r.first(func() { r.s.Seed(DefaultOrg, Host{Name: "ke-host"}) }),
		"other_kinds_lists name_patch_taken":   r.patchTaken,
		"organisations other_still":            r.first(func() { r.dropNamed("other-1") }),
		"zones_gateways_labels labels_by_name": r.first(func() { r.s.Seed(DefaultOrg, r.zoned("zn-l1", "team:甲", "env:prod")) }),
		"zones_gateways_labels label_types":    r.typeOfAssets,
		"zones_gateways_labels labels_keys":    r.keys,
		"zones_gateways_labels zone_delete_used": r.first(func() {
			r.inZone("zn-h2", "zn-2")
		}),
		"spot_checks delete_all_devices_one":                     r.first(func() { r.s.SeedOther(DefaultOrg, "one", "device") }),
		again + "single":                                         r.first(func() { r.deleteWith("old:single", "env:prod") }),
		again + "single_other":                                   r.first(func() { r.dropNamed("sc-res") }),
		again + "bulk":                                           r.first(func() { r.deleteWith("old:bulk", "env:prod") }),
		again + "bulk_other":                                     r.first(func() { r.dropNamed("sc-res") }),
		"spot_checks list_nolimit_labeled_rows":                  r.sameRows,
		"spot_checks list_limit_labeled_rows":                    r.sameRows,
		"spot_checks list_nolimit_hosts_rows":                    r.sameRows,
		"spot_checks throttle_260":                               r.throttled,
		"spot_checks path_no_slash":                              r.noSlash,
		"spot_checks key_not_uuid":                               r.keyWithout,
		"labels_platforms_options host_on_copy":                  r.hostOnCopy,
		"access_more options_rec-pp-00":                          r.optionsBy,
		"access_more options_rec-pp-01":                          r.optionsBy,
		"access_more options_rec-sync":                           r.optionsBy,
		"access_more options_rec-none":                           r.optionsBy,
		"access_more options_rec-admin":                          r.optionsBy,
		"rights rights_matrix":                                   r.rightsMatrix,
		"rights profile_of_single_permission":                    r.profileOfOne,
		"rights orgadmin_permissions":                            r.administrator,
		"rights profile_sync":                                    r.profileOfSync,
		"verify profile_numbers":                                 r.profileNumbers,
		"limit_5000 host_5000_databases_here":                    r.first(func() { r.databases(DefaultOrg, 5000) }),
		"limit_5000 host_5000_databases_in_another_organisation": r.first(func() { r.databases(otherOrg, 5000) }),
		"limit_5000 host_gone":                                   r.first(func() { r.databases(otherOrg, 0) }),
	}
	maps.Copy(all, r.specialAccounts())
	maps.Copy(all, r.specialAccess())
	return all
}

const otherOrg = "0d0d0d0d-0d0d-40d0-8d0d-0d0d0d0d0d0d"

// zoned returns a host as the recording server had it, by the id in an answer.
func (r *replay) zoned(name string, labels ...string) Host {
	h := Host{Name: name, Address: "192.0.2.90", Active: true, Labels: labels}
	for id, s := range r.seen {
		if s.what == "asset" && s.row["name"] == name {
			h.ID, r.known[id] = id, true
		}
	}
	return h
}

func (r *replay) inZone(host, zoneName string) {
	h := r.zoned(host)
	for id, z := range r.s.orgs[DefaultOrg].zones {
		if z.name == zoneName {
			h.Zone = id
		}
	}
	if h.Zone == "" {
		r.t.Errorf("no zone %s", zoneName)
	}
	r.s.Seed(DefaultOrg, h)
}

func (r *replay) dropNamed(name string) {
	r.s.DeleteAsset(DefaultOrg, r.s.orgs[DefaultOrg].names[name])
}

// deleteWith creates the host that is recreated later, with labels, and deletes it.
func (r *replay) deleteWith(labels ...string) {
	r.dropNamed("sc-res")
	h := r.zoned("sc-res", labels...)
	if h.ID == "" {
		r.t.Error("sc-res was not seen")
	}
	r.s.Seed(DefaultOrg, h)
	r.s.DeleteAsset(DefaultOrg, h.ID)
}

func (r *replay) renameNode(path, value string) {
	n := r.s.orgs[DefaultOrg].findNode(path)
	if status, got := r.ask("PATCH", "/api/v1/assets/nodes/"+n.id+"/", map[string]any{"value": value}); status != 200 {
		r.t.Errorf("rename: %d %v", status, got)
	}
}

func (r *replay) patchTaken(n int, e entry) {
	r.s.Seed(DefaultOrg, Host{ID: strings.Split(e.Request.Path, "/")[5], Name: "another"})
	r.play(n, e)
}

// databases sets the number of an organisation's databases.
func (r *replay) databases(org string, number int) {
	if r.s.orgs[otherOrg] == nil {
		r.s.AddOrg(otherOrg, "other")
	}
	for _, o := range r.s.orgs {
		for _, h := range slices.Clone(o.listOthers()) {
			o.removeAsset(h.ID)
		}
	}
	for n := range number {
		r.s.SeedAsset(org, "database", Host{Name: fmt.Sprintf("m-db-%d", n)})
	}
}

// typeOfAssets: only the row of assets is imitated.
func (r *replay) typeOfAssets(n int, e entry) {
	_, got := r.ask("GET", e.Request.Path, nil)
	for _, want := range rowsOf(e.Response.Body) {
		if want["model"] == "asset" {
			if diff := r.compare("", want, rowsOf(got)[0], true); diff != "" || len(rowsOf(got)) != 1 {
				r.t.Errorf("%d %s: %s", n, e.Name, diff)
			}
		}
	}
}

// keys: the names of labels have no order, and the list is not cut.
func (r *replay) keys(n int, e entry) {
	want, _ := e.Response.Body.([]any)
	for _, name := range want[:len(want)-1] {
		r.s.SeedLabel(DefaultOrg, name.(string)+":x")
	}
	_, got := r.ask("GET", e.Request.Path+"?limit=5", nil)
	names, _ := got.([]any)
	for _, name := range want[:len(want)-1] {
		if !slices.Contains(names, name) {
			r.t.Errorf("%d %s: %v lacks %v", n, e.Name, names, name)
		}
	}
}

// sameRows: the summary has the counts of the entry before it.
func (r *replay) sameRows(n int, e entry) {
	before := r.all[n-1]
	_, got := r.send(exchangeOf(before), keyOf(before.Request.As), KeySecret)
	rows, _ := got.([]any)
	if page, is := got.(map[string]any); is {
		rows, _ = page["results"].([]any)
	}
	if float64(len(rows)) != e.Rows {
		r.t.Errorf("%s %s: %d rows, recorded %v", r.version, e.Name, len(rows), e.Rows)
	}
}

func (r *replay) throttled(_ int, e entry) {
	p := newPlayer(r.t, Options{Version: r.version, MaxRequests: VersionMaxRequests})
	outcomes := map[string]int{}
	for range 260 {
		status, _ := p.ask("GET", "/api/v1/orgs/orgs/current/", nil)
		outcomes[fmt.Sprint(status)]++
	}
	if fmt.Sprint(outcomes) != fmt.Sprint(e.Outcomes) {
		r.t.Errorf("%s: %v, recorded %v", r.version, outcomes, e.Outcomes)
	}
}

func (r *replay) noSlash(_ int, e entry) {
	request := httptest.NewRequest(http.MethodGet, "http://jumpserver.test/api/v1/assets/hosts?limit=1", nil)
	sign(request, KeyID, KeySecret)
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, request)
	if w.Code != e.Status || w.Header().Get("Location") != e.Location {
		r.t.Errorf("%d to %s, recorded %d to %s", w.Code, w.Header().Get("Location"), e.Status, e.Location)
	}
}

func (r *replay) keyWithout(_ int, e entry) {
	var x exchange
	x.Request.Method, x.Request.Path = "GET", "/api/v1/orgs/orgs/current/"
	if status, _ := r.send(x, "no-uuid", KeySecret); status != e.Status {
		r.t.Errorf("%s: %d, recorded %d", e.Name, status, e.Status)
	}
}

func (r *replay) hostOnCopy(n int, e entry) {
	body, _ := r.all[n-1].Request.Body.(map[string]any)
	_, got := r.ask("GET", "/api/v1/assets/hosts/"+textAt(body, "id")+"/", nil)
	if diff := r.compare("", e.Response.Body, got, false); diff != "" {
		r.t.Errorf("%s %s: %s", r.version, e.Name, diff)
	}
}

// optionsBy: what OPTIONS shows does not depend on rights. The recording names the fields that were searched.
func (r *replay) optionsBy(_ int, e entry) {
	var x exchange
	x.Request.Method, x.Request.Path = "OPTIONS", "/api/v1/assets/hosts/"
	status, got := r.send(x, keyOf(strings.TrimPrefix(e.Name, "options_")), KeySecret)
	actions, _ := got.(map[string]any)["actions"].(map[string]any)
	if status != e.Status || len(actions) != len(e.Actions) {
		r.t.Errorf("%s %s: %d, %d methods", r.version, e.Name, status, len(actions))
	}
	for method, names := range e.Actions {
		fields, _ := actions[method].(map[string]any)
		for _, name := range []string{"accounts", "directory_services", "domain", "nodes_display", "zone"} {
			if (fields[name] != nil) != slices.Contains(names, name) {
				r.t.Errorf("%s %s: %s of %s", r.version, e.Name, name, method)
			}
		}
	}
}
