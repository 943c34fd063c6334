package jumpserver

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func assetID(a inventory.Asset) string { return a.ID }

// Read verifies the organisation and returns its platforms and all its assets,
// hosts with all fields, others with id and name (names are unique over all categories). It
// returns everything or an error. Options.Needs says what it reads besides.
func (c *Client) Read(ctx context.Context) (inventory.JumpServerAssets, error) {
	if _, _, err := c.Organisation(ctx); err != nil {
		return inventory.JumpServerAssets{}, err
	}
	f, err := c.freshFacts(ctx)
	if err != nil {
		return inventory.JumpServerAssets{}, err
	}
	assets, f, err := c.readWithZone(ctx, f, func(f *facts) ([]inventory.Asset, error) { return c.readHosts(ctx, f) })
	if err != nil {
		return inventory.JumpServerAssets{}, err
	}
	others, err := c.readOtherAssets(ctx, assets)
	if err != nil {
		return inventory.JumpServerAssets{}, err
	}
	b := inventory.JumpServerAssets{
		Assets: append(assets, others...), Platforms: make(map[string]inventory.Platform, len(f.platforms)),
		DeleteDenied: c.lacksDeleteRight(ctx),
	}
	for name, p := range f.platforms {
		b.Platforms[name] = p.Platform
	}
	return b, c.readForRules(ctx, &b)
}

func (c *Client) readHosts(ctx context.Context, f *facts) ([]inventory.Asset, error) {
	r := &rowConverter{org: c.orgID, operation: "list hosts"}
	assets, err := readAll(ctx, c, listRequest[inventory.Asset, hostRow]{
		op: r.operation, path: apiHosts, query: orderByName + "fields=" + c.hostFields(f.zoneField), limit: pageSize, convert: r.convert, id: assetID,
	})
	c.rememberZoneField(r.zoneField)
	return assets, err
}

type otherRow struct {
	ID, Name string
	OrgID    string `json:"org_id"`
	Category struct{ Value string }
}

// readOtherAssets returns the assets that are no hosts, if the number of assets shows that there are any.
// Whatever is not among the hosts is one, whatever its category: its name is taken.
func (c *Client) readOtherAssets(ctx context.Context, hosts []inventory.Asset) ([]inventory.Asset, error) {
	count, err := c.CountAssets(ctx)
	if err != nil {
		return nil, err
	}
	if count <= len(hosts) {
		return nil, nil
	}
	r := &rowConverter{org: c.orgID, operation: "list assets"}
	all, err := readAll(ctx, c, listRequest[otherRow, otherRow]{
		op: r.operation, path: apiAssets, query: orderByName + "fields=id,name,category,org_id", limit: pageSize,
		id:      func(row otherRow) string { return row.ID },
		convert: func(row *otherRow) (otherRow, error) { return *row, r.validateRow(row.ID, row.OrgID) },
	})
	if err != nil {
		return nil, err
	}
	return c.assetsNotAmong(ctx, hosts, all)
}

// assetsNotAmong returns the assets that are not among the hosts. A host among them was created during
// the reading, and is read with all fields.
func (c *Client) assetsNotAmong(ctx context.Context, hosts []inventory.Asset, all []otherRow) ([]inventory.Asset, error) {
	known := make(map[string]struct{}, len(hosts))
	for _, h := range hosts {
		known[h.ID] = struct{}{}
	}
	var answer []inventory.Asset
	var late []string
	for _, row := range all {
		id := strings.ToLower(row.ID)
		if _, ok := known[id]; ok {
			continue
		}
		answer = append(answer, inventory.Asset{ID: id, Name: row.Name})
		if row.Category.Value == "host" {
			late = append(late, id)
		}
	}
	made, err := c.AssetsByID(ctx, late)
	if err != nil {
		return nil, err
	}
	for _, host := range made {
		at := slices.IndexFunc(answer, func(a inventory.Asset) bool { return a.ID == host.ID })
		answer[at] = host
	}
	return answer, nil
}

// AssetsByID returns these hosts, each with all fields, in the order of the ids. A host that does
// not exist in this organisation is left out. An id that is no UUID is an error
// of kind Invalid before any call; a row that was not asked for is one of kind Incomplete
// (JumpServer ignores filters that it does not know, and answers with everything).
func (c *Client) AssetsByID(ctx context.Context, ids []string) ([]inventory.Asset, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	for _, id := range ids {
		if !isUUID(id) {
			return nil, newError(inventory.Invalid, "jumpserver: read hosts: "+quote(id)+" is not a UUID", nil)
		}
	}
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, err
	}
	wanted := dedupe(ids)
	found := make(map[string]inventory.Asset, len(wanted))
	for batch := range slices.Chunk(wanted, maxIDsPerURL) {
		var assets []inventory.Asset
		assets, f, err = c.readWithZone(ctx, f, func(f *facts) ([]inventory.Asset, error) { return c.readBatch(ctx, f, batch) })
		if err != nil {
			return nil, err
		}
		for _, a := range assets {
			if !slices.Contains(batch, a.ID) {
				return nil, newError(inventory.Incomplete, "jumpserver: "+opReadByID+": "+a.ID+" came, which was not asked for", nil)
			}
			found[a.ID] = a
		}
	}
	var answer []inventory.Asset
	for _, id := range wanted {
		if a, ok := found[id]; ok {
			answer = append(answer, a)
		}
	}
	return answer, nil
}

const opReadByID = "read hosts by id"

// readBatch reads the hosts with these ids, as many as fit in one URL.
func (c *Client) readBatch(ctx context.Context, f *facts, ids []string) ([]inventory.Asset, error) {
	r := &rowConverter{org: c.orgID, operation: opReadByID, labelIDs: &c.labelIDs}
	assets, err := readAll(ctx, c, listRequest[inventory.Asset, hostRow]{
		op: r.operation, path: apiHosts, query: orderByName + "fields=" + c.hostFields(f.zoneField) + "&ids=" + url.QueryEscape(strings.Join(ids, ",")),
		limit: len(ids), maxMatches: len(ids), convert: r.convert, id: assetID,
	})
	c.rememberZoneField(r.zoneField)
	return assets, err
}

// dedupe returns each id once, in lower case as JumpServer writes them, in the given order.
func dedupe(ids []string) []string {
	seen := make(map[string]struct{}, len(ids))
	var answer []string
	for _, id := range ids {
		id = strings.ToLower(id)
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			answer = append(answer, id)
		}
	}
	return answer
}
