package jumpserver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

// pages serves n hosts, at most most rows a page.
func pages(n, most int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		var rows []string
		for i := offset; i < min(n, offset+min(limit, most)); i++ {
			rows = append(rows, hostJSON(testID(i), fmt.Sprintf("h-%05d", i), "jms-region:cn-test"))
		}
		reply(w, 200, pageJSON(n, rows...))
	}
}

func TestReadPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ n, most, calls int }{
		{0, 1000, 1}, {1, 1000, 1}, {1000, 1000, 1}, {1001, 1000, 2}, {2500, 1000, 3}, {450, 200, 3}, {7, 2, 4},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("GET "+apiHosts, pages(test.n, test.most))
			var noted atomic.Int64
			b, err := s.client().Read(wait.WithProgress(t.Context(), func() { noted.Add(1) }))
			if noted.Load() < int64(test.calls) {
				t.Errorf("%d calls are progress", noted.Load())
			}
			if err != nil || len(b.Assets) != test.n {
				t.Fatal(len(b.Assets), err)
			}
			for i, a := range b.Assets {
				if a.ID != testID(i) {
					t.Fatalf("row %d is %s", i, a.Name)
				}
			}
			if got := s.requests("GET " + apiHosts); len(got) != test.calls || !strings.Contains(got[0], "limit=1000&offset=0&order=name&fields=id,name,address,platform,domain,") {
				t.Errorf("%d calls: %q", len(got), got)
			}
			if p := b.Platforms["Linux"]; p.ID != 1 || p.Name != "Linux" || p.Type != "linux" || !p.SupportsZones {
				t.Errorf("%+v", p)
			}
		})
	}
}

// An incomplete list is read again, three times in all, and then it has failed.
// Invariants: 11.
func TestReadIncomplete(t *testing.T) {
	t.Parallel()
	good := pages(3, 2)
	row := hostJSON(testID(0), "h-00000")
	for name, test := range map[string]struct {
		bad  http.HandlerFunc
		kind inventory.Kind
	}{
		"fewer rows than count": {answer(200, pageJSON(3, row)), inventory.Incomplete}, // later pages are the same row
		"no rows at all":        {answer(200, pageJSON(3)), inventory.Incomplete},
		"more rows than count":  {answer(200, pageJSON(1, row, hostJSON(testID(1), "b"))), inventory.Incomplete},
		"one row twice":         {answer(200, pageJSON(2, row, row)), inventory.Incomplete},
		"a bare list":           {answer(200, "["+row+"]"), inventory.Incomplete},
		"absurd count":          {answer(200, pageJSON(3_000_000, row)), inventory.Incomplete},
		"absurd pages":          {answer(200, pageJSON(5_001, row)), inventory.Incomplete},
		"count that changes": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("offset") == "0" {
				reply(w, 200, pageJSON(2, row))
				return
			}
			reply(w, 200, pageJSON(3, hostJSON(testID(1), "b")))
		}, inventory.Incomplete},
		"a row of another organisation": {answer(200, pageJSON(1, strings.ReplaceAll(row, DefaultOrganisation, testID(99)))), inventory.Organisation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("GET "+apiHosts, test.bad)
			b, err := s.client().Read(t.Context())
			wantKind(t, err, test.kind, "list")
			if len(b.Assets) != 0 {
				t.Errorf("%d assets with an error", len(b.Assets))
			}
			first := 0
			for _, r := range s.requests("GET " + apiHosts) {
				if strings.Contains(r, "offset=0") {
					first++
				}
			}
			if calls := len(s.requests("GET " + apiHosts)); calls > 20 {
				t.Errorf("%d calls", calls)
			}
			if want := map[inventory.Kind]int{inventory.Incomplete: maxReads, inventory.Organisation: 1}[test.kind]; first != want {
				t.Errorf("read %d times, want %d", first, want)
			}
			if test.kind != inventory.Incomplete {
				return
			}
			s = newStub(t)
			// One incomplete reading takes up to three calls.
			s.script("GET "+apiHosts, test.bad, good)
			if b, err := s.client().Read(t.Context()); err != nil || len(b.Assets) != 3 {
				t.Errorf("after one bad answer: %d assets, %v", len(b.Assets), err)
			}
		})
	}
}

func TestReadOrganisation(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	status, body := recorded(t, "v4.7.0/auth", "orgs_current")
	s.json("GET "+apiCurrent, status, string(body))
	s.json("GET /api/v1/orgs/orgs/", 200, `[{"id":"`+DefaultOrganisation+`","name":"DEFAULT"},{"id":"`+testID(7)+`","name":"prod"}]`)
	c := s.client(func(o *Options) { o.OrgID = testID(7) })
	for _, call := range []func() error{
		func() error { return errorOf(c.Read(t.Context())) },
		func() error { return errorOf(c.AssetsByID(t.Context(), []string{testID(1)})) },
		func() error { return c.EnsureNodes(t.Context(), []string{"/DEFAULT/a"}) },
		func() error { return c.Remove(t.Context(), []string{testID(1)}, nil)[0] },
	} {
		wantKind(t, call(), inventory.Organisation, testID(7), "prod", DefaultOrganisation, "DEFAULT")
	}
	for _, r := range s.seen {
		if !strings.HasPrefix(r, "GET /api/v1/orgs/") {
			t.Errorf("%s before the organisation was proved", r)
		}
	}
}

