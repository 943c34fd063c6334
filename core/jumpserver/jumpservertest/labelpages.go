package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// assetType is the number of assets among the types of resources that can have labels.
const assetType = 6

// LabelRow is one row of the label page.
type LabelRow struct {
	ID, Name, Value string
	Resources       int // res_count: deleted assets are counted
}

// LabelRows returns the rows of an organisation's label page, by name and value.
func (s *Server) LabelRows(orgID string) []LabelRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []LabelRow
	for _, l := range s.orgs[orgID].labels.sorted() {
		out = append(out, LabelRow{ID: l.id, Name: l.name, Value: l.value, Resources: l.links})
	}
	return out
}

// SeedLabel creates a row of the label page that no asset has, and returns its id; text is
// "name:value", and may contain what the version would refuse now.
func (s *Server) SeedLabel(orgID, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orgs[orgID].labels.labelsFrom([]string{text}, s.options.Now())[0].id
}

// EditLabel changes a row of the label page as a person would, and with it the label of all its
// assets; both texts are "name:value". It reports whether the row existed and the new text was free.
func (s *Server) EditLabel(orgID, text, into string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.orgs[orgID].labels
	name, value, _ := strings.Cut(text, ":")
	l := b.find(name, value)
	name, value, _ = strings.Cut(into, ":")
	return l != nil && s.renameLabel(b, l, name, value)
}

// DeleteLabel deletes a row of the label page as a person would, and with it the label of all its
// assets; text is "name:value". It reports whether the row existed.
func (s *Server) DeleteLabel(orgID, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	name, value, _ := strings.Cut(text, ":")
	l := o.labels.find(name, value)
	if l != nil {
		o.deleteLabel(l)
	}
	return l != nil
}

func (s *Server) renameLabel(b *labelBook, l *label, name, value string) bool {
	if other := b.find(name, value); other != nil && other != l {
		return false
	}
	delete(b.byText, b.key(l.name, l.value))
	l.name, l.value, l.updated = name, value, s.options.Now()
	b.byText[b.key(name, value)] = l
	return true
}

// routeLabels routes /labels/labels/.
func (s *Server) routeLabels(c *call) reply {
	switch {
	case len(c.parts) == 2 && c.method == http.MethodGet:
		return s.listLabels(c)
	case len(c.parts) == 2 && c.method == http.MethodPost:
		return s.createLabel(c)
	case len(c.parts) == 2:
		return s.unknownMethod(c)
	case len(c.parts) == 3 && c.parts[2] == "keys" && c.method == http.MethodGet:
		names := []any{}
		for _, l := range c.org.labels.sorted() {
			if !slices.Contains(names, any(l.name)) {
				names = append(names, l.name)
			}
		}
		return okReply(names)
	case uuid.Validate(c.parts[2]) != nil:
		return s.unknownPath(c)
	}
	l := c.org.labels.rows[c.parts[2]]
	switch {
	case l == nil:
		return notFoundReply("Label")
	case len(c.parts) == 6 && c.parts[3] == "resource-types" && c.parts[5] == "resources" && c.method == http.MethodGet:
		return s.listHolders(c, l)
	case len(c.parts) != 3:
		return s.unknownPath(c)
	}
	return s.routeLabel(c, l)
}

func (s *Server) routeLabel(c *call, l *label) reply {
	switch c.method {
	case http.MethodGet:
		return okReply(s.showLabel(c.org, l))
	case http.MethodDelete:
		c.org.deleteLabel(l)
		return statusReply(http.StatusNoContent)
	case http.MethodPatch:
		row, _ := c.body.(map[string]any)
		name, value := labelField(row, "name", l.name), labelField(row, "value", l.value)
		wrong := labelMistakes(name, value)
		if len(wrong) == 0 && !s.renameLabel(&c.org.labels, l, name, value) {
			wrong = labelTakenMistake()
		}
		if len(wrong) > 0 {
			return badRequestReply(wrong)
		}
		return okReply(s.showLabel(c.org, l))
	}
	return s.unknownMethod(c)
}

func labelField(row map[string]any, field, otherwise string) string {
	text, given := row[field].(string)
	if !given {
		return otherwise
	}
	return strings.TrimSpace(text)
}

func labelTakenMistake() map[string]any {
	taken := []string{"This field must be unique."}
	return map[string]any{"name": taken, "value": taken}
}

