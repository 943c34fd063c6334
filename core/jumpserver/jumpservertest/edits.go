package jumpservertest

import (
	"fmt"
	"slices"
	"strings"
)

// The methods of this file do what people do with nodes and platforms in the web interface.

// NodeAt returns the id of the node at a path that begins with the root node's own name; "" = there is none.
func (s *Server) NodeAt(orgID, path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.orgs[orgID].findNode(path); n != nil {
		return n.id
	}
	return ""
}

// NodePaths returns the paths of all nodes of an organisation, by their ids.
func (s *Server) NodePaths(orgID string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, paths := s.orgs[orgID], map[string]string{}
	for _, n := range o.nodes {
		paths[n.id] = n.path
	}
	return paths
}

// RenameNode renames the node at a path. The paths of all nodes below it follow.
func (s *Server) RenameNode(orgID, path, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	o.moveNode(o.findNode(path), o.nodeByKey(o.findNode(path).parent), name)
}

// MoveNode moves the node at a path, with all below it, under the node at another path.
func (s *Server) MoveNode(orgID, path, under string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	n := o.findNode(path)
	o.moveNode(n, o.ensureNode(under), n.value)
}

// DeleteNode deletes the node at a path with all below it. Its hosts move to the root node first.
func (s *Server) DeleteNode(orgID, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	key, gone := o.findNode(path).key, map[string]bool{}
	for _, n := range o.nodes {
		gone[n.id] = n.isAtOrBelow(key)
	}
	for _, h := range o.listAssets() {
		h.nodes = slices.DeleteFunc(h.nodes, func(id string) bool { return gone[id] })
		if len(h.nodes) == 0 {
			h.nodes = []string{o.nodes[0].id}
		}
	}
	o.nodes = slices.DeleteFunc(o.nodes, func(n *node) bool {
		if gone[n.id] {
			delete(o.byID, n.id)
			delete(o.byPath, o.nodeKey(n.parent, n.value))
		}
		return gone[n.id]
	})
}

func (o *org) nodeByKey(key string) *node {
	at := slices.IndexFunc(o.nodes, func(n *node) bool { return n.key == key })
	if at < 0 {
		return o.nodes[0]
	}
	return o.nodes[at]
}

// moveNode puts a node with all below it under a parent and names it. Its id stays; keys and paths follow.
func (o *org) moveNode(n, parent *node, name string) {
	oldKey, oldPath := n.key, n.path
	newKey := n.key
	if n.parent != parent.key {
		newKey = fmt.Sprintf("%s:%d", parent.key, parent.children)
		parent.children++
	}
	newPath := parent.path + "/" + name
	var moved []*node
	for _, d := range o.nodes {
		if d.isAtOrBelow(oldKey) {
			moved = append(moved, d)
			delete(o.byPath, o.nodeKey(d.parent, d.value))
		}
	}
	for _, d := range moved {
		d.key, d.path = newKey+strings.TrimPrefix(d.key, oldKey), newPath+strings.TrimPrefix(d.path, oldPath)
		if d == n {
			d.parent, d.value = parent.key, name
		} else {
			d.parent = newKey + strings.TrimPrefix(d.parent, oldKey)
		}
		o.byPath[o.nodeKey(d.parent, d.value)] = d
	}
}

// AddPlatform creates a custom platform for hosts of a type, with ssh at a port.
func (s *Server) AddPlatform(name, kind string, ssh int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPlatform(platform{
		Name: name, Category: "host", Type: kind, Zones: true,
		Protocols: []platformProtocol{{Name: "ssh", Port: ssh, Primary: true, Required: true, Default: true, Public: true}},
	}, "Administrator")
}

// DeletePlatform deletes a platform.
func (s *Server) DeletePlatform(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.platforms = slices.DeleteFunc(s.platforms, func(p platform) bool { return p.Name == name })
}
