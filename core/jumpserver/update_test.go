package jumpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// patchableStub is a JumpServer that accepts PATCHes as recorded: a list is all or nothing.
type patchableStub struct {
	t     *testing.T
	names map[string]string // of the hosts by id
	bad   map[string]int    // the status with which a host refuses any change
	mute  map[string]bool   // hosts that answers omit
	lists []int             // sizes of the received lists
}

func (p *patchableStub) serve(s *stub) {
	s.on("PATCH "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		var rows []map[string]any
		if err := json.NewDecoder(r.Body).Decode(&rows); err != nil || len(rows) < 2 {
			p.t.Errorf("a list of %d rows, %v", len(rows), err)
		}
		p.lists = append(p.lists, len(rows))
		ids := map[any]bool{}
		for _, row := range rows {
			if row["protocols"] != nil || ids[row["id"]] {
				p.t.Errorf("row %v", row)
			}
			ids[row["id"]] = true
			if status, ok := p.refuses(row["id"].(string), row); ok {
				if status == 404 {
					reply(w, 400, `[{},"Host matching query does not exist."]`)
				} else {
					reply(w, status, `[{},{"name":["This field must be unique."]}]`)
				}
				return
			}
		}
		var answers []string
		for _, row := range rows {
			if id := row["id"].(string); !p.mute[id] {
				answers = append(answers, p.change(id, row))
			}
		}
		reply(w, 200, "["+strings.Join(answers, ",")+"]")
	})
	p.serveSingles(s)
}

func (p *patchableStub) serveSingles(s *stub) {
	for id := range p.names {
		s.on("PATCH "+apiHosts+id+"/", func(w http.ResponseWriter, r *http.Request) {
			var row map[string]any
			_ = json.NewDecoder(r.Body).Decode(&row)
			if row["id"] != nil {
				p.t.Error("an id in a single PATCH")
			}
			if status, ok := p.refuses(id, row); ok {
				body := `{"name":["This field must be unique."]}`
				if status == 404 {
					body = `{"detail":"Host object does not exist.","code":"object_does_not_exist"}`
				}
				reply(w, status, body)
				return
			}
			reply(w, 200, p.change(id, row))
		})
	}
}

func (p *patchableStub) refuses(id string, row map[string]any) (int, bool) {
	if status, ok := p.bad[id]; ok {
		return status, true
	}
	for other, name := range p.names {
		if other != id && name == row["name"] {
			return 400, true
		}
	}
	return 0, false
}

func (p *patchableStub) change(id string, row map[string]any) string {
	if name, ok := row["name"].(string); ok {
		p.names[id] = name
	}
	return hostJSON(id, p.names[id])
}

func renames(n int) (*patchableStub, []inventory.Patch) {
	p := &patchableStub{names: map[string]string{}, bad: map[string]int{}, mute: map[string]bool{}}
	var patches []inventory.Patch
	for i := range n {
		p.names[testID(i)] = fmt.Sprint("old-", i)
		name := fmt.Sprint("new-", i)
		patches = append(patches, inventory.Patch{ID: testID(i), Name: &name})
	}
	return p, patches
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	p, patches := renames(250)
	p.t = t
	p.serve(s)
	patches[10] = inventory.Patch{ID: testID(10)} // nothing to change
	for i, err := range s.client(quick).Update(t.Context(), patches, nil) {
		if err != nil || (p.names[testID(i)] != fmt.Sprint("new-", i)) != (i == 10) {
			t.Errorf("%d: %v, %s", i, err, p.names[testID(i)])
		}
	}
	if !slices.Equal(p.lists, []int{50, 100, 99}) { // the first one is a guess
		t.Errorf("lists of %v", p.lists)
	}
	sent := len(s.seen)
	if errs := s.client().Update(t.Context(), nil, nil); len(errs) != 0 || len(s.seen) != sent {
		t.Error(errs)
	}
}

