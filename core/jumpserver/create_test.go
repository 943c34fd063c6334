package jumpserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func newAsset() inventory.NewAsset {
	return inventory.NewAsset{ID: testID(1), Name: "web-1", Address: "10.0.0.1", Platform: "Linux", NodePaths: []string{"/DEFAULT/阿里云/prod"}, NodeIDs: []string{nodeA},
		Labels: []inventory.Label{{Name: "jms-cloud", Value: "alibaba"}, {Name: "jms-gone", Value: "2026-11-23T00:00:00Z"}}, Comment: "c"}
}

// createdJSON returns the asset of newAsset as the stub shows it.
func createdJSON(a inventory.NewAsset) string {
	var labels []string
	for _, l := range a.Labels {
		labels = append(labels, l.String())
	}
	return hostJSON(a.ID, a.Name, labels...)
}

// TestCreate: what one request creates: all fields, our labels included.
// Invariants: 14.
func TestCreate(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	a := newAsset()
	a.Zone = testID(50)
	s.on("POST "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		var got, want any
		_ = json.NewDecoder(r.Body).Decode(&got)
		_ = json.Unmarshal(fmt.Appendf(nil, `{"id":%q,"name":"web-1","address":"10.0.0.1","platform":1,"protocols":[{"name":"ssh","port":22},{"name":"sftp","port":22}],
			"nodes":[%q],"domain":%q,"labels":["jms-cloud:alibaba","jms-gone:2026-11-23T00:00:00Z"],"comment":"c","is_active":true}`, a.ID, nodeA, a.Zone), &want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("sent\n%v, want\n%v", got, want)
		}
		reply(w, 201, strings.Replace(createdJSON(a), `"domain":null`, `"domain":{"id":"`+a.Zone+`","name":"z"}`, 1))
	})
	if existed, err := s.client().Create(t.Context(), a); existed || err != nil {
		t.Fatal(existed, err)
	}
}

// A zone is not sent for a platform without zones; one that JumpServer drops is an error.
func TestCreateZone(t *testing.T) {
	t.Parallel()
	a := newAsset()
	a.Zone = testID(50)
	s := newStub(t)
	s.json("POST "+apiHosts, 201, createdJSON(a))
	_, err := s.client().Create(t.Context(), a)
	wantKind(t, err, inventory.Invalid, "zone", a.Zone)
	s = newStub(t)
	s.json("GET "+apiPlatforms, 200, pageJSON(1, strings.Replace(linuxJSON, `"domain_enabled":true`, `"gateway_enabled":false`, 1)))
	s.on("POST "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		if body["domain"] != nil || body["zone"] != nil {
			t.Errorf("%v", body)
		}
		reply(w, 201, createdJSON(a))
	})
	if _, err := s.client().Create(t.Context(), a); err != nil {
		t.Error(err)
	}
}

func TestCreateRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, name string
		kind       inventory.Kind
		word       string
		posts      int
	}{
		{"v4.7.0/limits", "create_at_5000", inventory.Limit, "5000", 1},
		{"v4.7.0/hosts_single", "create_same_name", inventory.NameTaken, `"web-1" is taken`, 1},
		{"v4.10.16", "create, same name", inventory.NameTaken, `"web-1" is taken`, 1},
		{"v4.7.0/hosts_single", "create_same_id_other_name", inventory.Conflict, "another organisation", 1},
		{"v4.10.16", "create, unknown zone id", inventory.Conflict, "another organisation", 1}, // its answer names the id too
		{"v4.7.0/hosts_single", "zone_bad", inventory.Invalid, "domain", 1},
		{"v4.7.0/hosts_single", "protocols_empty", inventory.Invalid, "ssh", 1},
		{"v4.7.0/hosts_single", "platform_unknown", inventory.Invalid, "platform", 2},
		{"v4.7.0/hosts_single", "node_bad_id", inventory.Invalid, "the node does not exist", 1},
		{"v4.7.0/auth", "root_org_write", inventory.Invalid, "org", 1},
		{"v4.7.0/permissions", "no_role_list", inventory.Denied, "right", 1},
		{"v4.7.0/hosts_single", "label_long", inventory.Temporary, "500", 4},
	} {
		t.Run(test.file+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			status, body := recorded(t, test.file, test.name)
			s.json("POST "+apiHosts, status, string(body))
			s.json("GET "+apiHosts, 200, pageJSON(0))
			existed, err := s.client().Create(t.Context(), newAsset())
			wantKind(t, err, test.kind, test.word, "web-1")
			if n := len(s.requests("POST " + apiHosts)); n != test.posts || existed {
				t.Errorf("%d posts, existed %t", n, existed)
			}
		})
	}
}

func TestCreateExisting(t *testing.T) {
	t.Parallel()
	a := newAsset()
	taken := answer(400, `{"id":["Asset with this id already exists."]}`)
	for name, test := range map[string]struct {
		answers []http.HandlerFunc
		found   string
		existed bool
	}{
		"there before":                       {[]http.HandlerFunc{taken}, createdJSON(a), true},
		"made by a try whose answer is lost": {[]http.HandlerFunc{answer(statusBroken, ""), taken}, createdJSON(a), false},
		"made behind a gateway time-out":     {[]http.HandlerFunc{answer(504, ""), taken}, createdJSON(a), false},
		"made, but the name is told first":   {[]http.HandlerFunc{answer(statusBroken, ""), answer(400, `{"name":["taken"]}`)}, createdJSON(a), false},
		"lost answer, but another asset":     {[]http.HandlerFunc{answer(statusBroken, ""), taken}, hostJSON(a.ID, "other"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.script("POST "+apiHosts, test.answers...)
			s.json("GET "+apiHosts, 200, pageJSON(1, test.found))
			if existed, err := s.client().Create(t.Context(), a); existed != test.existed || err != nil {
				t.Errorf("existed %t, %v", existed, err)
			}
		})
	}
}

