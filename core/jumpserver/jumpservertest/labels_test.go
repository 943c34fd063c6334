package jumpservertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// labelsOn returns the labels of a host's row in an answer.
func labelsOn(answer any) (texts, ids []string) {
	row, _ := answer.(map[string]any)
	list, _ := row["labels"].([]any)
	for _, raw := range list {
		l, _ := raw.(map[string]any)
		texts, ids = append(texts, fmt.Sprint(l["name"], ":", l["value"])), append(ids, fmt.Sprint(l["id"]))
	}
	return texts, ids
}

// What each version says of labels in each form of a write, by the JSON of its answer.
func TestLabelForms(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("值", 65)
	byID := func(id string) any { return map[string]any{"id": id} }
	const crashed, colon = `{"error":"Server internal error"}`, `{"value":["Cannot contain \":,\""]}`
	for _, version := range Versions() {
		strict := version == V41019
		for name, c := range map[string]struct {
			label   any
			refused string // on v4.10.19; "" = never
			crashes bool   // on the other versions
		}{
			"plain":           {"k:v", "", false},
			"colon":           {"k:a:b", colon, false},
			"comma":           {"k:a,b", colon, false},
			"object":          {map[string]any{"name": "k", "value": "a:b"}, colon, false},
			"name with comma": {"a,b:v", `{"name":["Cannot contain \":,\""]}`, false},
			"blank":           {"k: ", `{"value":["This field may not be blank."]}`, false},
			"long value":      {"k:" + long, `{"value":["Ensure this field has no more than 64 characters."]}`, true},
			"long name":       {long + ":v", `{"name":["Ensure this field has no more than 64 characters."]}`, true},
			"64":              {"k:" + long[3:], "", false},
		} {
			p := newPlayer(t, Options{Version: version})
			id := p.s.Seed(DefaultOrg, Host{Name: "h", Labels: []string{"url:http://x", "a:1"}})
			_, was := p.ask("GET", "/api/v1/assets/hosts/"+id+"/", nil)
			_, ids := labelsOn(was)
			keep := []any{byID(ids[0]), byID(ids[1])}
			status, got := p.ask("PATCH", "/api/v1/assets/hosts/"+id+"/", map[string]any{"labels": append(keep, c.label)})
			listed, list := p.ask("PATCH", "/api/v1/assets/hosts/", []any{map[string]any{"id": id, "labels": append(keep, c.label)}})
			text, _ := json.Marshal(got)
			all, _ := json.Marshal(list)
			want := `{"labels":` + c.refused + `}`
			switch {
			case strict && c.refused != "":
				if status != 400 || string(text) != want || listed != 400 || string(all) != "["+want+"]" {
					t.Errorf("%s, %s: %d %s, list %d %s", version, name, status, text, listed, all)
				}
			case c.crashes:
				if status != 500 || string(text) != crashed || listed != 500 {
					t.Errorf("%s, %s: %d %s, list %d", version, name, status, text, listed)
				}
			case status != 200 || listed != 200 || len(p.s.Hosts(DefaultOrg)[0].Labels) != 3:
				t.Errorf("%s, %s: %d, list %d, %v", version, name, status, listed, p.s.Hosts(DefaultOrg))
			}
			if kept := p.s.Hosts(DefaultOrg)[0].Labels; !slices.Equal(kept[:2], []string{"url:http://x", "a:1"}) {
				t.Errorf("%s, %s: the host's own labels became %q", version, name, kept)
			}
		}
	}
}

