package jumpservertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// entry is one exchange of the second part of the recordings, or several summed up.
type entry struct {
	Name, Note string
	Request    *struct {
		Method, Path, Query, As string
		Headers                 map[string]string
		Body                    any
	}
	Response *struct {
		Status int
		Body   any
	}
	Trimmed  bool
	Status   int                 // of a summary
	Location string              // of a summary
	Actions  map[string][]string // of a summary: fields by method
	Outcomes map[string]int      // of a summary
	Rows     any                 // of a summary
}

func loadEntries(t *testing.T, topic string, version Version) []entry {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("testdata/second/%s-%s.json", topic, version))
	var all []entry
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sighting is what an answer shows of something that the recording server had before.
type sighting struct {
	what     string // "node", "zone", "asset" or "label"
	row      map[string]any
	category string // of an asset
}

// replay plays the exchanges of one topic. What the recording server had before it is put in place when an
// exchange first needs it, as the answers show it.
type replay struct {
	*player
	version Version
	topic   string
	all     []entry
	seen    map[string]sighting // by recorded id
	paths   map[string]string   // recorded ids of nodes by path
	made    map[string]bool     // recorded ids of what a recorded POST made
	known   map[string]bool     // recorded ids that are in place, or were
	orgs    []map[string]any
	roots   []string // recorded ids of the nodes of the tree's first level
	fillers []string // ids of hosts that stand for those that no answer shows
	left    []string // ids of deleted assets whose links do
	extra   int      // how many other fillers there are
}

func newReplay(t *testing.T, topic string, version Version) *replay {
	t.Helper()
	r := &replay{
		player: newPlayer(t, Options{Version: version}), version: version, topic: topic, all: loadEntries(t, topic, version),
		seen: map[string]sighting{}, paths: map[string]string{}, made: map[string]bool{}, known: map[string]bool{},
	}
	for user, key := range users(version) {
		key.ID, key.Secret, key.User = keyOf(user), KeySecret, user
		r.s.AddKey(key)
	}
	for _, e := range r.all {
		if e.Response != nil && e.Request != nil {
			r.look(e, e.Response.Body)
		}
	}
	r.begin()
	return r
}

// begin puts in place what the recording server had at the start of a topic.
func (r *replay) begin() {
	for _, row := range r.orgs {
		if id := textAt(row, "id"); r.s.orgs[id] == nil && id != SystemOrg && id != RootOrg && !r.made[id] {
			r.s.AddOrg(id, textAt(row, "name"))
			r.s.orgs[id].comment, r.s.orgs[id].maker = textAt(row, "comment"), textAt(row, "created_by")
		}
	}
	for id, s := range r.seen {
		if org := textAt(s.row, "org_id"); s.what == "asset" && org != "" && org != DefaultOrg {
			r.ensure(id)
		}
	}
	if r.topic != "nodes_of_a_host" && r.topic != "verify" {
		return
	}
	o := r.s.orgs[DefaultOrg]
	for _, id := range r.roots {
		row := r.seen[id].row
		r.known[id] = true
		o.keep(&node{id: id, key: textAt(row, "key"), value: textAt(row, "value"), path: textAt(row, "full_value"), parent: "1"})
		o.nodes[0].children = 100
	}
}

func keyOf(user string) string { return uuid.NewSHA1(uuid.NameSpaceDNS, []byte(user)).String() }

// users are those whose keys signed the recordings.
func users(v Version) map[string]Key {
	zone := map[Version]string{V47: "domain"}[v]
	if zone == "" {
		zone = "zone"
	}
	all := map[string]Key{
		"admin": {}, "rec-admin": {OrgAdmin: true}, "rec-two": {OrgAdmin: true}, "rec-none": {NoRole: true}, "rec-ann": {NoRole: true},
		"rec-auditor": {Permissions: AuditorPermissions(v)},
		"rec-sync": {Permissions: []string{
			"assets.view_asset", "assets.add_asset", "assets.change_asset", "assets.delete_asset", "assets.view_node", "assets.add_node",
			"assets.view_platform", "assets.view_" + zone,
		}},
	}
	for n, permission := range []string{
		"assets.view_asset", "assets.add_asset", "assets.change_asset", "assets.delete_asset", "assets.view_platform", "assets.view_node",
		"assets.add_node", "assets.change_node", "assets.delete_node",
	} {
		all[fmt.Sprintf("rec-pp-%02d", n)] = Key{Permissions: []string{permission}}
	}
	return all
}

