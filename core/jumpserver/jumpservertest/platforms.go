package jumpservertest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// routePlatforms routes /assets/platforms/; filters compare whole names, with their case.
func (s *Server) routePlatforms(c *call) reply {
	switch {
	case len(c.parts) == 3:
		return s.routePlatform(c)
	case c.method == http.MethodPost:
		return s.createPlatform(c)
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	}
	var rows []platform
	for _, p := range s.platforms {
		wanted := true
		for field, value := range map[string]string{
			"name": p.Name, "category": p.Category, "type": p.Type, "id": strconv.Itoa(p.ID),
		} {
			asked := c.query.Get(field)
			wanted = wanted && (asked == "" || c.org.db.SameText(asked, value))
		}
		if wanted {
			rows = append(rows, p)
		}
	}
	return pageOf(s, c, rows, func(p platform) any {
		row := s.showPlatform(p)
		if fields := c.query.Get("fields"); fields != "" && s.options.Version.isSince(V41019) { // other versions show all
			keepColumns(row, strings.Split(fields, ","))
		}
		return row
	})
}

func (s *Server) routePlatform(c *call) reply {
	id, _ := strconv.Atoi(c.parts[2])
	p, found := s.platformByID(id)
	switch {
	case !found:
		return notFoundReply("Platform")
	case c.method == http.MethodGet:
		row := s.showPlatform(p)
		row["assets"] = []any{}
		return okReply(row)
	case p.extra["internal"] != false:
		s.recordUnexpected("a built-in platform is changed")
		return reply{status: http.StatusForbidden, body: map[string]any{"detail": "Internal platform"}}
	}
	return s.unknownMethod(c)
}

// addPlatform adds a platform with an id and the other fields of its row.
func (s *Server) addPlatform(p platform, maker string) platform {
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
	if s.options.Version.isSince(V41019) {
		p.extra["has_package"] = false
	}
	s.platforms = append(s.platforms, p)
	slices.SortFunc(s.platforms, func(x, y platform) int { return strings.Compare(x.Name, y.Name) })
	return p
}

// createPlatform creates a custom platform of an existing type.
func (s *Server) createPlatform(c *call) reply {
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
		return badRequestReply(wrong)
	}
	shown := s.showPlatform(s.addPlatform(own, c.key.title()))
	shown["assets"] = []any{}
	return reply{status: http.StatusCreated, body: shown}
}

func (s *Server) showPlatform(p platform) map[string]any {
	row := map[string]any{"internal": true, "protocols": p.Protocols}
	maps.Copy(row, p.extra)
	row["id"], row["name"] = p.ID, p.Name
	row["category"] = choiceValue(p.Category)
	row["type"] = choiceValue(p.Type)
	row["date_created"], row["date_updated"] = s.started, s.started
	if s.options.Version.isSince(V410) {
		row["gateway_enabled"], row["ds_enabled"] = p.Zones, false
	} else {
		row["domain_enabled"] = p.Zones
	}
	return row
}

// autoConfig returns the part of a host's row that comes from its platform.
func (s *Server) autoConfig(p platform) map[string]any {
	out := map[string]any{"platform": p.ID, "id": p.ID, "su_enabled": p.extra["su_enabled"]}
	automation, _ := p.extra["automation"].(map[string]any)
	maps.Copy(out, automation)
	out["id"] = p.ID
	if s.options.Version.isSince(V410) {
		out["gateway_enabled"] = p.Zones
	} else {
		out["domain_enabled"] = p.Zones
	}
	return out
}

// choiceValue returns a value with the label that people read.
func choiceValue(value string) map[string]any {
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
