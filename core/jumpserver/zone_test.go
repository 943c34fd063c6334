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

const (
	denied      = `{"detail":"You do not have permission to perform this action.","code":"permission_denied"}`
	wrongKey    = `{"detail":"Invalid signature.","code":"authentication_failed"}`
	notFound    = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    <title>Not found</title>\n</head>\n<body>\n<h1>Not found</h1>\n</body>\n</html>"
	serverError = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    <title>Server error</title>\n</head>\n<body>\n<h1>Server error occur, contact administrator</h1>\n</body>\n</html>"
	nginx405    = "<html>\r\n<head><title>405 Not Allowed</title></head>\r\n<body>\r\n<center><h1>405 Not Allowed</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	nothingTold = `{"name":"Host List","actions":{}}`
)

func page(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// silent is the platform Linux of a server that says nothing of gateways.
func silent() string { return strings.Replace(linuxJSON, `"domain_enabled":true,`, "", 1) }

// TestZoneField: OPTIONS decides, in any method, where it is asked: by a client that has learnt facts
// before, and by one that the platforms show nothing. Nobody lists zones to learn their name, which takes a
// right.
func TestZoneField(t *testing.T) {
	t.Parallel()
	linux10 := strings.Replace(linuxJSON, "domain_enabled", "gateway_enabled", 1)
	for name, test := range map[string]struct {
		options   http.HandlerFunc
		platforms string
		want      string
		kind      inventory.Kind
	}{
		"v4.7.0":                       {answer(200, `{"actions":{"GET":{"id":{},"domain":{}},"POST":{"domain":{}}}}`), silent(), "domain", ""},
		"v4.10":                        {answer(200, `{"actions":{"PUT":{"id":{},"zone":{}}}}`), silent(), "zone", ""},
		"it goes before the platforms": {answer(200, `{"actions":{"GET":{"zone":{}}}}`), linuxJSON, "zone", ""},
		"no method, v4.7.0":            {answer(200, nothingTold), linuxJSON, "domain", ""},
		"no method, v4.10":             {answer(200, nothingTold), linux10, "zone", ""},
		"at the top level":             {answer(200, `{"zone":{}}`), linuxJSON, "domain", ""},
		"both names":                   {answer(200, `{"actions":{"GET":{"zone":{},"domain":{}}}}`), linux10, "zone", ""},
		"an odd form":                  {answer(200, `[]`), linuxJSON, "domain", ""},
		"a front keeps it":             {page(405, nginx405), linux10, "zone", ""},
		"a front answers, 204":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, linux10, "zone", ""},
		"no right to ask":              {answer(403, denied), linuxJSON, "domain", ""},
		"nothing tells it":             {answer(200, nothingTold), silent(), "", ""},
		"platforms of both":            {answer(200, nothingTold), linux10 + "," + strings.NewReplacer(`"id":1`, `"id":2`, "Linux", "Other").Replace(linuxJSON), "", ""},
		"wrong key":                    {answer(401, wrongKey), linuxJSON, "", inventory.BadCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("OPTIONS "+apiHosts, test.options)
			s.json("GET "+apiPlatforms, 200, pageJSON(strings.Count(test.platforms, `"protocols"`), test.platforms))
			c := s.client()
			first, err := c.refreshFacts(t.Context(), nil)
			if implied := singleZoneField(func(name string) bool {
				return strings.Contains(test.platforms, map[string]string{"domain": "domain", "zone": "gateway"}[name]+"_enabled")
			}); implied != "" {
				if err != nil || first.zoneField != implied || len(s.requests("OPTIONS "+apiHosts)) > 0 {
					t.Errorf("at first: %+v, %v", first, err)
				}
			}
			got := first
			if err == nil {
				got, err = c.refreshFacts(t.Context(), first)
			}
			if inventory.KindOf(err) != test.kind || err == nil && got.zoneField != test.want {
				t.Errorf("%+v, %v", got, err)
			}
			if len(s.requests("GET "+apiZones)) > 0 {
				t.Error("asked for zones")
			}
		})
	}
}

