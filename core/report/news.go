package report

import (
	"slices"
	"time"
)

// Notice is a condition as people are notified of it.
type Notice struct {
	Condition
	Since time.Time `json:"since"`
	Again bool      `json:"again,omitempty"` // people were notified of it before
}

// News is what people are notified of the conditions of a run.
type News struct {
	Due      []Notice `json:"due,omitempty"` // that began, or of which people are reminded
	Ended    []Notice `json:"ended,omitempty"`
	Standing []Notice `json:"standing,omitempty"` // of which people were notified not long ago
}

// WithNews returns the report with what people are notified of its conditions. What they know already stands among the
// warnings of its card.
func (r Report) WithNews(n News) Report {
	r.news = &n
	r.Scopes = slices.Clone(r.Scopes)
	for at := range r.Scopes {
		s := &r.Scopes[at]
		s.alreadyNotified = slices.ContainsFunc(n.Standing, func(k Notice) bool { return k.isOfScope(*s) })
		s.since = time.Time{}
		for _, k := range slices.Concat(n.Standing, n.Due) {
			if k.isOfScope(*s) && (k.Again || s.alreadyNotified) {
				s.since = k.Since
			}
		}
	}
	return r
}

// isOfScope reports whether a notice says that a scope could not be read.
func (k Notice) isOfScope(s Scope) bool {
	return !s.Complete && k.Kind == ScopeFailed && k.Cloud == s.Cloud && k.Account == s.Account && k.Region == s.Region
}

// KnowsNews reports whether it is known what people were notified of before.
func (r Report) KnowsNews() bool { return r.news != nil }

// HasNews reports whether people are notified of anything that lasts, or of a problem that is none of the conditions.
func (r Report) HasNews() bool {
	return r.news != nil && (len(r.news.Due)+len(r.news.Ended) > 0 || r.hasOtherProblem())
}

// hasOtherProblem reports whether people must act although no condition says so.
func (r Report) hasOtherProblem() bool {
	return r.NeedsAttention() && !slices.ContainsFunc(r.conditions, Condition.IsUrgent)
}

// NeedsMention reports whether the card of a report names people, who must act: something failed or is held, and they
// were not notified of it before, or are reminded.
func (r Report) NeedsMention() bool {
	if r.news == nil {
		return r.NeedsAttention() && r.HasNewProblem() && !r.isOnlyUnfinished()
	}
	return r.hasOtherProblem() || slices.ContainsFunc(r.news.Due, func(n Notice) bool { return n.IsUrgent() })
}

// HasWrites reports whether anything was written (in a dry run: would be).
func (r Report) HasWrites() bool { return r.Created+r.Updated+r.Deactivated+r.Deleted > 0 }
