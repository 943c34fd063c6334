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

// entry is one exchange of the second part of the recordings, or a summary of several.
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

// replay plays the exchanges of one topic. It creates what the recording server had before when an
// exchange first needs it, as the answers show it.
type replay struct {
	*player
	version Version
	topic   string
	all     []entry
	seen    map[string]sighting // by recorded id
	paths   map[string]string   // recorded ids of nodes by path
	made    map[string]bool     // recorded ids of what a recorded POST created
	known   map[string]bool     // recorded ids that exist here, or did
	orgs    []map[string]any
	roots   []string // recorded ids of the nodes of the tree's first level
	fillers []string // ids of hosts that replace those that no answer shows
	left    []string // ids of deleted assets whose links do the same
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

// begin creates what the recording server had at the start of a topic.
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
		o.addNode(&node{id: id, key: textAt(row, "key"), value: textAt(row, "value"), path: textAt(row, "full_value"), parent: "1"})
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

// look records what an answer shows.
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

// lookAtTree records a node of the first level by its row in the tree.
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

// note keeps what is first seen of something; later rows add what it did not show.
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

// lookInside records the nodes, the zone and the labels of an asset's row.
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

// prepare creates what an exchange needs and the recording does not create.
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
			r.s.DeleteAsset(DefaultOrg, r.fillers[last])
			r.fillers = r.fillers[:last]
		}
	}
	r.park(e, rows)
	r.fill(e)
}

// rowsOf returns the rows of a list, or of a page of it.
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

// toDelete creates something of which only the removal was recorded.
func (r *replay) toDelete(e entry) {
	parts := strings.Split(e.Request.Path, "/")
	id := parts[5]
	if _, seen := r.seen[id]; seen || r.known[id] || r.made[id] || r.ids[id] != "" || len(id) != 36 {
		return
	}
	switch parts[4] {
	case "nodes":
		o := r.s.orgs[DefaultOrg]
		o.addChildAs(id, o.nodes[0], "gone-"+id)
	case "hosts", "assets":
		r.s.Seed(DefaultOrg, Host{ID: id, Name: "gone-" + id})
	}
	r.known[id] = true
}

// number makes the node that a POST creates the recorded child of the root.
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

// park stores the ids that an answer shows under the spm of its request.
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
	r.s.parked[spm] = parking{ids, r.s.options.Now().Add(time.Hour)}
}
