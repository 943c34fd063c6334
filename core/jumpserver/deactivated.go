package jumpserver

import (
	"context"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// updatedLayout is the form of a row's date_updated, in the server's time zone.
const updatedLayout = "2006/01/02 15:04:05 -0700"

// clockSlack is how far apart JumpServer's clock, which writes date_updated, and ours, which writes jms-gone, may be.
const clockSlack = time.Hour

// ListDeactivated returns the hosts whose jms-gone is not older than a time; a host whose label cannot be parsed is left
// out. It reads one page in one call: the hosts that were written last, which include the last deactivated
// ones. whole reports whether that page shows all of them.
func (c *Client) ListDeactivated(ctx context.Context, since time.Time) (assets []inventory.Asset, whole bool, err error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, false, err
	}
	r := &rowConverter{org: c.orgID, operation: "read deactivated hosts"}
	labels := url.QueryEscape(inventory.LabelGone + ":*")
	_, _, err = c.readWithZone(ctx, f, func(f *facts) ([]inventory.Asset, error) {
		page, count, err := readPage(ctx, c, listRequest[deactivatedHost, deactivatedRow]{
			op: r.operation, path: apiHosts, query: "order=-date_updated&fields=" + c.hostFields(f.zoneField) + ",date_updated&labels=" + labels, convert: r.convertDeactivated,
		}, 0, pageSize)
		assets = filterDeactivatedSince(page, since)
		whole = count == len(page) || count > len(page) && reachesBefore(page, since.Add(-clockSlack))
		return nil, err
	})
	c.rememberZoneField(r.zoneField)
	if err != nil {
		return nil, false, err
	}
	return assets, whole, nil
}

// deactivatedRow is a host row and when it was last written.
type deactivatedRow struct {
	hostRow
	Updated string `json:"date_updated"`
}

type deactivatedHost struct {
	inventory.Asset
	updatedAt time.Time // zero = unknown
}

func (r *rowConverter) convertDeactivated(row *deactivatedRow) (deactivatedHost, error) {
	a, err := r.convert(&row.hostRow)
	at, failed := time.Parse(updatedLayout, row.Updated)
	if failed != nil {
		at = time.Time{}
	}
	return deactivatedHost{a, at}, err
}

// filterDeactivatedSince returns the hosts that were deactivated at a time or later.
func filterDeactivatedSince(page []deactivatedHost, since time.Time) []inventory.Asset {
	var out []inventory.Asset
	for _, h := range page {
		value, _ := h.Label(inventory.LabelGone)
		at, err := inventory.ParseLabelTime(value)
		if err == nil && !at.Before(since) {
			out = append(out, h.Asset)
		}
	}
	return out
}

// reachesBefore reports whether a page, the last written first, goes back to before a time, so that it has all later writes.
func reachesBefore(page []deactivatedHost, since time.Time) bool {
	for n, h := range page {
		if h.updatedAt.IsZero() || n > 0 && h.updatedAt.After(page[n-1].updatedAt) {
			return false // the page is not sorted
		}
	}
	return len(page) > 0 && page[len(page)-1].updatedAt.Before(since)
}
