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
	// rootPrefix begins every configured path. It stands for the organisation's root
	// node, whatever its name is.
	rootPrefix = "/DEFAULT"
	maxPartLen = 128 // characters of one part of a path; a longer one is answered with a 500
)

// node is a node of the tree of assets.
type node struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Path  string `json:"full_value"`
	OrgID string `json:"org_id"`
}

// EnsureNode returns the node of a configured path ("/DEFAULT/阿里云/aliyun-prod") like FindNode,
// and creates it and its parents where there is none. Nodes are created one after another: of
// parallel creates under a new path only some succeed.
func (c *Client) EnsureNode(ctx context.Context, path, known string) (inventory.Node, error) {
	found, err := c.recallNode(ctx, path, known)
	if err != nil || found.ID != "" {
		return found, err
	}
	if err := c.nodesLock.lock(ctx); err != nil {
		return inventory.Node{}, err
	}
	defer c.nodesLock.unlock()
	gone := found.StoredIDGone
	found, err = c.recallNode(ctx, path, "")
	if err == nil && found.ID == "" { // otherwise another goroutine created it meanwhile
		found, err = c.findOrCreateNode(ctx, path)
	}
	found.StoredIDGone = gone
	return found, err
}

// FindNode returns the node of a configured path and changes nothing. That is the node with
// the known id ("" = none), whatever its name and place, as long as it
// exists; otherwise the one at the path; otherwise one without an id. An id that this client found for the path before
// counts as known, and costs no call. A path with an empty part or one over 128 characters is an error of
// kind Invalid, without a call.
func (c *Client) FindNode(ctx context.Context, path, known string) (inventory.Node, error) {
	found, err := c.recallNode(ctx, path, known)
	if err != nil || found.ID != "" {
		return found, err
	}
	at, _, err := c.searchNode(ctx, path)
	if err != nil {
		return inventory.Node{}, err
	}
	if at.ID != "" {
		c.rememberNode(path, at.ID)
	}
	return inventory.Node{ID: at.ID, Path: at.Path, StoredIDGone: found.StoredIDGone}, nil
}

// recallNode returns the node with the known id, or else the id that this client remembers for the path.
func (c *Client) recallNode(ctx context.Context, path, known string) (inventory.Node, error) {
	if err := validatePath(path); err != nil {
		return inventory.Node{}, err
	}
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return inventory.Node{}, err
	}
	if known == "" {
		return inventory.Node{ID: f.nodeIDs[path]}, nil
	}
	at, exists, err := c.readNodeByID(ctx, known)
	switch {
	case err != nil:
		return inventory.Node{}, err
	case exists:
		c.rememberNode(path, at.ID)
		return inventory.Node{ID: at.ID, Path: at.Path}, nil
	}
	id := f.nodeIDs[path]
	if id == known {
		c.forgetNode(path)
		id = ""
	}
	return inventory.Node{ID: id, StoredIDGone: true}, nil
}

// readNodeByID returns the node with an id. Only a 404 in JumpServer's own form proves that it does not exist:
// a proxy's 404 says nothing of nodes.
func (c *Client) readNodeByID(ctx context.Context, id string) (n node, exists bool, err error) {
	op := "ask for node " + id
	if !isUUID(id) {
		return node{}, false, nil
	}
	err = c.doCall(ctx, apiCall{op: op, method: http.MethodGet, path: apiNodes + id + "/", read: decodeInto(&n, "id")})
	if r := asAPIError(err); r != nil && r.status == http.StatusNotFound && r.hasKey("detail") {
		return node{}, false, nil
	}
	if err == nil {
		r := &rowConverter{org: c.orgID, operation: op}
		err = r.validateRow(n.ID, n.OrgID)
	}
	return n, err == nil, err
}

// searchNode finds the node at a path without knowing the root node's name. at is the zero value
// where there is none; others are all nodes whose last part is equal, as the server compares them.
func (c *Client) searchNode(ctx context.Context, path string) (at node, others []node, err error) {
	if path == rootPrefix {
		at, err = c.findRootNode(ctx)
		return at, nil, err
	}
	last := path[strings.LastIndex(path, "/")+1:]
	r := &rowConverter{org: c.orgID, operation: "look for node " + path}
	others, err = readAll(ctx, c, listRequest[node, node]{
		op: r.operation, path: apiNodes, query: "value=" + url.QueryEscape(last), limit: pageSize,
		id:      func(n node) string { return n.ID },
		convert: func(n *node) (node, error) { return *n, r.validateRow(n.ID, n.OrgID) },
	})
	if err != nil {
		return node{}, nil, err
	}
	for _, n := range others {
		if pathBelowRoot(n.Path) == pathBelowRoot(path) {
			return n, others, nil
		}
	}
	for _, n := range others {
		// The server compares texts, so another spelling in its answer means the same node.
		if n.Value != last && samePath(pathBelowRoot(n.Path), pathBelowRoot(path)) {
			return n, others, nil
		}
	}
	return node{}, others, nil
}

