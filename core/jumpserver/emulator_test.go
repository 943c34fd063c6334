package jumpserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/secret"
)

func versions() []jumpservertest.Version {
	return jumpservertest.Versions()
}

// handlerTransport hands requests to a handler without a network, for tests with synctest's clock.
type handlerTransport struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (d handlerTransport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil { // http.ErrAbortHandler: the connection is closed
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func newClient(t *testing.T, s *jumpservertest.Server, change ...func(*jumpserver.Options)) *jumpserver.Client {
	t.Helper()
	o := jumpserver.Options{
		URL: "http://jms.example", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret), Transport: handlerTransport{s},
	}
	for _, f := range change {
		f(&o)
	}
	c, err := jumpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asset(n int) inventory.NewAsset {
	instance := fmt.Sprintf("i-%04d", n)
	return inventory.NewAsset{
		ID: inventory.AssetID(inventory.Alibaba, "cn-beijing", instance), Name: "web-" + instance, Address: fmt.Sprintf("10.0.%d.%d", n/250, n%250),
		Platform: []string{"Linux", "Windows", "Other"}[n%3], NodePaths: []string{fmt.Sprintf("/DEFAULT/阿里云/prod-%d", n%2)}, Comment: "line 1\nline 2",
		Labels: []inventory.Label{{Name: inventory.LabelCloud, Value: "alibaba"}, {Name: inventory.LabelInstance, Value: instance}},
	}
}

// The whole life of hosts, on both versions: no request that a careful client would not send, and
// what was written is what is read.
func TestLife(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, RootNode: "总部"})
			s.SeedOther(jumpservertest.DefaultOrg, "db-1", "database")
			zone := s.SeedZone(jumpservertest.DefaultOrg, "zone-a")
			c := newClient(t, s)
			b, err := c.Read(t.Context())
			if err != nil || len(b.Assets) != 1 || b.Assets[0].Host || b.Assets[0].Name != "db-1" {
				t.Fatal(b.Assets, err)
			}
			ids := createAll(t, c, zone)
			checkCreated(t, s, c, zone)
			checkUpdates(t, version, s, c, ids, zone)
			for _, err := range c.Remove(t.Context(), append(ids[:20:20], inventory.AssetID("aws", "x", "y")), nil) {
				if err != nil {
					t.Error(err)
				}
			}
			if got, err := c.AssetsByID(t.Context(), ids); err != nil || len(got) != 10 || len(s.Hosts(jumpservertest.DefaultOrg)) != 10 {
				t.Error(len(got), err)
			}
		})
	}
}

func createAll(t *testing.T, c *jumpserver.Client, zone string) (ids []string) {
	t.Helper()
	for n := range 30 {
		a := asset(n)
		if n == 0 {
			a.Zone = zone
		}
		ids = append(ids, a.ID)
		for _, want := range []bool{false, true} { // the second one finds it
			if existed, err := c.CreateWithNode(t.Context(), a); existed != want || err != nil {
				t.Fatal(n, existed, err)
			}
		}
	}
	return ids
}

func checkCreated(t *testing.T, s *jumpservertest.Server, c *jumpserver.Client, zone string) {
	t.Helper()
	b, err := c.Read(t.Context())
	if err != nil || len(b.Assets) != 31 {
		t.Fatal(len(b.Assets), err)
	}
	nodes := [2]string{b.Assets[0].Nodes, b.Assets[1].Nodes}
	if len(nodes[0]) != 36 || len(nodes[1]) != 36 || nodes[0] == nodes[1] {
		t.Errorf("nodes %q", nodes)
	}
	for n, got := range b.Assets[:30] {
		a := asset(n)
		want := inventory.Asset{ID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Labels: a.Labels, Comment: a.Comment, Nodes: nodes[n%2], Active: true, Host: true,
			NodeNames: fmt.Sprintf("prod-%d", n%2)}
		if n == 0 {
			want.Zone = zone
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for n, h := range s.Hosts(jumpservertest.DefaultOrg) {
		if want := fmt.Sprintf("/总部/阿里云/prod-%d", n%2); !slices.Equal(h.Nodes, []string{want}) || len(h.Protocols) == 0 {
			t.Errorf("%+v", h)
		}
	}
}

func checkUpdates(t *testing.T, version jumpservertest.Version, s *jumpservertest.Server, c *jumpserver.Client, ids []string, zone string) {
	t.Helper()
	off, address, none := false, "192.0.2.1", ""
	var patches []inventory.Patch
	for n, id := range ids {
		name := fmt.Sprintf("new-%04d", n)
		p := inventory.Patch{ID: id, Name: &name, Address: &address, Active: &off, Zone: &zone, Labels: []inventory.Label{inventory.GoneLabel(time.Unix(1e9, 0))}}
		if n == 0 {
			p.Zone = &none
		}
		patches = append(patches, p)
	}
	taken, gone := "db-1", inventory.AssetID("aws", "x", "y")
	patches[7].Name = &taken
	patches = append(patches, inventory.Patch{ID: gone, Address: &address})
	for n, err := range c.Update(t.Context(), patches, nil) {
		want := map[int]inventory.Kind{7: inventory.NameTaken, 30: inventory.NotFound}[n]
		if inventory.KindOf(err) != want {
			t.Errorf("%d: %v", n, err)
		}
	}
	for n, h := range s.Hosts(jumpservertest.DefaultOrg) {
		if strings.HasPrefix(h.Name, "web-") { // the one whose new name was taken
			continue
		}
		if h.Active || h.Address != address || len(h.Protocols) == 0 || !slices.Equal(h.Labels, []string{"jms-gone:20010909T0147Z"}) || (h.Zone == "") != (h.Name == "new-0000") {
			t.Errorf("%d: %+v", n, h)
		}
	}
}

// Organisations: an unknown one, that of another id, and the root one.
func TestOrganisations(t *testing.T) {
	t.Parallel()
	const other = "00000000-0000-0000-0000-00000000abcd"
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, Enterprise: true, TB: t})
		unknown := newClient(t, s, func(o *jumpserver.Options) { o.OrgID = other })
		_, err := unknown.Read(t.Context())
		if inventory.KindOf(err) != inventory.Organisation || !strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), "DEFAULT") {
			t.Errorf("%s: %v", version, err)
		}
		if _, err := unknown.CreateWithNode(t.Context(), asset(1)); inventory.KindOf(err) != inventory.Organisation {
			t.Errorf("%s: %v", version, err)
		}
		s.AddOrg(other, "prod")
		for _, c := range []*jumpserver.Client{unknown, newClient(t, s)} {
			existed, err := c.CreateWithNode(t.Context(), asset(1))
			// An id that is taken in another organisation: a 500 that does not say so.
			if want := map[bool]inventory.Kind{true: "", false: inventory.Temporary}[c == unknown]; existed || inventory.KindOf(err) != want {
				t.Errorf("%s: %v %v", version, existed, err)
			}
		}
		if n := len(s.Hosts(jumpservertest.DefaultOrg)); n != 0 {
			t.Errorf("%s: %d hosts in DEFAULT", version, n)
		}
	}
}