// look notes what an answer shows.
func (r *replay) look(e entry, body any) {
	parts := strings.Split(strings.TrimPrefix(e.Request.Path, "/api/v1/"), "/")
	switch b := body.(type) {
	case []any:
		for _, one := range b {
			r.look(e, one)
		}
	case map[string]any:
		if rows, isPage := b["results"]; isPage {
			r.look(e, rows)
			return
		}
		if e.Request.Method == "POST" && e.Response.Status == 201 {
			r.made[textAt(b, "id")] = true
		}
		kind := assetKinds(r.version)[parts[1]]
		switch {
		case b["full_value"] != nil:
			r.note("node", b, "")
			r.paths[textAt(b, "full_value")] = textAt(b, "id")
		case parts[1] == "zones" || parts[1] == "domains":
			r.note("zone", b, "")
		case parts[1] == "labels" && b["value"] != nil:
			r.note("label", b, "")
		case parts[0] == "orgs" && b["name"] != nil:
			r.orgs = append(r.orgs, b)
		case parts[0] == "assets" && kind != nil:
			r.note("asset", b, kind.category)
		case strings.Contains(e.Request.Path, "/tree/"):
			r.lookAtTree(b)
		}
		r.lookInside(b)
	}
}

// lookAtTree notes a node of the first level by its row in the tree.
func (r *replay) lookAtTree(row map[string]any) {
	meta, _ := row["meta"].(map[string]any)
	data, _ := meta["data"].(map[string]any)
	if row["pId"] != "1" {
		return
	}
	node := maps.Clone(data)
	node["full_value"] = "/DEFAULT/" + textAt(data, "value")
	r.note("node", node, "")
	if path := textAt(node, "full_value"); r.paths[path] == "" {
		r.paths[path] = textAt(node, "id")
	}
	r.roots = append(r.roots, textAt(node, "id"))
}

// note keeps what is seen first of something; later rows add what it did not show.
func (r *replay) note(what string, row map[string]any, category string) {
	id := textAt(row, "id")
	if id == "" {
		return
	}
	had, noted := r.seen[id]
	if !noted {
		had = sighting{what, map[string]any{}, category}
		r.seen[id] = had
	}
	for name, value := range row {
		if _, shown := had.row[name]; !shown {
			had.row[name] = value
		}
	}
}

// lookInside notes the nodes, the zone and the labels of an asset's row.
func (r *replay) lookInside(row map[string]any) {
	nodes, _ := row["nodes"].([]any)
	shown, _ := row["nodes_display"].([]any)
	for n := range min(len(nodes), len(shown)) {
		path := shown[n].(string)
		node := map[string]any{"id": nodes[n].(map[string]any)["id"], "full_value": path}
		r.note("node", node, "")
		if r.paths[path] == "" {
			r.paths[path] = textAt(node, "id")
		}
	}
	for _, field := range []string{"zone", "domain"} {
		if z, is := row[field].(map[string]any); is {
			r.note("zone", z, "")
		}
	}
	labels, _ := row["labels"].([]any)
	for _, raw := range labels {
		if l, is := raw.(map[string]any); is {
			r.note("label", l, "")
		}
	}
}

var idPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// prepare puts in place what an exchange needs and the recording does not make.
func (r *replay) prepare(e entry) {
	r.t.Helper()
	hosts := len(r.s.Hosts(DefaultOrg))
	body, _ := json.Marshal(e.Request.Body)
	for _, id := range idPattern.FindAllString(e.Request.Path+"?"+e.Request.Query+string(body), -1) {
		r.ensure(id)
	}
	if e.Request.Method == "DELETE" && e.Response.Status == 204 {
		r.toDelete(e)
	}
	if e.Request.Method == "POST" && strings.HasSuffix(e.Request.Path, "/nodes/") && e.Response.Status == 201 {
		r.number(e)
	}
	if strings.HasSuffix(e.Request.Path, "/platforms/") && e.Response.Status == 201 {
		r.s.lastPlatform = int(e.Response.Body.(map[string]any)["id"].(float64)) - 1
	}
	if e.Request.Method != "GET" || e.Response.Status >= 400 {
		return
	}
	rows := rowsOf(e.Response.Body)
	for _, row := range rows {
		r.ensure(textAt(row, "id"))
		if name := textAt(row, "display_name"); row["res_id"] != nil && row["resource"] == nil {
			label, _ := row["label"].(map[string]any)
			r.leftInPlaceOf(textAt(row, "res_id"), textAt(label, "display_name")+name)
		}
	}
	for range len(r.s.Hosts(DefaultOrg)) - hosts { // a filler stood for it
		if last := len(r.fillers) - 1; last >= 0 {
			r.s.Drop(DefaultOrg, r.fillers[last])
			r.fillers = r.fillers[:last]
		}
	}
	r.park(e, rows)
	r.fill(e)
}

