package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// OpenGroup is the assets that stay open for one reason: they are active in JumpServer, no listing has their
// instance, and the run does not remove them.
type OpenGroup struct {
	Code   reason.Code `json:"code"`   // stable; with Action it identifies the group
	Action plan.Action `json:"action"` // hold, skip or orphan; fail, unknown or skip of a removal that was not made
	Text   string      `json:"reason"`
	Assets int         `json:"assets"`
	Names  []string    `json:"names"` // of the first few
}

// OpenAsset is one asset that stays open, as a state store keeps it for jms-sync status.
type OpenAsset struct {
	Change
	Code reason.Code `json:"code"`
}

// OpenAssets returns every asset that stays open, in the order of the run's lines. If the report comes from a store
// they have no more than their ids and reasons.
func (r Report) OpenAssets() []OpenAsset { return slices.Clone(r.open) }

// Compared reports whether the run compared all of JumpServer with its listings, so that no StaysOpen means that
// nothing of its scopes stays open. An unchanged run and an event compare nothing, or only some.
func (r Report) Compared() bool { return r.compared }

// addOpen counts the asset of the change that was added last, if it stays open.
func (r *Report) addOpen(c plan.Change, code reason.Code) {
	if c.Unlisted {
		r.open = append(r.open, OpenAsset{Change: r.Changes[len(r.Changes)-1], Code: code})
	}
}

// openItemCode returns why a removal that was not made leaves its asset open, and reports whether it does.
func openItemCode(i apply.Item) (code reason.Code, open bool) {
	removal := i.Change.Action == plan.Deactivate || i.Change.Action == plan.Delete
	switch {
	case !removal, i.State == apply.Done, i.Reason.Code == reason.GoneMeanwhile:
		return "", false
	case i.Reason.Code == "":
		return reason.RemovalFailed, true
	}
	return i.Reason.Code, true
}

// groupOpen groups what stays open by reason, the largest group first.
func (w texts) groupOpen(open []OpenAsset) []OpenGroup {
	var groups []OpenGroup
	texts := map[int][]string{} // the different texts of each group
	for _, a := range open {
		at := slices.IndexFunc(groups, func(g OpenGroup) bool { return g.Code == a.Code && g.Action == a.Action })
		if at < 0 {
			at = len(groups)
			groups = append(groups, OpenGroup{Code: a.Code, Action: a.Action})
		}
		if !slices.Contains(texts[at], a.Reason) && len(texts[at]) <= maxOpenTexts {
			texts[at] = append(texts[at], a.Reason)
		}
		groups[at].add(1, a.Name)
	}
	for n := range groups {
		groups[n].Text = texts[n][0]
		if len(texts[n]) > 1 {
			groups[n].Text = fmt.Sprintf(w.andOthersF, texts[n][0])
		}
	}
	sortOpen(groups)
	return groups
}

// maxOpenTexts is how many texts of a group are compared: one more than the first only says that there are more.
const maxOpenTexts = 2

func (g *OpenGroup) add(assets int, names ...string) {
	g.Assets += assets
	for _, name := range names {
		if len(g.Names) < maxNames && !slices.Contains(g.Names, name) {
			g.Names = append(g.Names, name)
		}
	}
}

// isShownApart reports whether a group's assets stand one by one elsewhere: they are held, or their removal failed.
func (g OpenGroup) isShownApart() bool {
	return slices.Contains([]plan.Action{plan.Hold, Fail, Unknown}, g.Action)
}

// openSection returns what stays open, by reason. Orphans have a section of their own.
func (w messageWriter) openSection(r Report) section {
	s := section{heading: w.openHead, maxRows: maxHeldRows, moreFormat: w.moreOpenF}
	assets := 0
	for _, g := range r.StaysOpen {
		if g.isShownApart() || g.Action == plan.Orphan {
			continue
		}
		assets += g.Assets
		s.addRow(func() string {
			names := w.groupNames(g, func(name string) string { return escapedCell(name, maxNameRunes) })
			return "- " + fmt.Sprintf(w.heldLineF, g.Assets) + w.openParen + names + w.closeParen + w.colon + messageCell(g.Text)
		})
	}
	s.total = assets
	return s
}

// openLines returns what stays open, a line for each reason.
func (w texts) openLines(r Report) []string {
	var lines []string
	for _, g := range r.StaysOpen {
		if !g.isShownApart() {
			lines = append(lines, fmt.Sprintf(w.openLineF, g.Assets)+w.openParen+w.groupNames(g, sanitizeLine)+w.closeParen+w.colon+sanitizeLine(g.Text))
		}
	}
	return lines
}

// groupNames returns the first names of a group.
func (w texts) groupNames(g OpenGroup, clean func(string) string) string {
	shown := make([]string, 0, len(g.Names))
	for _, name := range g.Names {
		shown = append(shown, clean(name))
	}
	text := strings.Join(shown, w.comma)
	if g.Assets > len(shown) {
		return fmt.Sprintf(w.heldNamesF, text)
	}
	return text
}

// dropRepeated takes out of the groups what several shards report alike.
func (r *Report) dropRepeated() {
	type key struct {
		asset  string
		code   reason.Code
		action plan.Action
	}
	seen := map[key]bool{}
	r.open = slices.DeleteFunc(slices.Clone(r.open), func(a OpenAsset) bool {
		k := key{a.AssetID, a.Code, a.Action}
		if !seen[k] {
			seen[k] = true
			return false
		}
		at := slices.IndexFunc(r.StaysOpen, func(g OpenGroup) bool { return g.Code == a.Code && g.Action == a.Action })
		if at >= 0 {
			r.StaysOpen[at].Assets--
		}
		return true
	})
	sortOpen(r.StaysOpen)
}

func sortOpen(groups []OpenGroup) {
	sorting.StableBy(groups, func(x, y OpenGroup) int {
		return cmp.Or(cmp.Compare(y.Assets, x.Assets), cmp.Compare(x.Code, y.Code), cmp.Compare(x.Action, y.Action))
	})
}

// mergeOpen returns the groups of two reports as one list.
func mergeOpen(groups, more []OpenGroup) []OpenGroup {
	groups = slices.Clone(groups)
	for _, g := range more {
		at := slices.IndexFunc(groups, func(have OpenGroup) bool { return have.Code == g.Code && have.Action == g.Action })
		if at < 0 {
			g.Names = slices.Clone(g.Names)
			groups = append(groups, g)
			continue
		}
		groups[at].Names = slices.Clone(groups[at].Names)
		groups[at].add(g.Assets, g.Names...)
	}
	sortOpen(groups)
	return groups
}
