package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// WritePlanTable writes the lines of a plan for a terminal: a table for each kind of change and non-change, with what
// each line sets, before and after. Interim steps are left out; assets that are merely kept are counted by scope and
// reason, at the end. The lines are iterated once for each table and once more, so that the text of a whole first sync is
// never in memory.
func WritePlanTable(to io.Writer, lines iter.Seq[plan.Change], names plan.Names, lang language.Lang) error {
	t := planTable{texts: textsOf(lang), names: names, lines: lines, kept: map[keptGroup]int{}}
	t.measure()
	out := bufio.NewWriter(to)
	if len(t.sections) == 0 {
		fmt.Fprintln(out, t.texts.nothing)
		return out.Flush()
	}
	for n, s := range t.sections {
		if n > 0 {
			fmt.Fprintln(out)
		}
		t.writeSection(out, s)
	}
	return out.Flush()
}

// Mark returns the sign before the lines of an action in a printed plan.
func Mark(action plan.Action) string {
	switch action {
	case plan.Create:
		return "+"
	case plan.Update:
		return "~"
	case plan.Deactivate:
		return "-"
	case plan.Delete:
		return "x"
	case plan.Hold:
		return "!"
	}
	return " "
}

type planTable struct {
	texts    texts
	names    plan.Names
	lines    iter.Seq[plan.Change]
	sections []*planSection
	kept     map[keptGroup]int
	keptIn   []keptGroup // in the order of their first asset
}

// planSection is the table of what is of one kind.
type planSection struct {
	sectionKey
	count   int
	columns []planColumn
	widths  []int
	used    []bool // columns in which a line has something
}

// sectionKey is what the lines of one table have in common. Updates are of one kind if they set the same fields for the
// same reason.
type sectionKey struct {
	action plan.Action
	fields string
	why    reason.Code
}

type planColumn struct {
	title string
	most  int // width
}

// keptGroup is what kept assets have in common.
type keptGroup struct{ scopeText, reason string }

func sectionOf(c plan.Change) sectionKey {
	if c.Action != plan.Update {
		return sectionKey{action: c.Action}
	}
	fields := sorting.Sorted(c.Fields, func(x, y string) int { return fieldOrder(x) - fieldOrder(y) })
	return sectionKey{c.Action, strings.Join(fields, ","), c.Reason.Code}
}

// fieldOrder is the order in which people read the fields of an asset.
func fieldOrder(field string) int {
	return slices.Index([]string{
		plan.FieldName, plan.FieldAddress, plan.FieldPlatform, plan.FieldNode, plan.FieldZone, plan.FieldPort, plan.FieldAccounts,
		plan.FieldActive, plan.FieldLabels, plan.FieldComment,
	}, field)
}

// sectionOrder is the order of the tables: what is done, what waits, what stays, and why.
func sectionOrder(a plan.Action) int {
	return slices.Index([]plan.Action{
		plan.Create, plan.Update, plan.Deactivate, plan.Delete, plan.Node, plan.Hold, plan.Drift, plan.Skip, plan.Orphan, plan.Keep,
	}, a)
}

// measure finds the tables and the widths of their columns.
func (t *planTable) measure() {
	byKey := map[sectionKey]*planSection{}
	section := func(k sectionKey) *planSection {
		if byKey[k] == nil {
			byKey[k] = t.newSection(k)
			t.sections = append(t.sections, byKey[k])
		}
		return byKey[k]
	}
	for c := range t.lines {
		switch {
		case c.Interim:
		case c.Action == plan.Keep:
			g := keptGroup{t.texts.scopeText(c.Scope.Account, shownRegion(c.Scope)), sanitizeLine(c.Reason.Text(t.texts.lang))}
			t.kept[g]++
			if t.kept[g] == 1 {
				t.keptIn = append(t.keptIn, g)
			}
			section(sectionOf(c)).count++
		default:
			s := section(sectionOf(c))
			s.count++
			s.grow(t.row(c))
		}
	}
	for _, g := range t.keptIn {
		byKey[sectionKey{action: plan.Keep}].grow(t.keptRow(g))
	}
	sorting.StableBy(t.sections, func(x, y *planSection) int { return sectionOrder(x.action) - sectionOrder(y.action) })
}

