package jumpserver

import (
	"context"
	"fmt"
	"net/url"
	"strings"
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
			op: r.operation, path: apiHosts, query: "order=-date_updated&fields=" + hostFields(f.zoneField) + ",date_updated&labels=" + labels, convert: r.convertDeactivated,
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

// CountActive returns the number of active hosts that have all of these labels, of which the value "*" is any value. It costs one call and reads at most one row.
func (c *Client) CountActive(ctx context.Context, labels []inventory.Label) (int, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return 0, err
	}
	texts := make([]string, 0, len(labels))
	for _, l := range labels {
		if l.Value == "" || strings.Contains(l.Value, ",") { // a comma separates the values of a filter
			return 0, newError(inventory.Invalid, "jumpserver: count hosts: the label "+quote(l.String())+" cannot be asked for", nil)
		}
		texts = append(texts, l.String())
	}
	r := &rowConverter{org: c.orgID, operation: "count active hosts with " + quote(strings.Join(texts, ","))}
	rows, count, err := readPage(ctx, c, listRequest[hostRow, hostRow]{
		op: r.operation, path: apiHosts, convert: func(row *hostRow) (hostRow, error) { return *row, r.validateRow(row.ID, row.OrgID) },
		query: orderByName + "fields=id,is_active,labels,org_id&is_active=true&labels=" + url.QueryEscape(strings.Join(texts, ",")),
	}, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(rows) != min(count, 1) {
		return 0, newError(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: %d rows came of %d", r.operation, len(rows), count), nil)
	}
	for _, row := range rows { // JumpServer ignores filters that it does not know, and then counts everything
		if row.Active == nil || !*row.Active || row.Labels == nil || !carriesLabels(*row.Labels, labels) {
			return 0, newError(inventory.Incomplete, "jumpserver: "+r.operation+": "+row.ID+" came, which was not asked for", nil)
		}
	}
	return count, nil
}

// carriesLabels reports whether a host has all of these labels, in any spelling, "*" being any value.
func carriesLabels(have []labelRow, want []inventory.Label) bool {
	for _, w := range want {
		found := false
		for _, l := range have {
			found = found || inventory.Label{Name: l.Name}.Is(w.Name) && (w.Value == "*" || inventory.MayBeEqual(l.Value, w.Value))
		}
		if !found {
			return false
		}
	}
	return true
}
