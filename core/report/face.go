package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Reworded returns the report with all its texts in a language, also one that no channel has: the run is worded anew. What
// came after the report was built is as it was said. A report that was merged or stored is that of In.
func (r Report) Reworded(lang language.Lang) Report {
	if r.input == nil || r.lang == lang {
		return r.In(lang)
	}
	in := *r.input
	in.Language = lang
	other := build(in)
	other.Outcome, other.news = r.Outcome, r.news
	for n := len(other.Errors); n < len(r.Errors); n++ {
		other.Errors = append(other.Errors, r.Errors[n])
	}
	return other
}

// HasPage reports whether a page of the report can show all of the run, and none was kept yet.
func (r Report) HasPage() bool { return r.input != nil && r.page == nil && !r.DryRun }

// WithPage returns the report of a run whose page was kept, and is found by a URL; "" = it is found by nobody.
func (r Report) WithPage(url string) Report {
	r.page = &url
	if r.other != nil {
		other := *r.other
		other.page, r.other = &url, &other
	}
	return r
}

// pageURL returns where people open the page of the run; "" = nowhere.
func (r Report) pageURL() string {
	if r.page == nil {
		return ""
	}
	return *r.page
}

// Environment returns the environment that the run was for.
func (r Report) Environment() string { return r.environment }

// RunID returns the id of the run.
func (r Report) RunID() string { return RunID(r.started) }

// ValuesOf returns what a change of the report sets, before and after; nil where that is not known.
func (r Report) ValuesOf(c Change) []plan.FieldChange {
	if c.planned == nil {
		return c.Values
	}
	return c.planned.FieldChanges(r.names)
}

// IsWarningEntry reports whether one of Errors does not change the outcome.
func (r Report) IsWarningEntry(e ErrorEntry) bool { return slices.Contains(r.warnings, e) }

// OutcomeName returns the text of an outcome.
func OutcomeName(o Outcome, lang language.Lang) string { return textsOf(lang).outcomeName(o) }

// ActionName returns the name of an action.
func ActionName(a plan.Action, lang language.Lang) string { return textsOf(lang).actionName(a) }

// KindName returns the name of a kind of error.
func KindName(k inventory.Kind, lang language.Lang) string { return textsOf(lang).kindName(k) }

// HeldSetText returns how a person can approve a held set, and the commands that show and approve it; "" = it is in no
// store.
func (r Report) HeldSetText(set HeldSetSummary, lang language.Lang) (text, approve, show string) {
	w := textsOf(lang)
	if r.DryRun || !set.Stored {
		return w.approvalText(set, r.DryRun), "", ""
	}
	short := set.Hash[:min(len(set.Hash), shownHashLength)]
	return w.approvalText(HeldSetSummary{Hash: short, Assets: set.Assets, Stored: true, Moves: set.Moves}, false), "jms-sync approve " + short, "jms-sync held " + short
}

// LastingLine is one condition that lasts, and since when.
type LastingLine struct {
	Text  string
	Since time.Time
}

// Lasting returns what lasts beyond the run, if it is known what people were notified of.
func (r Report) Lasting(lang language.Lang) []LastingLine {
	if r.news == nil {
		return nil
	}
	w := textsOf(lang)
	texts := map[string]Condition{}
	for _, c := range r.Conditions() {
		texts[c.Key] = c
	}
	var lines []LastingLine
	for _, n := range slices.Concat(r.news.Due, r.news.Standing) {
		c, known := texts[n.Key]
		if !known {
			c = n.Condition
		}
		line := LastingLine{Text: c.Text, Since: n.Since}
		if c.Account != "" {
			line.Text = c.Account + " / " + cmp.Or(c.Region, w.allRegions) + w.colon + line.Text
		}
		lines = append(lines, line)
	}
	sorting.StableBy(lines, func(x, y LastingLine) int { return x.Since.Compare(y.Since) })
	return lines
}

// NodeTexts returns the nodes for new assets of which people should know.
func (r Report) NodeTexts(lang language.Lang) []string {
	w := textsOf(lang)
	lines := make([]string, 0, len(r.Nodes))
	for _, n := range r.Nodes {
		lines = append(lines, n.Path+w.colon+n.Reason)
	}
	return lines
}

// UndoCommands returns the commands by which a person activates again what the run deactivated.
func (r Report) UndoCommands() []string { return append([]string{}, r.undoCommands()...) }
