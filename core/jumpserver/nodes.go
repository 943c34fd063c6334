package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
}

// Nodes makes the nodes of these paths ("/DEFAULT/阿里云/aliyun-prod") where they are missing, one
// after another: of parallel creates under a new path only some succeed. Their ids are
// remembered, so that a known path costs no call. A path with an empty part or one over 128
// characters is an error of kind Invalid without a call, and does not stop the others; any other
// error does.
func (c *Client) Nodes(ctx context.Context, paths []string) error {
	var bad []error
	for _, path := range paths {
		_, err := c.node(ctx, path)
		switch inventory.KindOf(err) {
		case "":
		case inventory.Invalid:
			bad = append(bad, err)
		default:
			return err
		}
	}
	return errors.Join(bad...)
}

// node gives the id of a path's node and makes the node if need be.
func (c *Client) node(ctx context.Context, path string) (string, error) {
	if err := checkPath(path); err != nil {
		return "", err
	}
	f, err := c.proven(ctx)
	if err != nil {
		return "", err
	}
	if id, ok := f.nodes[path]; ok {
		return id, nil
	}
	if err := c.making.take(ctx); err != nil {
		return "", err
	}
	defer c.making.give()
	if f, err = c.proven(ctx); err != nil {
		return "", err
	}
	if id, ok := f.nodes[path]; ok {
		return id, nil // made while we waited
	}
	id, err := c.findOrMake(ctx, path, f.root)
	if errors.Is(err, errOtherPath) { // the root node may have another name by now
		id, err = c.findOrMake(ctx, path, node{})
	}
	if err == nil {
		c.remember(path, id)
	}
	return id, err
}

var errOtherPath = errors.New("JumpServer made another node instead")

func (c *Client) findOrMake(ctx context.Context, path string, root node) (id string, err error) {
	if root.ID == "" {
		if root, err = c.root(ctx); err != nil {
			return "", err
		}
	}
	if path == rootPart {
		return root.ID, nil
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
	if err := c.do(ctx, call{op: op, method: http.MethodPost, path: apiNodes, body: body, read: decode(&n, "id")}); err != nil {
		return "", err
	}
	if n.Path != full || !isUUID(n.ID) {
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
