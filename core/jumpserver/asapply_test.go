package jumpserver

import (
	"context"
	"errors"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Nodes makes the nodes of some paths, one after another, until one fails for another reason than
// that its path is wrong.
func (c *Client) Nodes(ctx context.Context, paths []string) error {
	var bad []error
	for _, path := range paths {
		_, err := c.Node(ctx, path, "")
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

// Place creates a host as package apply does: its node first, and once more where that node is gone.
func (c *Client) Place(ctx context.Context, a inventory.NewAsset) (existed bool, err error) {
	n, err := c.Node(ctx, a.Node, "")
	if err != nil {
		return false, err
	}
	a.NodeID = n.ID
	existed, err = c.Create(ctx, a)
	if !errors.Is(err, inventory.ErrNodeGone) {
		return existed, err
	}
	if n, err = c.Node(ctx, a.Node, n.ID); err != nil {
		return false, err
	}
	a.NodeID = n.ID
	return c.Create(ctx, a)
}
