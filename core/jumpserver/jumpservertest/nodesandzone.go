package jumpservertest

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// validateNodesAndZone reads nodes, paths and the zone of this version; the other version's zone
// field is silently ignored.
func (s *Server) validateNodesAndZone(o *org, row map[string]any, f *rowFields, v *validation) {
	if raw, given := row["nodes"]; given {
		f.nodes = []string{}
		items, _ := raw.([]any)
		for _, item := range items {
			id := primaryKeyOf(item)
			if o.nodeByID(id) == nil {
				v.addMistake("nodes", []string{`Invalid pk "` + id + `" - object does not exist.`})
			}
			if !slices.Contains(f.nodes, id) {
				f.nodes = append(f.nodes, id)
			}
		}
	}
	if raw, given := row["nodes_display"]; given {
		validatePaths(o.db, raw, f, v)
	}
	raw, given := row[s.zoneField]
	if !given {
		return
	}
	id := primaryKeyOf(raw)
	if raw != nil && raw != "" && o.zones[id] == nil {
		v.addMistake(s.zoneField, []string{`Invalid pk "` + cmp.Or(id, "None") + `" - object does not exist.`})
	}
	f.zone = &id
}

func validatePaths(db Database, raw any, f *rowFields, v *validation) {
	items, isList := raw.([]any)
	v.crash = v.crash || !isList
	for _, item := range items {
		path, isText := item.(string)
		v.crash = v.crash || !isText || isPathTooLong(path) || db.RefusesText(path)
		f.paths = append(f.paths, path)
	}
}

func primaryKeyOf(raw any) string {
	if object, isObject := raw.(map[string]any); isObject {
		raw = object["pk"]
		if raw == nil {
			raw = object["id"]
		}
	}
	id, _ := raw.(string)
	return id
}

func isPathTooLong(path string) bool {
	return slices.ContainsFunc(strings.Split(path, "/"), func(p string) bool { return utf8.RuneCountInString(p) > 128 })
}
