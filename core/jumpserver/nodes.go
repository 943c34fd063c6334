package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// rootPart is what configured paths begin with. It stands for the organisation's root
	// node, whatever its name is.
	rootPart = "/DEFAULT"
	maxPart  = 128 // characters of one part of a path; one more is a 500
)

// node is a node of the tree of assets.
type node struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Path  string `json:"full_value"`
	OrgID string `json:"org_id"`
}

// Node returns the node that a configured path ("/DEFAULT/阿里云/aliyun-prod") means, as FindNode
// does, and makes it where there is none, its parents with it. Nodes are made one after another: of
// parallel creates under a new path only some succeed.
func (c *Client) Node(ctx context.Context, path, known string) (inventory.Node, error) {
	found, err := c.recall(ctx, path, known)
	if err != nil || found.ID != "" {
		return found, err
	}
	if err := c.making.take(ctx); err != nil {
		return inventory.Node{}, err
	}
	defer c.making.give()
	gone := found.Gone
	if found, err = c.recall(ctx, path, ""); err == nil && found.ID == "" { // else made while we waited
		found, err = c.findOrMake(ctx, path)
	}
	found.Gone = gone
	return found, err
}

// FindNode returns the node that a configured path means and changes nothing. That is the node with
// the id that is known of the path ("" = none), under whatever name and wherever it stands, while it
// exists; else the one at the path; else one without an id. What this client learnt of a path before
// counts as known, without a call. A path with an empty part or one over 128 characters is an error of
// kind Invalid, without a call.
func (c *Client) FindNode(ctx context.Context, path, known string) (inventory.Node, error) {
	found, err := c.recall(ctx, path, known)
	if err != nil || found.ID != "" {
		return found, err
	}
	at, _, err := c.lookUp(ctx, path)
	if err != nil {
		return inventory.Node{}, err
	}
	if at.ID != "" {
		c.remember(path, at.ID)
	}
	return inventory.Node{ID: at.ID, Path: at.Path, Gone: found.Gone}, nil
}

// recall returns the node of the known id, or else of the id that this client remembers for the path.
func (c *Client) recall(ctx context.Context, path, known string) (inventory.Node, error) {
	if err := checkPath(path); err != nil {
		return inventory.Node{}, err
	}
	f, err := c.proven(ctx)
	if err != nil {
		return inventory.Node{}, err
	}
	if known == "" {
		return inventory.Node{ID: f.nodes[path]}, nil
	}
	at, exists, err := c.nodeByID(ctx, known)
	switch {
	case err != nil:
		return inventory.Node{}, err
	case exists:
		c.remember(path, at.ID)
		return inventory.Node{ID: at.ID, Path: at.Path}, nil
	}
	id := f.nodes[path]
	if id == known {
		c.forget(path)
		id = ""
	}
	return inventory.Node{ID: id, Gone: true}, nil
}

// nodeByID reads the node with an id. That there is none is only believed of an answer in
// JumpServer's own form: a proxy's page of a 404 says nothing of nodes.
func (c *Client) nodeByID(ctx context.Context, id string) (n node, exists bool, err error) {
	op := "ask for node " + id
	if !isUUID(id) {
		return node{}, false, nil
	}
	err = c.do(ctx, call{op: op, method: http.MethodGet, path: apiNodes + id + "/", read: decode(&n, "id")})
	if r := refused(err); r != nil && r.status == http.StatusNotFound && r.has("detail") {
		return node{}, false, nil
	}
	if err == nil {
		r := &rows{org: c.org, what: op}
		err = r.belongs(n.ID, n.OrgID)
	}
	return n, err == nil, err
}

// lookUp searches the node at a path without knowing the root node's name. The node is the zero value
// where there is none; others are all nodes whose last part is equal, as the server compares them.
func (c *Client) lookUp(ctx context.Context, path string) (at node, others []node, err error) {
	if path == rootPart {
		at, err = c.root(ctx)
		return at, nil, err
	}
	last := path[strings.LastIndex(path, "/")+1:]
	r := &rows{org: c.org, what: "look for node " + path}
	others, err = readAll(ctx, c, list[node, node]{
		op: r.what, path: apiNodes, query: "value=" + url.QueryEscape(last), limit: pageSize,
		id:   func(n node) string { return n.ID },
		turn: func(n *node) (node, error) { return *n, r.belongs(n.ID, n.OrgID) },
	})
	if err != nil {
		return node{}, nil, err
	}
	for _, n := range others {
		if below(n.Path) == below(path) {
			return n, others, nil
		}
	}
	for _, n := range others {
		// A server that shows another spelling takes it for the same.
		if n.Value != last && samePath(below(n.Path), below(path)) {
			return n, others, nil
		}
	}
	return node{}, others, nil
}

