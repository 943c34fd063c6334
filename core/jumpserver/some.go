package jumpserver

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Naming reads the assets that name an instance in their comment (as the Python tool leaves it,
// and as ours say it too) or elsewhere in what search= looks through: name and address.
// It is one call; an asset of ours is among them only while nobody took the id off its comment.
func (c *Client) Naming(ctx context.Context, instance string) ([]inventory.Asset, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	r := &rows{org: c.org, what: "search hosts for " + quote(instance)}
	assets, err := c.some(ctx, f, r, "&search="+url.QueryEscape(instance))
	if err != nil {
		return nil, err
	}
	for _, a := range assets {
		if !strings.Contains(strings.ToLower(a.Name+"\n"+a.Address+"\n"+a.Comment), strings.ToLower(instance)) {
			return nil, fault(inventory.Incomplete, "jumpserver: "+r.what+": "+a.ID+" came, which does not name it", nil)
		}
	}
	return assets, nil
}

// some reads the hosts that a filter of the list leaves.
func (c *Client) some(ctx context.Context, f *facts, r *rows, filter string) ([]inventory.Asset, error) {
	assets, _, err := c.withZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		return readAll(ctx, c, list[inventory.Asset, hostRow]{
			op: r.what, path: apiHosts, query: byName + "fields=" + hostFields(f.zone) + filter,
			limit: pageSize, turn: r.asset, id: assetID,
		})
	})
	return assets, err
}

// Platforms gives the platforms that hosts may have; nothing is asked while they are known and
// less than an hour old.
func (c *Client) Platforms(ctx context.Context) (map[string]inventory.Platform, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]inventory.Platform, len(f.platforms))
	for name, p := range f.platforms {
		out[name] = p.Platform
	}
	return out, nil
}

// Prove asks which organisation answers and compares it with the configured one. It is for a
// caller whose reads had no rows, as only rows tell whose they are.
func (c *Client) Prove(ctx context.Context) error {
	_, _, err := c.Organisation(ctx)
	return err
}

// DeactivatedSince counts the assets of a cloud account whose jms-gone is not older than a time.
// One that cannot be read does not count.
func (c *Client) DeactivatedSince(ctx context.Context, owner string, since time.Time) (int, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return 0, err
	}
	r := &rows{org: c.org, what: "count deactivated hosts of account " + quote(owner)}
	labels := url.QueryEscape(inventory.LabelOwner + ":" + owner + "," + inventory.LabelGone + ":*")
	assets, err := c.some(ctx, f, r, "&labels="+labels)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, a := range assets {
		value, _ := a.Label(inventory.LabelGone)
		at, err := time.Parse(time.RFC3339, value)
		mine := slices.Contains(a.Labels, inventory.Label{Name: inventory.LabelOwner, Value: owner})
		if mine && err == nil && !at.Before(since) {
			n++
		}
	}
	return n, nil
}
