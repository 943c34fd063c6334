package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	apiHosts     = "/api/v1/assets/hosts/"
	apiAssets    = "/api/v1/assets/assets/"
	apiNodes     = "/api/v1/assets/nodes/"
	apiTree      = "/api/v1/assets/nodes/children/tree/"
	apiPlatforms = "/api/v1/assets/platforms/"
	apiZones     = "/api/v1/assets/zones/"
	apiCurrent   = "/api/v1/orgs/orgs/current/"
	apiCache     = "/api/v1/common/resources/cache/"
	apiTemplates = "/api/v1/accounts/account-templates/"
	apiAccounts  = "/api/v1/accounts/accounts/"
	apiBulk      = "/api/v1/accounts/accounts/bulk/"
	apiRules     = "/api/v1/perms/asset-permissions/"
)

// factsTTL is how long facts are trusted: a warm function lives for hours, while people add
// platforms and upgrade JumpServer.
const factsTTL = time.Hour

// facts is what rarely changes on a JumpServer. A published value is never modified;
// see Client.updateFacts.
type facts struct {
	learntAt  time.Time
	zoneField string // the name of the zone field: "domain" before v4.10.0, "zone" since; "" = unknown
	platforms map[string]platform
	rootNode  node
	nodeIDs   map[string]string // by full path, with the root node's real name
	rights    *inventory.Rights // of the access key's user; nil = not read yet
	utf8mb3   *bool             // the database cannot store characters of four bytes; nil = not asked yet
}

type platform struct {
	inventory.Platform
	zoneField string // the name of the zone field that this row implies; "" = unknown
}

// Organisation returns the id and name of the organisation that answers. The error is of
// kind Organisation if that is not the configured one: JumpServer answers for DEFAULT where
// the id in X-JMS-ORG is unknown or the key may not use it.
func (c *Client) Organisation(ctx context.Context) (id, name string, err error) {
	var org struct{ ID, Name string }
	op := "ask for the organisation"
	if err := c.doCall(ctx, apiCall{op: op, method: http.MethodGet, path: apiCurrent, read: decodeInto(&org, "id")}); err != nil {
		return "", "", err
	}
	if strings.EqualFold(org.ID, c.orgID) {
		now := c.now()
		c.verifiedAt.Store(&now)
		return org.ID, org.Name, nil
	}
	c.verifiedAt.Store(nil)
	c.cachedFacts.Store(nil) // nothing is written before the organisation is verified again
	name, found := c.findOrganisationName(ctx)
	hint := "JumpServer has no such organisation, or does not show it to this access key"
	if found {
		hint = quote(name) + ", which this access key cannot use"
	}
	if strings.EqualFold(org.ID, DefaultOrganisation) {
		hint += "; the community edition answers for DEFAULT whatever organisation is asked for: others need the enterprise edition"
	}
	return org.ID, org.Name, newError(inventory.Organisation, fmt.Sprintf(
		"jumpserver: organisation %s (%s) answers, but %s is configured (%s)", quote(org.ID), quote(org.Name), c.orgID, hint), nil)
}

// findOrganisationName looks up the configured organisation's name, for a message only, so an error
// counts as not found.
func (c *Client) findOrganisationName(ctx context.Context) (name string, found bool) {
	var orgs []struct{ ID, Name string }
	if err := c.doCall(ctx, apiCall{op: "list organisations", method: http.MethodGet, path: apiOrgs, read: decodeInto(&orgs)}); err != nil {
		return "", false
	}
	for _, o := range orgs {
		if strings.EqualFold(o.ID, c.orgID) {
			return o.Name, true
		}
	}
	return "", false
}

// verifiedFacts returns the facts, and learns them and verifies the organisation where this client has not done so
// recently: a process that only handles events never calls Read.
func (c *Client) verifiedFacts(ctx context.Context) (*facts, error) {
	if f := c.cachedFacts.Load(); c.isFresh(f) {
		return f, nil
	}
	if _, _, err := c.Organisation(ctx); err != nil {
		return nil, err
	}
	return c.freshFacts(ctx)
}

// freshFacts returns the facts, and learns them where they are unknown or too old. The caller must have
// verified the organisation.
func (c *Client) freshFacts(ctx context.Context) (*facts, error) {
	f := c.cachedFacts.Load()
	if c.isFresh(f) {
		return f, nil
	}
	return c.refreshFacts(ctx, f)
}

func (c *Client) isFresh(f *facts) bool { return f != nil && c.now().Sub(f.learntAt) <= factsTTL }

