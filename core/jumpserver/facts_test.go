package jumpserver

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Platforms of both versions, as recorded: the protocols of a host of each, the primary one first.
func TestRecordedPlatforms(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Linux":   "{1 Linux linux [{ssh 22} {sftp 22}] true}",
		"Windows": "{5 Windows windows [{rdp 3389}] true}",
		"AIX":     "{10 AIX unix [{ssh 22}] true}",
		"Other":   "{7 Other other [{ssh 22} {sftp 22} {telnet 23} {vnc 5900} {rdp 3389}] true}",
	}
	_, v10 := recorded(t, "v4.10.16", "platforms of category host")
	_, linux := recorded(t, "v4.7.0/platforms", "one")
	_, aix := recorded(t, "v4.7.0/platforms", "list_paged") // one row, and a count of 25
	for name, test := range map[string]struct {
		body  string
		names []string
		kind  inventory.Kind
	}{
		"v4.10.16":              {string(v10), []string{"Linux", "Windows", "AIX", "Other"}, ""},
		"v4.7.0":                {pageJSON(1, string(linux)), []string{"Linux"}, ""},
		"v4.7.0, cut to a page": {string(aix), nil, inventory.Incomplete},
	} {
		s := newStub(t)
		s.json("GET "+apiPlatforms, 200, test.body)
		got, err := s.client().fetchPlatforms(t.Context())
		if inventory.KindOf(err) != test.kind {
			t.Errorf("%s: %v", name, err)
		}
		for _, n := range test.names {
			if text := fmt.Sprint(got[n].Platform); text != want[n] {
				t.Errorf("%s: %s is %s, want %s", name, n, text, want[n])
			}
		}
	}
}

// Facts expire: a platform that people add is found within the hour. Node ids stay.
func TestFactsAge(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET "+apiHosts, pages(0, 1))
	now := time.Now()
	c := s.client(func(o *Options) { o.Now = func() time.Time { return now } })
	if _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureNodes(t.Context(), []string{"/DEFAULT/a"}); err != nil {
		t.Fatal(err)
	}
	before := c.cachedFacts.Load()
	for _, step := range []time.Duration{factsTTL, 2 * time.Second} {
		now = now.Add(step)
		if _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after := c.cachedFacts.Load()
	if n := len(s.requests("GET " + apiPlatforms)); n != 2 || after == before || after.nodeIDs["/DEFAULT/a"] != nodeA {
		t.Errorf("%d calls, nodes %v", n, after.nodeIDs)
	}
	// A published value never changes.
	c.forgetNode("/DEFAULT/a")
	if after.nodeIDs["/DEFAULT/a"] != nodeA || c.cachedFacts.Load().nodeIDs["/DEFAULT/a"] != "" {
		t.Error("a snapshot was changed in place")
	}
	c.cachedFacts.Store(nil)
	c.rememberNode("/DEFAULT/b", nodeA)
	if c.cachedFacts.Load() != nil {
		t.Error("facts without a proven organisation")
	}
}
