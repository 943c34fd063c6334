package jumpservertest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// filter gives the tests that a row must pass. Unknown parameters, the other version's zone and
// a node that does not exist are ignored in silence, as the real server does; failed tells of a
// value that makes it answer 500.
func (s *Server) filter(c *call) (keep []func(*host) bool, failed bool) {
	for _, name := range []string{"ids", "id"} {
		if value := c.query.Get(name); value != "" {
			want := map[string]bool{}
			for id := range strings.SplitSeq(value, ",") {
				if uuid.Validate(id) != nil {
					return nil, true
				}
				want[strings.ToLower(id)] = true
			}
			keep = append(keep, func(h *host) bool { return want[h.ID] })
		}
	}
	if value := c.query.Get("labels"); value != "" {
		match, fine := labelFilter(value, s.o.Database)
		if !fine {
			return nil, true
		}
		keep = append(keep, match)
	}
	if n := c.org.node(c.query.Get("node_id")); n != nil {
		keep = append(keep, nodeFilter(c.org, n, c.query.Get("show_current_asset") == "1"))
	}
	for name, match := range s.fieldFilters() {
		if value := c.query.Get(name); value != "" {
			keep = append(keep, func(h *host) bool { return match(h, value) })
		}
	}
	return keep, false
}

// fieldFilters are the filters on one field: by the whole value, as the database compares, save the
// search, which looks for a part of name, address or comment.
func (s *Server) fieldFilters() map[string]func(*host, string) bool {
	db := s.o.Database
	filters := map[string]func(*host, string) bool{
		"name":      func(h *host, v string) bool { return h.key == db.key(v) },
		"address":   func(h *host, v string) bool { return db.same(h.Address, v) },
		"is_active": func(h *host, v string) bool { return strconv.FormatBool(h.Active) == strings.ToLower(v) },
		"type":      func(h *host, v string) bool { return s.platformByName(h.Platform).Type == v },
		"category":  func(h *host, v string) bool { return h.kind() == v },
		"platform": func(h *host, v string) bool {
			return db.same(h.Platform, v) || strconv.Itoa(s.platformByName(h.Platform).ID) == v
		},
		"protocols": func(h *host, v string) bool {
			return slices.ContainsFunc(h.Protocols, func(p Protocol) bool { return p.Name == v })
		},
		s.zoneField: func(h *host, v string) bool {
			return h.Zone != "" && (h.Zone == v || db.has(h.home.zones[h.Zone], v))
		},
		"search": func(h *host, v string) bool {
			return db.has(h.Name, v) || db.has(h.Address, v) || db.has(h.Comment, v)
		},
	}
	if s.o.Version.since(V41019) {
		filters["q"] = filters["search"]
	}
	return filters
}

func nodeFilter(o *org, n *node, only bool) func(*host) bool {
	return func(h *host) bool {
		return slices.ContainsFunc(h.nodes, func(id string) bool {
			own := o.node(id)
			return own == n || !only && own != nil && own.below(n.key)
		})
	}
}

// labelFilter reads "k:v,k:*": values of one key are or-ed, keys are and-ed.
func labelFilter(value string, db Database) (func(*host) bool, bool) {
	want := map[string][]string{}
	for pair := range strings.SplitSeq(value, ",") {
		k, v, fine := strings.Cut(pair, ":")
		if !fine {
			return nil, false
		}
		k = db.key(k)
		want[k] = append(want[k], db.key(v))
	}
	return func(h *host) bool {
		for k, values := range want {
			if !slices.ContainsFunc(h.links, func(l labelLink) bool {
				return db.key(l.label.name) == k && (slices.Contains(values, db.key(l.label.value)) || slices.Contains(values, "*"))
			}) {
				return false
			}
		}
		return true
	}, true
}

// order sorts rows by the field that was asked for; without one they are by name already.
func order(rows []*host, by string) []*host {
	field, down := strings.CutPrefix(by, "-")
	compare, known := map[string]func(x, y *host) int{
		"name":         byName,
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
