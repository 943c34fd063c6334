package jumpservertest

import "strings"

// column returns one field of an asset's row.
type column func(*host) any

// hostColumns returns the fields of a row in this version.
func (s *Server) hostColumns() map[string]column {
	all := map[string]column{
		"id":            func(h *host) any { return h.ID },
		"name":          func(h *host) any { return h.Name },
		"address":       func(h *host) any { return h.Address },
		"comment":       func(h *host) any { return h.Comment },
		"is_active":     func(h *host) any { return h.Active },
		"org_id":        func(h *host) any { return h.org.id },
		"org_name":      func(h *host) any { return h.org.name },
		"platform":      s.platformOf,
		"protocols":     protocolsOf,
		"labels":        labelsOf,
		"nodes":         func(h *host) any { return h.org.nodesOf(h, false) },
		"nodes_display": func(h *host) any { return h.org.nodesOf(h, true) },
		s.zoneField:     zoneOf,
		"category":      func(h *host) any { return choiceValue(h.categoryName()) },
		"type":          func(h *host) any { return choiceValue(s.platformByName(h.Platform).Type) },
		"connectivity":  func(*host) any { return map[string]any{"value": "-", "label": "Unknown"} },
		"auto_config":   func(h *host) any { return s.autoConfig(s.platformByName(h.Platform)) },
		"gathered_info": func(*host) any { return map[string]any{} },
		"spec_info":     specOf,
		"date_verified": func(*host) any { return nil },
		"date_created":  func(h *host) any { return s.formatTime(h.created) },
		"date_updated":  func(h *host) any { return s.formatTime(h.updated) },
		"created_by":    func(h *host) any { return h.maker },
	}
	if s.options.Version.isSince(V41019) {
		all["date_last_login"] = func(*host) any { return nil }
	}
	if s.options.Version.isSince(V410) {
		all["directory_services"] = func(*host) any { return []any{} }
		all["accounts_amount"] = func(h *host) any { return len(h.accounts) }
	}
	return all
}

// selectedColumns returns the columns that a list request selects, and the selected names; nil = all.
func (s *Server) selectedColumns(c *call) (show map[string]column, names []string) {
	switch {
	case c.query.Get("fields") != "":
		names = strings.Split(c.query.Get("fields"), ",")
	case c.query.Get("fields_size") == "mini":
		names = []string{"id", "name", "address", "platform", s.zoneField}
	case c.query.Get("fields_size") == "small":
		names = []string{"id", "name", "address", "platform", s.zoneField, "is_active", "comment"}
	default:
		return s.columns, nil
	}
	show = make(map[string]column, len(names))
	for _, name := range names {
		if col, known := s.columns[name]; known {
			show[name] = col
		}
	}
	return show, names
}

// showAsset returns an asset in full, as in the answer to a write or to a GET of one asset.
func (s *Server) showAsset(c *call, h *host) map[string]any {
	row := make(map[string]any, len(s.columns))
	for name, col := range s.columns {
		row[name] = col(h)
	}
	s.showExtra(c.kind, h, row)
	return row
}

func (h *host) categoryName() string {
	if h.category == "" {
		return "host"
	}
	return h.category
}

func (s *Server) platformOf(h *host) any {
	p := s.platformByName(h.Platform)
	shown := map[string]any{"id": p.ID, "name": p.Name}
	if s.options.Version.isSince(V410) {
		shown["type"] = p.Type
	}
	return shown
}

func protocolsOf(h *host) any {
	if h.Protocols == nil {
		return []Protocol{}
	}
	return h.Protocols
}

// labelRow is a label in a host's row. It is a struct because a list may have tens of thousands.
type labelRow struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value"`
	Color string `json:"color"`
}

func labelsOf(h *host) any { return rowsOfLinks(h.links) }

func rowsOfLinks(links []labelLink) []labelRow {
	out := make([]labelRow, 0, len(links))
	for _, k := range links {
		out = append(out, labelRow{ID: k.label.id, Name: k.label.name, Value: k.label.value, Color: k.label.color})
	}
	return out
}

func zoneOf(h *host) any {
	if h.Zone == "" {
		return nil
	}
	return map[string]any{"id": h.Zone, "name": h.zoneName()}
}

// zoneName returns the name of an asset's zone; "" where the zone does not exist.
func (h *host) zoneName() string {
	if z := h.org.zones[h.Zone]; z != nil {
		return z.name
	}
	return ""
}

func (o *org) nodesOf(h *host, paths bool) []any {
	out := make([]any, 0, len(h.nodes))
	for _, id := range h.nodes {
		n := o.nodeByID(id)
		switch {
		case n == nil:
		case paths:
			out = append(out, n.path)
		default:
			out = append(out, map[string]any{"id": n.id, "name": n.value})
		}
	}
	return out
}
