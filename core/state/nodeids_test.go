package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
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

func wantNodeID(t *testing.T, n *NodeIDs, path, id string) {
	t.Helper()
	if got, err := n.Load(t.Context(), path); err != nil || got != id {
		t.Errorf("%s: %q, %v; want %q", path, got, err, id)
	}
}

// TestNodes: saved, replaced, and separate for every path, organisation and server, on stores of every ability.
func TestNodes(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, newMemoryBucket(can))
			n := s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
			wantNodeID(t, n, nodePath, "")
			if err := n.Save(t.Context(), nodePath, nodeOne); err != nil {
				t.Fatal(err)
			}
			wantNodeID(t, s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), nodePath, nodeOne)
			for _, other := range []*NodeIDs{s.ForInstallation("jms2.example.com", nodeOrg).NodeIDs(), s.ForInstallation(nodeServer, nodeOne).NodeIDs()} {
				wantNodeID(t, other, nodePath, "")
			}
			wantNodeID(t, n, "/DEFAULT/阿里雲/prod", "")
			n = s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
			wantNodeID(t, n, nodePath, nodeOne)
			if err := n.Save(t.Context(), nodePath, nodeTwo); err != nil {
				t.Fatal(err)
			}
			wantNodeID(t, s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), nodePath, nodeTwo)
		})
	}
}

// TestNodesAtOnce: of two that save a node at once the first stays, and the second gets a Conflict if its id
// differs.
func TestNodesAtOnce(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, newMemoryBucket(can))
			a, b, c := s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
			for _, n := range []*NodeIDs{a, b, c} {
				wantNodeID(t, n, nodePath, "")
			}
			if err := a.Save(t.Context(), nodePath, nodeOne); err != nil {
				t.Fatal(err)
			}
			if err := b.Save(t.Context(), nodePath, nodeOne); err != nil {
				t.Errorf("the same id: %v", err)
			}
			if err := c.Save(t.Context(), nodePath, nodeTwo); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("another id: %v", err)
			}
			if err := s.ForInstallation(nodeServer, nodeOrg).NodeIDs().Save(t.Context(), nodePath, nodeTwo); inventory.KindOf(err) != inventory.Conflict {
				t.Errorf("one that has not read: %v", err)
			}
			wantNodeID(t, s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), nodePath, nodeOne)
		})
	}
}

// TestNodesUnreadable: what cannot be read is an error and not "nothing"; what is corrupt is moved aside, what a
// later version wrote stays.
func TestNodesUnreadable(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	n := s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
	if err := n.Save(t.Context(), nodePath, nodeOne); err != nil {
		t.Fatal(err)
	}
	m.before = func(op, _ string) error { return newFault(inventory.Temporary, "broken") }
	if id, err := s.ForInstallation(nodeServer, nodeOrg).NodeIDs().Load(t.Context(), nodePath); inventory.KindOf(err) != inventory.Temporary || id != "" {
		t.Error(id, err)
	}
	m.before = nil
	key, good := n.objectKey(nodePath), m.objects[n.objectKey(nodePath)]
	m.objects[key] = []byte(strings.Replace(string(good), `"schema":1`, `"schema":2`, 1))
	if _, err := s.ForInstallation(nodeServer, nodeOrg).NodeIDs().Load(t.Context(), nodePath); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Error(err)
	}
	if len(m.objects) != 1 {
		t.Error("what a later version wrote was taken away")
	}
	for name, bad := range map[string]string{
		"checksum": strings.Replace(string(good), nodeOne, nodeTwo, 1),
		"an id":    encodedBody(t, nodeBody{Server: nodeServer, Organisation: nodeOrg, Path: nodePath, ID: "x"}),
		"a path":   encodedBody(t, nodeBody{Server: nodeServer, Organisation: nodeOrg, Path: "/DEFAULT/y", ID: nodeOne}),
	} {
		m.objects = map[string][]byte{key: []byte(bad)}
		if _, err := s.ForInstallation(nodeServer, nodeOrg).NodeIDs().Load(t.Context(), nodePath); inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v", name, err)
		}
		if m.objects[key] != nil || len(m.objects) != 1 {
			t.Errorf("%s: not set aside: %d objects", name, len(m.objects))
		}
		wantNodeID(t, s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), nodePath, "")
	}
}