// pathBelowRoot returns what follows the root node's name in a path.
func pathBelowRoot(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest
}

// findOrCreateNode returns the node at a path, and creates it where there is none. The caller holds
// nodesLock.
func (c *Client) findOrCreateNode(ctx context.Context, path string) (inventory.Node, error) {
	at, others, err := c.searchNode(ctx, path)
	if err != nil {
		return inventory.Node{}, err
	}
	if at.ID != "" {
		c.rememberNode(path, at.ID)
		return inventory.Node{ID: at.ID, Path: at.Path}, nil
	}
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return inventory.Node{}, err
	}
	id, err := c.createBelowRoot(ctx, path, f.rootNode)
	if errors.Is(err, errOtherNodeMade) { // the root node may have been renamed
		id, err = c.createBelowRoot(ctx, path, node{})
	}
	if err != nil {
		return inventory.Node{}, err
	}
	c.rememberNode(path, id)
	// The server may answer with one of the nodes that it listed.
	created := !slices.ContainsFunc(others, func(n node) bool { return n.ID == id })
	return inventory.Node{ID: id, Created: created}, nil
}

var errOtherNodeMade = errors.New("JumpServer made another node instead")

func (c *Client) createBelowRoot(ctx context.Context, path string, root node) (id string, err error) {
	if root.ID == "" {
		root, err = c.findRootNode(ctx)
		if err != nil {
			return "", err
		}
	}
	return c.createNode(ctx, "/"+root.Value+strings.TrimPrefix(path, rootPrefix))
}

// findRootNode returns the root node. It reads the tree, which creates the root node on a fresh server; the list of nodes
// is empty until then.
func (c *Client) findRootNode(ctx context.Context) (node, error) {
	var tree []struct {
		Parent string `json:"pId"`
		Meta   struct{ Data node }
	}
	op := "find the root node"
	if err := c.doCall(ctx, apiCall{op: op, method: http.MethodGet, path: apiTree, read: decodeInto(&tree)}); err != nil {
		return node{}, err
	}
	var root node
	for _, n := range tree {
		if n.Parent == "" && root.ID == "" {
			root = n.Meta.Data
		}
	}
	if !isUUID(root.ID) || root.Value == "" {
		return node{}, newError(inventory.Incomplete, "jumpserver: "+op+": the tree has none", nil)
	}
	c.updateFacts(func(f *facts) { f.rootNode = root })
	return root, nil
}

// createNode creates the node with this full path and its parents, or finds it.
func (c *Client) createNode(ctx context.Context, full string) (string, error) {
	var n node
	op := "make node " + full
	body := map[string]string{"full_value": full}
	if err := c.doCall(ctx, apiCall{op: op, method: http.MethodPost, path: apiNodes, body: body, read: decodeInto(&n, "id"),
		onFirst500: func(ctx context.Context) error { return c.explainServerError(ctx, op, "", "", full) }}); err != nil {
		return "", err
	}
	if !samePath(n.Path, full) || !isUUID(n.ID) {
		return "", newError(inventory.Invalid, fmt.Sprintf("jumpserver: %s: JumpServer answers with %s", op, quote(n.Path)), errOtherNodeMade)
	}
	return n.ID, nil
}

// validatePath refuses what JumpServer would take for another path, or answer with a 500.
func validatePath(path string) error {
	if path != rootPrefix && !strings.HasPrefix(path, rootPrefix+"/") {
		return newError(inventory.Invalid, "jumpserver: the node path "+quote(path)+" does not begin with "+rootPrefix, nil)
	}
	for _, part := range strings.Split(path, "/")[1:] {
		if part == "" {
			return newError(inventory.Invalid, "jumpserver: the node path "+quote(path)+" has an empty part", nil)
		}
		if utf8.RuneCountInString(part) > maxPartLen {
			return newError(inventory.Invalid, fmt.Sprintf("jumpserver: a part of the node path %s is longer than %d characters", quote(path), maxPartLen), nil)
		}
	}
	return nil
}
