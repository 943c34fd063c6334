package jumpserver

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Pages of both versions, as recorded.
func TestRecordedPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, name string }{
		{"v4.7.0/hosts_list", "page_full"},
		{"v4.10.16", "list page, chosen fields"},
	} {
		_, body := recorded(t, test.file, test.name)
		// The recording asked for no org_id; what is added stands in every full row.
		text := strings.ReplaceAll(string(body), `"comment":`, `"org_id":"`+DefaultOrganisation+`","comment":`)
		r := &rowConverter{org: DefaultOrganisation, operation: "list hosts"}
		n := 0
		count, err := decodePage(json.NewDecoder(strings.NewReader(text)), func(row *hostRow) error {
			n++
			a, err := r.convert(row)
			if a.Comment == "" || len(a.Labels) != 2 {
				t.Errorf("%s: %+v", test.name, a)
			}
			if full := strings.HasSuffix(test.name, "page_full"); full != (len(a.Nodes) == 36) {
				t.Errorf("%s: nodes %q", test.name, a.Nodes)
			}
			if full := strings.HasSuffix(test.name, "page_full"); full != (a.NodeNames == "acct-1") {
				t.Errorf("%s: names of nodes %q", test.name, a.NodeNames)
			}
			if lost := a.Protocols != nil && len(a.Protocols) == 0; !lost && !slices.Contains(a.Protocols, inventory.Protocol{Name: "ssh", Port: 22}) {
				t.Errorf("%s: protocols %v", test.name, a.Protocols)
			}
			a.ID, a.Name, a.Address, a.Comment, a.Labels, a.Nodes, a.NodeNames, a.Protocols = "", "", "", "", nil, "", "", nil
			if want := (inventory.Asset{Platform: "Linux", Active: true, Host: true}); !reflect.DeepEqual(a, want) {
				t.Errorf("%s: %+v", test.name, a)
			}
			return err
		})
		if err != nil || n == 0 || count < n {
			t.Errorf("%s: %d of %d rows, %v", test.name, n, count, err)
		}
	}
}

func TestRecordedZone(t *testing.T) {
	t.Parallel()
	status, body := recorded(t, "v4.10.16", "set zone")
	var row hostRow
	if err := json.Unmarshal(body, &row); err != nil || status != 200 || !isUUID(row.zoneOfRow().id) || row.Domain.present {
		t.Errorf("%+v %v", row, err)
	}
}

func TestRowsRefused(t *testing.T) {
	t.Parallel()
	good := hostJSON(testID(1), "a")
	for name, test := range map[string]struct {
		row  string
		kind inventory.Kind
	}{
		"good":                 {good, ""},
		"another organisation": {strings.Replace(good, DefaultOrganisation, testKey, 1), inventory.Organisation},
		"no organisation":      {strings.Replace(good, "org_id", "org", 1), inventory.Organisation},
		"no labels":            {strings.Replace(good, `"labels"`, `"tags"`, 1), inventory.Incomplete},
		"no is_active":         {strings.Replace(good, "is_active", "active_", 1), inventory.Incomplete},
		"no zone":              {strings.Replace(good, "domain", "domain_", 1), inventory.Incomplete},
		"no address":           {strings.Replace(good, "address", "address_", 1), inventory.Incomplete},
		"no name":              {strings.Replace(good, `"name":"a"`, `"name":""`, 1), inventory.Incomplete},
		"no UUID":              {strings.Replace(good, testID(1), "17", 1), inventory.Incomplete},
	} {
		var row hostRow
		if err := json.Unmarshal([]byte(test.row), &row); err != nil {
			t.Fatal(err)
		}
		_, err := (&rowConverter{org: DefaultOrganisation, operation: "list hosts"}).convert(&row)
		if inventory.KindOf(err) != test.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPageShapes(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]inventory.Kind{
		`{"count":0,"results":[]}`:                      "",
		`{"results":[{"x":[1]}],"next":null,"count":1}`: "",
		`[]`:                         inventory.Incomplete,
		`[{"id":"x"}]`:               inventory.Incomplete,
		`{"count":1}`:                inventory.Incomplete,
		`{"results":[]}`:             inventory.Incomplete,
		`{"count":-1,"results":[]}`:  inventory.Incomplete,
		`{"count":0,"results":{}}`:   inventory.Incomplete,
		`"x"`:                        inventory.Incomplete,
		`{"count":0,"results":[`:     inventory.Temporary,
		`{"count":0`:                 inventory.Temporary,
		``:                           inventory.Temporary,
		`<html>`:                     inventory.Front,
		`{"count":"0","results":[]}`: inventory.Incomplete,
	} {
		s := newStub(t)
		s.json("GET "+apiHosts, 200, text)
		_, err := s.client().readIDs(t.Context(), "list", "x=1", 10)
		if got := inventory.KindOf(err); got != kind && !(kind == "" && strings.Contains(err.Error(), "UUID")) {
			t.Errorf("%s: %v, want %q", text, err, kind)
		}
	}
}

// Whatever comes, a page is refused or every kept row is complete; nothing panics.
func FuzzPage(f *testing.F) {
	f.Add(pageJSON(1, hostJSON(testID(1), "a", "k:v")))
	f.Add(pageJSON(2, hostJSON(testID(1), "a"), strings.Replace(hostJSON(testID(2), "b"), `"domain":null`, `"zone":{"id":"`+testKey+`","name":"z"}`, 1)))
	f.Add(`[{"id":1}]`)
	f.Add(`{"count":1,"results":[null]}`)
	f.Add(`{"count":1,"results":[{"labels":[null],"domain":[]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		r := &rowConverter{org: DefaultOrganisation, operation: "list hosts"}
		var kept []inventory.Asset
		_, err := decodePage(json.NewDecoder(strings.NewReader(text)), func(row *hostRow) error {
			a, err := r.convert(row)
			if err == nil {
				kept = append(kept, a)
			}
			return err
		})
		var ours *inventory.Error
		if errors.As(err, &ours) && ours.Kind != inventory.Incomplete && ours.Kind != inventory.Organisation {
			t.Errorf("kind %q", ours.Kind)
		}
		for _, a := range kept {
			if !isUUID(a.ID) || a.Name == "" || !a.Host {
				t.Errorf("kept %+v", a)
			}
		}
	})
}
