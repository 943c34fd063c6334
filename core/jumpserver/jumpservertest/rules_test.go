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
		"delete_parallel": func(int) (string, string, map[string]any) {
			return "DELETE", "hosts/00000000-0000-0000-0000-0000000000aa/", nil
		},
	}
}

// What four requests at the same time come to, as recorded in concurrency.json: of those that make
// one thing the first is done and the others are 500, or 404 for removals.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	bodies := simultaneous()
	var recorded []struct {
		Name     string
		Outcomes map[string]int // of five rounds, by status
	}
	read(t, "concurrency.json", &recorded)
	played := 0
	for _, round := range recorded {
		if bodies[round.Name] == nil {
			continue
		}
		played++
		name, done := round.Name, round.Outcomes["201"]/5
		if name == "delete_parallel" { // the real one often answers 204 twice
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

// fourAtOnce counts by status how four requests end. In a bubble of its own time all of them have
// come before the latency of the first is over, however slow the machine is.
func fourAtOnce(t *testing.T, request func(n int) (string, string, map[string]any)) map[int]int {
	outcomes := map[int]int{}
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Latency: 20 * time.Millisecond})
		s.Seed(DefaultOrg, Host{ID: "00000000-0000-0000-0000-0000000000aa", Name: "here"})
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
// recording only tells which ones come, and in which order.
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

// A node that holds hosts, or has one below it that does, cannot be deleted.
func TestNodesWithHosts(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, Options{})
	o := p.s.orgs[DefaultOrg]
	o.growAs("571894b9-a751-4ffb-a689-294430774649", o.nodes[0], "parent")
	o.growAs("cc6323e3-eeb0-4e39-a073-ac7eb9b0f127", o.find("/DEFAULT/parent"), "child")
	id := p.s.Seed(DefaultOrg, Host{Name: "recn-1", Nodes: []string{"/DEFAULT/parent/child"}})
	all := load(t, "nodes_cleanup.json")
	play := func(name string) {
		n := slices.IndexFunc(all, func(e exchange) bool { return e.Name == name })
		p.play(n, all[n])
	}
	play("delete_node_with_hosts")
	play("delete_parent_of_hosts")
	p.s.Drop(DefaultOrg, id)
	play("delete_node_emptied")
}

// The limit is looked at once for each request, on the number before it.
func TestLimit(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, Options{})
	for n := range 4999 {
		p.s.Seed(DefaultOrg, Host{Name: fmt.Sprintf("h-%04d", n), Address: "a"})
	}
	for n, e := range load(t, "limits.json") {
		switch status, got := 0, any(nil); {
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