func encodedBody(t *testing.T, body nodeBody) string {
	t.Helper()
	data, err := encodeObject(body, smallMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestListUnknownNodes: which paths are unknown; paths that nobody configures are deleted in the end, while
// configured ones stay however long no host was created in them.
func TestListUnknownNodes(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, clock := newStore(t, m)
	tidying := true
	s.pick = func(int) int {
		if tidying {
			return 0
		}
		return 1
	}
	n := s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
	old, elsewhere := "/DEFAULT/阿里云/old", s.ForInstallation(nodeServer, nodeTwo).NodeIDs()
	for _, path := range []string{nodePath, old} {
		if err := n.Save(t.Context(), path, nodeOne); err != nil {
			t.Fatal(err)
		}
	}
	if err := elsewhere.Save(t.Context(), old, nodeTwo); err != nil {
		t.Fatal(err)
	}
	unlearnt := func(want ...string) {
		t.Helper()
		got, err := n.ListUnknown(t.Context(), []string{nodePath, "/DEFAULT/aws/new"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
	}
	for month := range 8 {
		unlearnt("/DEFAULT/aws/new")
		wantNodeID(t, s.ForInstallation(nodeServer, nodeOrg).NodeIDs(), nodePath, nodeOne)
		if there := m.objects[n.objectKey(old)] != nil; there != (month <= 5) {
			t.Errorf("month %d: there %t", month, there)
		}
		clock.Advance(31 * 24 * time.Hour)
	}
	wantNodeID(t, elsewhere, old, nodeTwo)
	// Most runs only list.
	tidying = false
	before := fmt.Sprint(m.calls["get"], m.calls["put"], m.calls["delete"])
	unlearnt("/DEFAULT/aws/new")
	if after := fmt.Sprint(m.calls["get"], m.calls["put"], m.calls["delete"]); after != before {
		t.Errorf("calls %s, before %s", after, before)
	}
}

// TestAllNodes: all paths of one installation are read at once; what cannot be read is an error, and a corrupt object is
// one once.
func TestAllNodes(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	n := s.ForInstallation(nodeServer, nodeOrg).NodeIDs()
	const otherPath = "/DEFAULT/app/web"
	for path, id := range map[string]string{nodePath: nodeOne, otherPath: strings.ToUpper(nodeTwo)} {
		if err := n.Save(t.Context(), path, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ForInstallation("jms2.example.com", nodeOrg).NodeIDs().Save(t.Context(), "/DEFAULT/y", nodeOne); err != nil {
		t.Fatal(err)
	}
	fresh := func() *NodeIDs { return s.ForInstallation(nodeServer, nodeOrg).NodeIDs() }
	want := map[string]string{nodePath: nodeOne, otherPath: nodeTwo}
	got, err := fresh().LoadAll(t.Context())
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	m.before = func(op, key string) error {
		if op == "get" && key == n.objectKey(otherPath) {
			return newFault(inventory.Temporary, "broken")
		}
		return nil
	}
	got, err = fresh().LoadAll(t.Context())
	if inventory.KindOf(err) != inventory.Temporary || !maps.Equal(got, map[string]string{nodePath: nodeOne}) {
		t.Errorf("%v, %v", got, err)
	}
	m.before = nil
	good := m.objects[n.objectKey(otherPath)]
	m.objects[n.objectKey(otherPath)] = []byte(strings.Replace(string(good), `"schema":1`, `"schema":2`, 1))
	for range 2 {
		if _, err := fresh().LoadAll(t.Context()); inventory.KindOf(err) != inventory.Incomplete || !strings.Contains(err.Error(), "later version") {
			t.Errorf("a later version's: %v", err)
		}
	}
	m.objects[n.objectKey(otherPath)] = []byte("x")
	if _, err := fresh().LoadAll(t.Context()); inventory.KindOf(err) != inventory.Incomplete {
		t.Errorf("a corrupt one: %v", err)
	}
	got, err = fresh().LoadAll(t.Context())
	if err != nil || !maps.Equal(got, map[string]string{nodePath: nodeOne}) {
		t.Errorf("after that: %v, %v", got, err)
	}
}

// TestManyNodes: what was read at once is written only where it differs, or was not used for long.
func TestManyNodes(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			s, clock := newStore(t, m)
			fresh := func() *NodeIDs { return s.ForInstallation(nodeServer, nodeOrg).NodeIDs() }
			var puts atomic.Int32
			m.before = func(op, _ string) error {
				if op == "put" {
					puts.Add(1)
				}
				return nil
			}
			saveAll := func(ids map[string]string, want int) {
				t.Helper()
				n := fresh()
				if _, err := n.LoadAll(t.Context()); err != nil {
					t.Fatal(err)
				}
				puts.Store(0)
				if err := n.SaveAll(t.Context(), ids); err != nil || int(puts.Load()) != want {
					t.Errorf("%d writes, want %d: %v", puts.Load(), want, err)
				}
			}
			ids := map[string]string{nodePath: nodeOne, "/DEFAULT/app": nodeTwo}
			saveAll(ids, 2)
			saveAll(ids, 0)
			ids["/DEFAULT/app"] = nodeOne
			saveAll(ids, 1)
			wantNodeID(t, fresh(), "/DEFAULT/app", nodeOne)
			clock.offset.Store(int64(refreshUsedAfter))
			saveAll(ids, 2)
		})
	}
}
