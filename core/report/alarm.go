package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// ScopeAge is when a scope was last part of a complete run.
type ScopeAge struct {
	inventory.Scope
	CompletedAt time.Time
}

// NewStaleAlarm returns the message that there was no complete run for too long, with the scopes concerned, the
// oldest first.
func NewStaleAlarm(scopes []ScopeAge, limit time.Duration, now time.Time, o Options) notify.Message {
	w := newMessageWriter(o)
	scopes = sorting.StableSorted(scopes, func(x, y ScopeAge) int { return x.CompletedAt.Compare(y.CompletedAt) })
	s := section{heading: fmt.Sprintf(w.alarmHeadF, limit), maxRows: maxFailureRows, moreFormat: w.moreScopesF}
	for _, a := range scopes {
		s.addRow(func() string {
			return "- " + w.scopeLabel(a.Account, shownRegion(a.Scope)) + w.colon +
				fmt.Sprintf(w.lastCompleteF, a.CompletedAt.In(locationOf(o)).Format(time.DateTime), now.Sub(a.CompletedAt).Truncate(time.Minute))
		})
	}
	m := w.alarm(s, w.alarmHint, now, o)
	if len(scopes) > 0 {
		m.Alerts = []notify.Alert{staleAlert(scopes[0].CompletedAt, now.Add(maxAlarmTime), s.heading)}
	}
	return m
}

// NewRecovery returns the message that there are complete runs again after an alarm; since may be zero.
func NewRecovery(since, now time.Time, o Options) notify.Message {
	w := newMessageWriter(o)
	m := w.newPlainMessage(w.recoveryTitle+w.recoveryHead, o)
	m.Markdown += w.timeLabel + now.In(locationOf(o)).Format(time.DateTime)
	if !since.IsZero() {
		m.Markdown += paragraphBreak + fmt.Sprintf(w.alarmSinceF, since.In(locationOf(o)).Format(time.DateTime))
	}
	m.Topic, m.Time = notify.TopicRecovery, now
	m.Alerts = []notify.Alert{staleAlert(since, now, w.recoveryHead)}
	return withID(m)
}

// NewSharedStoreNote returns the message that a state store also has the state of other JumpServers, or of this one
// by other names.
func NewSharedStoreNote(server string, others []string, o Options) notify.Message {
	w := newMessageWriter(o)
	m := w.newPlainMessage(w.sharedTitle+w.sharedHead, o)
	escaped := make([]string, 0, len(others))
	for _, name := range others {
		escaped = append(escaped, escapeMarkdown(name))
	}
	m.Markdown += SharedStoreText(escapeMarkdown(server), escaped, o.Lang) + paragraphBreak + w.title
	m.Topic, m.Severity = notify.TopicNote, notify.SeverityWarning
	return withID(m)
}

// SharedStoreText returns the text of NewSharedStoreNote without Markdown and heading. others has at least one.
func SharedStoreText(server string, others []string, lang language.Lang) string {
	w := textsOf(lang)
	const most = 5
	names := strings.Join(others[:min(len(others), most)], w.comma)
	if len(others) > most {
		names += " …"
	}
	return fmt.Sprintf(w.sharedF, server, names, others[0])
}

// NewConfigAlarm returns the message that a function did nothing because its configuration cannot be read or used,
// and why, line by line. The reason must not contain secrets; that of core/config does not.
func NewConfigAlarm(function, why string, now time.Time, o Options) notify.Message {
	w := newMessageWriter(o)
	s := section{heading: w.configAlarmHead, maxRows: maxFailureRows, moreFormat: w.moreFailuresF}
	for line := range strings.Lines(why) {
		s.addRow(func() string { return "- " + messageCell(strings.TrimSpace(line)) })
	}
	hint := w.configAlarmHint
	if o.OnHost {
		hint = w.configAlarmHostHint
	}
	m := w.alarm(s, escapedCell(function, maxNameRunes)+paragraphBreak+hint, now, o)
	m.Alerts = []notify.Alert{{
		Key: "config_unusable/" + function, Name: "config_unusable", Severity: notify.SeverityError, Labels: map[string]string{"function": function},
		Summary: w.configAlarmHead, StartsAt: now, EndsAt: now.Add(2 * time.Hour), // it is told again each hour
	}}
	return m
}

// newPlainMessage returns a message that is not about one run, with its title as its first line.
func (w messageWriter) newPlainMessage(headline string, o Options) notify.Message {
	m := notify.Message{Title: w.plainTitle(headline, o), LinkText: w.button, LinkURL: o.AssetURL, CutFormat: w.linesCutF}
	m.Markdown = titleLine(m.Title)
	return m
}

// alarm returns a message with one section, named as that is, and a foot. It mentions people.
func (w messageWriter) alarm(s section, foot string, now time.Time, o Options) notify.Message {
	m := w.newPlainMessage(w.alarmTitle+s.heading, o)
	m.Mention, m.Topic, m.Severity, m.Time = true, notify.TopicAlarm, notify.SeverityError, now
	foot += paragraphBreak + w.timeLabel + now.In(w.location).Format(time.DateTime)
	m.Markdown += strings.Join(append(fitSections([]section{s}, MaxMessageBytes-jsonSize(m.Title+m.Markdown+m.LinkText+m.LinkURL+foot+paragraphBreak)), foot), paragraphBreak)
	return withID(m)
}

// NewStalenessReport returns the report of a trigger that only checks whether there are complete runs; late: there
// was none for more than maxAge.
func NewStalenessReport(at time.Time, late bool, maxAge time.Duration, lang language.Lang) Report {
	r := newReport(at)
	r.Outcome = OK
	if late {
		r.Outcome = Partial
		r.runErrors = []ErrorEntry{{Kind: inventory.Incomplete, Message: stalenessText(maxAge, lang)}}
		r.Errors = append(r.Errors, r.runErrors...)
	}
	return r
}

func stalenessText(maxAge time.Duration, lang language.Lang) string {
	return lang.Textf("超过 %s 没有一次完整同步", "no complete run for more than %s", maxAge)
}
