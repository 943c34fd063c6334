package jumpservertest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// platformPages routes /assets/platforms/; names are matched whole and by case.
func (s *Server) platformPages(c *call) reply {
	switch {
	case len(c.parts) == 3:
		return s.onePlatform(c)
	case c.method == http.MethodPost:
		return s.makePlatform(c)
	case c.method != http.MethodGet:
		return s.noMethod(c)
	}
	var rows []platform
	for _, p := range s.platforms {
		wanted := true
		for field, value := range map[string]string{
			"name": p.Name, "category": p.Category, "type": p.Type, "id": strconv.Itoa(p.ID),
		} {
			asked := c.query.Get(field)
			wanted = wanted && (asked == "" || c.org.db.Same(asked, value))
		}
		if wanted {
			rows = append(rows, p)
		}
	}
	return paged(s, c, rows, func(p platform) any {
		row := s.showPlatform(p)
		if fields := c.query.Get("fields"); fields != "" && s.o.Version.since(V41019) { // the others show all
			onlyThese(row, strings.Split(fields, ","))
		}
		return row
	})
}

func (s *Server) onePlatform(c *call) reply {
	id, _ := strconv.Atoi(c.parts[2])
	p, found := s.platformByID(id)
	switch {
	case !found:
		return missing("Platform")
	case c.method == http.MethodGet:
		row := s.showPlatform(p)
		row["assets"] = []any{}
		return ok(row)
	case p.extra["internal"] != false:
		s.surprise("a built-in platform is changed")
		return reply{status: http.StatusForbidden, body: map[string]any{"detail": "Internal platform"}}
	}
	return s.noMethod(c)
}

// keepPlatform returns a platform its id and what else a row shows.
func (s *Server) keepPlatform(p platform, maker string) platform {
	s.lastPlatform++
	p.ID = s.lastPlatform
	var protocols []any
	for _, one := range p.Protocols {
		protocols = append(protocols, map[string]any{
			"id": 0, "name": one.Name, "port": one.Port, "port_from_addr": false, "primary": one.Primary, "required": one.Required,
			"default": one.Default, "public": one.Public, "secret_types": []string{"password", "ssh_key"}, "setting": map[string]any{},
		})
	}
	automation := map[string]any{"id": p.ID, "ansible_enabled": false, "ansible_config": map[string]any{}}
	for _, what := range []string{"ping", "push_account", "gather_facts", "change_secret", "verify_account", "gather_accounts", "remove_account"} {
		automation[what+"_enabled"], automation[what+"_method"], automation[what+"_params"] = false, nil, map[string]any{}
	}
	p.extra = map[string]any{
		"internal": false, "assets_amount": 0, "labels": []any{}, "custom_fields": []any{}, "su_enabled": false, "comment": "",
		"su_method": map[string]any{"value": "sudo", "label": "sudo su -"}, "charset": map[string]any{"value": "utf-8", "label": "UTF-8"},
		"protocols": protocols, "automation": automation, "created_by": maker, "updated_by": maker,
	}
	if s.o.Version.since(V41019) {
		p.extra["has_package"] = false
	}
	s.platforms = append(s.platforms, p)
	slices.SortFunc(s.platforms, func(x, y platform) int { return strings.Compare(x.Name, y.Name) })
	return p
}

// makePlatform makes a platform of one's own on a type that is there.
func (s *Server) makePlatform(c *call) reply {
	row, _ := c.body.(map[string]any)
	own := platform{Name: textAt(row, "name"), Category: textAt(row, "category"), Type: textAt(row, "type")}
	own.Zones = row["gateway_enabled"] == true || row["domain_enabled"] == true
	wrong := map[string]any{}
	if own.Name == "" {
		wrong["name"] = []string{"This field is required."}
	}
	if s.platformByName(own.Name).ID != 0 {
		wrong["name"] = []string{"This field must be unique."}
	}
	protocols, _ := row["protocols"].([]any)
	for _, raw := range protocols {
		p, _ := raw.(map[string]any)
		port, _ := p["port"].(float64)
		own.Protocols = append(own.Protocols, platformProtocol{
			textAt(p, "name"), int(port), p["primary"] == true, p["required"] == true, p["default"] == true, true,
		})
	}
	if len(wrong) > 0 {
		return bad(wrong)
	}
	shown := s.showPlatform(s.keepPlatform(own, c.key.title()))
	shown["assets"] = []any{}
	return reply{status: http.StatusCreated, body: shown}
}

func (s *Server) showPlatform(p platform) map[string]any {
	row := map[string]any{"internal": true, "protocols": p.Protocols}
	maps.Copy(row, p.extra)
	row["id"], row["name"] = p.ID, p.Name
	row["category"] = choice(p.Category)
	row["type"] = choice(p.Type)
	row["date_created"], row["date_updated"] = s.started, s.started
	if s.o.Version.since(V410) {
		row["gateway_enabled"], row["ds_enabled"] = p.Zones, false
	} else {
		row["domain_enabled"] = p.Zones
	}
	return row
}

// autoConfig is the part of a host's row that comes from its platform.
func (s *Server) autoConfig(p platform) map[string]any {
	out := map[string]any{"platform": p.ID, "id": p.ID, "su_enabled": p.extra["su_enabled"]}
	automation, _ := p.extra["automation"].(map[string]any)
	maps.Copy(out, automation)
	out["id"] = p.ID
	if s.o.Version.since(V410) {
		out["gateway_enabled"] = p.Zones
	} else {
		out["domain_enabled"] = p.Zones
	}
	return out
}

// choice is a value with the label that people read.
func choice(value string) map[string]any {
	label, known := map[string]string{
		"mysql": "MySQL", "mariadb": "MariaDB", "postgresql": "PostgreSQL", "mongodb": "MongoDB", "k8s": "Kubernetes",
		"private": "Private cloud", "cloud": "Cloud service", "ds": "Directory service",
	}[value]
	if !known {
		label = value
	}
	if !known && value != "" {
		label = string(value[0]-'a'+'A') + value[1:]
	}
	return map[string]any{"value": value, "label": label}
}
