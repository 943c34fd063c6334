package jumpservertest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// showTree answers with the page's tree of nodes: those below the requested key, or else the root and its
// children. A count covers the assets at and below a node; real servers update it late.
func (s *Server) showTree(c *call) reply {
	c.org.shown = true
	asked, search := c.query.Get("key"), c.query.Get("search")
	root := c.org.nodes[0]
	var rows []*node
	for _, n := range c.org.nodes {
		wanted := n.parent == cmp.Or(asked, root.key) || n == root && asked == ""
		if search != "" {
			wanted = c.org.db.containsText(n.value, search)
		}
		if wanted {
			rows = append(rows, n)
		}
	}
	slices.SortStableFunc(rows, func(x, y *node) int {
		return cmp.Or(strings.Compare(c.org.db.collationKey(x.value), c.org.db.collationKey(y.value)), cmp.Compare(len(x.parent), len(y.parent)))
	})
	out := []any{}
	for _, n := range rows {
		title := fmt.Sprintf("%s (%d)", n.value, len(filterRows(c.org.listAssets(), []func(*host) bool{nodeFilter(c.org, n, false)})))
		out = append(out, map[string]any{
			"id": n.key, "name": title, "title": title, "pId": n.parent, "isParent": true, "open": true,
			"meta": map[string]any{"type": "node", "data": map[string]any{"id": n.id, "key": n.key, "value": n.value}},
		})
	}
	return okReply(out)
}

// routeNodeAssets routes /assets/nodes/{id}/assets/ and what is below it.
func (s *Server) routeNodeAssets(c *call, n *node) reply {
	switch {
	case n == nil:
		return notFoundReply("Node")
	case len(c.parts) == 4 && c.method == http.MethodGet:
		c.kind = s.kinds["assets"]
		return s.listRows(c, filterRows(c.org.listAssets(), []func(*host) bool{nodeFilter(c.org, n, c.query.Get("all") != "1")}))
	case len(c.parts) == 5 && (c.method == http.MethodPut || c.method == http.MethodPatch):
		return s.changeNodeAssets(c, n)
	}
	return s.unknownMethod(c)
}

// changeNodeAssets adds hosts to a node, removes them from it, or makes it their only node. The answer lists all
// hosts of the node.
func (s *Server) changeNodeAssets(c *call, n *node) reply {
	row, _ := c.body.(map[string]any)
	ids, _ := row["assets"].([]any)
	var rows []*host
	for _, raw := range ids {
		id := primaryKeyOf(raw)
		h := c.org.findAsset(id)
		if h == nil {
			return badRequestReply(map[string]any{"assets": []string{`Invalid pk "` + id + `" - object does not exist.`}})
		}
		rows = append(rows, h)
	}
	for _, h := range rows {
		switch without := slices.DeleteFunc(slices.Clone(h.nodes), func(id string) bool { return id == n.id }); c.parts[4] {
		case "add":
			h.nodes = append(without, n.id)
		case "remove":
			h.nodes = without
			if len(h.nodes) == 0 {
				h.nodes = []string{c.org.nodes[0].id}
			}
		case "replace":
			h.nodes = []string{n.id}
		default:
			return s.unknownPath(c)
		}
	}
	in := []any{}
	for _, h := range filterRows(c.org.listAssets(), []func(*host) bool{nodeFilter(c.org, n, true)}) {
		in = append(in, h.ID)
	}
	return okReply(map[string]any{"assets": in, "org_id": c.org.id, "org_name": c.org.name})
}

// moveNodes puts nodes below another one. v4.7.0 also puts a node below itself, and loses it; that is not
// imitated.
func (s *Server) moveNodes(c *call, into *node) reply {
	row, _ := c.body.(map[string]any)
	ids, _ := row["nodes"].([]any)
	for _, raw := range ids {
		n := c.org.nodeByID(primaryKeyOf(raw))
		switch {
		case n == nil:
			return badRequestReply(map[string]any{"nodes": []string{`Invalid pk "` + primaryKeyOf(raw) + `" - object does not exist.`}})
		case into.isAtOrBelow(n.key):
			s.recordUnexpected("a node is moved below its own descendant")
			return badRequestReply(map[string]any{"error": fmt.Sprintf("Node %s is an ancestor of node %s, can't be added as its child", n.value, into.value)})
		}
		c.org.moveNode(n, into, n.value)
	}
	return okReply("OK")
}