// A label that the version refuses as text stays on its host, and is kept by its id; the same label
// twice crashes the database; a label that does not exist is 404.
func TestLabelsByID(t *testing.T) {
	t.Parallel()
	for _, version := range Versions() {
		p := newPlayer(t, Options{Version: version})
		id := p.s.Seed(DefaultOrg, Host{Name: "h", Labels: []string{"url:http://x"}})
		path := "/api/v1/assets/hosts/" + id + "/"
		patch := func(labels ...any) (int, any) { return p.ask("PATCH", path, map[string]any{"labels": labels}) }
		_, row := p.ask("GET", path, nil)
		texts, ids := labelsOn(row)
		again := map[bool]int{true: 400, false: 200}[version == V41019]
		if status, _ := patch("url:http://x"); status != again {
			t.Errorf("%s: the same text again: %d", version, status)
		}
		if status, row := patch(map[string]any{"pk": ids[0]}, "b:2"); status != 200 || len(texts) != 1 {
			t.Errorf("%s: by id: %d %v", version, status, row)
		}
		for _, twice := range [][]any{{"b:2", "b:2"}, {"b:2", "b: 2"}} {
			if status, _ := patch(twice...); status != 500 {
				t.Errorf("%s: %v: %d", version, twice, status)
			}
		}
		if status, got := patch(map[string]any{"id": "fc7ba586-54e3-44b7-bdcc-331376257379"}); status != 404 {
			t.Errorf("%s: an unknown id: %d %v", version, status, got)
		}
		if got := p.s.Hosts(DefaultOrg)[0].Labels; !slices.Equal(got, []string{"url:http://x", "b:2"}) {
			t.Errorf("%s: labels %q", version, got)
		}
	}
}

// Rows of the label page stay when their assets are deleted, and come back with an asset of the same id that
// is created without labels; only deleting the row removes it from its assets.
func TestLabelRows(t *testing.T) {
	t.Parallel()
	for _, version := range Versions() {
		p := newPlayer(t, Options{Version: version})
		const id = "00000000-0000-0000-0000-0000000000aa"
		host := map[string]any{"id": id, "name": "h", "address": "a", "platform": 1, "labels": []any{"a:1", "b:2"}}
		p.ask("POST", "/api/v1/assets/hosts/", host)
		p.ask("DELETE", "/api/v1/assets/hosts/"+id+"/", nil)
		p.s.SeedLabel(DefaultOrg, "old:a:b")
		rows := fmt.Sprint(p.s.LabelRows(DefaultOrg))
		if strings.Count(rows, " 1}") != 2 || len(p.s.LabelRows(DefaultOrg)) != 3 {
			t.Errorf("%s: after the asset was deleted: %s", version, rows)
		}
		delete(host, "labels")
		p.ask("POST", "/api/v1/assets/hosts/", host)
		if got := p.s.Hosts(DefaultOrg)[0].Labels; !slices.Equal(got, []string{"a:1", "b:2"}) {
			t.Errorf("%s: made again: %q", version, got)
		}
		if !p.s.EditLabel(DefaultOrg, "a:1", "a:3") || p.s.EditLabel(DefaultOrg, "a:3", "b:2") {
			t.Errorf("%s: an edited row: %v", version, p.s.LabelRows(DefaultOrg))
		}
		_, page := p.ask("GET", "/api/v1/labels/labels/?name=b&limit=10", nil)
		row := page.(map[string]any)["results"].([]any)[0].(map[string]any)
		path := "/api/v1/labels/labels/" + row["id"].(string) + "/"
		_, holders := p.ask("GET", path+"resource-types/6/resources/?limit=5", nil)
		_, links := p.ask("GET", "/api/v1/labels/labeled-resources/?limit=5&label="+row["id"].(string), nil)
		status, _ := p.ask("DELETE", path, nil)
		if status != 204 || row["res_count"] != 1.0 || !strings.Contains(fmt.Sprint(holders), "h(a)") || !strings.Contains(fmt.Sprint(links), id) {
			t.Errorf("%s: %d, %v, holders %v, links %v", version, status, row, holders, links)
		}
		if got := p.s.Hosts(DefaultOrg)[0].Labels; !slices.Equal(got, []string{"a:3"}) {
			t.Errorf("%s: after its row was deleted: %q", version, got)
		}
	}
}
