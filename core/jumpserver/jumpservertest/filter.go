package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// buildFilters returns the filters that a row must pass. Unknown parameters, the other version's zone and
// a node that does not exist are silently ignored, as by the real server; failed is the answer to
// an invalid value.
func (s *Server) buildFilters(c *call) (keep []func(*host) bool, failed *reply) {
	crashed := htmlReply(http.StatusInternalServerError)
	if value := c.query.Get("ids"); value != "" {
		want := map[string]bool{}
		for id := range strings.SplitSeq(value, ",") {
			if uuid.Validate(id) != nil {
				return nil, &crashed
			}
			want[strings.ToLower(id)] = true
		}
		keep = append(keep, func(h *host) bool { return want[h.ID] })
	}
	if wrong := s.invalidChoices(c); len(wrong) > 0 {
		answer := badRequestReply(wrong)
		return nil, &answer
	}
	if value := c.query.Get("labels"); value != "" {
		match, fine := labelFilter(value, s.options.Database)
		switch {
		case fine:
			keep = append(keep, match)
		case s.options.Version.isSince(V41019):
			keep = append(keep, func(*host) bool { return false })
		default:
			return nil, &crashed
		}
	}
	if n := c.org.nodeByID(cmp.Or(c.query.Get("node_id"), c.query.Get("node"))); n != nil {
		keep = append(keep, nodeFilter(c.org, n, c.query.Get("show_current_asset") == "1"))
	}
	for name, match := range s.fieldFilters() {
		if value := strings.TrimSpace(c.query.Get(name)); value != "" {
			keep = append(keep, func(h *host) bool { return match(h, value) })
		}
	}
	return keep, nil
}

// invalidChoices returns the mistakes of filters with an invalid value.
func (s *Server) invalidChoices(c *call) map[string]any {
	wrong := map[string]any{}
	if id := c.query.Get("id"); id != "" && uuid.Validate(id) != nil {
		wrong["id"] = []string{"Enter a valid UUID."}
	}
	if !s.options.Version.isSince(V41019) {
		return wrong
	}
	choices := map[string][]string{
		"type":     {"unix", "other", "general", "switch", "router", "firewall", "public", "private"},
		"category": {"host", "device", "database", "cloud", "web", "ds", "custom"},
	}
	for _, p := range s.platforms {
		choices["type"] = append(choices["type"], p.Type)
	}
	for name, list := range choices {
		if value := c.query.Get(name); value != "" && !slices.Contains(list, value) {
			wrong[name] = []string{"Select a valid choice. " + value + " is not one of the available choices."}
		}
	}
	return wrong
}

// fieldFilters returns the filters on one field: they compare the whole value as the database does, except
// search, which finds parts of name, address or comment. v4.10.19 ignores case where the database
// can.
func (s *Server) fieldFilters() map[string]func(*host, string) bool {
	db := s.options.Database
	same := db.SameText
	if s.options.Version.isSince(V41019) && db == PostgreSQL {
		same = func(x, y string) bool { return db.SameText(x, y) || strings.EqualFold(x, y) }
	}
	filters := map[string]func(*host, string) bool{
		"id":               func(h *host, v string) bool { return h.ID == strings.ToLower(v) },
		"name":             func(h *host, v string) bool { return same(h.Name, v) },
		"address":          func(h *host, v string) bool { return same(h.Address, v) },
		"is_active":        func(h *host, v string) bool { return matchesBool(h.Active, v) },
		"is_gateway":       func(h *host, v string) bool { return matchesBool(h.isGateway(), v) },
		"type":             func(h *host, v string) bool { return s.platformByName(h.Platform).Type == v },
		"category":         func(h *host, v string) bool { return h.categoryName() == v },
		"exclude_platform": func(h *host, v string) bool { return !db.SameText(h.Platform, v) },
		"platform": func(h *host, v string) bool {
			return db.SameText(h.Platform, v) || strconv.Itoa(s.platformByName(h.Platform).ID) == v
		},
		"protocols": func(h *host, v string) bool {
			return slices.ContainsFunc(h.Protocols, func(p Protocol) bool { return slices.Contains(strings.Split(v, ","), p.Name) })
		},
		s.zoneField: func(h *host, v string) bool {
			return h.Zone != "" && (h.Zone == v || db.containsText(h.zoneName(), v))
		},
		"search": s.matchesSearch,
	}
	if s.options.Version.isSince(V410) {
		filters["q"] = s.matchesSearch
	}
	if s.options.Version.isSince(V41019) {
		filters["comment"] = func(h *host, v string) bool { return same(h.Comment, v) }
	}
	return filters
}

// matchesBool compares with a filter's value; one that is neither true nor false matches both.
func matchesBool(is bool, value string) bool {
	switch strings.ToLower(value) {
	case "true", "1":
		return is
	case "false", "0":
		return !is
	}
	return true
}

// matchesSearch reports whether every word of a search is in name, address or comment.
func (s *Server) matchesSearch(h *host, search string) bool {
	db := s.options.Database
	for word := range strings.FieldsFuncSeq(search, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !db.containsText(h.Name, word) && !db.containsText(h.Address, word) && !db.containsText(h.Comment, word) {
			return false
		}
	}
	return true
}

func nodeFilter(o *org, n *node, only bool) func(*host) bool {
	return func(h *host) bool {
		return slices.ContainsFunc(h.nodes, func(id string) bool {
			own := o.nodeByID(id)
			return own == n || !only && own != nil && own.isAtOrBelow(n.key)
		})
	}
}

// labelFilter parses "k:v,k:*": the row needs one of the values of each key.
func labelFilter(value string, db Database) (func(*host) bool, bool) {
	want := map[string][]string{}
	for pair := range strings.SplitSeq(value, ",") {
		k, v, fine := strings.Cut(pair, ":")
		if !fine {
			return nil, false
		}
		k = db.collationKey(k)
		want[k] = append(want[k], db.collationKey(v))
	}
	return func(h *host) bool {
		for k, values := range want {
			if !slices.ContainsFunc(h.links, func(l labelLink) bool {
				return db.collationKey(l.label.name) == k && (slices.Contains(values, db.collationKey(l.label.value)) || slices.Contains(values, "*"))
			}) {
				return false
			}
		}
		return true
	}, true
}

// orderRows sorts rows by a field; without one they are sorted by name already.
func orderRows(rows []*host, by string) []*host {
	field, down := strings.CutPrefix(by, "-")
	compare, known := map[string]func(x, y *host) int{
		"name":         compareNames,
		"address":      func(x, y *host) int { return strings.Compare(x.Address, y.Address) },
		"platform":     func(x, y *host) int { return strings.Compare(x.Platform, y.Platform) },
		"date_created": func(x, y *host) int { return x.created.Compare(y.created) },
		"date_updated": func(x, y *host) int { return x.updated.Compare(y.updated) },
	}[field]
	if !known || by == "name" {
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y *host) int {
		if down {
			x, y = y, x
		}
		return cmp.Or(compare(x, y), 0)
	})
	return rows
}
