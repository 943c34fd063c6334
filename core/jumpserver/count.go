package jumpserver

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// CountActive returns the number of active hosts that have all of these labels, of which the value "*" is any value. It
// costs one call and reads at most one row.
func (c *Client) CountActive(ctx context.Context, labels []inventory.Label) (int, error) {
	if _, err := c.verifiedFacts(ctx); err != nil {
		return 0, err
	}
	return c.countHosts(ctx, "count active hosts", "is_active,", "&is_active=true", labels, func(row *hostRow) bool {
		return row.Active != nil && *row.Active && carriesLabels(*row.Labels, labels)
	})
}

// CountLabelled returns the number of hosts, active or not, that have one of these values of each label that they name.
// It costs one call, whose row shows which organisation answers; if there is no row, a second call asks for that.
func (c *Client) CountLabelled(ctx context.Context, labels []inventory.Label) (int, error) {
	count, err := c.countHosts(ctx, "count our hosts", "", "", labels, func(row *hostRow) bool { return carriesOneOfEach(*row.Labels, labels) })
	if err == nil && count == 0 {
		_, _, err = c.Organisation(ctx)
	}
	return count, err
}

// countHosts returns the number of hosts that a filter and these labels select. fits reports whether a row is one of
// them: JumpServer ignores filters that it does not know, and then counts everything.
func (c *Client) countHosts(ctx context.Context, op, fields, filter string, labels []inventory.Label, fits func(*hostRow) bool) (int, error) {
	texts := make([]string, 0, len(labels))
	for _, l := range labels {
		if l.Value == "" || strings.Contains(l.Value, ",") { // a comma separates the values of a filter
			return 0, newError(inventory.Invalid, "jumpserver: count hosts: the label "+quote(l.String())+" cannot be asked for", nil)
		}
		texts = append(texts, l.String())
	}
	r := &rowConverter{org: c.orgID, operation: op + " with " + quote(strings.Join(texts, ","))}
	rows, count, err := readPage(ctx, c, listRequest[hostRow, hostRow]{
		op: r.operation, path: apiHosts, convert: func(row *hostRow) (hostRow, error) { return *row, r.validateRow(row.ID, row.OrgID) },
		query: orderByName + "fields=id," + fields + "labels,org_id" + filter + "&labels=" + url.QueryEscape(strings.Join(texts, ",")),
	}, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(rows) != min(count, 1) {
		return 0, newError(inventory.Incomplete, fmt.Sprintf("jumpserver: %s: %d rows came of %d", r.operation, len(rows), count), nil)
	}
	for _, row := range rows {
		if row.Labels == nil || !fits(&row) {
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

// carriesOneOfEach reports whether a host has, of each name among these labels, one of the values.
func carriesOneOfEach(have []labelRow, want []inventory.Label) bool {
	found := map[string]bool{}
	for _, w := range want {
		found[w.Name] = found[w.Name] || carriesLabels(have, []inventory.Label{w})
	}
	for _, is := range found {
		if !is {
			return false
		}
	}
	return true
}
