package delivery

import (
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// Channel is a notifier, and what it is told, when and how.
type Channel struct {
	notify.Notifier
	On       NotifyOn
	Accounts []string        // patterns, see plan.MatchesAny; none = all accounts
	Severity notify.Severity // the least that is told
	Quiet    Quiet
	Lang     language.Lang // "" = that of Cards.Options
	Style    string        // of cards; "" = that of Cards.Options
	// Tracks says that the other side keeps track of what lasts by itself: it is sent what lasts by every run, and no cards.
	Tracks bool
	// WantsData says that the other side takes the results document with a card.
	WantsData bool
}

// NewChannels returns channels that are told alike, of every account and at any time.
func NewChannels(on NotifyOn, to ...notify.Notifier) []Channel {
	channels := make([]Channel, 0, len(to))
	for _, n := range to {
		channels = append(channels, Channel{Notifier: n, On: on})
	}
	return channels
}

// Quiet is a part of each day in which only what is urgent is told. The zero value is none.
type Quiet struct {
	From, To time.Duration // since midnight; To before From is the next day's
	Location *time.Location
}

// Includes reports whether a time is within the quiet hours.
func (q Quiet) Includes(at time.Time) bool {
	if q.From == q.To {
		return false
	}
	if q.Location != nil {
		at = at.In(q.Location)
	}
	clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	if q.From < q.To {
		return q.From <= clock && clock < q.To
	}
	return q.From <= clock || clock < q.To
}

// hearsOf reports whether a channel is told of an account.
func (c Channel) hearsOf(account string) bool {
	return len(c.Accounts) == 0 || plan.MatchesAny(c.Accounts, account)
}

// wantsCondition reports whether a channel is told of a condition. A pause has a notice of its own.
func (c Channel) wantsCondition(k report.Condition) bool {
	return k.Kind != report.Paused && (c.On != NotifyOnFailure || k.IsUrgent()) && c.tracks(k)
}

// tracks reports whether a condition is of an account and a severity of which a channel is told.
func (c Channel) tracks(k report.Condition) bool {
	return (k.Account == "" || c.hearsOf(k.Account)) && k.Severity().IsAtLeast(c.Severity)
}

// select returns a report with the news that are for a channel.
func (c Channel) selectNews(rep report.Report) report.Report {
	news, known := rep.News()
	if !known || c.On != NotifyOnFailure && len(c.Accounts) == 0 && !c.Severity.IsAtLeast(notify.SeverityWarning) {
		return rep
	}
	return rep.WithNews(news.Select(c.wantsCondition))
}

// wants reports whether a channel is told of a full run. The report has the news that are for the channel.
func (c Channel) wants(rep report.Report) bool {
	if c.Tracks {
		return false
	}
	if rep.KnowsNews() && rep.HasNews() {
		return rep.WantsBySeverity(c.Severity) && (c.hasOwnNews(rep) || rep.Concerns(c.hearsOf))
	}
	told := !rep.KnowsNews() && rep.HasNewProblem() || c.wantsByItself(rep)
	return told && rep.WantsBySeverity(c.Severity) && c.concerns(rep)
}

// hasOwnNews reports whether the news that were selected for a channel say anything.
func (c Channel) hasOwnNews(rep report.Report) bool {
	news, _ := rep.News()
	return len(news.Due)+len(news.Ended) > 0
}

// concerns reports whether a run was about the accounts of a channel. One that is told of every run is told of those that
// listed them.
func (c Channel) concerns(rep report.Report) bool {
	return len(c.Accounts) == 0 || rep.Concerns(c.hearsOf) || c.On == NotifyAlways && rep.Covers(c.hearsOf)
}

// wantsByItself reports whether a channel is told of a full run whatever people were notified of before.
func (c Channel) wantsByItself(rep report.Report) bool {
	switch c.On {
	case NotifyOnChange:
		return rep.HasWrites() || rep.HasNewNode()
	case NotifyOnFailure:
		return rep.HasNewNode()
	default:
		return true
	}
}

// wantsEvents reports whether a channel is told of events.
func (c Channel) wantsEvents(rep report.Report) bool {
	told := rep.NeedsAttention() || rep.HasNewNode() || rep.HasChanges() && c.On != NotifyOnFailure
	return !c.Tracks && told && rep.WantsBySeverity(c.Severity) && (len(c.Accounts) == 0 || rep.Concerns(c.hearsOf))
}

// mustWait reports whether a report has to wait for the end of a channel's quiet hours. A failure or a hold never does.
func (c Channel) mustWait(rep report.Report, now time.Time) bool {
	return c.Quiet.Includes(now) && !rep.NeedsMention()
}

// options returns how a channel's cards are worded.
func (c Channel) options(o report.Options) report.Options {
	if c.Lang != "" {
		o.Lang = c.Lang
	}
	if c.Style != "" {
		o.Style = c.Style
	}
	return o
}
