package jumpservertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// rightsEntry is an entry of the topic rights, or the numbers in verify.
type rightsEntry struct {
	Name        string
	Everyone    []string                  `json:"allowed_to_everyone"`
	Allowed     map[string]map[string]int // by permission and action
	Permissions []string
	Perms       []string
	Rows        map[string]struct {
		Beyond  []string `json:"perms_beyond_a_user_without_role"`
		Console []string `json:"console_orgs"`
		Audit   []string `json:"audit_orgs"`
	}
	Nobody    int `json:"without_role"`
	Sync      int
	SyncRoot  int `json:"sync_under_root"`
	OrgAdmin  int `json:"org_admin"`
	Superuser int `json:"super_user"`
}

func rightsOf(t *testing.T, topic string, version Version, name string) rightsEntry {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("testdata/second/%s-%s.json", topic, version))
	var all []json.RawMessage
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		var named struct{ Name string }
		var e rightsEntry
		if err := json.Unmarshal(one, &named); err != nil {
			t.Fatal(err)
		}
		if named.Name != name {
			continue
		}
		if err := json.Unmarshal(one, &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	t.Fatalf("no entry %s", name)
	return rightsEntry{}
}

// notImitated are the actions of the matrix that the emulator does not support.
func notImitated() []string {
	return []string{"operate logs", "activities of a host"}
}

const matrixHost, matrixNode = "00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000bb"

// actions are what the users of the matrix tried: method, path below /api/v1/ and body.
func actions(zones, template string) map[string]func() (string, string, any) {
	newHost := func(more map[string]any) map[string]any {
		row := map[string]any{"name": "new", "address": "a", "platform": 1, "protocols": []any{map[string]any{"name": "ssh", "port": 22}}}
		maps.Copy(row, more)
		return row
	}
	all := map[string]func() (string, string, any){}
	add := func(name, method, path string, body any) {
		all[name] = func() (string, string, any) { return method, path, body }
	}
	for name, path := range map[string]string{
		"list hosts": "assets/hosts", "list assets": "assets/assets", "list databases": "assets/databases", "list platforms": "assets/platforms",
		"list nodes": "assets/nodes", "list zones": "assets/" + zones, "list gateways": "assets/gateways", "list accounts": "accounts/accounts",
		"list templates": "accounts/account-templates", "list labels": "labels/labels", "labeled-resources": "labels/labeled-resources",
		"list permissions": "perms/asset-permissions", "relations of permissions": "perms/asset-permissions-nodes-relations", "list users": "users/users",
		"list groups": "users/groups", "perm-users of a host": "assets/assets/" + matrixHost + "/perm-users",
		"hosts of a user": "perms/users/" + matrixHost + "/assets", "list organisations": "orgs/orgs", "current organisation": "orgs/orgs/current", "profile": "users/profile", "node tree": "assets/nodes/children/tree",
	} {
		add(name, "GET", path+"/?limit=1", nil)
	}
	add("accounts/bulk", "POST", "accounts/accounts/bulk/", map[string]any{"assets": []any{matrixHost}, "template": template, "on_invalid": "skip"})
	add("create host", "POST", "assets/hosts/", newHost(nil))
	add("create host under a new node", "POST", "assets/hosts/", newHost(map[string]any{"nodes_display": []any{"/DEFAULT/new"}}))
	add("create host with a new label", "POST", "assets/hosts/", newHost(map[string]any{"labels": []any{"new:1"}}))
	add("create host with a template", "POST", "assets/hosts/", newHost(map[string]any{"accounts": []any{map[string]any{"template": template}}}))
	add("create database", "POST", "assets/databases/", map[string]any{"name": "new", "address": "a", "platform": 17})
	add("PATCH host", "PATCH", "assets/hosts/"+matrixHost+"/", map[string]any{"comment": "c"})
	add("list PATCH hosts", "PATCH", "assets/hosts/", []any{map[string]any{"id": matrixHost, "comment": "c"}})
	add("PATCH host nodes", "PATCH", "assets/hosts/"+matrixHost+"/", map[string]any{"nodes": []any{matrixNode}})
	add("DELETE host", "DELETE", "assets/hosts/"+matrixHost+"/", nil)
	add("create node", "POST", "assets/nodes/", map[string]any{"value": "new"})
	add("rename node", "PATCH", "assets/nodes/"+matrixNode+"/", map[string]any{"value": "new"})
	add("node assets/add", "PUT", "assets/nodes/"+matrixNode+"/assets/add/", map[string]any{"assets": []any{matrixHost}})
	add("create zone", "POST", "assets/"+zones+"/", map[string]any{"name": "new"})
	add("create template", "POST", "accounts/account-templates/", map[string]any{"name": "new", "username": "new"})
	add("create label", "POST", "labels/labels/", map[string]any{"name": "new", "value": "1"})
	add("park ids", "POST", "common/resources/cache/", map[string]any{"resources": []any{matrixHost}})
	add("OPTIONS hosts", "OPTIONS", "assets/hosts/", nil)
	return all
}

// matrix returns a server with the objects that the users of the matrix act on, and the key of one of them.
func (r *replay) matrix(permission string) (p *player, template string) {
	p = &player{t: r.t, s: New(Options{Version: r.version}), ids: map[string]string{}}
	p.s.AllowUnexpected()
	p.s.Seed(DefaultOrg, Host{ID: matrixHost, Name: "h"})
	p.s.orgs[DefaultOrg].addChildAs(matrixNode, p.s.orgs[DefaultOrg].nodes[0], "n")
	_, made := p.ask("POST", "/api/v1/accounts/account-templates/", map[string]any{"name": "t", "username": "root"})
	p.s.AddKey(Key{ID: matrixHost, Secret: KeySecret, User: "one", Permissions: []string{permission}})
	return p, textAt(made.(map[string]any), "id")
}

