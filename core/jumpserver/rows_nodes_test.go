package jumpserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestNodesOfHosts: every read of hosts returns the ids of their nodes, in one order; a node's new name changes nothing,
// another node does. Assets in the same nodes share one text: 100,000 of them need no more than a pointer each.
func TestNodesOfHosts(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		put := func(n int, nodes ...string) string {
			return s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
				Name: fmt.Sprint("h-", n), Address: "10.0.0.1", Active: true, Comment: "instance_id: i-x", Labels: []string{"jms-instance:i-x"}, Nodes: nodes,
			})
		}
		ids := []string{put(0, "/DEFAULT/a", "/DEFAULT/b"), put(1, "/DEFAULT/b", "/DEFAULT/a"), put(2, "/DEFAULT/a")}
		c := newClient(t, s)
		reads := map[string]func() ([]inventory.Asset, error){
			"Read": func() ([]inventory.Asset, error) {
				b, err := c.Read(t.Context())
				return b.Assets, err
			},
			"Assets": func() ([]inventory.Asset, error) { return c.AssetsByID(t.Context(), ids) },
			"Naming": func() ([]inventory.Asset, error) { return c.AssetsMentioning(t.Context(), "i-x") },
			"Marked": func() ([]inventory.Asset, error) { return c.AssetsByInstance(t.Context(), []string{"i-x"}) },
		}
		was := map[string][]string{}
		read := func(name string) []string {
			assets, err := reads[name]()
			if err != nil || len(assets) != 3 {
				t.Fatalf("%s %s: %d, %v", version, name, len(assets), err)
			}
			slices.SortFunc(assets, func(x, y inventory.Asset) int { return strings.Compare(x.Name, y.Name) })
			if unsafe.StringData(assets[0].Nodes) != unsafe.StringData(assets[1].Nodes) {
				t.Errorf("%s %s: equal nodes stand in memory twice", version, name)
			}
			return []string{assets[0].Nodes, assets[1].Nodes, assets[2].Nodes}
		}
		for name := range reads {
			now := read(name)
			if now[0] != now[1] || len(strings.Split(now[0], ",")) != 2 || !strings.Contains(now[0], now[2]) || len(now[2]) != 36 {
				t.Errorf("%s %s: %q", version, name, now)
			}
			was[name] = now
		}
		s.RenameNode(jumpservertest.DefaultOrg, "/DEFAULT/a", "another name")
		s.Edit(jumpservertest.DefaultOrg, ids[2], func(h *jumpservertest.Host) { h.Nodes = []string{"/DEFAULT/b"} })
		for name := range reads {
			if now := read(name); now[0] != was[name][0] || now[1] != was[name][1] || now[2] == was[name][2] {
				t.Errorf("%s %s: %q, was %q", version, name, now, was[name])
			}
		}
	}
}
