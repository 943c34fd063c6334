package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// zoneFieldNames are what JumpServer calls the zone of a host: "domain" before v4.10.0, "zone" since. The other
// version's name is ignored in what we write, with a 200, and the zone silently not set; so it has to be known.
func zoneFieldNames() []string { return []string{"domain", "zone"} }

// fetchZoneField asks what fields hosts have, which needs no right (v4.7.0, v4.10.16, v4.10.19: fields stand under
// actions.<METHOD>.<field>, and the methods are those that the server likes to tell). Where the answer does not
// tell (something in front of JumpServer keeps OPTIONS to itself, say), the platforms do.
// "" = nothing told it yet: the rows of hosts may, and see zoneName.
func (c *Client) fetchZoneField(ctx context.Context, platforms map[string]platform) (string, error) {
	var told struct {
		Actions map[string]map[string]json.RawMessage
	}
	err := c.doCall(ctx, apiCall{op: "ask for the fields of hosts", method: http.MethodOptions, path: apiHosts, read: decodeInto(&told)})
	if err != nil && asAPIError(err) == nil || inventory.KindOf(err) == inventory.BadCredentials {
		return "", err
	}
	name := singleZoneField(func(name string) bool {
		for _, fields := range told.Actions {
			if _, there := fields[name]; there {
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

// zoneFieldOfPlatforms returns what platforms say of the zone field's name, whose word for gateways changed with it in v4.10.0
// (recorded: domain_enabled on v4.7.0, gateway_enabled on v4.10.16 and v4.10.19); "" = nothing, or both. A client
// that has just started takes it without asking OPTIONS, so that a cold event has a call less; rows that lack the
// field, and answers that lack the zone which was written, show where it is wrong.
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

// singleZoneField returns the one name of the zone field that is there; "" = none, or both, are.
func singleZoneField(there func(name string) bool) string {
	found := ""
	for _, name := range zoneFieldNames() {
		if there(name) && found != "" {
			return ""
		}
		if there(name) {
			found = name
		}
	}
	return found
}

// errNoZoneField is the cause where nothing tells the name of the zone field.
var errNoZoneField = errors.New("JumpServer does not tell whether its hosts have a zone or a domain")

// zoneFieldName returns the zone field's name, for a caller who has to write or list a zone. Where neither OPTIONS
// nor a row has told it, the path of zones does, which only one of the versions has: it answers with
// zones or with the right that is missing, or there is no such page.
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
	case "", inventory.Denied: // JumpServer's own refusal: the page is there
		name = "zone"
	case inventory.NotFound:
		name = "domain"
	default:
		return "", fmt.Errorf("%w: %w", errNoZoneField, err)
	}
	c.rememberZoneField(name)
	return name, nil
}

// rememberZoneField keeps the zone field's name, where nothing told it before.
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
