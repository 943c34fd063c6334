package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// zoneFieldNames returns JumpServer's names for the zone of a host: "domain" before v4.10.0, "zone" since. A write with the
// other version's name is answered with a 200 and silently sets no zone, so the name must be known.
func zoneFieldNames() []string { return []string{"domain", "zone"} }

// fetchZoneField returns the zone field's name as OPTIONS shows the fields of hosts, which needs no right (v4.7.0,
// v4.10.16, v4.10.19: actions.<METHOD>.<field>, with the methods that the server chooses to show). If it does not
// show it (something in front of JumpServer may answer OPTIONS), the platforms may.
// "" = unknown as yet: the rows of hosts may show it, and see zoneFieldName.
func (c *Client) fetchZoneField(ctx context.Context, platforms map[string]platform) (string, error) {
	var options struct {
		Actions map[string]map[string]json.RawMessage
	}
	err := c.doCall(ctx, apiCall{op: "ask for the fields of hosts", method: http.MethodOptions, path: apiHosts, read: decodeInto(&options)})
	if err != nil && asAPIError(err) == nil || inventory.KindOf(err) == inventory.BadCredentials {
		return "", err
	}
	name := singleZoneField(func(name string) bool {
		for _, fields := range options.Actions {
			if _, exists := fields[name]; exists {
				return true
			}
		}
		return false
	})
	if name != "" {
		return name, nil
	}
	return zoneFieldOfPlatforms(platforms), nil
}

// zoneFieldOfPlatforms returns the zone field's name as platforms imply it: their field for gateways was renamed with it in
// v4.10.0 (recorded: domain_enabled on v4.7.0, gateway_enabled on v4.10.16 and v4.10.19); "" = neither, or both. A client
// that has just started uses it without asking OPTIONS, which saves a cold event one call; rows that lack the
// field, and answers that lack a written zone, show that it is wrong.
func zoneFieldOfPlatforms(platforms map[string]platform) string {
	return singleZoneField(func(name string) bool {
		for _, p := range platforms {
			if p.zoneField == name {
				return true
			}
		}
		return false
	})
}

// singleZoneField returns the one name of the zone field that is present; "" = none or both are.
func singleZoneField(exists func(name string) bool) string {
	found := ""
	for _, name := range zoneFieldNames() {
		if exists(name) && found != "" {
			return ""
		}
		if exists(name) {
			found = name
		}
	}
	return found
}

// errNoZoneField is the cause where nothing shows the name of the zone field.
var errNoZoneField = errors.New("JumpServer does not tell whether its hosts have a zone or a domain")

// zoneFieldName returns the zone field's name, for a caller who has to write or list a zone. If neither OPTIONS
// nor a row has shown it, the path of zones does, which only one of the versions has: it answers with
// zones or with the missing right, or there is no such page.
func (c *Client) zoneFieldName(ctx context.Context, f *facts) (string, error) {
	if f.zoneField != "" {
		return f.zoneField, nil
	}
	if known := c.cachedFacts.Load(); known != nil && known.zoneField != "" {
		return known.zoneField, nil
	}
	err := c.doCall(ctx, apiCall{op: "ask for zones", method: http.MethodGet, path: apiZones + "?limit=1", read: func(d *json.Decoder) error {
		_, err := decodePage(d, func(*json.RawMessage) error { return nil })
		return err
	}})
	name := ""
	switch inventory.KindOf(err) {
	case "", inventory.Denied: // JumpServer's own refusal: the page exists
		name = "zone"
	case inventory.NotFound:
		name = "domain"
	default:
		return "", fmt.Errorf("%w: %w", errNoZoneField, err)
	}
	c.rememberZoneField(name)
	return name, nil
}

// rememberZoneField records the zone field's name, if it was unknown.
func (c *Client) rememberZoneField(name string) {
	if name == "" {
		return
	}
	c.updateFacts(func(f *facts) {
		if f.zoneField == "" {
			f.zoneField = name
		}
	})
}
