package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// ScopeAge is when a scope was last part of a complete run.
type ScopeAge struct {
	inventory.Scope
	At time.Time
}

// Alarm words that no complete run was made for too long, with the scopes concerned, the oldest first.
func Alarm(scopes []ScopeAge, limit time.Duration, now time.Time, o Options) Message {
	w := writer{words: wordsOf(o.Lang)}
	scopes = slices.SortedStableFunc(slices.Values(scopes), func(x, y ScopeAge) int { return x.At.Compare(y.At) })
	s := section{head: fmt.Sprintf(w.alarmHeadF, limit), most: mostFailures, moreF: w.moreScopesF}
	for _, a := range scopes {
		s.add(func() string {
			return "- " + w.place(a.Account, regionOf(a.Scope)) + w.colon +
				fmt.Sprintf(w.lastCompleteF, a.At.In(location(o)).Format(time.DateTime), now.Sub(a.At).Truncate(time.Minute))
		})
	}
	m := Message{Title: w.alarmTitle + w.titleOf(Report{}, o), LinkText: w.button, LinkURL: o.AssetURL}
	m.Markdown = strings.Join(append(fit([]section{s}, MaxBytes-jsonSize(m.Title+w.alarmHint+paragraph)), w.alarmHint), paragraph)
	return m
}

// AllClear words that complete runs are made again, after an alarm; since may be zero.
func AllClear(since, now time.Time, o Options) Message {
	w := writer{words: wordsOf(o.Lang)}
	m := Message{Title: w.clearTitle + w.titleOf(Report{}, o), LinkText: w.button, LinkURL: o.AssetURL}
	m.Markdown = "### " + w.clearHead + paragraph + w.timeHead + now.In(location(o)).Format(time.DateTime)
	if !since.IsZero() {
		m.Markdown += paragraph + fmt.Sprintf(w.alarmSinceF, since.In(location(o)).Format(time.DateTime))
	}
	return m
}

// Unready words that a function did nothing because its configuration cannot be read or used, and why, line
// by line. The reason must not hold secrets; that of core/config does not.
func Unready(function, why string, now time.Time, o Options) Message {
	w := writer{words: wordsOf(o.Lang)}
	s := section{head: w.unreadyHead, most: mostFailures, moreF: w.moreFailuresF}
	for line := range strings.Lines(why) {
		s.add(func() string { return "- " + cell(strings.TrimSpace(line), longMessage) })
	}
	foot := cell(function, longName) + paragraph + w.timeHead + now.In(location(o)).Format(time.DateTime) + paragraph + w.unreadyHint
	m := Message{Title: w.alarmTitle + w.titleOf(Report{}, o), LinkText: w.button, LinkURL: o.AssetURL}
	m.Markdown = strings.Join(append(fit([]section{s}, MaxBytes-jsonSize(m.Title+foot+paragraph)), foot), paragraph)
	return m
}

// Shared words that a state store also holds the state of other JumpServers, or of this one by other names.
func Shared(server string, others []string, o Options) Message {
	w := writer{words: wordsOf(o.Lang)}
	m := Message{Title: w.sharedTitle + w.titleOf(Report{}, o), LinkText: w.button, LinkURL: o.AssetURL}
	escaped := make([]string, 0, len(others))
	for _, name := range others {
		escaped = append(escaped, escape(name))
	}
	m.Markdown = "### " + w.sharedHead + paragraph + SharedText(escape(server), escaped, o.Lang)
	return m
}

// SharedText is what Shared says, as plain text and without a heading; others has at least one.
func SharedText(server string, others []string, lang plan.Lang) string {
	w := wordsOf(lang)
	const most = 5
	names := strings.Join(others[:min(len(others), most)], w.comma)
	if len(others) > most {
		names += " …"
	}
	return fmt.Sprintf(w.sharedF, server, names, others[0])
}

// Watched is the report of a trigger that only looks whether complete runs are made; late = none was for
// too long.
func Watched(at time.Time, late bool, words string) Report {
	r := empty(at)
	r.Outcome = OK
	if late {
		r.Outcome = Partial
		r.run = []Fault{{Kind: inventory.Incomplete, Message: words}}
		r.Errors = append(r.Errors, r.run...)
	}
	return r
}
