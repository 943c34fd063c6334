package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// lastingSection returns what lasts and is new to people, or of which they are reminded, as far as no other section shows
// it.
func (w messageWriter) lastingSection(r Report) section {
	s := section{heading: w.lastingHead, maxRows: maxFailureRows, moreFormat: w.moreLastingF}
	if r.news == nil {
		return s
	}
	for _, n := range r.news.Due {
		if n.Kind == ScopeFailed || !n.Again && !slices.Contains([]ConditionKind{Drifting, Skipping}, n.Kind) {
			continue
		}
		s.addRow(func() string {
			row := "- " + w.conditionLabel(n.Condition) + w.colon + escapedCell(n.Text, maxMessageRunes)
			if n.Again {
				row += fmt.Sprintf(w.sinceF, w.timeText(n.Since))
			}
			return row
		})
	}
	return s
}

// endedSection returns what is over: of many regions of an account, how many.
func (w messageWriter) endedSection(r Report) section {
	s := section{heading: w.endedHead, maxRows: maxFailureRows, moreFormat: w.moreEndedF}
	if r.news == nil {
		return s
	}
	type key struct {
		kind    ConditionKind
		account string
	}
	groups := map[key][]Notice{}
	var order []key
	for _, n := range r.news.Ended {
		k := key{n.Kind, n.Account}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], n)
	}
	for _, k := range order {
		s.addRow(func() string { return w.endedRow(groups[k], r.started) })
	}
	s.total = len(r.news.Ended)
	return s
}

// endedRow returns one line of what is over: conditions of one kind and account.
func (w messageWriter) endedRow(all []Notice, now time.Time) string {
	first := all[0]
	for _, n := range all {
		if n.Since.Before(first.Since) {
			first.Since = n.Since
		}
	}
	label := w.conditionLabel(first.Condition)
	text := escapedCell(first.Text, maxAlertRunes/2)
	if len(all) > 1 {
		label = w.conditionName(first.Kind)
		if first.Account != "" {
			label = "**" + escapedCell(first.Account, maxScopeRunes) + "** " + label
		}
		text = fmt.Sprintf(w.otherScopesF, len(all))
	}
	return "- " + label + w.colon + text + fmt.Sprintf(w.lastedF, w.timeText(first.Since), durationText(now.Sub(first.Since)))
}

// conditionLabel returns where a condition is, and what kind it is, as Markdown.
func (w messageWriter) conditionLabel(c Condition) string {
	if c.Account == "" {
		return w.conditionName(c.Kind)
	}
	return w.scopeLabel(c.Account, c.Region) + " " + w.conditionName(c.Kind)
}

// timeText returns a time for people: without seconds.
func (w messageWriter) timeText(at time.Time) string {
	return at.In(w.location).Format("2006-01-02 15:04")
}

// durationText returns a duration in whole minutes: "6h20m", "3m", "0m".
func durationText(d time.Duration) string {
	text := d.Truncate(time.Minute).String()
	text = strings.TrimSuffix(text, "0s")
	if text == "" {
		return "0m"
	}
	return text
}

// knownRow returns how much else lasts of which people were notified before; "" = nothing.
func (w messageWriter) knownRow(r Report) string {
	if r.news == nil {
		return ""
	}
	n := 0
	for _, k := range r.news.Standing {
		if k.Kind != ScopeFailed {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return "- " + fmt.Sprintf(w.knownF, n)
}
