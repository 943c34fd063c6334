package plan

import (
	"slices"
	"time"
)

// Pause is what a person has paused; the zero value is nothing.
type Pause struct {
	What Reason // who paused what, since when, until when and why
	Why  Reason // What, what comes of it, and how it ends
	All  bool   // nothing is written; false = nothing is removed
}

// Paused returns what a person has paused: all writes, or removals only. until is zero where it ends by jms-sync
// resume only.
func Paused(all bool, by string, since, until time.Time, reason string) Pause {
	end := newReason(PauseOpen)
	if !until.IsZero() {
		end = newReason(PauseUntil, formatTime(until))
	}
	code, means := PausedRemovals, PausedRemovalsMeans
	if all {
		code, means = PausedAll, PausedAllMeans
	}
	what := newReason(code, by, formatTime(since), end, whyPaused(reason))
	return Pause{What: what, Why: newReason(means, what), All: all}
}

// PauseUnread returns what holds where it cannot be read what is paused: removals, as there may be a pause.
func PauseUnread(err string) Pause {
	what := newReason(PauseUnreadable, err)
	return Pause{What: what, Why: newReason(PauseUnreadableMeans, what)}
}

// PauseOver returns what people are told of a pause that ended by itself.
func PauseOver(all bool, by string, since, until time.Time, reason string) Reason {
	return newReason(PauseEnded, Paused(all, by, since, until, reason).What)
}

func whyPaused(reason string) Reason {
	if reason == "" {
		return newReason(PauseNoReason)
	}
	return newReason(PauseReason, reason)
}

// Stands reports whether anything is paused.
func (p Pause) Stands() bool { return p.What.Code != "" }

// Holds returns why a change is held by the pause.
func (p Pause) Holds() Reason { return newReason(GuardPaused, p.What) }

// HeldByPause reports whether a change is held for this reason because of a pause, and by nothing else.
func HeldByPause(code Code) bool { return code == GuardPaused }

// Paused returns what may be written in spite of a pause: where all writes are paused nothing is, and each change is a
// note that says so. It does not concern removals alone: what gives its name away, and is not removed after all, must
// be known before names are settled, see Limits.Pause.
func (a Approved) Paused(p Pause) Approved {
	if !p.Stands() || !p.All {
		return a
	}
	out := Approved{notes: slices.Clone(a.notes), unchanged: a.unchanged}
	for c := range a.Changes() {
		if c.Interim || c.Reason.Code == Remembers {
			continue // a step on the way to a change that is told, or a note for a later run
		}
		c.Action, c.Reason, c.Patch, c.instance, c.assetBuilder = Hold, p.Holds(), nil, nil, nil
		out.notes = append(out.notes, c)
	}
	slices.SortFunc(out.notes, Compare)
	return out
}