func (s *Server) createLabel(c *call) reply {
	row, _ := c.body.(map[string]any)
	name, value := labelField(row, "name", ""), labelField(row, "value", "")
	if c.org.db.RefusesText(name, value) {
		return crashReply()
	}
	wrong := labelMistakes(name, value)
	if len(wrong) == 0 && c.org.labels.find(name, value) != nil {
		wrong = labelTakenMistake()
	}
	if len(wrong) > 0 {
		return badRequestReply(wrong)
	}
	l := c.org.labels.getOrCreate(name, value, s.options.Now())
	l.color, _ = row["color"].(string)
	l.comment, _ = row["comment"].(string)
	return reply{status: http.StatusCreated, body: s.showLabel(c.org, l)}
}

func (s *Server) listLabels(c *call) reply {
	var rows []*label
	for _, l := range c.org.labels.sorted() {
		wanted := c.org.db.containsText(l.name+"\x00"+l.value, c.query.Get("search"))
		for field, value := range map[string]string{"id": l.id, "name": l.name, "value": l.value} {
			asked := c.query.Get(field)
			wanted = wanted && (asked == "" || c.org.db.SameText(asked, value))
		}
		if wanted {
			rows = append(rows, l)
		}
	}
	return pageOf(s, c, rows, func(l *label) any { return s.showLabel(c.org, l) })
}

func (s *Server) showLabel(o *org, l *label) map[string]any {
	return map[string]any{
		"id": l.id, "name": l.name, "value": l.value, "color": l.color, "res_count": l.links, "org_id": o.id, "org_name": o.name,
		"date_created": s.formatTime(l.created), "date_updated": s.formatTime(l.updated), "comment": l.comment,
	}
}

// listResourceTypes lists the types that can have labels; here only assets have them.
func (s *Server) listResourceTypes(c *call) reply {
	if len(c.parts) != 2 || c.method != http.MethodGet {
		return s.unknownPath(c)
	}
	return okReply([]any{map[string]any{
		"id": assetType, "app_label": "assets", "app_display": "App Assets", "model": "asset", "name": "Asset",
	}})
}

// listHolders lists the existing assets that have a label.
func (s *Server) listHolders(c *call, l *label) reply {
	var rows []*host
	for _, h := range c.org.listAssets() {
		if c.parts[4] == strconv.Itoa(assetType) && slices.ContainsFunc(h.links, func(k labelLink) bool { return k.label == l }) {
			rows = append(rows, h)
		}
	}
	return pageOf(s, c, rows, func(h *host) any { return map[string]any{"id": h.ID, "name": h.title()} })
}

// title returns an asset's name on pages.
func (h *host) title() string { return h.Name + "(" + h.Address + ")" }

// labeledResource is a link and the asset that has it.
type labeledResource struct {
	labelLink
	assetID  string
	resource any // its title; nil = it was deleted
}

// listLabeledResources lists the links of labels, those of deleted assets included.
func (s *Server) listLabeledResources(c *call) reply {
	if len(c.parts) != 2 || c.method != http.MethodGet {
		return s.unknownPath(c)
	}
	var rows []labeledResource
	for _, h := range c.org.listAssets() {
		for _, k := range h.links {
			rows = append(rows, labeledResource{k, h.ID, h.title()})
		}
	}
	for id, links := range c.org.labels.ofDeleted {
		for _, k := range links {
			rows = append(rows, labeledResource{k, id, nil})
		}
	}
	if asked := c.query.Get("label"); asked != "" {
		rows = slices.DeleteFunc(rows, func(row labeledResource) bool { return row.label.id != asked })
	}
	if asked := c.query.Get("res_id"); asked != "" {
		rows = slices.DeleteFunc(rows, func(row labeledResource) bool { return row.assetID != asked })
	}
	slices.SortFunc(rows, func(x, y labeledResource) int {
		return cmp.Or(x.made.Compare(y.made), strings.Compare(x.assetID, y.assetID), strings.Compare(x.label.text(), y.label.text()))
	})
	return pageOf(s, c, rows, func(row labeledResource) any {
		made := s.formatTime(row.made)
		return map[string]any{
			"id": labelID(row.label.id + row.assetID), "label": map[string]any{"id": row.label.id, "display_name": row.label.text()},
			"res_type": map[string]any{"value": assetType, "label": "Asset"}, "res_id": row.assetID, "resource": row.resource,
			"date_created": made, "date_updated": made,
		}
	})
}
