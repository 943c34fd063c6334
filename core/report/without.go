package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// WithoutGroup is new assets that were made without something that rules want.
type WithoutGroup struct {
	Text   string   `json:"missing"` // what they do not have, and why
	Assets int      `json:"assets"`
	Names  []string `json:"names"` // of the first few
}

// addWithout counts a new asset by what it does not get of what rules want.
func (r *Report) addWithout(c plan.Change, lang language.Lang) {
	for why, more := c.Reason, c.Action == plan.Create; more && len(why.Args) > 1; why, more = innerReason(why) {
		var missing any
		switch why.Code {
		case reason.NewWithout:
			missing = why.Args[1]
		case reason.MadeWithoutAccounts:
			missing = reason.New(reason.WithoutRefused, why.Args[1])
		}
		text, is := missing.(reason.Localized)
		if is {
			r.MadeWithout = addWithoutGroup(r.MadeWithout, WithoutGroup{Text: text.Text(lang), Assets: 1, Names: []string{c.Name}})
		}
	}
}

// innerReason returns the reason that another one goes on from, and reports whether there is one.
func innerReason(why reason.Reason) (inner reason.Reason, is bool) {
	inner, is = why.Args[0].(reason.Reason)
	return inner, is
}

// addWithoutGroup returns the groups, the largest first, with another one in them.
func addWithoutGroup(groups []WithoutGroup, g WithoutGroup) []WithoutGroup {
	groups = slices.Clone(groups)
	at := slices.IndexFunc(groups, func(have WithoutGroup) bool { return have.Text == g.Text })
	if at < 0 {
		g.Names = slices.Clone(g.Names)
		return append(groups, g)
	}
	groups[at].Assets += g.Assets
	names := slices.Clone(groups[at].Names)
	for _, name := range g.Names {
		if len(names) < maxNames {
			names = append(names, name)
		}
	}
	groups[at].Names = names
	sorting.StableBy(groups, func(x, y WithoutGroup) int { return cmp.Compare(y.Assets, x.Assets) })
	return groups
}

// withoutText returns one group as a line.
func (w texts) withoutText(g WithoutGroup, clean, cleanText func(string) string) string {
	names := w.groupNames(OpenGroup{Assets: g.Assets, Names: g.Names}, clean)
	return fmt.Sprintf(w.heldLineF, g.Assets) + w.openParen + names + w.closeParen + w.colon + cleanText(g.Text)
}

// withoutSection returns the section of a message about new assets that are not as rules want them.
func (w messageWriter) withoutSection(r Report) section {
	s := section{heading: w.withoutHead, maxRows: maxHeldRows, moreFormat: w.moreWithoutF}
	assets := 0
	for _, g := range r.MadeWithout {
		assets += g.Assets
		s.addRow(func() string {
			return "- " + w.withoutText(g, func(name string) string { return escapedCell(name, maxNameRunes) }, messageCell)
		})
	}
	s.total = assets
	return s
}

// withoutLines returns a line for each group of new assets that are not as rules want them.
func (w texts) withoutLines(r Report) []string {
	lines := make([]string, 0, len(r.MadeWithout))
	for _, g := range r.MadeWithout {
		lines = append(lines, w.withoutHead+w.colon+w.withoutText(g, sanitizeLine, sanitizeLine))
	}
	return lines
}