// Eight writers at once under nodes that were created before, and the limit of assets.
func TestWriters(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, Limit: 150})
		c := newClient(t, s)
		var mu sync.Mutex
		kinds := map[inventory.Kind]int{}
		var group sync.WaitGroup
		for w := range 8 {
			group.Go(func() {
				for n := w; n < 160; n += 8 {
					_, err := c.CreateWithNode(t.Context(), asset(n))
					mu.Lock()
					kinds[inventory.KindOf(err)]++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if kinds[""] != 150 || kinds[inventory.Limit] != 10 {
			t.Errorf("%s: %v", version, kinds)
		}
		// Each writer asks for the organisation at most once; the platforms, the fields and the root are read once; two nodes are
		// searched, which shows that they are new, and created.
		if n := c.Calls(); n > 160+8+3+2*2 {
			t.Errorf("%s: %d calls for 160 hosts", version, n)
		}
	}
}

// v4.10.16 allows 180 requests a minute: a first sync goes on at that rate, or stops cleanly at
// its deadline.
func TestThrottledServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, TB: t, MaxRequests: 180})
		c := newClient(t, s)
		start := time.Now()
		for n := range 500 {
			if _, err := c.CreateWithNode(t.Context(), asset(n)); err != nil {
				t.Fatal(n, err)
			}
		}
		if took := time.Since(start); took > 4*time.Minute {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		n, err := 500, error(nil)
		for ; err == nil; n++ {
			_, err = c.CreateWithNode(ctx, asset(n))
		}
		if kind := inventory.KindOf(err); kind != inventory.Throttled && kind != inventory.Deadline {
			t.Errorf("%v", err)
		}
		if got := len(s.Hosts(jumpservertest.DefaultOrg)); got != n-1 {
			t.Errorf("%d hosts, %d were made", got, n-1)
		}
	})
}

// Servers whose pages are shorter than requested, so that a page may end in the middle of one.
func TestPageCaps(t *testing.T) {
	t.Parallel()
	for _, pageCap := range []int{1, 7, 100, 299, 300, 301} {
		s := jumpservertest.New(jumpservertest.Options{TB: t, PageCap: pageCap})
		for n := range 300 {
			s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{ID: asset(n).ID, Name: fmt.Sprint("h", n), Address: "10.0.0.1", Active: true})
		}
		if b, err := newClient(t, s).Read(t.Context()); err != nil || len(b.Assets) != 300 {
			t.Errorf("cap %d: %d assets, %v", pageCap, len(b.Assets), err)
		}
	}
}

func TestPlatformWithoutZones(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, NoZones: []string{"Linux"}, Platforms: map[string]int{"Linux": 77}})
		zone := s.SeedZone(jumpservertest.DefaultOrg, "zone-a")
		c := newClient(t, s)
		a := asset(0)
		a.Zone = zone
		if _, err := c.CreateWithNode(t.Context(), a); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if b, err := c.Read(t.Context()); err != nil || b.Platforms["Linux"].SupportsZones || b.Platforms["Linux"].ID != 77 || b.Assets[0].Zone != "" {
			t.Errorf("%s: %v, %v", version, b, err)
		}
		err := c.Update(t.Context(), []inventory.Patch{{ID: a.ID, Zone: &zone}}, nil)[0]
		if inventory.KindOf(err) != inventory.Invalid || !strings.Contains(err.Error(), "zone") {
			t.Errorf("%s: %v", version, err)
		}
	}
}
