package jumpserver

import (
	"context"
	"errors"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// EnsureNodes creates the nodes of some paths, one after another, until one fails for another reason than
// a wrong path.
func (c *Client) EnsureNodes(ctx context.Context, paths []string) error {
	var bad []error
	for _, path := range paths {
		_, err := c.EnsureNode(ctx, path, "")
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

// CreateWithNode creates a host like package apply: its node first, and once more if that node is gone.
func (c *Client) CreateWithNode(ctx context.Context, a inventory.NewAsset) (existed bool, err error) {
	n, err := c.EnsureNode(ctx, a.NodePaths[0], "")
	if err != nil {
		return false, err
	}
	a.NodeIDs = []string{n.ID}
	existed, err = c.Create(ctx, a)
	if !errors.Is(err, inventory.ErrNodeGone) {
		return existed, err
	}
	n, err = c.EnsureNode(ctx, a.NodePaths[0], n.ID)
	if err != nil {
		return false, err
	}
	a.NodeIDs = []string{n.ID}
	return c.Create(ctx, a)
}
