package jumpserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

const org, configured = jumpservertest.DefaultOrg, "/DEFAULT/阿里云/prod"

// eachVersion runs a test against an emulator of each version whose root node has a name of its own.
func eachVersion(t *testing.T, test func(*testing.T, *jumpservertest.Server, *jumpserver.Client)) {
	t.Helper()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, RootNode: "总部"})
			test(t, s, newClient(t, s))
		})
	}
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func wantNode(t *testing.T, got inventory.Node, err error, want inventory.Node) {
	t.Helper()
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// A known node is used wherever it is; without a known id the node is that at the path.
func TestNodeThatIsKnown(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, s *jumpservertest.Server, c *jumpserver.Client) {
		found, err := c.FindNode(t.Context(), configured, "")
		wantNode(t, found, err, inventory.Node{})
		if n := s.Writes(); n != 0 {
			t.Errorf("%d writes by a search", n)
		}
		made, err := c.EnsureNode(t.Context(), configured, "")
		id := s.NodeAt(org, "/总部/阿里云/prod")
		wantNode(t, made, err, inventory.Node{ID: id, Created: true})

		s.RenameNode(org, "/总部/阿里云/prod", "production")
		other := newClient(t, s) // another process, which remembers nothing
		found, err = other.FindNode(t.Context(), configured, id)
		wantNode(t, found, err, inventory.Node{ID: id, Path: "/总部/阿里云/production"})
		s.MoveNode(org, "/总部/阿里云/production", "/总部/运维")
		found, err = other.EnsureNode(t.Context(), configured, id)
		wantNode(t, found, err, inventory.Node{ID: id, Path: "/总部/运维/production"})

		stranger := newClient(t, s)
		found, err = stranger.FindNode(t.Context(), configured, "")
		wantNode(t, found, err, inventory.Node{})
		again, err := stranger.EnsureNode(t.Context(), configured, "")
		wantNode(t, again, err, inventory.Node{ID: s.NodeAt(org, "/总部/阿里云/prod"), Created: true})
		found, err = newClient(t, s).EnsureNode(t.Context(), configured, "")
		wantNode(t, found, err, inventory.Node{ID: again.ID, Path: "/总部/阿里云/prod"})
	})
}

// If a known node was deleted the one at the path is used, and StoredIDGone says so.
func TestNodeThatIsGone(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, s *jumpservertest.Server, c *jumpserver.Client) {
		first, err := c.EnsureNode(t.Context(), configured, "")
		if err != nil {
			t.Fatal(err)
		}
		s.DeleteNode(org, "/总部/阿里云/prod")
		found, err := c.FindNode(t.Context(), configured, first.ID)
		wantNode(t, found, err, inventory.Node{StoredIDGone: true})
		second, err := c.EnsureNode(t.Context(), configured, first.ID)
		wantNode(t, second, err, inventory.Node{ID: s.NodeAt(org, "/总部/阿里云/prod"), Created: true, StoredIDGone: true})
		found, err = newClient(t, s).EnsureNode(t.Context(), configured, first.ID)
		wantNode(t, found, err, inventory.Node{ID: second.ID, Path: "/总部/阿里云/prod", StoredIDGone: true})
		found, err = newClient(t, s).EnsureNode(t.Context(), configured, "no id at all")
		wantNode(t, found, err, inventory.Node{ID: second.ID, Path: "/总部/阿里云/prod", StoredIDGone: true})
	})
}

// Only JumpServer's own answer proves that a node is gone: a proxy's page, a missing right or a
// failure never lead to a second node.
func TestNodeIsNotBelievedGone(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]jumpservertest.Fault{
		"HTML page 404": {Status: 404}, "JSON of something else": {Status: 404, Body: `{"message":"no route"}`},
		"403": {Status: 403, Body: `{"detail":"no","code":"permission_denied"}`}, "502": {Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{TB: t})
			c := newClient(t, s, func(o *jumpserver.Options) { o.Sleep = noSleep })
			n, err := c.EnsureNode(t.Context(), configured, "")
			if err != nil {
				t.Fatal(err)
			}
			s.RenameNode(org, configured, "production")
			s.Fail(jumpservertest.MatchRequest("GET", "/nodes/"+n.ID+"/"), -1, fault)
			if got, err := newClient(t, s, func(o *jumpserver.Options) { o.Sleep = noSleep }).EnsureNode(t.Context(), configured, n.ID); err == nil {
				t.Errorf("%+v", got)
			}
			if id := s.NodeAt(org, configured); id != "" {
				t.Error("a second node was made")
			}
		})
	}
}

// One call finds a node, whatever the root's name; a new one costs three.
func TestNodeCalls(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, s *jumpservertest.Server, c *jumpserver.Client) {
		if _, err := c.ListPlatforms(t.Context()); err != nil { // the organisation is verified, the facts are learnt
			t.Fatal(err)
		}
		before := c.Calls()
		if _, err := c.EnsureNode(t.Context(), configured, ""); err != nil {
			t.Fatal(err)
		}
		if n := c.Calls() - before; n != 3 {
			t.Errorf("%d calls for a new node", n)
		}
		other := newClient(t, s)
		if _, err := other.ListPlatforms(t.Context()); err != nil {
			t.Fatal(err)
		}
		before = other.Calls()
		for range 3 {
			if _, err := other.EnsureNode(t.Context(), configured, ""); err != nil {
				t.Fatal(err)
			}
		}
		if n := other.Calls() - before; n != 1 {
			t.Errorf("%d calls for a node that exists", n)
		}
	})
}

// Nodes with the same last part elsewhere are not ours.
func TestNodeOfTheSameName(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, s *jumpservertest.Server, c *jumpserver.Client) {
		for _, parent := range []string{"/DEFAULT/aws", "/DEFAULT/x/阿里云", "/DEFAULT/阿里云/prod"} {
			if _, err := c.EnsureNode(t.Context(), parent+"/prod", ""); err != nil {
				t.Fatal(err)
			}
		}
		want := s.NodeAt(org, "/总部/阿里云/prod")
		n, err := newClient(t, s).FindNode(t.Context(), configured, "")
		wantNode(t, n, err, inventory.Node{ID: want, Path: "/总部/阿里云/prod"})
		n, err = newClient(t, s).FindNode(t.Context(), "/DEFAULT/prod", "")
		wantNode(t, n, err, inventory.Node{})
	})
}

// A missing platform is looked up again, but not on every call.
func TestLacking(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, s *jumpservertest.Server, _ *jumpserver.Client) {
		now := time.Now()
		c := newClient(t, s, func(o *jumpserver.Options) { o.Now = func() time.Time { return now } })
		lacking := func() string {
			t.Helper()
			names, err := c.MissingPlatforms(t.Context(), []string{"Linux", "Linux-2222"})
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(names, ",")
		}
		if got := lacking(); got != "Linux-2222" {
			t.Error(got)
		}
		s.AddPlatform("Linux-2222", "linux", 2222)
		if got := lacking(); got != "Linux-2222" {
			t.Errorf("%q: read anew within a minute", got)
		}
		now = now.Add(2 * time.Minute)
		if got := lacking(); got != "" {
			t.Error(got)
		}
		a := asset(0)
		a.Platform = "Linux-2222"
		if existed, err := c.CreateWithNode(t.Context(), a); existed || err != nil {
			t.Fatal(existed, err)
		}
		if h := s.Hosts(org)[0]; h.Platform != "Linux-2222" || len(h.Protocols) != 1 || h.Protocols[0].Port != 2222 {
			t.Errorf("%+v", h)
		}
	})
}
