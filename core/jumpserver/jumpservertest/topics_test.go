package jumpservertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const recordedZone = "d5214461-847f-4eca-98cf-303b7550cd3e"

// names returns what the shortened recordings keep of rows: the names, or the ids.
func names(rows any, field string) any {
	list, isList := rows.([]any)
	if !isList {
		return rows
	}
	out := []any{}
	for _, row := range list {
		object, _ := row.(map[string]any)
		out = append(out, object[field])
	}
	return out
}

// shortened converts an answer into the recorded form, where that has names in place of rows.
func shortened(want, got any, field string) any {
	page, isPage := got.(map[string]any)
	recorded, both := want.(map[string]any)
	switch {
	case isPage && both && page["results"] != nil && allTexts(recorded["results"]):
		page["results"] = names(page["results"], field)
		return page
	case !isPage && allTexts(want):
		list, _ := names(got, field).([]any)
		if n := len(want.([]any)); n == 5 { // the recordings keep five of a longer list
			list = list[:min(n, len(list))]
		}
		return list
	}
	return got
}

func allTexts(list any) bool {
	rows, isList := list.([]any)
	return isList && !slices.ContainsFunc(rows, func(row any) bool {
		_, isText := row.(string)
		return !isText
	})
}

// seedListed creates the 40 hosts that the server had when its lists were recorded. What the
// recordings do not show is arbitrary.
func (p *player) seedListed(all []exchange, clock *time.Time) {
	byDate := all[slices.IndexFunc(all, func(e exchange) bool { return e.Name == "order_desc" })]
	rows := byDate.Response.Body.(map[string]any)["results"].([]any)
	o := p.s.orgs[DefaultOrg]
	o.addZone(recordedZone, "rec-zone", *clock)
	o.addChildAs("fb019185-d110-455c-abef-63032f13790e", o.nodes[0], "rec-cloud")
	o.addChildAs("08537bb3-63bb-4d5c-897e-8c73d0306ab8", o.findNode("/DEFAULT/rec-cloud"), "acct-1")
	for n, row := range slices.Backward(rows) {
		*clock = clock.Add(time.Second)
		name := row.(string)
		h := Host{Name: name, Address: fmt.Sprintf("192.0.2.%d", n), Nodes: []string{"/DEFAULT/rec-cloud/acct-1"}, Active: true,
			Labels: []string{"cloud:alibaba", "instance:i-3"}, Protocols: []Protocol{{"ssh", 22}}}
		switch {
		case name == "REC-1":
			h.ID, h.Address, h.Comment = "2b8753d4-6b62-5d2d-b0ab-f51e2f3d6c81", "192.0.2.13", "c3"
		case strings.HasPrefix(name, "recb-"):
			h.ID = map[string]string{"recb-0": "19d78c8b-ec61-5c33-a602-81f404f87598", "recb-1": "e8e403a8-6448-5481-a46b-8b3e33e18282"}[name]
			h.Address, h.Comment = "198.51.100."+name[5:], "b"+name[5:]
			h.Labels = []string{"cloud:huawei", "instance:b-" + name[5:]}
		case slices.Contains([]string{"rec-27", "rec-28", "rec-29", "rec-60-renamed", "rec-min", "rec-40"}, name):
			h.Nodes, h.Labels = nil, nil
		case name == "rec-41" || name == "rec-43":
			h.Labels = []string{"x:y"}
		}
		if name == "rec-21" || name == "rec-60-renamed" {
			h.Platform, h.Protocols = "Windows", []Protocol{{"rdp", 3389}}
		}
		if name == "rec-32" || name == "recb-1" {
			h.Zone = recordedZone
		}
		h.Active = name != "rec-45" && name != "rec-60-renamed"
		p.s.Seed(DefaultOrg, h)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	now := time.Unix(1.79e9, 0)
	p := newPlayer(t, Options{Now: func() time.Time { return now }})
	all := load(t, "hosts_list.json")
	p.seedListed(all, &now)
	for n, e := range all {
		status, got := p.send(e, KeyID, KeySecret)
		want := e.Response.Body
		if e.Name == "options" { // the recording is trimmed to the fields of one method
			actions, _ := got.(map[string]any)["actions"].(map[string]any)
			got = actions["GET"]
		}
		got = shortened(want, got, "name")
		if diff := p.differ("", absolute(want), got, e.Name != "options" && status < 400); status != e.Response.Status || diff != "" {
			t.Errorf("%d %s %s: status %d, recorded %d: %s", n, e.Name, e.Request.Path, status, e.Response.Status, diff)
		}
		if e.Name == "options" && fmt.Sprint(sortedKeys(want)) != fmt.Sprint(sortedKeys(got)) {
			t.Errorf("options: %v, recorded %v", sortedKeys(got), sortedKeys(want))
		}
	}
}

func sortedKeys(object any) []string {
	var keys []string
	m, _ := object.(map[string]any)
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// absolute replaces the address of the recording's server by the emulator's.
func absolute(body any) any {
	raw, _ := json.Marshal(body)
	var out any
	_ = json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "https://jumpserver.example/", "http://jumpserver.test/")), &out)
	return out
}

