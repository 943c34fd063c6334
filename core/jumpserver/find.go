package jumpserver

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// AssetsMentioning returns the assets that have an instance's id in their comment (as the Python tool leaves it,
// and as ours have it too), name or address: that is what search= covers.
// It is one call. An asset of ours is among them only while nobody removed the id from its comment.
func (c *Client) AssetsMentioning(ctx context.Context, instance string) ([]inventory.Asset, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	r := &rowConverter{org: c.orgID, operation: "search hosts for " + quote(instance)}
	assets, err := c.readFiltered(ctx, f, r, "&search="+url.QueryEscape(instance))
	if err != nil {
		return nil, err
	}
	for _, a := range assets {
		if !strings.Contains(strings.ToLower(a.Name+"\n"+a.Address+"\n"+a.Comment), strings.ToLower(instance)) {
			return nil, newError(inventory.Incomplete, "jumpserver: "+r.operation+": "+a.ID+" came, which does not name it", nil)
		}
	}
	return assets, nil
}

// AssetsByInstance returns the hosts whose label jms-instance names one of these instances, whatever their ids: adopted
// assets, those of earlier versions, and copies of them. It makes one call per 50 instances.
func (c *Client) AssetsByInstance(ctx context.Context, instances []string) ([]inventory.Asset, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	var all []inventory.Asset
	for batch := range slices.Chunk(instances, maxIDsPerURL) {
		assets, err := c.readByInstance(ctx, f, batch)
		if err != nil {
			return nil, err
		}
		all = append(all, assets...)
	}
	sorting.By(all, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	return slices.CompactFunc(all, func(x, y inventory.Asset) bool { return x.ID == y.ID }), nil
}

func (c *Client) readByInstance(ctx context.Context, f *facts, instances []string) ([]inventory.Asset, error) {
	texts := make([]string, 0, len(instances))
	for _, id := range instances {
		if strings.Contains(id, ",") { // a comma separates the values of a filter
			return nil, newError(inventory.Invalid, "jumpserver: read hosts by instance: "+quote(id)+" has a comma", nil)
		}
		texts = append(texts, inventory.LabelInstance+":"+id)
	}
	r := &rowConverter{org: c.orgID, operation: "read hosts by instance"}
	assets, err := c.readFiltered(ctx, f, r, "&labels="+url.QueryEscape(strings.Join(texts, ",")))
	if err != nil {
		return nil, err
	}
	for _, a := range assets {
		if !slices.ContainsFunc(a.Labels, func(l inventory.Label) bool {
			return l.Is(inventory.LabelInstance) && containsFolded(instances, l.Value)
		}) {
			return nil, newError(inventory.Incomplete, "jumpserver: "+r.operation+": "+a.ID+" came, which was not asked for", nil)
		}
	}
	return assets, nil
}

// containsFolded reports whether an instance is in a list, in any spelling: a database that ignores case answers with
// the label that was there first.
func containsFolded(instances []string, id string) bool {
	return slices.ContainsFunc(instances, func(i string) bool { return inventory.MayBeEqual(i, id) })
}

// readFiltered returns the hosts that match a filter of the list.
func (c *Client) readFiltered(ctx context.Context, f *facts, r *rowConverter, filter string) ([]inventory.Asset, error) {
	assets, _, err := c.readWithZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		return readAll(ctx, c, listRequest[inventory.Asset, hostRow]{
			op: r.operation, path: apiHosts, query: orderByName + "fields=" + c.hostFields(f.zoneField) + filter,
			limit: pageSize, convert: r.convert, id: assetID,
		})
	})
	c.rememberZoneField(r.zoneField)
	return assets, err
}

// ListPlatforms returns the platforms that hosts may have, without a request while they are known and
// less than an hour old.
func (c *Client) ListPlatforms(ctx context.Context) (map[string]inventory.Platform, error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]inventory.Platform, len(f.platforms))
	for name, p := range f.platforms {
		out[name] = p.Platform
	}
	return out, nil
}

// organisationTTL is how long VerifyOrganisation trusts the last answer: a cold event asks when it begins.
const organisationTTL = 10 * time.Second

// VerifyOrganisation compares the answering organisation with the configured one, unless this client has just done
// so. It is for a caller whose reads had no rows, as only rows show whose they are.
func (c *Client) VerifyOrganisation(ctx context.Context) error {
	if at := c.verifiedAt.Load(); at != nil && c.now().Sub(*at) < organisationTTL {
		return nil
	}
	_, _, err := c.Organisation(ctx)
	return err
}
