package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// zonePages routes /assets/domains/ (v4.7) or /assets/zones/ (v4.10).
func (s *Server) zonePages(c *call) reply {
	switch {
	case len(c.parts) == 3:
		return s.oneZone(c, c.org.zones[c.parts[2]])
	case len(c.parts) == 2 && c.method == http.MethodGet:
		return s.listZones(c)
	case len(c.parts) == 2 && c.method == http.MethodPost:
		return s.makeZone(c)
	}
	return s.noMethod(c)
}

func (s *Server) listZones(c *call) reply {
	var rows []*zone
	for _, z := range c.org.zones {
		asked := c.query.Get("name")
		if (asked == "" || c.org.db.Same(asked, z.name)) && c.org.db.has(z.name, c.query.Get("search")) {
			rows = append(rows, z)
		}
	}
	slices.SortFunc(rows, func(x, y *zone) int { return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.id, y.id)) })
	return paged(s, c, rows, func(z *zone) any {
		row := s.showZone(c.org, z)
		delete(row, "assets")
		return row
	})
}

func (s *Server) oneZone(c *call, z *zone) reply {
	if z == nil {
		return missing(strings.ToUpper(s.zoneField[:1]) + s.zoneField[1:])
	}
	switch c.method {
	case http.MethodGet:
		return ok(s.showZone(c.org, z))
	case http.MethodDelete:
		delete(c.org.zones, z.id)
		z.links = relink(z.links, nil, s.o.Now())
		for _, h := range c.org.assets() {
			if h.Zone == z.id {
				h.Zone = ""
			}
		}
		return status(http.StatusNoContent)
	case http.MethodPatch:
		return s.changeZone(c, z)
	}
	return s.noMethod(c)
}

// changeZone reads a PATCH: assets become those of the zone.
func (s *Server) changeZone(c *call, z *zone) reply {
	row, _ := c.body.(map[string]any)
	if refusal, is := s.zoneMistakes(c, row, z); is {
		return refusal
	}
	if ids, given := row["assets"].([]any); given {
		for _, h := range c.org.assets() {
			if h.Zone == z.id && !h.gateway() {
				h.Zone = ""
			}
		}
		for _, id := range ids {
			if h := c.org.asset(pkOf(id)); h != nil {
				h.Zone = z.id
			}
		}
	}
	return ok(s.showZone(c.org, z))
}

func (s *Server) makeZone(c *call) reply {
	row, _ := c.body.(map[string]any)
	z := &zone{id: uuid.NewString(), created: s.o.Now()}
	if row["name"] == nil {
		return bad(map[string]any{"name": []string{"This field is required."}})
	}
	if refusal, is := s.zoneMistakes(c, row, z); is {
		return refusal
	}
	c.org.zones[z.id] = z
	return reply{status: http.StatusCreated, body: s.showZone(c.org, z)}
}

// zoneMistakes refuses what a zone cannot be, or else changes the zone.
func (s *Server) zoneMistakes(c *call, row map[string]any, z *zone) (refusal reply, is bool) {
	name, given := row["name"].(string)
	var f fields
	var v verdict
	s.checkLabels(c.org, row, &f, &v)
	switch {
	case given && c.org.db.Refuses(name):
		v.crash = true
	case given && name == "":
		v.say("name", []string{"This field may not be blank."})
	}
	for _, other := range c.org.zones {
		if given && other != z && c.org.db.Same(other.name, name) {
			v.say("name", []string{"This field must be unique."})
		}
	}
	if answer, refused := v.refusal(); refused {
		return answer, true
	}
	if given {
		z.name = name
	}
	if comment, told := row["comment"].(string); told {
		z.comment = comment
	}
	if f.labels != nil {
		z.links = relink(z.links, c.org.labels.rowsOf(f.labels, s.o.Now()), s.o.Now())
	}
	return reply{}, false
}

// showZone is a zone in full. Gateways are not among its assets.
func (s *Server) showZone(o *org, z *zone) map[string]any {
	assets, gateways := []any{}, []any{}
	for _, h := range o.assets() {
		switch {
		case h.Zone != z.id:
		case h.gateway():
			gateways = append(gateways, map[string]any{"id": h.ID, "name": h.Name})
		default:
			assets = append(assets, map[string]any{"id": h.ID, "name": h.Name})
		}
	}
	return map[string]any{
		"id": z.id, "name": z.name, "assets": assets, "gateways": gateways, "labels": rowsOfLinks(z.links), "assets_amount": len(assets),
		"org_id": o.id, "org_name": o.name, "date_created": s.date(z.created), "comment": z.comment,
	}
}
