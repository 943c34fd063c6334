package jumpserver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

func contextThatEnds(t *testing.T, after time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), after)
}

// TestPatchesOfRules: nodes are replaced by id, a platform goes to another of its type, protocols go by themselves, and no
// list takes protocols away.
func TestPatchesOfRules(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			s.AddPlatform("Linux-2222", "linux", 2222)
			c := newClient(t, s, everyNeed)
			var nodes []string
			for _, path := range []string{"/DEFAULT/a", "/DEFAULT/b"} {
				n, err := c.EnsureNode(t.Context(), path, "")
				if err != nil {
					t.Fatal(err)
				}
				nodes = append(nodes, n.ID)
			}
			custom, comment := "Linux-2222", "new"
			var patches []inventory.Patch
			for n := range 6 {
				id := s.Seed(org, jumpservertest.Host{Name: fmt.Sprint("h-", n), Nodes: []string{"/DEFAULT/old"}})
				p := inventory.Patch{ID: id, NodeIDs: nodes, Platform: &custom, Comment: &comment}
				if n == 2 || n == 5 {
					p = inventory.Patch{ID: id, Protocols: []inventory.Protocol{{Name: "ssh", Port: 22022}}}
				}
				patches = append(patches, p)
			}
			for n, err := range c.Update(t.Context(), patches, nil) {
				if err != nil {
					t.Errorf("%d: %v", n, err)
				}
			}
			for n, h := range s.Hosts(org) {
				want := fmt.Sprint([]string{"/DEFAULT/a", "/DEFAULT/b"}, "Linux-2222", "[{ssh 22} {sftp 22}]")
				if n == 2 || n == 5 {
					want = fmt.Sprint([]string{"/DEFAULT/old"}, "Linux", "[{ssh 22022}]")
				}
				if got := fmt.Sprint(h.Nodes, h.Platform, h.Protocols); got != want {
					t.Errorf("%d: %s, want %s", n, got, want)
				}
			}
			if calls := s.Calls(); calls["PATCH /api/v1/assets/hosts/"] != 2 || calls["PATCH /api/v1/assets/hosts/{id}/"] != 2 {
				t.Errorf("%v", calls)
			}
		})
	}
}

// TestRefusedPatchesOfRules: a bad row never stops the others, and what is known to be wrong is not sent.
func TestRefusedPatchesOfRules(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		c := newClient(t, s)
		node, err := c.EnsureNode(t.Context(), "/DEFAULT/a", "")
		if err != nil {
			t.Fatal(err)
		}
		gone, none := inventory.AssetID("aws", "x", "gone"), "No such platform"
		changes := []inventory.Patch{
			{NodeIDs: []string{node.ID}},
			{NodeIDs: []string{node.ID, gone}},
			{NodeIDs: []string{}},
			{NodeIDs: []string{"a"}},
			{Platform: &none},
			{Protocols: []inventory.Protocol{}},
			{Protocols: []inventory.Protocol{{Name: "rdp", Port: 3389}}}, // lacks the platform's primary one
			{NodeIDs: []string{node.ID, node.ID}},
		}
		for n := range changes {
			changes[n].ID = s.Seed(org, jumpservertest.Host{Name: fmt.Sprint("h-", n), Nodes: []string{"/DEFAULT/old"}})
		}
		for n, err := range c.Update(t.Context(), changes, nil) {
			if fine := n == 0 || n == 7; fine != (err == nil) || !fine && inventory.KindOf(err) != inventory.Invalid || errors.Is(err, inventory.ErrNodeGone) != (n == 1) {
				t.Errorf("%s, %d: %v", version, n, err)
			}
		}
		for n, h := range s.Hosts(org) {
			want := []string{"/DEFAULT/old"}
			if n == 0 || n == 7 {
				want = []string{"/DEFAULT/a"}
			}
			if !slices.Equal(h.Nodes, want) || len(h.Protocols) != 2 {
				t.Errorf("%s, %d: %+v", version, n, h)
			}
		}
	}
}

// TestStaleNodesAreNotWritten: what may take access away is sent only right after its asset was read.
func TestStaleNodesAreNotWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]inventory.Patch{
		"nodes": {NodeIDs: []string{inventory.AssetID("aws", "x", "n")}}, "protocols": {Protocols: []inventory.Protocol{{Name: "ssh", Port: 22}}},
	} {
		now := time.Unix(1.8e9, 0)
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		c := newClient(t, s, func(o *jumpserver.Options) {
			o.Now = func() time.Time { return now }
			o.Sleep = func(_ context.Context, d time.Duration) error {
				now = now.Add(d)
				return nil
			}
		})
		if _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Fail(jumpservertest.MatchRequest("PATCH", ""), 1, jumpservertest.Fault{Status: 429, RetryAfter: "30"})
		change.ID = s.Seed(org, jumpservertest.Host{Name: "h"})
		err := c.Update(t.Context(), []inventory.Patch{change}, nil)[0]
		if !errors.Is(err, inventory.ErrStaleRead) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSilentlyKept: JumpServer takes the request and keeps something else.
func TestSilentlyKept(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	s.AddPlatform("Linux-2222", "linux", 2222)
	c := newClient(t, s)
	node, err := c.EnsureNode(t.Context(), "/DEFAULT/a", "")
	if err != nil {
		t.Fatal(err)
	}
	custom := "Linux-2222"
	for name, change := range map[string]inventory.Patch{
		"nodes": {NodeIDs: []string{node.ID}}, "protocols": {Protocols: []inventory.Protocol{{Name: "ssh", Port: 2222}}}, "platform": {Platform: &custom},
	} {
		change.ID = s.Seed(org, jumpservertest.Host{Name: name})
		s.Fail(jumpservertest.MatchRequest("PATCH", ""), 1, jumpservertest.Fault{Edit: func(int, []byte) (int, []byte) {
			return 200, []byte(fmt.Sprintf(`{"id":%q,"name":%q,"platform":{"id":1,"name":"Linux"},"nodes":[],"protocols":[],"org_id":%q}`, change.ID, name, org))
		}})
		if err := c.Update(t.Context(), []inventory.Patch{change}, nil)[0]; inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