// rightsMatrix: each user has one permission, and may do what was recorded and nothing else.
func (r *replay) rightsMatrix(_ int, e entry) {
	recorded := rightsOf(r.t, "rights", r.version, e.Name)
	tried := actions(r.s.zoneField+"s", "")
	for permission, allowed := range recorded.Allowed {
		p, template := r.matrix(permission)
		for action := range tried {
			var x exchange
			x.Request.Method, x.Request.Path, x.Request.Body = actions(r.s.zoneField+"s", template)[action]()
			x.Request.Path = "/api/v1/" + x.Request.Path
			want, may := allowed[action]
			status, _ := p.send(x, matrixHost, KeySecret)
			switch {
			case slices.Contains(recorded.Everyone, action):
				if status >= 300 {
					r.t.Errorf("%s: %s: %d", permission, action, status)
				}
			case !may && status != 403, may && status != want:
				r.t.Errorf("%s, %s: %s: %d, recorded %d (0: 403)", r.version, permission, action, status, want)
			}
			if status < 300 && x.Request.Method != "GET" {
				p, template = r.matrix(permission)
			}
		}
		for action := range allowed {
			if tried[action] == nil && !slices.Contains(notImitated(), action) {
				r.t.Errorf("%s is neither tried nor left out", action)
			}
		}
	}
}

// profileBy returns the page with a key's permissions in an organisation.
func (r *replay) profileBy(key Key, org string) map[string]any {
	r.t.Helper()
	s := New(Options{Version: r.version})
	key.ID, key.Secret = matrixHost, KeySecret
	s.AddKey(key)
	var x exchange
	x.Request.Method, x.Request.Path, x.Request.Org = "GET", "/api/v1/users/profile/", org
	if r.version != V47 {
		x.Request.Path += "permissions/"
	}
	status, got := (&player{t: r.t, s: s, ids: map[string]string{}}).send(x, matrixHost, KeySecret)
	if status != 200 {
		r.t.Errorf("profile: %d", status)
	}
	return got.(map[string]any)
}

func textsOf(list any) []string {
	texts := []string{}
	rows, _ := list.([]any)
	for _, one := range rows {
		if row, is := one.(map[string]any); is {
			one = row["name"]
		}
		texts = append(texts, fmt.Sprint(one))
	}
	return texts
}

// beyond are the permissions that a user without a role does not have.
func (r *replay) beyond(profile map[string]any) []string {
	everybody := textsOf(r.profileBy(Key{NoRole: true}, DefaultOrg)["perms"])
	return slices.DeleteFunc(textsOf(profile["perms"]), func(p string) bool { return slices.Contains(everybody, p) })
}

func (r *replay) profileOfOne(_ int, e entry) {
	for permission, want := range rightsOf(r.t, "rights", r.version, e.Name).Rows {
		got := r.profileBy(Key{Permissions: []string{permission}}, DefaultOrg)
		if shown := fmt.Sprint(r.beyond(got), textsOf(got["console_orgs"]), textsOf(got["audit_orgs"])); shown != fmt.Sprint(want.Beyond, want.Console, want.Audit) {
			r.t.Errorf("%s: %s: %s", r.version, permission, shown)
		}
	}
}

// administrator: the recording has the permissions of some areas only.
func (r *replay) administrator(_ int, e entry) {
	want := rightsOf(r.t, "rights", r.version, e.Name).Permissions
	areas := map[string]bool{}
	for _, p := range want {
		area, _, _ := strings.Cut(p, ".")
		areas[area] = true
	}
	shown := slices.DeleteFunc(textsOf(r.profileBy(Key{OrgAdmin: true}, DefaultOrg)["perms"]), func(p string) bool {
		area, rest, _ := strings.Cut(p, ".")
		return !areas[area] || !slices.Contains(want, p) && automated(rest)
	})
	if !slices.Equal(shown, want) {
		r.t.Errorf("%s: %v\nrecorded %v", r.version, shown, want)
	}
}

// automated reports whether the recording omits a permission.
func automated(name string) bool {
	return slices.ContainsFunc([]string{"automation", "execution", "gathered", "record", "log", "session", "task", "report", "alljoined", "backup", "risk", "discover"},
		func(part string) bool { return strings.Contains(name, part) })
}

func (r *replay) profileOfSync(_ int, e entry) {
	want := rightsOf(r.t, "rights", r.version, e.Name)
	got := r.profileBy(users(r.version)["rec-sync"], DefaultOrg)
	if shown := r.beyond(got); !slices.Equal(shown, want.Perms) || len(textsOf(got["console_orgs"])) != 0 {
		r.t.Errorf("%s: %v", r.version, shown)
	}
}

func (r *replay) profileNumbers(_ int, e entry) {
	want := rightsOf(r.t, "verify", r.version, e.Name)
	all := users(r.version)
	for name, c := range map[string]struct {
		key  Key
		org  string
		want int
	}{
		"nobody": {all["rec-none"], DefaultOrg, want.Nobody}, "sync": {all["rec-sync"], DefaultOrg, want.Sync},
		"sync in the all-zero one": {all["rec-sync"], RootOrg, want.SyncRoot}, "administrator": {all["rec-admin"], DefaultOrg, want.OrgAdmin},
		"super user": {Key{}, DefaultOrg, want.Superuser},
	} {
		if shown := len(textsOf(r.profileBy(c.key, c.org)["perms"])); shown != c.want {
			r.t.Errorf("%s: %s is told %d permissions, recorded %d", r.version, name, shown, c.want)
		}
	}
}
