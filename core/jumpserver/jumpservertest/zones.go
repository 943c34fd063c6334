package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// routeZones routes /assets/domains/ (v4.7) or /assets/zones/ (v4.10).
func (s *Server) routeZones(c *call) reply {
	switch {
	case len(c.parts) == 3:
		return s.routeZone(c, c.org.zones[c.parts[2]])
	case len(c.parts) == 2 && c.method == http.MethodGet:
		return s.listZones(c)
	case len(c.parts) == 2 && c.method == http.MethodPost:
		return s.createZone(c)
	}
	return s.unknownMethod(c)
}

func (s *Server) listZones(c *call) reply {
	var rows []*zone
	for _, z := range c.org.zones {
		asked := c.query.Get("name")
		if (asked == "" || c.org.db.SameText(asked, z.name)) && c.org.db.containsText(z.name, c.query.Get("search")) {
			rows = append(rows, z)
		}
	}
	slices.SortFunc(rows, func(x, y *zone) int { return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.id, y.id)) })
	return pageOf(s, c, rows, func(z *zone) any {
		row := s.showZone(c.org, z)
		delete(row, "assets")
		return row
	})
}

func (s *Server) routeZone(c *call, z *zone) reply {
	if z == nil {
		return notFoundReply(strings.ToUpper(s.zoneField[:1]) + s.zoneField[1:])
	}
	switch c.method {
	case http.MethodGet:
		return okReply(s.showZone(c.org, z))
	case http.MethodDelete:
		delete(c.org.zones, z.id)
		z.links = updateLinks(z.links, nil, s.options.Now())
		for _, h := range c.org.listAssets() {
			if h.Zone == z.id {
				h.Zone = ""
			}
		}
		return statusReply(http.StatusNoContent)
	case http.MethodPatch:
		return s.changeZone(c, z)
	}
	return s.unknownMethod(c)
}

// changeZone applies a PATCH: the assets become those of the zone.
func (s *Server) changeZone(c *call, z *zone) reply {
	row, _ := c.body.(map[string]any)
	if refusal, is := s.applyZone(c, row, z); is {
		return refusal
	}
	if ids, given := row["assets"].([]any); given {
		for _, h := range c.org.listAssets() {
			if h.Zone == z.id && !h.isGateway() {
				h.Zone = ""
			}
		}
		for _, id := range ids {
			if h := c.org.findAsset(primaryKeyOf(id)); h != nil {
				h.Zone = z.id
			}
		}
	}
	return okReply(s.showZone(c.org, z))
}

func (s *Server) createZone(c *call) reply {
	row, _ := c.body.(map[string]any)
	z := &zone{id: uuid.NewString(), created: s.options.Now()}
	if row["name"] == nil {
		return badRequestReply(map[string]any{"name": []string{"This field is required."}})
	}
	if refusal, is := s.applyZone(c, row, z); is {
		return refusal
	}
	c.org.zones[z.id] = z
	return reply{status: http.StatusCreated, body: s.showZone(c.org, z)}
}

// applyZone refuses an invalid zone, or changes the zone.
func (s *Server) applyZone(c *call, row map[string]any, z *zone) (refusal reply, is bool) {
	name, given := row["name"].(string)
	var f rowFields
	var v validation
	s.validateLabels(c.org, row, &f, &v)
	switch {
	case given && c.org.db.RefusesText(name):
		v.crash = true
	case given && name == "":
		v.addMistake("name", []string{"This field may not be blank."})
	}
	for _, other := range c.org.zones {
		if given && other != z && c.org.db.SameText(other.name, name) {
			v.addMistake("name", []string{"This field must be unique."})
		}
	}
	if answer, refused := v.refusalReply(); refused {
		return answer, true
	}
	if given {
		z.name = name
	}
	if comment, named := row["comment"].(string); named {
		z.comment = comment
	}
	if f.labels != nil {
		z.links = updateLinks(z.links, c.org.labels.rowsOf(f.labels, s.options.Now()), s.options.Now())
	}
	return reply{}, false
}

// showZone returns a zone in full. Gateways are not among its assets.
func (s *Server) showZone(o *org, z *zone) map[string]any {
	assets, gateways := []any{}, []any{}
	for _, h := range o.listAssets() {
		switch {
		case h.Zone != z.id:
		case h.isGateway():
			gateways = append(gateways, map[string]any{"id": h.ID, "name": h.Name})
		default:
			assets = append(assets, map[string]any{"id": h.ID, "name": h.Name})
		}
	}
	return map[string]any{
		"id": z.id, "name": z.name, "assets": assets, "gateways": gateways, "labels": rowsOfLinks(z.links), "assets_amount": len(assets),
		"org_id": o.id, "org_name": o.name, "date_created": s.formatTime(z.created), "comment": z.comment,
	}
}