// rowsOf are the rows of a list, or of a page of it.
func rowsOf(body any) (rows []map[string]any) {
	list, _ := body.([]any)
	if page, is := body.(map[string]any); is {
		list, _ = page["results"].([]any)
	}
	for _, raw := range list {
		if row, is := raw.(map[string]any); is {
			rows = append(rows, row)
		}
	}
	return rows
}

// toDelete makes something of which only the removal was recorded.
func (r *replay) toDelete(e entry) {
	parts := strings.Split(e.Request.Path, "/")
	id := parts[5]
	if _, seen := r.seen[id]; seen || r.known[id] || r.made[id] || r.ids[id] != "" || len(id) != 36 {
		return
	}
	switch parts[4] {
	case "nodes":
		o := r.s.orgs[DefaultOrg]
		o.growAs(id, o.nodes[0], "gone-"+id)
	case "hosts", "assets":
		r.s.Seed(DefaultOrg, Host{ID: id, Name: "gone-" + id})
	}
	r.known[id] = true
}

// number makes the node that a POST makes the recorded child of the root.
func (r *replay) number(e entry) {
	key := textAt(e.Response.Body.(map[string]any), "key")
	if parts := strings.Split(key, ":"); len(parts) == 2 {
		number, err := strconv.Atoi(parts[1])
		if err != nil {
			r.t.Fatal(err)
		}
		r.s.orgs[DefaultOrg].nodes[0].children = number
	}
}

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
		o.keepZone(id, textAt(s.row, "name"), r.s.o.Now()).comment = textAt(s.row, "comment")
	case "label":
		l := o.labels.get(textAt(s.row, "name"), textAt(s.row, "value"), r.s.o.Now())
		l.color = textAt(s.row, "color")
		if count, told := s.row["res_count"].(float64); told {
			l.links = int(count)
		}
		r.ids[id] = l.id
	case "asset":
		r.ensureAsset(o, id, s)
	}
}

// ensureNode makes the nodes of a path under their recorded ids and keys.
func (r *replay) ensureNode(o *org, path string) {
	at := o.nodes[0]
	if id := r.paths[at.path]; id != "" {
		r.ids[id] = at.id
	}
	for _, part := range o.parts(path)[1:] {
		next := o.child(at, part)
		if next == nil {
			next = r.growAs(o, at, part)
		}
		at = next
	}
}

// growAs makes a node below another one, under its recorded id and key.
func (r *replay) growAs(o *org, parent *node, value string) *node {
	n := &node{value: value, path: parent.path + "/" + value, id: uuid.NewString(), key: fmt.Sprintf("%s:%d", parent.key, parent.children)}
	if id := r.paths[n.path]; id != "" && o.node(id) == nil {
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
	o.keep(n)
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
		o.keepZone(h.Zone, textAt(r.seen[h.Zone].row, "name"), r.s.o.Now())
	}
	category := s.category
	if row.Category.Value != "" {
		category = row.Category.Value
	}
	r.s.seed(o, category, h)
	kept := o.asset(id)
	if row.Nodes != nil && len(row.Nodes) == 0 {
		kept.nodes = nil
	}
	if row.Maker != "" {
		kept.maker = row.Maker
	}
	for name := range kept.extra {
		if value, told := s.row[name]; told {
			kept.extra[name] = value
		}
	}
}

// hints are what answers do not show of what the recording server had.
func hints() map[string]func(*Host) {
	return map[string]func(*Host){
		"fi-web":  func(h *Host) { h.Address, h.Labels = "198.51.100.1", []string{"Fi:Prod"} },
		"fi-db":   func(h *Host) { h.Address, h.Labels, h.Comment = "198.51.100.10", []string{"Fi:dev"}, "Hello" },
		"acc-win": func(h *Host) { h.Platform = "Windows" },
	}
}

// park keeps the ids that an answer shows under the spm of its request.
func (r *replay) park(e entry, rows []map[string]any) {
	query, err := url.ParseQuery(e.Request.Query)
	spm := query.Get("spm")
	if err != nil || spm == "" || len(rows) == 0 {
		return
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, r.translate(textAt(row, "id")))
	}
	r.parkUnder(spm, ids...)
}

func (r *replay) parkUnder(spm string, ids ...string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.parked[spm] = parking{ids, r.s.o.Now().Add(time.Hour)}
}
