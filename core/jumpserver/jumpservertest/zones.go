package jumpservertest

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

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
			if asked := c.query.Get("name"); asked == "" || asked == name {
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
		if taken == name {
			return bad(map[string]any{"name": []string{"This field must be unique."}})
		}
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

// labels routes /labels/labels/. It holds what was made there; hosts bring their own.
func (s *Server) labels(c *call) reply {
	switch {
	case len(c.parts) != 2:
		return s.noPage(c)
	case c.method == http.MethodGet:
		return s.listLabels(c)
	case c.method != http.MethodPost:
		return s.noMethod(c)
	}
	row, _ := c.body.(map[string]any)
	wrong := map[string]any{}
	for _, field := range []string{"name", "value"} {
		if text, _ := row[field].(string); utf8.RuneCountInString(text) > 64 {
			wrong[field] = []string{"Ensure this field has no more than 64 characters."}
		}
	}
	name, _ := row["name"].(string)
	value, _ := row["value"].(string)
	id := labelID(name + ":" + value)
	if _, taken := c.org.labels[id]; taken {
		wrong["name"], wrong["value"] = []string{"This field must be unique."}, []string{"This field must be unique."}
	}
	if len(wrong) > 0 {
		return bad(wrong)
	}
	c.org.labels[id], c.org.notes[id] = name+":"+value, note{created: s.o.Now()}
	return reply{status: http.StatusCreated, body: s.showLabel(c.org, id, 0)}
}

func (s *Server) listLabels(c *call) reply {
	used := map[string]int{}
	all := map[string]string{}
	for id, text := range c.org.labels {
		all[id] = text
	}
	for _, h := range c.org.hosts {
		for _, l := range h.Labels {
			all[labelID(l)] = l
			used[l]++
		}
	}
	ids := make([]string, 0, len(all))
	for id, text := range all {
		if strings.Contains(text, c.query.Get("search")) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y string) int { return strings.Compare(all[x], all[y]) })
	return paged(s, c, ids, func(id string) any {
		row := s.showLabel(c.org, id, used[all[id]])
		row["name"], row["value"], _ = cutAny(all[id])
		return row
	})
}

func cutAny(label string) (name, value any, found bool) {
	n, v, ok := strings.Cut(label, ":")
	return n, v, ok
}

func (s *Server) showLabel(o *org, id string, used int) map[string]any {
	name, value, _ := strings.Cut(o.labels[id], ":")
	made := s.date(o.notes[id].created)
	return map[string]any{
		"id": id, "name": name, "value": value, "color": "", "res_count": used, "org_id": o.id, "org_name": o.name,
		"date_created": made, "date_updated": made, "comment": o.notes[id].comment,
	}
}

func labelID(label string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(label)).String() }
