package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// zones routes /assets/domains/ (v4.7) or /assets/zones/ (v4.10).
func (s *Server) zones(c *call) reply {
	switch {
	case len(c.parts) == 3 && c.method == http.MethodGet:
		if c.org.zones[c.parts[2]] == "" {
			return missing(strings.ToUpper(s.zoneField[:1]) + s.zoneField[1:])
		}
		row := s.showZone(c.org, c.parts[2])
		row["assets"] = []any{}
		return ok(row)
	case len(c.parts) == 2 && c.method == http.MethodGet:
		var rows []string
		for id, name := range c.org.zones {
			if asked := c.query.Get("name"); asked == "" || c.org.db.same(asked, name) {
				rows = append(rows, id)
			}
		}
		slices.SortFunc(rows, func(x, y string) int { return strings.Compare(c.org.zones[x], c.org.zones[y]) })
		return paged(s, c, rows, func(id string) any { return s.showZone(c.org, id) })
	case len(c.parts) == 2 && c.method == http.MethodPost:
		return s.makeZone(c)
	}
	return s.noMethod(c)
}

func (s *Server) makeZone(c *call) reply {
	row, _ := c.body.(map[string]any)
	name, _ := row["name"].(string)
	for _, taken := range c.org.zones {
		if c.org.db.same(taken, name) {
			return bad(map[string]any{"name": []string{"This field must be unique."}})
		}
	}
	if c.org.db.refuses(name) {
		return crash()
	}
	if name == "" {
		return bad(map[string]any{"name": []string{"This field is required."}})
	}
	id := uuid.NewString()
	comment, _ := row["comment"].(string)
	c.org.zones[id], c.org.notes[id] = name, note{comment, s.o.Now()}
	shown := s.showZone(c.org, id)
	shown["assets"] = []any{}
	return reply{status: http.StatusCreated, body: shown}
}

func (s *Server) showZone(o *org, id string) map[string]any {
	n := 0
	for _, h := range o.hosts {
		if h.Zone == id {
			n++
		}
	}
	return map[string]any{
		"id": id, "name": o.zones[id], "gateways": []any{}, "labels": []any{}, "assets_amount": n, "org_id": o.id,
		"org_name": o.name, "date_created": s.date(o.notes[id].created), "comment": o.notes[id].comment,
	}
}
