package jumpservertest

import (
	"net/http"
	"slices"
	"strings"
)

// assetPage says what one of the pages below /assets/ lists: the assets of a category, all of them, or
// the hosts that are gateways.
type assetPage struct {
	category string // "" = all
	title    string // in "Host object does not exist."
	gateways bool
}

// assetKinds returns the pages of assets by their name in paths.
func assetKinds(v Version) map[string]*assetPage {
	all := map[string]*assetPage{
		"assets": {"", "Asset", false}, "hosts": {"host", "Host", false}, "databases": {"database", "Database", false},
		"clouds": {"cloud", "Cloud", false}, "webs": {"web", "Web", false}, "devices": {"device", "Device", false},
		"customs": {"custom", "Custom", false}, "gateways": {"host", "Gateway", true},
	}
	if v.isSince(V41019) {
		all["directories"] = &assetPage{"ds", "Directory service", false}
	}
	return all
}

// gatewayPlatform begins the names of the platforms whose hosts are gateways.
const gatewayPlatform = "Gateway"

func (h *host) isGateway() bool { return strings.HasPrefix(h.Platform, gatewayPlatform) }

// showsAsset reports whether the page shows an asset. v4.7.0 lists a gateway only if it has a zone.
func (s *Server) showsAsset(k *assetPage, h *host) bool {
	switch {
	case k.gateways:
		return h.isGateway() && (h.Zone != "" || s.options.Version != V47)
	case k.category == "":
		return true
	}
	return h.categoryName() == k.category
}

// pageAssets returns the assets of the call's page, by name: those of its organisation, or of all.
func (s *Server) pageAssets(c *call) []*host {
	if c.orgID != RootOrg {
		return s.orgAssets(c.org, c.kind)
	}
	var rows []*host
	for _, o := range s.orgs {
		rows = append(rows, s.orgAssets(o, c.kind)...)
	}
	slices.SortFunc(rows, compareNames)
	return rows
}

func (s *Server) orgAssets(o *org, k *assetPage) []*host {
	rows := o.listAssets()
	switch {
	case k.category == "" && !k.gateways:
		return rows
	case k.category == "host" && !k.gateways:
		return o.listHosts()
	case k.category != "host":
		rows = o.listOthers()
	}
	return filterRows(rows, []func(*host) bool{func(h *host) bool { return s.showsAsset(k, h) }})
}

// findPageAsset returns an asset of the call's page by its id.
func (s *Server) findPageAsset(c *call, id string) *host {
	orgs := []*org{c.org}
	if c.orgID == RootOrg {
		orgs = s.sortedOrgs()
	}
	for _, o := range orgs {
		if h := o.findAsset(strings.ToLower(id)); h != nil && s.showsAsset(c.kind, h) {
			return h
		}
	}
	return nil
}

// setExtraDefaults sets the defaults of the fields that only the asset's category has.
func (s *Server) setExtraDefaults(h *host) {
	switch h.category {
	case "database":
		h.extra = map[string]any{
			"db_name": "", "use_ssl": false, "allow_invalid_cert": false, "ca_cert": "", "client_cert": "", "client_key": "",
			"pg_ssl_mode": "prefer",
		}
	case "web":
		h.extra = map[string]any{
			"autofill": "basic", "username_selector": "name=username", "password_selector": "name=password",
			"submit_selector": "id=login_button", "script": []any{},
		}
	}
}

// validateExtra reads the fields that only a category has; a database needs a name, except for some types.
func (s *Server) validateExtra(row map[string]any, was *host, full bool, f *rowFields, v *validation) {
	category := f.category
	if was != nil {
		category = was.category
	}
	probe := &host{category: category}
	s.setExtraDefaults(probe)
	for name := range probe.extra {
		if value, given := row[name]; given {
			if f.extra == nil {
				f.extra = map[string]any{}
			}
			f.extra[name] = value
		}
	}
	p := s.platformFor(f, was)
	if category != "database" || p == nil || s.mayLackName(p.Type) {
		return
	}
	name, given := f.extra["db_name"]
	switch {
	case !given && full:
		v.addMistake("db_name", []string{"This field is required."})
	case given && name == "":
		v.addMistake("db_name", []string{"This field may not be blank."})
	}
}

func (s *Server) mayLackName(platformType string) bool {
	return platformType == "mysql" || platformType == "mariadb" || platformType == "redis" && s.options.Version != V47
}

// showExtra adds the fields that only the asset's category has; the page of all assets shows only
// some of them, as spec_info.
func (s *Server) showExtra(k *assetPage, h *host, row map[string]any) {
	switch {
	case h.category == "database" && k.category == h.category:
		for name, value := range h.extra {
			row[name] = value
		}
		row["pg_ssl_mode"] = choiceValue(textAt(h.extra, "pg_ssl_mode"))
	case h.category == "web" && k.category == h.category:
		for name, value := range h.extra {
			row[name] = value
		}
		label := map[string]string{"no": "Disabled"}[textAt(h.extra, "autofill")]
		row["autofill"] = choiceValue(textAt(h.extra, "autofill"))
		if label != "" {
			row["autofill"] = map[string]any{"value": "no", "label": label}
		}
		delete(row, "spec_info")
		delete(row, "gathered_info")
	}
}

func textAt(row map[string]any, name string) string {
	text, _ := row[name].(string)
	return text
}

// specOf returns an asset's spec_info.
func specOf(h *host) any {
	out := map[string]any{}
	if h.category == "database" {
		for _, name := range []string{"db_name", "use_ssl", "allow_invalid_cert", "pg_ssl_mode"} {
			out[name] = h.extra[name]
		}
	}
	return out
}

// refusedByPage refuses requests that a page never accepts: databases crash on every list, and
// assets are created on the pages of their kinds.
func (s *Server) refusedByPage(c *call) (answer reply, is bool) {
	_, isList := c.body.([]any)
	switch {
	case c.kind.category == "database" && isList:
		return crashReply(), true
	case c.kind.category == "" && c.method == http.MethodPost:
		s.recordUnexpected("POST /assets/assets/")
		return badRequestReply(map[string]any{"error": "Cannot create asset directly, you should create a host or other"}), true
	}
	return reply{}, false
}
