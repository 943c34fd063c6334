package jumpservertest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// label is a row of the label page. It outlives its last asset.
type label struct {
	id, name, value, color, comment string
	created, updated                time.Time
	links                           int // assets that have it, deleted ones included
}

func (l *label) text() string { return l.name + ":" + l.value }

// labelLink is a label that an asset has. It outlives the asset.
type labelLink struct {
	label *label
	made  time.Time
}

// labelBook holds an organisation's labels.
type labelBook struct {
	db           Database
	rows         map[string]*label      // by id
	byText       map[string]*label      // by key
	createdCount map[string]int         // how often a label of this key was made
	ofDeleted    map[string][]labelLink // of deleted assets, by the asset's id
}

func newLabelBook(db Database) labelBook {
	return labelBook{db: db, rows: map[string]*label{}, byText: map[string]*label{}, createdCount: map[string]int{}, ofDeleted: map[string][]labelLink{}}
}

// key returns the key of which there is only one label.
func (b *labelBook) key(name, value string) string {
	return b.db.collationKey(name) + "\x00" + b.db.collationKey(value)
}

func (b *labelBook) find(name, value string) *label { return b.byText[b.key(name, value)] }

// getOrCreate returns the label with a name and a value, and creates it if it does not exist.
func (b *labelBook) getOrCreate(name, value string, now time.Time) *label {
	if l := b.find(name, value); l != nil {
		return l
	}
	key := b.key(name, value)
	b.createdCount[key]++
	l := &label{id: labelID(key + strconv.Itoa(b.createdCount[key])), name: name, value: value, created: now, updated: now}
	b.rows[l.id], b.byText[key] = l, l
	return l
}

func labelID(text string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(text)).String() }

// sorted returns all labels by name and value.
func (b *labelBook) sorted() []*label {
	all := make([]*label, 0, len(b.rows))
	for _, l := range b.rows {
		all = append(all, l)
	}
	slices.SortFunc(all, func(x, y *label) int {
		return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.value, y.value))
	})
	return all
}

// setLabels sets the labels of an asset.
func (h *host) setLabels(labels []*label, now time.Time) { h.links = updateLinks(h.links, labels, now) }

// updateLinks returns the links to these labels; links that exist already stay as they are.
func updateLinks(had []labelLink, labels []*label, now time.Time) []labelLink {
	links := make([]labelLink, 0, len(labels))
	for _, l := range labels {
		at := slices.IndexFunc(had, func(k labelLink) bool { return k.label == l })
		if at >= 0 {
			links = append(links, had[at])
			continue
		}
		l.links++
		links = append(links, labelLink{l, now})
	}
	for _, k := range had {
		if !slices.Contains(labels, k.label) {
			k.label.links--
		}
	}
	return links
}

// labelTexts returns an asset's labels as people read them.
func (h *host) labelTexts() []string {
	var out []string
	for _, k := range h.links {
		out = append(out, k.label.text())
	}
	return out
}

// labelsFrom returns the rows of labels in the form "name:value", whatever they contain.
func (b *labelBook) labelsFrom(texts []string, now time.Time) []*label {
	out := make([]*label, 0, len(texts))
	for _, text := range texts {
		name, value, _ := strings.Cut(text, ":")
		out = append(out, b.getOrCreate(name, value, now))
	}
	return out
}

// deleteLabel deletes a label's row, and removes it from the assets that have it.
func (o *org) deleteLabel(l *label) {
	delete(o.labels.rows, l.id)
	delete(o.labels.byText, o.labels.key(l.name, l.value))
	without := func(links []labelLink) []labelLink {
		return slices.DeleteFunc(links, func(k labelLink) bool { return k.label == l })
	}
	for _, h := range o.listAssets() {
		h.links = without(h.links)
	}
	for _, z := range o.zones {
		z.links = without(z.links)
	}
	for id, links := range o.labels.ofDeleted {
		o.labels.ofDeleted[id] = without(links)
	}
}

// wantedLabel is a label as the row of a write names it.
type wantedLabel struct {
	row         *label // named by its id
	name, value string
}

func (b *labelBook) isSameLabel(w, other wantedLabel) bool {
	for _, one := range []*wantedLabel{&w, &other} {
		if one.row != nil {
			one.name, one.value = one.row.name, one.row.value
		}
	}
	return b.key(w.name, w.value) == b.key(other.name, other.value)
}

// validateLabels reads labels as text, as name and value, or by id. From v4.10.17 on texts are validated
// as on the label page; before, one that is too long crashes the database. So does the same label
// twice, in all versions.
func (s *Server) validateLabels(o *org, row map[string]any, f *rowFields, v *validation) {
	raw, given := row["labels"]
	if !given {
		return
	}
	items, isList := raw.([]any)
	if !isList {
		v.addMistake("labels", []string{`Expected a list of items but got type "` + pythonType(raw) + `".`})
		return
	}
	f.labels = []wantedLabel{}
	for _, item := range items {
		l, mistake := s.readLabel(o, item, v)
		if mistake != nil {
			v.addMistake("labels", mistake)
			return
		}
		v.refusedByDatabase = v.refusedByDatabase || slices.ContainsFunc(f.labels, func(other wantedLabel) bool { return o.labels.isSameLabel(l, other) })
		v.crash = v.crash || o.db.RefusesText(l.name, l.value)
		f.labels = append(f.labels, l)
	}
}

func (s *Server) readLabel(o *org, item any, v *validation) (l wantedLabel, mistake any) {
	object, isObject := item.(map[string]any)
	text, _ := item.(string)
	id := primaryKeyOf(item)
	switch {
	case isObject && id == "":
		l.name, _ = object["name"].(string)
		l.value, _ = object["value"].(string)
	case uuid.Validate(id) == nil:
		l.row = o.labels.rows[id]
		if l.row == nil {
			v.missing = "Label"
		}
		return l, nil
	default:
		var fine bool
		l.name, l.value, fine = strings.Cut(text, ":")
		if !fine {
			return l, []string{"Invalid data type"}
		}
	}
	l.name, l.value = strings.TrimSpace(l.name), strings.TrimSpace(l.value)
	wrong := labelMistakes(l.name, l.value)
	switch {
	case s.options.Version.isSince(V41019) && len(wrong) > 0:
		return l, wrong
	case utf8.RuneCountInString(l.name) > 64, utf8.RuneCountInString(l.value) > 64:
		v.crash = true
	}
	return l, nil
}

// labelMistakes returns what the label page objects to in a name and a value.
func labelMistakes(name, value string) map[string]any {
	wrong := map[string]any{}
	for field, text := range map[string]string{"name": name, "value": value} {
		switch {
		case text == "":
			wrong[field] = []string{"This field may not be blank."}
		case utf8.RuneCountInString(text) > 64:
			wrong[field] = []string{"Ensure this field has no more than 64 characters."}
		case strings.ContainsAny(text, ":,"):
			wrong[field] = []string{`Cannot contain ":,"`}
		}
	}
	return wrong
}

// pythonType returns the server's name for the type of a JSON value.
func pythonType(raw any) string {
	switch raw.(type) {
	case string:
		return "str"
	case float64:
		return "int"
	case bool:
		return "bool"
	case nil:
		return "NoneType"
	}
	return "dict"
}

// rowsOf returns the rows of the labels of a write, and creates new ones.
func (b *labelBook) rowsOf(wanted []wantedLabel, now time.Time) []*label {
	rows := make([]*label, 0, len(wanted))
	for _, w := range wanted {
		if w.row == nil {
			w.row = b.getOrCreate(w.name, w.value, now)
		}
		rows = append(rows, w.row)
	}
	return rows
}
