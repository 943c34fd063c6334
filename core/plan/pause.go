package plan

import (
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Pause is what a person has paused; the zero value is nothing.
type Pause struct {
	What reason.Reason // who paused what, since when, until when and why
	Why  reason.Reason // What, its consequences, and how it ends
	All  bool          // nothing is written; false = nothing is removed
}

// NewPause returns a pause of all writes, or of removals only. until is zero if only jms-sync resume ends it.
func NewPause(all bool, by string, since, until time.Time, why string) Pause {
	end := reason.New(reason.PauseOpen)
	if !until.IsZero() {
		end = reason.New(reason.PauseUntil, formatTime(until))
	}
	code, means := reason.PausedRemovals, reason.PausedRemovalsMeans
	if all {
		code, means = reason.PausedAll, reason.PausedAllMeans
	}
	what := reason.New(code, by, formatTime(since), end, personReason(why))
	return Pause{What: what, Why: reason.New(means, what), All: all}
}

// UnreadablePause returns the pause that holds if the state of the pause cannot be read: of removals, in case there
// is one.
func UnreadablePause(err string) Pause {
	what := reason.New(reason.PauseUnreadable, err)
	return Pause{What: what, Why: reason.New(reason.PauseUnreadableMeans, what)}
}

// PauseEndedReason returns what people are told about a pause that ended by itself.
func PauseEndedReason(all bool, by string, since, until time.Time, why string) reason.Reason {
	return reason.New(reason.PauseEnded, NewPause(all, by, since, until, why).What)
}

func personReason(why string) reason.Reason {
	if why == "" {
		return reason.New(reason.PauseNoReason)
	}
	return reason.New(reason.PauseReason, why)
}

// Stands reports whether anything is paused.
func (p Pause) Stands() bool { return p.What.Code != "" }

// HoldReason returns why the pause holds a change.
func (p Pause) HoldReason() reason.Reason { return reason.New(reason.GuardPaused, p.What) }

// IsPauseHold reports whether a change is held for this reason because of a pause, and for nothing else.
func IsPauseHold(code reason.Code) bool { return code == reason.GuardPaused }

// HoldPaused returns the plan with every change held if all writes are paused, and otherwise the plan itself. A
// pause of removals only is in Limits.Pause: an asset that is not removed after all keeps its name, which must be
// known before names are final.
func (a Approved) HoldPaused(p Pause) Approved {
	if !p.Stands() || !p.All {
		return a
	}
	out := Approved{notes: slices.Clone(a.notes), heldMoves: a.heldMoves, unchanged: a.unchanged}
	for c := range a.Changes() {
		if c.Interim || c.Reason.Code == reason.Remembers {
			continue // a step on the way to another change, or a write for a later run
		}
		c.heldUpdate = c.Action == Update
		c.Action, c.Reason, c.Patch, c.instance, c.assetBuilder = Hold, p.HoldReason(), nil, nil, nil
		out.notes = append(out.notes, c)
	}
	sorting.By(out.notes, Compare)
	return out
}