// below returns what follows the root node's name in a path.
func below(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest
}

// findOrMake returns the node at a path, and makes it where there is none. Only one goroutine at a
// time does so.
func (c *Client) findOrMake(ctx context.Context, path string) (inventory.Node, error) {
	at, others, err := c.lookUp(ctx, path)
	if err != nil {
		return inventory.Node{}, err
	}
	if at.ID != "" {
		c.remember(path, at.ID)
		return inventory.Node{ID: at.ID, Path: at.Path}, nil
	}
	f, err := c.proven(ctx)
	if err != nil {
		return inventory.Node{}, err
	}
	id, err := c.make(ctx, path, f.root)
	if errors.Is(err, errOtherPath) { // the root node may have another name by now
		id, err = c.make(ctx, path, node{})
	}
	if err != nil {
		return inventory.Node{}, err
	}
	c.remember(path, id)
	// The server may take a node for ours that it lists with the others.
	made := !slices.ContainsFunc(others, func(n node) bool { return n.ID == id })
	return inventory.Node{ID: id, Made: made}, nil
}

var errOtherPath = errors.New("JumpServer made another node instead")

func (c *Client) make(ctx context.Context, path string, root node) (id string, err error) {
	if root.ID == "" {
		if root, err = c.root(ctx); err != nil {
			return "", err
		}
	}
	return c.makeNode(ctx, "/"+root.Value+strings.TrimPrefix(path, rootPart))
}

// root finds the root node. Asking for the tree makes it on a fresh server, whose list of nodes
// is empty until then.
func (c *Client) root(ctx context.Context) (node, error) {
	var tree []struct {
		Parent string `json:"pId"`
		Meta   struct{ Data node }
	}
	op := "find the root node"
	if err := c.do(ctx, call{op: op, method: http.MethodGet, path: apiTree, read: decode(&tree)}); err != nil {
		return node{}, err
	}
	var root node
	for _, n := range tree {
		if n.Parent == "" && root.ID == "" {
			root = n.Meta.Data
		}
	}
	if !isUUID(root.ID) || root.Value == "" {
		return node{}, fault(inventory.Incomplete, "jumpserver: "+op+": the tree has none", nil)
	}
	c.change(func(f *facts) { f.root = root })
	return root, nil
}

// makeNode makes the node with this full path, its parents on the way, or finds it.
func (c *Client) makeNode(ctx context.Context, full string) (string, error) {
	var n node
	op := "make node " + full
	body := map[string]string{"full_value": full}
	if err := c.do(ctx, call{op: op, method: http.MethodPost, path: apiNodes, body: body, read: decode(&n, "id"),
		crashed: func(ctx context.Context) error { return c.whyCrashed(ctx, op, "", "", full) }}); err != nil {
		return "", err
	}
	if !samePath(n.Path, full) || !isUUID(n.ID) {
		return "", fault(inventory.Invalid, fmt.Sprintf("jumpserver: %s: JumpServer answers with %s", op, quote(n.Path)), errOtherPath)
	}
	return n.ID, nil
}

// checkPath refuses what JumpServer would take for another path, or answer with a 500.
func checkPath(path string) error {
	if path != rootPart && !strings.HasPrefix(path, rootPart+"/") {
		return fault(inventory.Invalid, "jumpserver: the node path "+quote(path)+" does not begin with "+rootPart, nil)
	}
	for _, part := range strings.Split(path, "/")[1:] {
		if part == "" {
			return fault(inventory.Invalid, "jumpserver: the node path "+quote(path)+" has an empty part", nil)
		}
		if utf8.RuneCountInString(part) > maxPart {
			return fault(inventory.Invalid, fmt.Sprintf("jumpserver: a part of the node path %s is longer than %d characters", quote(path), maxPart), nil)
		}
	}
	return nil
}