func TestRemovals(t *testing.T) {
	t.Parallel()
	now := time.Unix(1.79e9, 0)
	p := newPlayer(t, Options{Now: func() time.Time { return now }})
	o := p.s.orgs[DefaultOrg]
	o.addChildAs("fb019185-d110-455c-abef-63032f13790e", o.nodes[0], "rec-cloud")
	o.addChildAs("08537bb3-63bb-4d5c-897e-8c73d0306ab8", o.findNode("/DEFAULT/rec-cloud"), "acct-1")
	for name, id := range map[string]string{
		"rec-61": "720c1652-dea0-5bd5-b0bc-85ca21c5993a", "rec-62": "a8de6520-8755-5055-b5f4-1daa21d05c98",
		"rec-1": "", "rec-2": "", "ids": "c1751235-3e71-5548-bbbd-be669ac63e41",
	} {
		p.s.Seed(DefaultOrg, Host{ID: id, Name: name, Nodes: []string{"/DEFAULT/rec-cloud/acct-1"}})
	}
	left := map[string]int{"delete": 4, "recreate_same_id": 5, "delete_all_no_filter": 5, "delete_bad_spm": 5, "cache_ids": 5,
		"delete_spm": 3, "delete_spm_again": 3, "delete_search_match_none": 3, "delete_ids_filter": 2, "delete_unknown_filter": 2}
	for n, e := range load(t, "hosts_delete.json") {
		status, got := p.send(e, KeyID, KeySecret)
		p.learn(e.Response.Body, got)
		p.ids["cd411423-2f32-4d8f-86f0-ec288315e038"] = p.ids["225ec5ff-8023-4a3b-b93d-6261b4bccbf9"] // the fakes differ
		if diff := p.differ("", e.Response.Body, shortened(e.Response.Body, got, "id"), status >= 400); status != e.Response.Status || diff != "" {
			t.Errorf("%d %s: status %d, recorded %d: %s", n, e.Name, status, e.Response.Status, diff)
		}
		if want, known := left[e.Name]; known && len(p.s.Hosts(DefaultOrg)) != want {
			t.Errorf("%s: %d hosts are left, want %d", e.Name, len(p.s.Hosts(DefaultOrg)), want)
		}
	}
	// Parked ids are kept 300 seconds, and without any filter the only host is deleted.
	rest := p.s.Hosts(DefaultOrg)
	_, answer := p.ask("POST", "/api/v1/common/resources/cache/", map[string]any{"resources": []any{rest[0].ID}})
	now = now.Add(300 * time.Second)
	status, _ := p.ask("DELETE", "/api/v1/assets/hosts/?spm="+answer.(map[string]any)["spm"].(string), nil)
	if n := len(p.s.Hosts(DefaultOrg)); status != 204 || n != 2 {
		t.Errorf("an expired spm: status %d, %d hosts left", status, n)
	}
	p.s.DeleteAsset(DefaultOrg, rest[0].ID)
	if status, _ := p.ask("DELETE", "/api/v1/assets/hosts/", nil); status != 204 || len(p.s.Hosts(DefaultOrg)) != 0 {
		t.Error("the only host stayed:", status)
	}
}

// ask sends a signed request of the test's own.
func (p *player) ask(method, path string, body any) (int, any) {
	p.t.Helper()
	e := exchange{}
	e.Request.Method, e.Request.Path, e.Request.Body = method, path, body
	return p.send(e, KeyID, KeySecret)
}

// Which hosts keep their protocols in a list PATCH, on both versions.
func TestProtocolMatrix(t *testing.T) {
	t.Parallel()
	var file []struct {
		Rows []struct {
			List   []string
			Status int
			After  []int `json:"protocols_after"`
		}
	}
	read(t, "hosts_bulk_protocols_matrix.json", &file)
	for _, version := range []Version{V47, V410} {
		for n, row := range file[0].Rows {
			p := newPlayer(t, Options{Version: version})
			var list []any
			for at, kind := range row.List {
				id := p.s.Seed(DefaultOrg, Host{Name: fmt.Sprint("m-", at), Protocols: []Protocol{{"ssh", 22}}})
				patch := map[string]any{"id": id, "comment": "new"}
				if kind == "protocols sent" {
					patch["protocols"] = []any{map[string]any{"name": "ssh", "port": 22}}
				}
				list = append(list, patch)
			}
			status, _ := p.ask("PATCH", "/api/v1/assets/hosts/", list)
			for at, h := range p.s.Hosts(DefaultOrg) {
				if status != row.Status || len(h.Protocols) != row.After[at] || (h.Comment == "new") != (row.Status == 200) {
					t.Errorf("%s, row %d: status %d, recorded %d; %+v", version, n, status, row.Status, h)
				}
			}
		}
	}
}
