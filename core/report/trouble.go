package report

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// failures is what went wrong: the run as a whole first, then scopes, then single changes.
func (w writer) failures(r Report) section {
	s := section{head: w.failHead, most: mostFailures, moreF: w.moreFailuresF}
	if r.onlyLate() {
		s.head = w.lateHead
	}
	for _, f := range r.run {
		s.add(func() string { return w.faultRow(f) })
	}
	for _, scope := range r.Scopes {
		if !scope.Complete && !scope.quiet {
			s.add(func() string { return w.scopeRow(scope) })
		}
	}
	for _, c := range r.Changes {
		if c.Action == Fail || c.Action == Unknown {
			s.add(func() string {
				return "- " + w.place(c.Account, c.Region) + " " +
					cell(c.Name, longName) + w.openParen + cell(c.Address, longPlace) + w.closeParen +
					w.colon + cell(c.Reason, longMessage)
			})
		}
	}
	return s
}

// onlyLate reports whether nothing failed but that the time was too short, or that some answers did not come in it: a
// big first sync takes several runs, and nobody need get up for it.
func (r Report) onlyLate() bool {
	for _, f := range r.run {
		if f.Kind != inventory.Deadline && f.Kind != inventory.Unanswered {
			return false
		}
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			return false
		}
	}
	return r.Outcome == Partial && r.late+r.Unknown > 0 && r.Failures == 0
}

func (w writer) scopeRow(s Scope) string {
	return "- " + w.place(s.Account, s.Region) + w.colon + w.kindName(s.Error.Kind) + w.colon + cell(s.Error.Message, longMessage)
}

func (w writer) faultRow(f Fault) string {
	return "- " + w.kindName(f.Kind) + w.colon + cell(f.Message, longMessage)
}

// held is what was to be removed and is put off: how many, where, and why.
func (w writer) held(r Report) section {
	s := w.grouped(r, plan.Hold, section{head: w.heldHead, most: mostHeld, moreF: w.moreHeldF})
	s.total = r.Held // assets, not groups
	for n, set := range r.HeldSets {
		if n == mostHeldSets {
			s.foot = append(s.foot, fmt.Sprintf("- … %d/%d", n, len(r.HeldSets)))
			break
		}
		s.foot = append(s.foot, "- "+w.approval(set, r.DryRun))
	}
	return s
}

// orphans are the assets that no run looks after: how many, where, and why.
func (w writer) orphans(r Report) section {
	s := w.grouped(r, plan.Orphan, section{head: w.orphanHead, most: mostHeld, moreF: w.moreOrphansF})
	s.total = r.Orphans
	return s
}

// grouped adds to a section a row for each place and reason of one action.
func (w writer) grouped(r Report, action plan.Action, s section) section {
	type key struct{ account, region, reason string }
	groups := map[key][]string{}
	var order []key
	for _, c := range r.Changes {
		if c.Action != action {
			continue
		}
		k := key{c.Account, c.Region, c.Reason}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c.Name)
	}
	for _, k := range order {
		s.add(func() string {
			return "- " + w.place(k.account, k.region) + w.colon +
				fmt.Sprintf(w.heldLineF, len(groups[k])) + w.openParen + w.some(groups[k]) + w.closeParen +
				w.colon + cell(k.reason, longMessage)
		})
	}
	return s
}

// some gives the first few names.
func (w writer) some(names []string) string {
	first := names[:min(mostNames, len(names))]
	shown := make([]string, 0, len(first))
	for _, n := range first {
		shown = append(shown, cell(n, longName))
	}
	text := strings.Join(shown, w.comma)
	if len(names) > len(first) {
		return fmt.Sprintf(w.heldNamesF, text)
	}
	return text
}

// warnings are problems that did no harm yet, what is announced, and nodes by which nobody has access yet.
func (w writer) warnings(r Report) section {
	s := section{head: w.warnHead, most: mostHeld, moreF: w.moreWarningsF}
	for _, f := range r.warnings {
		s.add(func() string { return w.faultRow(f) })
	}
	for _, scope := range r.Scopes {
		if scope.quiet {
			s.add(func() string { return w.scopeRow(scope) })
		}
	}
	for _, text := range r.Expected {
		s.add(func() string { return "- " + cell(text, longMessage) })
	}
	for _, n := range r.Nodes {
		if n.New {
			s.add(func() string { return "- " + cell(n.Reason, longMessage) })
		}
	}
	return s
}