// TestZoneOfRows: where nothing showed the name, the first row does, for all that follows.
func TestZoneOfRows(t *testing.T) {
	t.Parallel()
	for field, path := range map[string]string{"domain": "/api/v1/assets/domains/", "zone": apiZones} {
		s := untold(t)
		s.on("GET "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Get("fields"); !strings.Contains(got, ",domain,zone,") && !strings.Contains(got, ","+field+",") {
				t.Errorf("fields=%s", got)
			}
			reply(w, 200, pageJSON(1, strings.Replace(hostJSON(testID(0), "a"), `"domain":null`, `"`+field+`":{"id":"`+testKey+`"}`, 1)))
		})
		s.json("GET "+path, 200, pageJSON(0))
		c := s.client()
		b, err := c.Read(t.Context())
		if err != nil || b.Assets[0].Zone != testKey {
			t.Errorf("%s: %v, %v", field, b.Assets, err)
		}
		if _, got, err := c.Zones(t.Context()); got != field || err != nil {
			t.Errorf("%q, want %q: %v", got, field, err)
		}
		if n := len(s.requests("GET " + apiZones)); field == "domain" && n > 0 || n > 1 {
			t.Errorf("%s: zones were asked for %d times", field, n)
		}
	}
}

func untold(t *testing.T) *stub {
	s := newStub(t)
	s.json("OPTIONS "+apiHosts, 200, nothingTold)
	s.json("GET "+apiPlatforms, 200, pageJSON(1, strings.Replace(silent(), `"protocols"`, `"gateways":true,"protocols"`, 1)))
	return s
}

// TestZoneUntold: on a server that shows nothing and has no host, the page of zones shows the name: it
// exists (or only a right is missing) or not. It is requested only if a zone is to be written.
// An unknown name is never written: no host is created outside its zone.
func TestZoneUntold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zones http.HandlerFunc
		zone  string
		want  string // the sent field
		kind  inventory.Kind
	}{
		"no zone":         {nil, "", "", ""},
		"there":           {answer(200, pageJSON(0)), testKey, "zone", ""},
		"may not look":    {answer(403, denied), testKey, "zone", ""},
		"no such page":    {page(404, notFound), testKey, "domain", ""},
		"a front's page":  {page(404, strings.Replace(nginx405, "405 Not Allowed", "404 Not Found", 2)), testKey, "", inventory.Front},
		"a front's 403":   {page(403, nginx405), testKey, "", inventory.Front},
		"no answer at it": {answer(statusBroken, ""), testKey, "", inventory.Temporary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := untold(t)
			if test.zones != nil {
				s.on("GET "+apiZones, test.zones)
			}
			sent := "nothing"
			s.on("POST "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
				body := sentBody(t, r)
				sent = singleZoneField(func(name string) bool {
					_, found := body[name]
					return found
				})
				reply(w, 201, strings.Replace(hostJSON(testID(1), "a"), `"domain":null`, fmt.Sprintf(`%q:{"id":%q}`, test.want, test.zone), 1))
			})
			c := s.client()
			c.cachedFacts.Store(&facts{learntAt: c.now(), platforms: map[string]platform{"Linux": {Platform: inventory.Platform{ID: 1, Name: "Linux", SupportsZones: true}}},
				nodeIDs: map[string]string{"/DEFAULT/a": nodeA}})
			for range 2 {
				_, err := c.Create(t.Context(), inventory.NewAsset{ID: testID(1), Name: "a", Address: "10.0.0.1", Platform: "Linux", NodeIDs: []string{nodeA}, Zone: test.zone})
				if inventory.KindOf(err) != test.kind || test.kind != "" && (!errors.Is(err, errNoZoneField) || sent != "nothing") {
					t.Fatalf("sent %s: %v", sent, err)
				}
			}
			if test.kind == "" && sent != test.want {
				t.Errorf("sent %q, want %q", sent, test.want)
			}
			if n := len(s.requests("GET " + apiZones)); test.kind == "" && (n > 1 || (n == 1) != (test.zone != "")) {
				t.Errorf("zones were asked for %d times", n)
			}
		})
	}
}

// TestZonePatchUntold: a row that sets no zone needs no name for it; a list with one that does fails, and
// is split down to it.
func TestZonePatchUntold(t *testing.T) {
	t.Parallel()
	s := untold(t)
	s.on("GET "+apiZones, page(403, nginx405))
	s.on("PATCH "+apiHosts+testID(1)+"/", answer(200, hostJSON(testID(1), "b")))
	c := s.client()
	name, zone := "b", testKey
	errs := c.Update(t.Context(), []inventory.Patch{{ID: testID(1), Name: &name}, {ID: testID(2), Zone: &zone}}, nil)
	if errs[0] != nil || inventory.KindOf(errs[1]) != inventory.Front {
		t.Error(errs)
	}
}

func sentBody(t *testing.T, r *http.Request) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	return body
}