// A platform that was recreated is found again; a node that is gone is for the caller to find.
func TestCreateAfterChanges(t *testing.T) {
	t.Parallel()
	a := newAsset()
	s := newStub(t)
	c := s.client()
	if _, err := c.ListPlatforms(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.json("GET "+apiPlatforms, 200, pageJSON(1, strings.Replace(linuxJSON, `"id":1`, `"id":42`, 1)))
	s.on("POST "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Nodes    []string
			Platform int
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		switch {
		case body.Nodes[0] != nodeA:
			reply(w, 400, `{"nodes":["Invalid pk"],"platform":["Invalid pk"]}`)
		case body.Platform == 1:
			reply(w, 400, `{"platform":["Invalid pk"]}`)
		default:
			reply(w, 201, createdJSON(a))
		}
	})
	gone := a
	gone.NodeIDs = []string{testID(70)}
	if _, err := c.Create(t.Context(), gone); !errors.Is(err, inventory.ErrNodeGone) {
		t.Error(err)
	}
	if n := len(s.requests("POST " + apiHosts)); n != 1 {
		t.Errorf("a host under a node that is gone was sent %d times", n)
	}
	if existed, err := c.Create(t.Context(), a); existed || err != nil {
		t.Fatal(existed, err)
	}
	if n := len(s.requests("POST " + apiHosts)); n != 3 {
		t.Errorf("%d hosts sent", n)
	}
	if n := len(s.requests("POST " + apiNodes)); n != 0 {
		t.Errorf("%d nodes made", n)
	}
}

func TestCreateChecks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("云", maxLabelLen+1)
	for name, change := range map[string]func(*inventory.NewAsset){
		"id":                func(a *inventory.NewAsset) { a.ID = "x" },
		"no name":           func(a *inventory.NewAsset) { a.Name = "" },
		"name with a space": func(a *inventory.NewAsset) { a.Name = "a " },
		"long name":         func(a *inventory.NewAsset) { a.Name = strings.Repeat("名", maxNameLen+1) },
		"no address":        func(a *inventory.NewAsset) { a.Address = "" },
		"long address":      func(a *inventory.NewAsset) { a.Address = strings.Repeat("a", maxAddressLen+1) },
		"zone":              func(a *inventory.NewAsset) { a.Zone = "zone-a" },
		"node":              func(a *inventory.NewAsset) { a.NodeIDs = []string{""} },
		"long label value":  func(a *inventory.NewAsset) { a.Labels = []inventory.Label{{Name: "k", Value: long}} },
		"long label name":   func(a *inventory.NewAsset) { a.Labels = []inventory.Label{{Name: long}} },
		"label name":        func(a *inventory.NewAsset) { a.Labels = []inventory.Label{{Name: "a:b"}} },
		"label twice":       func(a *inventory.NewAsset) { a.Labels = append(a.Labels, a.Labels[0]) },
	} {
		s := newStub(t)
		a := newAsset()
		change(&a)
		if _, err := s.client().Create(t.Context(), a); inventory.KindOf(err) != inventory.Invalid || len(s.seen) != 0 {
			t.Errorf("%s: %v, calls %q", name, err, s.seen)
		}
	}
	s := newStub(t)
	a := newAsset()
	a.Name, a.Platform = strings.Repeat("名", maxNameLen), "BeOS"
	_, err := s.client().Create(t.Context(), a)
	wantKind(t, err, inventory.Invalid, "BeOS")
}

// The key lost its organisation since that was verified.
func TestWritesOfAnotherOrganisation(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	a := newAsset()
	other := strings.ReplaceAll(createdJSON(a), DefaultOrganisation, testID(99))
	s.json("POST "+apiHosts, 201, other)
	s.json("PATCH "+apiHosts, 200, "["+other+"]")
	s.json("PATCH "+apiHosts+a.ID+"/", 200, other)
	c := s.client()
	_, err := c.Create(t.Context(), a)
	wantKind(t, err, inventory.Organisation, testID(99))
	patches := []inventory.Patch{{ID: a.ID, Name: &a.Name}, {ID: a.ID, Name: &a.Name}}
	for _, err := range c.Update(t.Context(), patches, nil) {
		wantKind(t, err, inventory.Organisation, testID(99))
	}
	if n := len(s.requests("PATCH")); n != 1 {
		t.Errorf("%d PATCHes", n)
	}
}

// The name belongs to another asset: a lost answer does not change that.
func TestCreateNameTaken(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.script("POST "+apiHosts, answer(500, ""), answer(400, `{"name":["taken"]}`))
	s.json("GET "+apiHosts, 200, pageJSON(0))
	_, err := s.client().Create(t.Context(), newAsset())
	wantKind(t, err, inventory.NameTaken, "is taken by another asset")
}