// Assets of other categories hold names; a host that appears meanwhile is read as one.
func TestReadOthers(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	other := func(id, name, category string) string {
		return fmt.Sprintf(`{"id":%q,"name":%q,"category":{"value":%q,"label":"x"},"org_id":%q}`, id, name, category, DefaultOrganisation)
	}
	s.on("GET "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		if ids := r.URL.Query().Get("ids"); ids != "" {
			if ids != testID(3)+","+testID(4) {
				t.Errorf("ids=%s", ids)
			}
			reply(w, 200, pageJSON(1, hostJSON(testID(3), "late")))
			return
		}
		reply(w, 200, pageJSON(1, hostJSON(testID(1), "a")))
	})
	s.json("GET "+apiAssets, 200, pageJSON(4, other(testID(1), "a", "host"), other(testID(2), "db", "database"), other(testID(3), "late", "host"), other(testID(4), "gone", "host")))
	b, err := s.client().Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range b.Assets {
		got = append(got, fmt.Sprint(a.Name, " ", a.Host))
	}
	if want := []string{"a true", "db false", "late true", "gone false"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(s.requests("GET " + apiAssets)); n != 2 {
		t.Errorf("%d calls", n)
	}
}

// What is constant is asked once; the organisation on every Read.
func TestFactsAreKept(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET "+apiHosts, pages(1, 10))
	c := s.client()
	for range 3 {
		if _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]int{"GET " + apiCurrent: 3, "GET " + apiPlatforms: 1, "OPTIONS": 0, "GET " + apiHosts: 3, "GET " + apiAssets: 3} {
		if got := len(s.requests(prefix)); got != want {
			t.Errorf("%s: %d calls, want %d", prefix, got, want)
		}
	}
	if int(c.Calls()) != len(s.seen) {
		t.Errorf("Calls() = %d", c.Calls())
	}
}

// The server is upgraded while the process lives: the zone gets its new name.
func TestZoneIsRenamed(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET "+apiHosts, pages(1, 10))
	c := s.client()
	if _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.json("OPTIONS "+apiHosts, 200, `{"actions":{"POST":{"zone":{}}}}`)
	s.on("GET "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		row := hostJSON(testID(0), "a")
		if strings.Contains(r.URL.Query().Get("fields"), "zone") {
			row = strings.Replace(row, `"domain":null`, `"zone":{"id":"`+testKey+`","name":"z"}`, 1)
		} else {
			row = strings.Replace(row, `"domain":null,`, "", 1)
		}
		reply(w, 200, pageJSON(1, row))
	})
	b, err := c.Read(t.Context())
	if err != nil || b.Assets[0].Zone != testKey {
		t.Error(b.Assets, err)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		var rows []string
		ids := strings.Split(r.URL.Query().Get("ids"), ",")
		for _, id := range ids {
			if id != testID(2) {
				rows = append(rows, hostJSON(id, "h "+id))
			}
		}
		if len(ids) > maxIDsPerURL {
			t.Errorf("%d ids", len(ids))
		}
		reply(w, 200, pageJSON(len(rows), rows...))
	})
	c := s.client()
	var ids []string
	for i := range 120 {
		ids = append(ids, testID(i))
	}
	got, err := c.AssetsByID(t.Context(), append(ids, strings.ToUpper(testID(5))))
	if err != nil || len(got) != 119 || got[2].ID != testID(3) {
		t.Fatal(len(got), err)
	}
	if n := len(s.requests("GET " + apiHosts)); n != 3 {
		t.Errorf("%d calls", n)
	}
}

func TestAssetsRefused(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	c := s.client()
	if _, err := c.verifiedFacts(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := len(s.seen)
	if got, err := c.AssetsByID(t.Context(), nil); got != nil || err != nil {
		t.Error(got, err)
	}
	_, err := c.AssetsByID(t.Context(), []string{testID(1), "nope"})
	wantKind(t, err, inventory.Invalid, "nope")
	if len(s.seen) != sent {
		t.Errorf("calls for nothing: %q", s.seen[sent:])
	}
	// An ignored filter is noticed, even if as many rows come as were asked for.
	s.json("GET "+apiHosts, 200, pageJSON(1, hostJSON(testID(9), "stranger")))
	_, err = c.AssetsByID(t.Context(), []string{testID(1)})
	wantKind(t, err, inventory.Incomplete, testID(9))
	s.on("GET "+apiHosts, pages(3000, 1000))
	sent = len(s.seen)
	_, err = c.AssetsByID(t.Context(), []string{testID(1)})
	wantKind(t, err, inventory.Incomplete)
	if n := len(s.seen) - sent; n != maxReads {
		t.Errorf("%d calls", n)
	}
}
