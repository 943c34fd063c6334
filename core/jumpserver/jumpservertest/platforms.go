package jumpservertest

import (
	"maps"
	"net/http"
	"strconv"
)

// listPlatforms routes /assets/platforms/; names are matched whole and by case.
func (s *Server) listPlatforms(c *call) reply {
	if c.method != http.MethodGet {
		return s.noMethod(c)
	}
	if len(c.parts) == 3 {
		id, _ := strconv.Atoi(c.parts[2])
		p, found := s.platformByID(id)
		if !found {
			return missing("Platform")
		}
		row := s.showPlatform(p)
		row["assets"] = []any{}
		return ok(row)
	}
	var rows []platform
	for _, p := range s.platforms {
		wanted := true
		for field, value := range map[string]string{
			"name": p.Name, "category": p.Category, "type": p.Type, "id": strconv.Itoa(p.ID),
		} {
			asked := c.query.Get(field)
			wanted = wanted && (asked == "" || c.org.db.same(asked, value))
		}
		if wanted {
			rows = append(rows, p)
		}
	}
	return paged(s, c, rows, func(p platform) any { return s.showPlatform(p) })
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
	label := value
	if value != "" {
		label = string(value[0]-'a'+'A') + value[1:]
	}
	return map[string]any{"value": value, "label": label}
}