func (t *planTable) newSection(k sectionKey) *planSection {
	s := &planSection{sectionKey: k, columns: t.columnsOf(k.action)}
	s.used, s.widths = make([]bool, len(s.columns)), make([]int, len(s.columns))
	for n, c := range s.columns {
		s.widths[n] = displayWidth(c.title)
	}
	return s
}

// columnsOf returns the columns of a table. The last one is never cut.
func (t *planTable) columnsOf(a plan.Action) []planColumn {
	w := t.texts
	whole := func(title string) planColumn { return planColumn{title, math.MaxInt} }
	some := func(title string) planColumn { return planColumn{title, maxColumnWidth} }
	scope, name, address, why := some(w.scopeColumn), some(w.name), some(w.address), whole(w.reason)
	switch a {
	case plan.Create:
		all := []planColumn{scope, name, address}
		for _, f := range createColumns() {
			all = append(all, whole(w.columnTitle(f)))
		}
		return append(all, why)
	case plan.Update:
		return []planColumn{scope, name, address, whole(w.changeColumn), why}
	case plan.Deactivate, plan.Delete, plan.Hold:
		return []planColumn{scope, name, address, some(w.columnTitle(plan.FieldNode)), whole(w.changeColumn), why}
	case plan.Node, plan.Keep:
		return []planColumn{scope, name, why}
	}
	return []planColumn{scope, name, address, why}
}

// createColumns are the fields of new assets that have a column of their own, besides name and address.
func createColumns() []string {
	return []string{plan.FieldPlatform, plan.FieldPort, plan.FieldNode, plan.FieldZone, plan.FieldAccounts, plan.FieldActive, plan.FieldLabels}
}

// row returns the cells of a line, those of its table's columns.
func (t *planTable) row(c plan.Change) []string {
	w := t.texts
	scope, name, address := w.scopeText(c.Scope.Account, shownRegion(c.Scope)), sanitizeLine(c.Name), sanitizeLine(c.Address)
	why := sanitizeLine(c.Reason.Text(w.lang))
	switch c.Action {
	case plan.Create:
		return append(append([]string{scope, name, address}, t.createCells(c)...), why)
	case plan.Update:
		changes := w.changesText(c, t.names)
		if changes != "" && (c.Reason.Code == reason.FollowsCloud || c.Reason.Code == reason.FollowsRules) {
			why = "" // the changes say it
		}
		return []string{scope, name, address, changes, why}
	case plan.Deactivate, plan.Delete, plan.Hold:
		nodes := ""
		if c.Before != nil {
			nodes = sanitizeLine(t.names.NodesOf(*c.Before))
		}
		changes := ""
		if c.Action == plan.Hold {
			changes = w.changesText(c, t.names)
		}
		return []string{scope, name, address, nodes, changes, why}
	case plan.Node, plan.Keep:
		return []string{scope, name, why}
	}
	return []string{scope, name, address, why}
}

// createCells returns what a new asset has of createColumns.
func (t *planTable) createCells(c plan.Change) []string {
	columns := createColumns()
	cells := make([]string, len(columns))
	for _, f := range c.FieldChanges(t.names) {
		n := slices.Index(columns, f.Field)
		switch {
		case n < 0:
		case cells[n] == "":
			cells[n] = sanitizeLine(f.After)
		default:
			cells[n] += t.texts.comma + sanitizeLine(f.After)
		}
	}
	if cells[0] == "" {
		cells[0] = sanitizeLine(c.Platform)
	}
	return cells
}

func (t *planTable) keptRow(g keptGroup) []string {
	return []string{g.scopeText, strings.TrimSpace(fmt.Sprintf(t.texts.keptF, t.kept[g])), g.reason}
}

// grow makes room for a row.
func (s *planSection) grow(row []string) {
	for n, cell := range row {
		if cell != "" {
			s.used[n] = true
			s.widths[n] = max(s.widths[n], displayWidth(truncateWidth(cell, s.columns[n].most)))
		}
	}
}

