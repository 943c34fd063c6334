package report

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Severity returns how bad a condition is.
func (c Condition) Severity() notify.Severity {
	if c.IsUrgent() && c.Kind != Holding {
		return notify.SeverityError
	}
	return notify.SeverityWarning
}

// Severity returns how bad it is what the card of a report tells: people were told of the rest before.
func (r Report) Severity() notify.Severity {
	least := r.severityByItself()
	if r.news == nil {
		return worse(least, r.problemSeverity())
	}
	if r.hasOtherProblem() {
		return notify.SeverityError
	}
	for _, n := range r.news.Due {
		least = worse(least, n.Severity())
	}
	return least
}

// severityByItself returns how bad it is what was done, whatever lasts.
func (r Report) severityByItself() notify.Severity {
	if r.HasNewNode() || r.Pause != nil {
		return notify.SeverityWarning
	}
	return notify.SeverityInfo
}

// problemSeverity returns how bad the problems of a report are, where it is not known what people were told of them.
func (r Report) problemSeverity() notify.Severity {
	switch {
	case !r.NeedsAttention() || !r.HasNewProblem():
		return notify.SeverityInfo
	case r.Outcome == Held || r.isOnlyUnfinished():
		return notify.SeverityWarning
	}
	return notify.SeverityError
}

func worse(x, y notify.Severity) notify.Severity {
	if x.IsAtLeast(y) {
		return x
	}
	return y
}

// WantsBySeverity reports whether a report tells anything that is at least so bad: what is over counts as it was.
func (r Report) WantsBySeverity(least notify.Severity) bool {
	if r.Severity().IsAtLeast(least) {
		return true
	}
	return r.news != nil && slices.ContainsFunc(r.news.Ended, func(n Notice) bool { return n.Severity().IsAtLeast(least) })
}

// Concerns reports whether a run wrote, held or failed to do something in one of the accounts for which is returns true, or
// something that has no account: a failure of the run, or a node without access. Where not all lines are there it may have.
func (r Report) Concerns(is func(account string) bool) bool {
	if len(r.runErrors) > 0 || r.Pause != nil || r.HasNewNode() {
		return true
	}
	for _, s := range r.Scopes {
		if !s.Complete && !s.alreadyNotified && is(s.Account) {
			return true
		}
	}
	lines := map[plan.Action]int{}
	for _, c := range r.Changes {
		lines[c.Action]++
		switch c.Action {
		case plan.Create, plan.Update, plan.Deactivate, plan.Delete, plan.Hold, Fail, Unknown:
			if is(c.Account) {
				return true
			}
		}
	}
	for _, a := range []plan.Action{plan.Create, plan.Update, plan.Deactivate, plan.Delete} {
		if r.countOf(a) > lines[a] {
			return true
		}
	}
	return false
}

// Covers reports whether a run listed one of the accounts for which is returns true.
func (r Report) Covers(is func(account string) bool) bool {
	return slices.ContainsFunc(r.Scopes, func(s Scope) bool { return is(s.Account) })
}

// News returns what people are notified of the conditions; known is false where that is not known.
func (r Report) News() (n News, known bool) {
	if r.news == nil {
		return News{}, false
	}
	return *r.news, true
}

// Select returns the news that are for somebody: what is not for them is left out, and regions of others that could not be
// read count as known.
func (n News) Select(wants func(Condition) bool) News {
	keep := func(all []Notice) []Notice {
		return slices.DeleteFunc(slices.Clone(all), func(k Notice) bool { return !wants(k.Condition) })
	}
	selected := News{Due: keep(n.Due), Ended: keep(n.Ended), Standing: keep(n.Standing)}
	for _, k := range slices.Concat(n.Due, n.Standing) {
		if k.Kind == ScopeFailed && !wants(k.Condition) {
			selected.Standing = append(selected.Standing, k)
		}
	}
	return selected
}

// In returns a report in a language, if it was built in that one too; otherwise as it is. What is over stands in the language
// in which it was remembered.
func (r Report) In(lang language.Lang) Report {
	if r.other == nil || r.other.lang != lang {
		return r
	}
	other := *r.other
	if r.news == nil {
		return other
	}
	texts := map[string]string{}
	for _, c := range other.conditions {
		texts[c.Key] = c.Text
	}
	translate := func(all []Notice) []Notice {
		all = slices.Clone(all)
		for n := range all {
			text, is := texts[all[n].Key]
			if is {
				all[n].Text = text
			}
		}
		return all
	}
	return other.WithNews(News{Due: translate(r.news.Due), Ended: translate(r.news.Ended), Standing: translate(r.news.Standing)})
}

// mergeNews returns the news of two reports of which neither was told, the older first: what began and ended between them was
// never known.
func mergeNews(older, newer *News) *News {
	if older == nil || newer == nil {
		return newer
	}
	has := func(all []Notice, n Notice) bool {
		return slices.ContainsFunc(all, func(k Notice) bool { return k.Key == n.Key })
	}
	var m News
	for _, n := range older.Due {
		if !has(newer.Due, n) && !has(newer.Ended, n) {
			m.Due = append(m.Due, n)
		}
	}
	m.Due = append(m.Due, newer.Due...)
	for _, n := range newer.Standing {
		if !has(m.Due, n) {
			m.Standing = append(m.Standing, n)
		}
	}
	for _, n := range older.Ended {
		if !has(newer.Due, n) {
			m.Ended = append(m.Ended, n)
		}
	}
	for _, n := range newer.Ended {
		began := slices.ContainsFunc(older.Due, func(k Notice) bool { return k.Key == n.Key && !k.Again })
		if !began {
			m.Ended = append(m.Ended, n)
		}
	}
	return &m
}