// Bad rows of every kind fail alone.
func TestUpdateSplits(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	p, patches := renames(100)
	p.t = t
	p.bad[testID(3)], p.bad[testID(50)], p.bad[testID(99)] = 400, 500, 404
	p.mute[testID(60)] = true
	long := strings.Repeat("x", 200)
	patches[70] = inventory.Patch{ID: testID(70), Name: &long}
	patches[71] = inventory.Patch{ID: "x", Name: &long}
	p.serve(s)
	want := map[int]inventory.Kind{3: inventory.NameTaken, 50: inventory.Temporary, 99: inventory.NotFound, 60: inventory.Invalid, 70: inventory.Invalid, 71: inventory.Invalid}
	for i, err := range s.client().Update(t.Context(), patches, nil) {
		if inventory.KindOf(err) != want[i] {
			t.Errorf("%d: %v", i, err)
		}
		if want[i] == "" && p.names[testID(i)] != fmt.Sprint("new-", i) {
			t.Errorf("%d is %s", i, p.names[testID(i)])
		}
	}
	t.Logf("98 rows, 3 of them refused: %d requests", len(s.requests("PATCH")))
	if n := len(s.requests("PATCH")); n > 45 {
		t.Errorf("%d requests", n)
	}
}

// Names that are passed on, in the order in which they become free, within one call.
func TestUpdateOrder(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	p, _ := renames(2)
	p.t = t
	p.serve(s)
	name := func(s string) *string { return &s }
	patches := []inventory.Patch{{ID: testID(0), Name: name("tmp")}, {ID: testID(1), Name: name("old-0")}, {ID: testID(0), Name: name("old-1")}}
	for i, err := range s.client().Update(t.Context(), patches, nil) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if p.names[testID(0)] != "old-1" || p.names[testID(1)] != "old-0" {
		t.Errorf("%v", p.names)
	}
}

func TestUpdateStops(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		kind    inventory.Kind
		patches int // sent; 0 = any number
		lost    int // rows of which it is unknown whether they were written
	}{
		"wrong key":              {answer(401, wrongKey), inventory.BadCredentials, 1, 0},
		"no right":               {answer(403, denied), inventory.Denied, 1, 0},
		"answers get lost":       {answer(statusBroken, ""), inventory.Temporary, 2, 100},
		"gateway is lost":        {answer(502, ""), inventory.Front, 2, 100},
		"500 of something else":  {answer(500, ""), inventory.Temporary, 2, 100},
		"server is switched off": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(statusRefused) }, inventory.Temporary, 2 * maxTries, 0},
		// 50, 25, 12, 6, 3 and then six single rows
		"500 for all": {answer(500, `{"error":"Server internal error"}`), inventory.Temporary, 0, 0},
		// a firewall may block one row's content, a login page blocks everything
		"a firewall":      {page(405, nginx405), inventory.Front, 0, 0},
		"a login page":    {page(401, nginx405), inventory.Front, 1, 0},
		"a proxy's login": {page(407, nginx405), inventory.Front, 1, 0},
		"another site":    {page(200, nginx405), inventory.Front, 1, 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("PATCH "+apiHosts, test.answer)
			_, patches := renames(500)
			for _, p := range patches {
				s.on("PATCH "+apiHosts+p.ID+"/", test.answer)
			}
			for i, err := range s.client().Update(t.Context(), patches, nil) {
				want := test.kind
				if i < test.lost {
					want = inventory.Unanswered
				}
				if inventory.KindOf(err) != want {
					t.Fatalf("%d: %v", i, err)
				}
			}
			n := len(s.requests("PATCH"))
			if test.patches == 0 && n > 40 || test.patches > 0 && n != test.patches {
				t.Errorf("%d requests, want %d", n, test.patches)
			}
		})
	}
}