// writeSection writes one table: what it is about, the names of its columns, and its lines.
func (t *planTable) writeSection(out *bufio.Writer, s *planSection) {
	fmt.Fprintln(out, t.heading(s))
	titles := make([]string, 0, len(s.columns))
	for _, c := range s.columns {
		titles = append(titles, c.title)
	}
	s.writeRow(out, " ", titles)
	if s.action == plan.Keep {
		for _, g := range t.keptIn {
			s.writeRow(out, Mark(s.action), t.keptRow(g))
		}
		return
	}
	for c := range t.lines {
		if !c.Interim && c.Action == s.action && sectionOf(c) == s.sectionKey {
			s.writeRow(out, Mark(s.action), t.row(c))
		}
	}
}

// heading returns what a table is about: "update (name, address): 3".
func (t *planTable) heading(s *planSection) string {
	w := t.texts
	what := w.actionName(s.action)
	if s.fields != "" {
		var names []string
		for f := range strings.SplitSeq(s.fields, ",") {
			names = append(names, w.fieldName(f))
		}
		what += w.openParen + strings.Join(names, w.comma) + w.closeParen
	}
	return what + w.colon + strconv.Itoa(s.count)
}

// columnTitle returns what people call a field of an asset at the head of a column.
func (w texts) columnTitle(field string) string {
	name := w.fieldName(field)
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// writeRow writes the cells of the used columns.
func (s *planSection) writeRow(out *bufio.Writer, mark string, row []string) {
	var cells []string
	var widths []int
	for n := range row {
		if s.used[n] {
			cells = append(cells, truncateWidth(row[n], s.columns[n].most))
			widths = append(widths, s.widths[n])
		}
	}
	if len(cells) == 0 {
		return
	}
	_, _ = out.WriteString("  " + mark + " ") // Flush returns the error
	writeAlignedRow(out, cells, widths[:len(widths)-1], math.MaxInt)
}

// changesText returns what an update sets: "address 10.0.0.1 → 10.0.0.2; labels +app:web".
func (w texts) changesText(c plan.Change, names plan.Names) string {
	var parts []string
	for _, f := range c.FieldChanges(names) {
		parts = append(parts, w.fieldChangeText(f))
	}
	return strings.Join(parts, w.semicolon)
}

// fieldChangeText returns one changed field. A comment, which has many lines, is just named, and so is its line of nodes.
func (w texts) fieldChangeText(f plan.FieldChange) string {
	name, before, after := w.fieldName(f.Field), sanitizeLine(f.Before), sanitizeLine(f.After)
	switch {
	case f.Field == plan.FieldComment && plainComment(f.Before) == plainComment(f.After):
		return w.lang.Text("备注里记下节点", "the nodes are noted in the comment")
	case f.Field == plan.FieldComment:
		return name
	case (f.Field == plan.FieldLabels || f.Field == plan.FieldAccounts) && before == "":
		return name + " +" + after
	case f.Field == plan.FieldLabels && after == "":
		return name + " -" + before
	case before == "":
		before = w.none
	case after == "":
		after = w.none
	}
	return name + " " + before + " → " + after
}

// plainComment returns a comment without the line of nodes.
func plainComment(comment string) string { return strings.TrimSpace(inventory.NoteNodes(comment, nil)) }

// fieldName returns what people call a field of an asset.
func (w texts) fieldName(field string) string {
	return w.inLanguage(map[string]language.Text{
		plan.FieldName:     language.New("名称", "name"),
		plan.FieldAddress:  language.New("地址", "address"),
		plan.FieldPlatform: language.New("平台", "platform"),
		plan.FieldNode:     language.New("节点", "node"),
		plan.FieldZone:     language.New("网域", "zone"),
		plan.FieldPort:     language.New("端口", "port"),
		plan.FieldAccounts: language.New("账号模板", "accounts"),
		plan.FieldLabels:   language.New("标签", "labels"),
		plan.FieldActive:   language.New("启用", "active"),
		plan.FieldComment:  language.New("备注", "comment"),
		"active":           language.New("启用", "active"), // as rules name them
		"skip":             language.New("跳过", "skip"),
		"min_age":          language.New("最小年龄", "min_age"),
		"keep":             language.New("保留", "keep"),
	}[field], field)
}
