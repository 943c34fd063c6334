package jumpserver

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	apiProfile     = "/api/v1/users/profile/"
	apiPermissions = "/api/v1/users/profile/permissions/"
	apiOrgs        = "/api/v1/orgs/orgs/"
	apiHealth      = "/api/health/"
	apiOpen        = "/api/v1/settings/public/open/"
)

// Reach reads the two pages that JumpServer shows to anybody: its health and its edition. The requests are not signed,
// so that a wrong key does not hide the server, and they are
// not repeated. A server that does not show its edition counts as unlicensed.
func (c *Client) Reach(ctx context.Context) (inventory.ServerInfo, error) {
	var r inventory.ServerInfo
	var health struct {
		Database bool `json:"db_status"`
		Cache    bool `json:"redis_status"`
	}
	start := c.now()
	if err := c.readPublicPage(ctx, "ask for its health", apiHealth, decodeInto(&health, "db_status"), &r); err != nil {
		return r, err
	}
	r.Latency = c.now().Sub(start)
	r.DatabaseUp, r.CacheUp = health.Database, health.Cache
	var settings struct {
		Licensed *bool `json:"XPACK_ENABLED"`
	}
	if err := c.readPublicPage(ctx, "ask for its edition", apiOpen, decodeInto(&settings), nil); err == nil && settings.Licensed != nil {
		r.Licensed, r.Community = *settings.Licensed, !*settings.Licensed
	}
	return r, nil
}

// readPublicPage reads a page that needs no key. seen, if not nil, receives what the connection shows.
func (c *Client) readPublicPage(ctx context.Context, op, path string, read func(*json.Decoder) error, seen *inventory.ServerInfo) error {
	ctx, cancel := context.WithTimeout(ctx, c.tryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.baseURL.String()+path, http.NoBody)
	if err != nil {
		return newError(inventory.Invalid, "jumpserver: "+op+": no such address", nil)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "jms-sync")
	c.callCount.Add(1)
	resp, err := c.httpClient.Do(req)
	if err != nil {
		return c.unreachableError(ctx, op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	resp.Request = req
	if seen != nil {
		// Without a Date the server's clock is not compared.
		seen.Clock, _ = http.ParseTime(resp.Header.Get("Date"))
		if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
			seen.CertExpires = resp.TLS.PeerCertificates[0].NotAfter
		}
	}
	return c.readAnswer(ctx, apiCall{op: op, read: read}, resp)
}

// rightsRow is what the two pages about the key's user may hold: v4.7.0 has everything in the profile; v4.10
// has a page of its own for permissions. console_orgs is not read: it lists organisations
// with rbac.view_console, and the documented role has that in none and works all the same.
type rightsRow struct {
	Username    string
	IsSuperuser bool      `json:"is_superuser"`
	Roles       []roleRow `json:"system_roles"`
	OrgRoles    []roleRow `json:"org_roles"`
	Perms       *[]string // nil = the page has none
}

type roleRow struct {
	Name string `json:"display_name"`
}

// Rights returns what the access key's user may do in this organisation. It is no error if the server does not
// show permissions (v4.10 has them on a page of its own, others may not at all): they
// are unknown then.
func (c *Client) Rights(ctx context.Context) (inventory.Rights, error) {
	return c.readRights(ctx, false)
}

// readRights is Rights; once says that a failed call is not repeated.
func (c *Client) readRights(ctx context.Context, once bool) (inventory.Rights, error) {
	var row rightsRow
	if err := c.doCall(ctx, apiCall{op: "ask for the key's user", method: http.MethodGet, path: apiProfile, noRetry: once, read: decodeInto(&row, "username")}); err != nil {
		return inventory.Rights{}, err
	}
	r := inventory.Rights{User: row.Username, Superuser: row.IsSuperuser}
	for _, role := range append(row.Roles, row.OrgRoles...) {
		r.Roles = append(r.Roles, role.Name)
	}
	if row.Perms == nil { // v4.7.0 has them in the profile, later versions on a page of their own
		err := c.doCall(ctx, apiCall{op: "ask for the key's permissions", method: http.MethodGet, path: apiPermissions, noRetry: once, read: decodeInto(&row)})
		if err != nil && asAPIError(err) == nil {
			return r, err
		}
	}
	if row.Perms != nil { // nil: there is no such page, or not for this user
		r.Permissions = append([]string{}, *row.Perms...)
	}
	return r, nil
}

// lacksDeleteRight reports whether JumpServer is known to refuse deletions to this key. Read asks it and
// keeps the answer with the facts, so that events, which never delete, pay
// nothing for it. After an error it reports false and asks again the next time:
// the 403 of a deletion is reported anyway.
func (c *Client) lacksDeleteRight(ctx context.Context) bool {
	known := c.cachedFacts.Load()
	if known == nil || known.rights == nil {
		r, err := c.readRights(ctx, true)
		if err != nil {
			c.log.InfoContext(ctx, "JumpServer does not tell the access key's rights", "error", err.Error())
			return false
		}
		c.updateFacts(func(f *facts) { f.rights = &r })
		return r.Lacks(inventory.DeleteAssets)
	}
	return known.rights.Lacks(inventory.DeleteAssets)
}

// Zones returns the organisation's gateway zones. field is the server's name for them, which shows its
// version ("domain" before v4.10.0, "zone" since), also after an error: listing zones takes the right
// assets.view_<field>.
func (c *Client) Zones(ctx context.Context) (zones []inventory.Zone, field string, err error) {
	f, err := c.verifiedFacts(ctx)
	if err != nil {
		return nil, "", err
	}
	field, err = c.zoneFieldName(ctx, f)
	if err != nil {
		return nil, "", err
	}
	type zoneRow struct {
		ID, Name string
		OrgID    string            `json:"org_id"`
		Gateways []json.RawMessage `json:"gateways"`
	}
	r := &rowConverter{org: c.orgID, operation: "list zones"}
	zones, err = readAll(ctx, c, listRequest[inventory.Zone, zoneRow]{
		op: r.operation, path: "/api/v1/assets/" + field + "s/", query: "order=name", limit: pageSize,
		id: func(z inventory.Zone) string { return z.ID },
		convert: func(row *zoneRow) (inventory.Zone, error) {
			return inventory.Zone{ID: strings.ToLower(row.ID), Name: row.Name, Gateways: len(row.Gateways)}, r.validateRow(row.ID, row.OrgID)
		},
	})
	return zones, field, err
}

// Organisations returns those that JumpServer shows to the key.
func (c *Client) Organisations(ctx context.Context) ([]inventory.Org, error) {
	var orgs []inventory.Org
	err := c.doCall(ctx, apiCall{op: "list organisations", method: http.MethodGet, path: apiOrgs, read: decodeInto(&orgs)})
	return orgs, err
}

// RootNodeName returns the name of the organisation's root node.
func (c *Client) RootNodeName(ctx context.Context) (string, error) {
	root, err := c.findRootNode(ctx)
	return root.Value, err
}

// CountAssets returns the number of assets of all categories in the organisation.
func (c *Client) CountAssets(ctx context.Context) (int, error) {
	count := 0
	err := c.doCall(ctx, apiCall{op: "count assets", method: http.MethodGet, path: apiAssets + "?limit=1&fields=id", read: func(d *json.Decoder) (err error) {
		count, err = decodePage(d, func(*otherRow) error { return nil })
		return err
	}})
	return count, err
}