// The answer is compared, field by field, with what was sent.
func TestUpdateCompares(t *testing.T) {
	t.Parallel()
	id, zone := testID(1), testID(50)
	name, address, off, none := "a", "10.0.0.1", false, ""
	comment, blank := " mine\nyours ", ""
	host := hostJSON(id, "a", "k:v")
	for _, test := range []struct {
		patch  inventory.Patch
		answer string
		word   string
	}{
		{inventory.Patch{Name: &name}, host, ""},
		{inventory.Patch{Name: &name}, hostJSON(id, "A"), "name"},
		{inventory.Patch{Name: &name}, hostJSON(testID(2), "a"), "id"},
		{inventory.Patch{Address: &address}, host, ""},
		{inventory.Patch{Address: &address}, strings.Replace(host, "10.0.0.1", "10.0.0.2", 1), "address"},
		{inventory.Patch{Active: &off}, strings.Replace(host, "true", "false", 1), ""},
		{inventory.Patch{Active: &off}, host, "is_active"},
		{inventory.Patch{Labels: []inventory.Label{{Name: "k", Value: "v"}}}, host, ""},
		{inventory.Patch{Labels: []inventory.Label{}}, host, "labels"},
		{inventory.Patch{Labels: []inventory.Label{}}, hostJSON(id, "a"), ""},
		{inventory.Patch{Comment: &comment}, strings.Replace(host, `"comment":""`, `"comment":"mine\nyours"`, 1), ""},
		{inventory.Patch{Comment: &comment}, host, "another comment"},
		{inventory.Patch{Comment: &blank}, host, ""},
		{inventory.Patch{Zone: &zone}, host, "zone"},
		{inventory.Patch{Zone: &zone}, strings.Replace(host, `null`, `{"id":"`+zone+`","name":"z"}`, 1), ""},
		{inventory.Patch{Zone: &none}, host, ""},
		{inventory.Patch{Zone: &none}, strings.Replace(host, `null`, `{"id":"`+zone+`","name":"z"}`, 1), "zone"},
	} {
		s := newStub(t)
		s.json("PATCH "+apiHosts+id+"/", 200, test.answer)
		test.patch.ID = id
		err := s.client().Update(t.Context(), []inventory.Patch{test.patch}, nil)[0]
		if test.word == "" {
			if err != nil {
				t.Errorf("%+v: %v", test.patch, err)
			}
			continue
		}
		wantKind(t, err, inventory.Invalid, test.word, "took the request and kept something else")
	}
}

// Recorded answers to lists: the refused ones are split, the skipped row is named.
func TestUpdateRecorded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, name string }{
		{"v4.7.0/hosts_bulk", "patch_unknown_id"}, {"v4.7.0/hosts_bulk", "patch_dup_name"}, {"v4.7.0/hosts_bulk", "patch_late_failure"},
		{"v4.10.16", "bulk PATCH, one unknown id: nothing changed"}, {"v4.10.16", "label value of 65 characters"},
	} {
		s := newStub(t)
		status, body := recorded(t, test.file, test.name)
		s.json("PATCH "+apiHosts, status, string(body))
		p, patches := renames(2)
		p.t = t
		for id := range p.names {
			s.json("PATCH "+apiHosts+id+"/", 200, hostJSON(id, map[string]string{testID(0): "new-0", testID(1): "new-1"}[id]))
		}
		if errs := s.client().Update(t.Context(), patches, nil); errs[0] != nil || errs[1] != nil || len(s.requests("PATCH")) != 3 {
			t.Errorf("%s: %v, %q", test.name, errs, s.requests("PATCH"))
		}
	}
	s := newStub(t)
	status, body := recorded(t, "v4.7.0/hosts_bulk", "patch_platform_other_type")
	s.json("PATCH "+apiHosts, status, string(body))
	_, patches := renames(2)
	for _, err := range s.client().Update(t.Context(), patches, nil) {
		wantKind(t, err, inventory.Invalid, "skipped this host in silence")
	}
}
