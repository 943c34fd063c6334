package jumpservertest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

func (r *replay) ensure(id string) {
	s, seen := r.seen[id]
	if !seen || r.known[id] || r.made[id] && s.what == "asset" || r.ids[id] != "" {
		return
	}
	r.known[id] = true
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	o := r.s.orgs[DefaultOrg]
	if other := r.s.orgs[textAt(s.row, "org_id")]; other != nil {
		o = other
	}
	switch s.what {
	case "node":
		r.ensureNode(o, textAt(s.row, "full_value"))
	case "zone":
		o.addZone(id, textAt(s.row, "name"), r.s.options.Now()).comment = textAt(s.row, "comment")
	case "label":
		l := o.labels.getOrCreate(textAt(s.row, "name"), textAt(s.row, "value"), r.s.options.Now())
		l.color = textAt(s.row, "color")
		if count, shown := s.row["res_count"].(float64); shown {
			l.links = int(count)
		}
		r.ids[id] = l.id
	case "asset":
		r.ensureAsset(o, id, s)
	}
}

// ensureNode creates the nodes of a path under their recorded ids and keys.
func (r *replay) ensureNode(o *org, path string) {
	at := o.nodes[0]
	if id := r.paths[at.path]; id != "" {
		r.ids[id] = at.id
	}
	for _, part := range o.splitPath(path)[1:] {
		next := o.childNode(at, part)
		if next == nil {
			next = r.growAs(o, at, part)
		}
		at = next
	}
}

// growAs creates a node below another one, under its recorded id and key.
func (r *replay) growAs(o *org, parent *node, value string) *node {
	n := &node{value: value, path: parent.path + "/" + value, id: uuid.NewString(), key: fmt.Sprintf("%s:%d", parent.key, parent.children)}
	if id := r.paths[n.path]; id != "" && o.nodeByID(id) == nil {
		n.id, r.known[id] = id, true
	}
	if key := textAt(r.seen[n.id].row, "key"); key != "" {
		n.key = key
		if above := key[:strings.LastIndex(key, ":")]; above != parent.key && parent.children == 0 {
			parent.key = above
		}
	}
	number, err := strconv.Atoi(n.key[strings.LastIndex(n.key, ":")+1:])
	if err != nil {
		r.t.Fatal(err)
	}
	n.parent, parent.children = parent.key, max(parent.children, number+1)
	o.addNode(n)
	return n
}

func (r *replay) ensureAsset(o *org, id string, s sighting) {
	raw, _ := json.Marshal(s.row)
	var row struct {
		Name, Address, Comment string
		Active                 *bool `json:"is_active"`
		Protocols              []Protocol
		Nodes                  []string `json:"nodes_display"`
		Labels                 []struct{ Name, Value string }
		Platform               struct{ Name string }
		Zone, Domain           struct{ ID string }
		Category               struct{ Value string }
		Maker                  string `json:"created_by"`
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		r.t.Fatal(err)
	}
	h := Host{
		ID: id, Name: row.Name, Address: row.Address, Comment: row.Comment, Platform: row.Platform.Name, Nodes: row.Nodes,
		Protocols: row.Protocols, Active: row.Active == nil || *row.Active, Zone: row.Zone.ID + row.Domain.ID,
	}
	for _, l := range row.Labels {
		h.Labels = append(h.Labels, l.Name+":"+l.Value)
	}
	if h.Name == "" {
		h.Name = "seeded-" + id
	}
	if hint := hints()[h.Name]; hint != nil {
		hint(&h)
	}
	for _, path := range row.Nodes {
		r.ensureNode(o, path)
	}
	if h.Zone != "" && o.zones[h.Zone] == nil {
		r.known[h.Zone] = true
		o.addZone(h.Zone, textAt(r.seen[h.Zone].row, "name"), r.s.options.Now())
	}
	category := s.category
	if row.Category.Value != "" {
		category = row.Category.Value
	}
	r.s.seedAsset(o, category, h)
	kept := o.findAsset(id)
	if row.Nodes != nil && len(row.Nodes) == 0 {
		kept.nodes = nil
	}
	if row.Maker != "" {
		kept.maker = row.Maker
	}
	for name := range kept.extra {
		if value, shown := s.row[name]; shown {
			kept.extra[name] = value
		}
	}
}

// hints are facts about the recording server that no answer shows.
func hints() map[string]func(*Host) {
	return map[string]func(*Host){
		"fi-web":  func(h *Host) { h.Address, h.Labels = "198.51.100.1", []string{"Fi:Prod"} },
		"fi-db":   func(h *Host) { h.Address, h.Labels, h.Comment = "198.51.100.10", []string{"Fi:dev"}, "Hello" },
		"acc-win": func(h *Host) { h.Platform = "Windows" },
	}
}