// readWithZone reads assets with the facts, and once more with new ones if JumpServer now has another name for
// the zone: it was upgraded across v4.10.0, or downgraded, since f was learnt. It also returns the facts
// that were used.
func (c *Client) readWithZone(ctx context.Context, f *facts, read func(*facts) ([]inventory.Asset, error)) ([]inventory.Asset, *facts, error) {
	assets, err := read(f)
	if !errors.Is(err, errZoneMissing) {
		return assets, f, err
	}
	now, again := c.refreshFacts(ctx, f)
	if again != nil {
		return nil, nil, again
	}
	if now.zoneField == f.zoneField {
		return nil, nil, err
	}
	assets, err = read(now)
	return assets, now, err
}

// refreshFacts replaces the facts, unless another goroutine has learnt newer ones than old. Node ids are
// kept: they never change, and one whose node is gone is dropped when JumpServer refuses it.
func (c *Client) refreshFacts(ctx context.Context, old *facts) (*facts, error) {
	if err := c.factsLock.lock(ctx); err != nil {
		return nil, err
	}
	defer c.factsLock.unlock()
	now := c.cachedFacts.Load()
	if now != nil && (old == nil || now.learntAt.After(old.learntAt)) {
		return now, nil
	}
	platforms, err := c.fetchPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	zone := zoneFieldOfPlatforms(platforms)
	if zone == "" || old != nil { // the platforms do not say, or what was known may be outdated
		zone, err = c.fetchZoneField(ctx, platforms)
		if err != nil {
			return nil, err
		}
	}
	f := &facts{learntAt: c.now(), zoneField: zone, platforms: platforms}
	if now != nil {
		f.rootNode, f.nodeIDs = now.rootNode, now.nodeIDs
	}
	c.cachedFacts.Store(f)
	return f, nil
}

// updateFacts publishes changed facts. The function gets a copy, whose maps it must
// replace instead of changing. Without facts nothing is published.
func (c *Client) updateFacts(with func(*facts)) {
	for {
		old := c.cachedFacts.Load()
		if old == nil {
			return
		}
		f := *old
		with(&f)
		if c.cachedFacts.CompareAndSwap(old, &f) {
			return
		}
	}
}

// forgetFacts lets the next call learn the facts anew.
func (c *Client) forgetFacts() {
	c.updateFacts(func(f *facts) { f.learntAt = time.Time{} })
}

func (c *Client) rememberNode(path, id string) {
	c.updateFacts(func(f *facts) {
		nodes := maps.Clone(f.nodeIDs)
		if nodes == nil {
			nodes = map[string]string{}
		}
		nodes[path] = id
		f.nodeIDs = nodes
	})
}

func (c *Client) forgetNode(path string) {
	c.updateFacts(func(f *facts) {
		f.nodeIDs = maps.Clone(f.nodeIDs)
		delete(f.nodeIDs, path)
	})
}

type platformRow struct {
	ID   int
	Name string
	Type struct{ Value string }
	// The name depends on the version, as that of the zone itself does: v4.10.0 changed both.
	DomainEnabled  *bool `json:"domain_enabled"`
	GatewayEnabled *bool `json:"gateway_enabled"`
	Protocols      []platformProtocolRow
}

type platformProtocolRow struct {
	Name                       string
	Port                       int
	Primary, Required, Default bool
}

func (c *Client) fetchPlatforms(ctx context.Context) (map[string]platform, error) {
	rows, err := readAll(ctx, c, listRequest[platform, platformRow]{
		op: "list platforms", path: apiPlatforms, query: "category=host", limit: 100, // all fit in one page
		convert: convertPlatform, id: func(p platform) string { return strconv.Itoa(p.ID) },
	})
	if err != nil {
		return nil, err
	}
	byName := make(map[string]platform, len(rows))
	for _, p := range rows {
		byName[p.Name] = p
	}
	return byName, nil
}

// convertPlatform keeps the protocols that JumpServer itself gives a host of the platform when
// the request names none: first the primary one, without which a host is refused, then the default ones.
func convertPlatform(row *platformRow) (platform, error) {
	p := platform{Platform: inventory.Platform{
		ID: row.ID, Name: row.Name, Type: row.Type.Value, SupportsZones: isTrue(row.DomainEnabled) || isTrue(row.GatewayEnabled),
	}, zoneField: singleZoneField(func(name string) bool {
		return name == "domain" && row.DomainEnabled != nil || name == "zone" && row.GatewayEnabled != nil
	})}
	for _, q := range row.Protocols {
		switch {
		case q.Primary:
			p.Protocols = slices.Insert(p.Protocols, 0, inventory.Protocol{Name: q.Name, Port: q.Port})
		case q.Required, q.Default:
			p.Protocols = append(p.Protocols, inventory.Protocol{Name: q.Name, Port: q.Port})
		}
	}
	return p, nil
}

func isTrue(flag *bool) bool { return flag != nil && *flag }
