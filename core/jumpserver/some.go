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

// Marked reads the hosts whose label jms-instance names one of these instances, whatever their ids: adopted
// assets, those of earlier versions, and copies of them. It is one call for 50 instances.
func (c *Client) Marked(ctx context.Context, instances []string) ([]inventory.Asset, error) {
	f, err := c.proven(ctx)
	if err != nil {
		return nil, err
	}
	var all []inventory.Asset
	for batch := range slices.Chunk(instances, idsPerURL) {
		assets, err := c.marked(ctx, f, batch)
		if err != nil {
			return nil, err
		}
		all = append(all, assets...)
	}
	slices.SortFunc(all, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	return slices.CompactFunc(all, func(x, y inventory.Asset) bool { return x.ID == y.ID }), nil
}

func (c *Client) marked(ctx context.Context, f *facts, instances []string) ([]inventory.Asset, error) {
	texts := make([]string, 0, len(instances))
	for _, id := range instances {
		if strings.Contains(id, ",") { // which parts the values of a filter
			return nil, fault(inventory.Invalid, "jumpserver: read hosts by instance: "+quote(id)+" has a comma", nil)
		}
		texts = append(texts, inventory.LabelInstance+":"+id)
	}
	r := &rows{org: c.org, what: "read hosts by instance"}
	assets, err := c.some(ctx, f, r, "&labels="+url.QueryEscape(strings.Join(texts, ",")))
	if err != nil {
		return nil, err
	}
	for _, a := range assets {
		if !slices.ContainsFunc(a.Labels, func(l inventory.Label) bool { return l.Is(inventory.LabelInstance) && named(instances, l.Value) }) {
			return nil, fault(inventory.Incomplete, "jumpserver: "+r.what+": "+a.ID+" came, which was not asked for", nil)
		}
	}
	return assets, nil
}

// named reports whether an instance is among those, in any spelling: a database without case answers with
// the label that was there first.
func named(instances []string, id string) bool {
	return slices.ContainsFunc(instances, func(i string) bool { return inventory.SameFolded(i, id) })
}

// some reads the hosts that a filter of the list leaves.
func (c *Client) some(ctx context.Context, f *facts, r *rows, filter string) ([]inventory.Asset, error) {
	assets, _, err := c.withZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		return readAll(ctx, c, list[inventory.Asset, hostRow]{
			op: r.what, path: apiHosts, query: byName + "fields=" + hostFields(f.zone) + filter,
			limit: pageSize, turn: r.asset, id: assetID,
		})
	})
	c.tellZone(r.field)
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

// stillProved is how long the answer of Organisation is believed by Prove: a cold event asks when it begins.
const stillProved = 10 * time.Second

// Prove asks which organisation answers, unless this client has just done so, and compares it with the
// configured one. It is for a caller whose reads had no rows, as only rows tell whose they are.
func (c *Client) Prove(ctx context.Context) error {
	if at := c.proved.Load(); at != nil && c.now().Sub(*at) < stillProved {
		return nil
	}
	_, _, err := c.Organisation(ctx)
	return err
}
