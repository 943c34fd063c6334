package report

import (
	"fmt"

	"github.com/jms-sync/jms-sync/core/plan"
)

// shownHashLength is how much of a hash a command needs: more than state.MinHashPrefix.
const shownHashLength = 12

// heldSection returns what is held: how many assets, where, why, and the first of them, so that a person can look them up.
func (w messageWriter) heldSection(r Report) section {
	s := section{heading: w.heldHeading(r), maxRows: 2 * maxHeldRows, moreFormat: w.moreHeldF}
	type key struct{ account, region, reason string }
	groups := map[key][]Change{}
	var order []key
	for _, c := range r.Changes {
		if c.Action != plan.Hold {
			continue
		}
		k := key{c.Account, c.Region, c.Reason}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	shown := 0
	for n, k := range order {
		s.addRow(func() string {
			return "- " + w.scopeLabel(k.account, k.region) + w.colon + fmt.Sprintf(w.heldLineF, len(groups[k])) + w.colon + escapedCell(k.reason, maxMessageRunes)
		})
		room := maxHeldRows - shown
		if left := len(order) - n - 1; left > 0 {
			room = max(1, room-left) // of every group at least one
		}
		for _, c := range groups[k][:min(room, len(groups[k]), maxHeldRows-shown)] {
			s.addRow(func() string { return w.heldRow(c) })
			shown++
		}
	}
	s.total = r.Held // assets, not rows
	if r.Held > shown && len(s.rows) <= s.maxRows {
		s.footer = append(s.footer, fmt.Sprintf(w.moreHeldF, r.Held))
	}
	w.addHeldCommands(&s, r)
	return s
}

// heldHeading returns what is on hold: removals, moves by rules, or both.
func (w messageWriter) heldHeading(r Report) string {
	switch r.heldMoves() {
	case 0:
		return w.heldHead
	case len(r.HeldSets):
		return w.heldMovesHead
	}
	return w.heldBothHead
}

// heldMoves returns how many of the held sets are of moves by rules.
func (r Report) heldMoves() int {
	moves := 0
	for _, set := range r.HeldSets {
		if set.Moves {
			moves++
		}
	}
	return moves
}

// heldRow returns one asset whose change is held.
func (w messageWriter) heldRow(c Change) string {
	return "- " + escapedCell(c.Name, maxNameRunes) + w.openParen + escapedCell(c.InstanceID, maxScopeRunes) + w.comma + escapedCell(c.Address, maxScopeRunes) + w.closeParen
}

// addHeldCommands adds how a person sees and approves what is held.
func (w messageWriter) addHeldCommands(s *section, r Report) {
	for n, set := range r.HeldSets {
		if n == maxHeldSets {
			s.footer = append(s.footer, fmt.Sprintf("- … %d/%d", n, len(r.HeldSets)))
			break
		}
		if set.Stored && !r.DryRun && w.options.ConsoleURL != "" {
			s.footer = append(s.footer, "- "+w.consoleLinks(set))
		}
		s.footer = append(s.footer, "- "+w.approvalText(set, r.DryRun))
		if set.Stored && !r.DryRun && w.options.ConsoleURL == "" {
			s.footer = append(s.footer, "- "+fmt.Sprintf(w.allHeldF, set.Hash[:min(len(set.Hash), shownHashLength)]))
		}
	}
}

// consoleLinks returns the links to the console's page of a held set, and to the one that approves it. Neither does anything
// by itself.
func (w messageWriter) consoleLinks(set HeldSetSummary) string {
	show := w.options.ConsoleURL + "/#/held/" + set.Hash
	approve := show + "/approve"
	if w.options.ApprovalLink != nil {
		approve = w.options.ConsoleURL + "/approve#" + w.options.ApprovalLink(set.Hash)
	}
	return fmt.Sprintf(w.consoleF, show, approve)
}
