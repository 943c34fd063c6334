package jumpservertest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// simultaneous are the requests that are sent four at a time: method, path below assets/ and body.
func simultaneous() map[string]func(n int) (string, string, map[string]any) {
	return map[string]func(n int) (string, string, map[string]any){
		"same_name_parallel": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": "x", "address": "a", "platform": 1, "nodes_display": []any{"/DEFAULT/new"}}
		},
		"new_node_parallel": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{"/DEFAULT/a/b"}}
		},
		"new_label_parallel": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "labels": []any{"new:1"}}
		},
		"node_full_value_parallel": func(int) (string, string, map[string]any) {
			return "POST", "nodes/", map[string]any{"full_value": "/DEFAULT/c"}
		},
		"one_new_leaf_under_existing": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{"/DEFAULT/here/new"}}
		},
		"two_new_levels": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{"/DEFAULT/a/b"}}
		},
		"own_new_leaf_each": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{fmt.Sprint("/DEFAULT/here/", n)}}
		},
		"own_new_top_each": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{fmt.Sprint("/DEFAULT/", n)}}
		},
		"existing_node": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1, "nodes_display": []any{"/DEFAULT/here"}}
		},
		"no_nodes_display": func(n int) (string, string, map[string]any) {
			return "POST", "hosts/", map[string]any{"name": fmt.Sprint(n), "address": "a", "platform": 1}
		},
		"delete_parallel": func(int) (string, string, map[string]any) {
			return "DELETE", "hosts/00000000-0000-0000-0000-0000000000aa/", nil
		},
	}
}

// The outcome of four requests at the same time, as recorded in concurrency*.json: of those that create
// the same thing the first succeeds and the others are 500, or 404 for removals.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	bodies := simultaneous()
	type rounds []struct {
		Name     string
		Outcomes map[string]int // of five rounds, by status
	}
	var recorded, detail rounds
	read(t, "concurrency.json", &recorded)
	read(t, "concurrency_detail.json", &detail)
	played := 0
	for _, round := range slices.Concat(recorded, detail) {
		if bodies[round.Name] == nil {
			continue
		}
		played++
		name, done := round.Name, round.Outcomes["201"]/5
		if name == "delete_parallel" || name == "one_new_leaf_under_existing" { // the real one often has two
			done = 1
		}
		outcomes := fourAtOnce(t, bodies[name])
		failed := outcomes[500] + outcomes[404]
		if outcomes[201]+outcomes[204] != done || failed != 4-done {
			t.Errorf("%s: %v", name, outcomes)
		}
	}
	if played != len(bodies) {
		t.Errorf("%d of %d were played", played, len(bodies))
	}
}

// fourAtOnce counts by status how four requests end. In a synctest bubble all of them have
// arrived before the latency of the first is over, however slow the machine is.
func fourAtOnce(t *testing.T, request func(n int) (string, string, map[string]any)) map[int]int {
	outcomes := map[int]int{}
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Latency: 20 * time.Millisecond})
		s.Seed(DefaultOrg, Host{ID: "00000000-0000-0000-0000-0000000000aa", Name: "here", Nodes: []string{"/DEFAULT/here"}})
		var mu sync.Mutex
		var group sync.WaitGroup
		for n := range 4 {
			group.Go(func() {
				method, path, body := request(n)
				p := &player{t: t, s: s, ids: map[string]string{}}
				var sent any
				if body != nil {
					sent = body
				}
				status, _ := p.ask(method, "/api/v1/assets/"+path, sent)
				mu.Lock()
				defer mu.Unlock()
				outcomes[status]++
			})
		}
		group.Wait()
	})
	return outcomes
}

// Labels, zones and platforms, as recorded; a list of platforms that shows fewer fields in the
// recording only proves which platforms come, and in which order.
func TestLabelsZonesPlatforms(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"labels_zones.json", "platforms.json"} {
		p := newPlayer(t, Options{})
		for n, e := range load(t, file) {
			status, got := p.send(e, KeyID, KeySecret)
			want := absolute(e.Response.Body)
			p.learn(want, got)
			whole := file == "labels_zones.json" || e.Name == "one" || e.Name == "missing"
			if e.Name == "list_mini" {
				got = got.([]any)[:len(want.([]any))]
			}
			if diff := p.differ("", want, got, whole); status != e.Response.Status || diff != "" {
				t.Errorf("%s %d %s: status %d, recorded %d: %s", file, n, e.Name, status, e.Response.Status, diff)
			}
		}
	}
}

// A node that has hosts, or a node below it that has, cannot be deleted.
func TestNodesWithHosts(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, Options{})
	o := p.s.orgs[DefaultOrg]
	p.ids["de25a07b-2f82-4571-b3c7-a5f4e36efa42"] = o.nodes[0].id
	o.addChildAs("571894b9-a751-4ffb-a689-294430774649", o.nodes[0], "rec-nc")
	o.addChildAs("cc6323e3-eeb0-4e39-a073-ac7eb9b0f127", o.findNode("/DEFAULT/rec-nc"), "only")
	hosts := map[string]string{"recn-0": "7594bf1e-ec9b-5c69-b735-7ed0f6f956ff", "recn-1": "c3fde71f-4bcf-558f-8e28-02d857ea8efe"}
	for name, id := range hosts {
		p.s.Seed(DefaultOrg, Host{ID: id, Name: name, Nodes: []string{"/DEFAULT/rec-nc/only"}})
	}
	for n, e := range load(t, "nodes_cleanup.json") {
		if e.Name == "delete_node_emptied" {
			for _, id := range hosts {
				p.s.DeleteAsset(DefaultOrg, id)
			}
		}
		p.play(n, e)
	}
}

// The limit is checked once for each request, on the number before it.
func TestLimit(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, Options{})
	for n := range 4999 {
		p.s.Seed(DefaultOrg, Host{Name: fmt.Sprintf("h-%04d", n), Address: "a"})
	}
	for n, e := range load(t, "limits.json") {
		status, got := 0, any(nil)
		switch {
		case e.Request.Method == "":
		case slices.Contains([]string{"page_limit_5002", "page_limit_20000", "page_limit_5002_fields"}, e.Name):
			status, got = p.send(e, KeyID, KeySecret)
			page, _ := got.(map[string]any)
			if rows, _ := page["results"].([]any); status != 200 || page["count"] != 5002.0 || len(rows) != 5002 || page["next"] != nil {
				t.Errorf("%s: status %d, %v of %d", e.Name, status, page["count"], len(rows))
			}
		default:
			p.play(n, e)
		}
	}
	if n := len(p.s.Hosts(DefaultOrg)); n != 5002 {
		t.Errorf("%d hosts, recorded 5002", n)
	}
}
