package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// zoneNames are what JumpServer calls the zone of a host: "domain" before v4.10.0, "zone" since. The other
// version's name is ignored in what we write, with a 200, and the zone silently not set; so it has to be known.
func zoneNames() []string { return []string{"domain", "zone"} }

// zoneField asks what fields hosts have, which needs no right (v4.7.0, v4.10.16, v4.10.19: fields stand under
// actions.<METHOD>.<field>, and the methods are those that the server likes to tell). Where the answer does not
// tell (something in front of JumpServer keeps OPTIONS to itself, say), the platforms do.
// "" = nothing told it yet: the rows of hosts may, and see zoneName.
func (c *Client) zoneField(ctx context.Context, platforms map[string]platform) (string, error) {
	var told struct {
		Actions map[string]map[string]json.RawMessage
	}
	err := c.do(ctx, call{op: "ask for the fields of hosts", method: http.MethodOptions, path: apiHosts, read: decode(&told)})
	if err != nil && refused(err) == nil || inventory.KindOf(err) == inventory.BadCredentials {
		return "", err
	}
	name := onlyZone(func(name string) bool {
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
	return zoneOf(platforms), nil
}

// zoneOf returns what platforms say of the zone field's name, whose word for gateways changed with it in v4.10.0
// (recorded: domain_enabled on v4.7.0, gateway_enabled on v4.10.16 and v4.10.19); "" = nothing, or both. A client
// that has just started takes it without asking OPTIONS, so that a cold event has a call less; rows that lack the
// field, and answers that lack the zone which was written, show where it is wrong.
func zoneOf(platforms map[string]platform) string {
	return onlyZone(func(name string) bool {
		for _, p := range platforms {
			if p.zone == name {
				return true
			}
		}
		return false
	})
}

// onlyZone returns the one name of the zone field that is there; "" = none, or both, are.
func onlyZone(there func(name string) bool) string {
	found := ""
	for _, name := range zoneNames() {
		if there(name) && found != "" {
			return ""
		}
		if there(name) {
			found = name
		}
	}
	return found
}

// errNoName is the cause where nothing tells the name of the zone field.
var errNoName = errors.New("JumpServer does not tell whether its hosts have a zone or a domain")

// zoneName returns the zone field's name, for a caller who has to write or list a zone. Where neither OPTIONS
// nor a row has told it, the path of zones does, which only one of the versions has: it answers with
// zones or with the right that is missing, or there is no such page.
func (c *Client) zoneName(ctx context.Context, f *facts) (string, error) {
	if f.zone != "" {
		return f.zone, nil
	}
	if known := c.known.Load(); known != nil && known.zone != "" {
		return known.zone, nil
	}
	err := c.do(ctx, call{op: "ask for zones", method: http.MethodGet, path: apiZones + "?limit=1", read: func(d *json.Decoder) error {
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
		return "", fmt.Errorf("%w: %w", errNoName, err)
	}
	c.tellZone(name)
	return name, nil
}

// tellZone keeps the zone field's name, where nothing told it before.
func (c *Client) tellZone(name string) {
	if name == "" {
		return
	}
	c.change(func(f *facts) {
		if f.zone == "" {
			f.zone = name
		}
	})
}
