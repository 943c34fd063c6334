package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	nodeOne, nodeTwo = "08537bb3-63bb-4d5c-897e-8c73d0306ab8", "1f1149b6-ef9e-4a94-9e67-f626744ef74a"
	nodePath         = "/DEFAULT/阿里云/prod"
	nodeServer       = "jms.example.com"
	nodeOrg          = "00000000-0000-0000-0000-000000000002"
)

func wantKnown(t *testing.T, n *Nodes, path, id string) {
	t.Helper()
	if got, err := n.Known(t.Context(), path); err != nil || got != id {
		t.Errorf("%s: %q, %v; want %q", path, got, err, id)
	}
}

// TestNodes: kept, replaced, and apart for every path, organisation and server, on stores of every ability.
func TestNodes(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, newMemory(can))
			n := s.Of(nodeServer, nodeOrg).Nodes()
			wantKnown(t, n, nodePath, "")
			if err := n.Keep(t.Context(), nodePath, nodeOne); err != nil {
				t.Fatal(err)
			}
			wantKnown(t, s.Of(nodeServer, nodeOrg).Nodes(), nodePath, nodeOne)
			for _, other := range []*Nodes{s.Of("jms2.example.com", nodeOrg).Nodes(), s.Of(nodeServer, nodeOne).Nodes()} {
				wantKnown(t, other, nodePath, "")
			}
			wantKnown(t, n, "/DEFAULT/阿里雲/prod", "")
			n = s.Of(nodeServer, nodeOrg).Nodes()
			wantKnown(t, n, nodePath, nodeOne)
			if err := n.Keep(t.Context(), nodePath, nodeTwo); err != nil {
				t.Fatal(err)
			}
			wantKnown(t, s.Of(nodeServer, nodeOrg).Nodes(), nodePath, nodeTwo)
		})
	}
}

// TestNodesAtOnce: of two that learn a node at once the first stays, and the second is told where that
// is another id.
func TestNodesAtOnce(t *testing.T) {
	t.Parallel()
	for name, can := range levels() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, newMemory(can))
			a, b, c := s.Of(nodeServer, nodeOrg).Nodes(), s.Of(nodeServer, nodeOrg).Nodes(), s.Of(nodeServer, nodeOrg).Nodes()
			for _, n := range []*Nodes{a, b, c} {
				wantKnown(t, n, nodePath, "")
			}
			if err := a.Keep(t.Context(), nodePath, nodeOne); err != nil {
				t.Fatal(err)
			}
			if err := b.Keep(t.Context(), nodePath, nodeOne); err != nil {
				t.Errorf("the same id: %v", err)
			}
			if err := c.Keep(t.Context(), nodePath, nodeTwo); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("another id: %v", err)
			}
			if err := s.Of(nodeServer, nodeOrg).Nodes().Keep(t.Context(), nodePath, nodeTwo); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("one that has not read: %v", err)
			}
			wantKnown(t, s.Of(nodeServer, nodeOrg).Nodes(), nodePath, nodeOne)
		})
	}
}

// TestNodesUnreadable: what cannot be read is an error and not "nothing"; what is damaged is set aside, what a
// later version wrote stays.
func TestNodesUnreadable(t *testing.T) {
	t.Parallel()
	m := newMemory(levels()["if-match"])
	s, _ := newStore(t, m)
	n := s.Of(nodeServer, nodeOrg).Nodes()
	if err := n.Keep(t.Context(), nodePath, nodeOne); err != nil {
		t.Fatal(err)
	}
	m.before = func(op, _ string) error { return fault(inventory.Temporary, "broken") }
	if id, err := s.Of(nodeServer, nodeOrg).Nodes().Known(t.Context(), nodePath); inventory.KindOf(err) != inventory.Temporary || id != "" {
		t.Error(id, err)
	}
	m.before = nil
	key, good := n.key(nodePath), m.objects[n.key(nodePath)]
	m.objects[key] = []byte(strings.Replace(string(good), `"schema":1`, `"schema":2`, 1))
	if _, err := s.Of(nodeServer, nodeOrg).Nodes().Known(t.Context(), nodePath); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Error(err)
	}
	if len(m.objects) != 1 {
		t.Error("what a later version wrote was taken away")
	}
	for name, bad := range map[string]string{
		"checksum": strings.Replace(string(good), nodeOne, nodeTwo, 1),
		"an id":    sealed(t, nodeBody{Server: nodeServer, Organisation: nodeOrg, Path: nodePath, ID: "x"}),
		"a path":   sealed(t, nodeBody{Server: nodeServer, Organisation: nodeOrg, Path: "/DEFAULT/y", ID: nodeOne}),
	} {
		m.objects = map[string][]byte{key: []byte(bad)}
		if _, err := s.Of(nodeServer, nodeOrg).Nodes().Known(t.Context(), nodePath); inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v", name, err)
		}
		if m.objects[key] != nil || len(m.objects) != 1 {
			t.Errorf("%s: not set aside: %d objects", name, len(m.objects))
		}
		wantKnown(t, s.Of(nodeServer, nodeOrg).Nodes(), nodePath, "")
	}
}

func sealed(t *testing.T, body nodeBody) string {
	t.Helper()
	data, err := encode(body, smallLimit)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestNodesUnlearnt: which paths are not known, and that paths nobody configures are forgotten in the end, while
// configured ones stay however long nothing was made in them.
func TestNodesUnlearnt(t *testing.T) {
	t.Parallel()
	m := newMemory(levels()["if-match"])
	s, clock := newStore(t, m)
	tidying := true
	s.pick = func(int) int {
		if tidying {
			return 0
		}
		return 1
	}
	n := s.Of(nodeServer, nodeOrg).Nodes()
	old, elsewhere := "/DEFAULT/阿里云/old", s.Of(nodeServer, nodeTwo).Nodes()
	for _, path := range []string{nodePath, old} {
		if err := n.Keep(t.Context(), path, nodeOne); err != nil {
			t.Fatal(err)
		}
	}
	if err := elsewhere.Keep(t.Context(), old, nodeTwo); err != nil {
		t.Fatal(err)
	}
	unlearnt := func(want ...string) {
		t.Helper()
		got, err := n.Unlearnt(t.Context(), []string{nodePath, "/DEFAULT/aws/new"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
	}
	for month := range 8 {
		unlearnt("/DEFAULT/aws/new")
		wantKnown(t, s.Of(nodeServer, nodeOrg).Nodes(), nodePath, nodeOne)
		if there := m.objects[n.key(old)] != nil; there != (month <= 5) {
			t.Errorf("month %d: there %t", month, there)
		}
		clock.Advance(31 * 24 * time.Hour)
	}
	wantKnown(t, elsewhere, old, nodeTwo)
	// Most runs only list.
	tidying = false
	before := fmt.Sprint(m.calls["get"], m.calls["put"], m.calls["delete"])
	unlearnt("/DEFAULT/aws/new")
	if after := fmt.Sprint(m.calls["get"], m.calls["put"], m.calls["delete"]); after != before {
		t.Errorf("calls %s, before %s", after, before)
	}
}
