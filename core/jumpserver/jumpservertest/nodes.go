package jumpservertest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

func (o *org) nodeByID(id string) *node { return o.byID[id] }

// addNode adds a node.
func (o *org) addNode(n *node) {
	o.nodes = append(o.nodes, n)
	o.byID[n.id] = n
	o.byPath[o.nodeKey(n.parent, n.value)] = n
}

// nodeKey returns the key of which there is only one node: the key of the parent, and the value as the database compares it.
func (o *org) nodeKey(parent, value string) string { return parent + "/" + o.db.collationKey(value) }

// splitPath parses a path like the server: it prepends the root's name unless the path begins with
// it after a slash; it ignores empty inner parts and a trailing slash.
func (o *org) splitPath(path string) []string {
	root := o.nodes[0].value
	if !strings.HasPrefix(path, "/") {
		path = "/" + root + "/" + path
	}
	var parts []string
	for p := range strings.SplitSeq(path, "/") {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 || parts[0] != root {
		parts = append([]string{root}, parts...)
	}
	if path == "/"+root+"/" && o.childNode(o.nodes[0], "") != nil {
		parts = append(parts, "")
	}
	return parts
}

// findNode returns the node of a path, or nil.
func (o *org) findNode(path string) *node {
	at := o.nodes[0]
	for _, part := range o.splitPath(path)[1:] {
		at = o.childNode(at, part)
		if at == nil {
			return nil
		}
	}
	return at
}

// ensureNode returns the node of a path, and creates what is missing.
func (o *org) ensureNode(path string) *node {
	at := o.nodes[0]
	for _, part := range o.splitPath(path)[1:] {
		next := o.childNode(at, part)
		if next == nil {
			next = o.addChild(at, part)
		}
		at = next
	}
	return at
}

func (o *org) childNode(parent *node, value string) *node {
	return o.byPath[o.nodeKey(parent.key, value)]
}

func (o *org) addChild(parent *node, value string) *node {
	return o.addChildAs(uuid.NewString(), parent, value)
}

func (o *org) addChildAs(id string, parent *node, value string) *node {
	n := &node{
		id: id, key: fmt.Sprintf("%s:%d", parent.key, parent.children), value: value, parent: parent.key,
		path: parent.path + "/" + value,
	}
	parent.children++
	o.addNode(n)
	o.shown = true
	return n
}

// sortedNodes returns the nodes in the order of the server's lists: by parent, then by value.
func (o *org) sortedNodes() []*node {
	return slices.SortedFunc(slices.Values(o.nodes), func(x, y *node) int {
		return cmp.Or(strings.Compare(x.parent, y.parent), strings.Compare(x.value, y.value))
	})
}

// isAtOrBelow reports whether n is the node with this key or one of its descendants.
func (n *node) isAtOrBelow(key string) bool { return n.key == key || strings.HasPrefix(n.key, key+":") }

func (o *org) showNode(n *node) map[string]any {
	return map[string]any{
		"id": n.id, "key": n.key, "value": n.value, "name": n.value, "full_value": n.path,
		"org_id": o.id, "org_name": o.name,
	}
}

// routeNodes routes /assets/nodes/ and what is below it.
func (s *Server) routeNodes(c *call) reply {
	rest := strings.Join(c.parts[2:], "/")
	switch {
	case rest == "" && c.method == http.MethodGet:
		return s.listNodes(c)
	case rest == "" && c.method == http.MethodPost:
		return s.createNode(c, c.org.nodes[0], true)
	case rest == "children/tree" && c.method == http.MethodGet:
		return s.showTree(c)
	case len(c.parts) > 3 && c.parts[3] == "assets":
		return s.routeNodeAssets(c, c.org.nodeByID(c.parts[2]))
	}
	if len(c.parts) < 3 {
		return s.unknownMethod(c)
	}
	return s.routeNode(c, c.org.nodeByID(c.parts[2]))
}

func (s *Server) routeNode(c *call, n *node) reply {
	handlers := map[string]func(*call, *node) reply{
		http.MethodGet:    func(c *call, n *node) reply { return okReply(c.org.showNode(n)) },
		http.MethodPatch:  s.renameNode,
		http.MethodDelete: s.deleteNode,
	}
	switch {
	case len(c.parts) == 4 && c.parts[3] == "children":
		handlers = map[string]func(*call, *node) reply{
			http.MethodGet: func(c *call, n *node) reply {
				return s.pageOfNodes(c, func(child *node) bool { return child.parent == n.key })
			},
			http.MethodPost: func(c *call, n *node) reply { return s.createNode(c, n, false) },
		}
	case len(c.parts) == 5 && c.parts[3] == "children" && c.parts[4] == "add":
		handlers = map[string]func(*call, *node) reply{http.MethodPut: s.moveNodes}
	case len(c.parts) != 3 || uuid.Validate(c.parts[2]) != nil:
		return s.unknownPath(c)
	}
	handle, known := handlers[c.method]
	switch {
	case n == nil:
		return notFoundReply("Node")
	case !known:
		return s.unknownMethod(c)
	}
	return handle(c, n)
}

func (s *Server) listNodes(c *call) reply {
	value, search := c.query.Get("value"), c.query.Get("search")
	return s.pageOfNodes(c, func(n *node) bool {
		return c.org.shown && (value == "" || c.org.db.SameText(n.value, value)) && c.org.db.containsText(n.path, search)
	})
}

func (s *Server) pageOfNodes(c *call, keep func(*node) bool) reply {
	var rows []*node
	for _, n := range c.org.sortedNodes() {
		if keep(n) {
			rows = append(rows, n)
		}
	}
	return pageOf(s, c, rows, func(n *node) any {
		row := c.org.showNode(n)
		if fields := c.query.Get("fields"); fields != "" {
			keepColumns(row, strings.Split(fields, ","))
		}
		return row
	})
}

// renameNode changes a node's name, and with it the paths below it.
func (s *Server) renameNode(c *call, n *node) reply {
	row, _ := c.body.(map[string]any)
	value, given := row["value"].(string)
	switch {
	case n == c.org.nodes[0]:
		return badRequestReply(map[string]any{"error": "You can't update the root node name"})
	case !given:
		return okReply(c.org.showNode(n))
	case c.org.db.RefusesText(value):
		return crashReply()
	}
	if other := c.org.childNode(&node{key: n.parent}, value); other != nil && other != n {
		return badRequestReply(map[string]any{"value": []string{sameNode}})
	}
	old := n.path
	delete(c.org.byPath, c.org.nodeKey(n.parent, n.value))
	n.value = value
	c.org.byPath[c.org.nodeKey(n.parent, n.value)] = n
	for _, d := range c.org.nodes {
		if d.isAtOrBelow(n.key) {
			d.path = strings.TrimSuffix(old, "/"+old[strings.LastIndex(old, "/")+1:]) + "/" + value + strings.TrimPrefix(d.path, old)
		}
	}
	return okReply(c.org.showNode(n))
}

const sameNode = "The same level node name cannot be the same"

// createNode creates a node by its path, or by its name below a parent.
func (s *Server) createNode(c *call, parent *node, top bool) reply {
	row, isObject := c.body.(map[string]any)
	if !isObject || c.pending.lostRace {
		return crashReply()
	}
	if full, given := row["full_value"].(string); given && top {
		if isPathTooLong(full) || c.org.db.RefusesText(full) {
			return crashReply()
		}
		return reply{status: http.StatusCreated, body: c.org.showNode(c.org.ensureNode(full))}
	}
	value, _ := row["value"].(string)
	switch {
	case strings.Contains(value, "/"):
		return badRequestReply(map[string]any{"value": []string{"Can't contains: /"}})
	case utf8.RuneCountInString(value) > 128, c.org.db.RefusesText(value):
		return crashReply()
	case c.org.childNode(parent, value) != nil && top:
		return badRequestReply(map[string]any{"value": []string{sameNode}})
	case c.org.childNode(parent, value) != nil:
		return detailReply(http.StatusBadRequest, sameNode, "error")
	}
	id, given := row["id"].(string)
	if !given {
		id = uuid.NewString()
	}
	return reply{status: http.StatusCreated, body: c.org.showNode(c.org.addChildAs(id, parent, value))}
}

// deleteNode deletes a node with its descendants, unless one of them has hosts.
func (s *Server) deleteNode(c *call, n *node) reply {
	if n == c.org.nodes[0] {
		return reply{status: http.StatusForbidden, body: map[string]any{
			"error": fmt.Sprintf("You can't delete the root node (%s)", n.value),
		}}
	}
	gone := map[string]bool{}
	for _, d := range c.org.nodes {
		if d.isAtOrBelow(n.key) {
			gone[d.id] = true
		}
	}
	for _, h := range c.org.listAssets() {
		if slices.ContainsFunc(h.nodes, func(id string) bool { return gone[id] }) {
			return reply{status: http.StatusForbidden, body: map[string]any{
				"error": "Deletion failed and the node contains assets",
			}}
		}
	}
	c.org.nodes = slices.DeleteFunc(c.org.nodes, func(d *node) bool {
		if gone[d.id] {
			delete(c.org.byID, d.id)
			delete(c.org.byPath, c.org.nodeKey(d.parent, d.value))
		}
		return gone[d.id]
	})
	return statusReply(http.StatusNoContent)
}
