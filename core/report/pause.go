package report

import (
	"github.com/jms-sync/jms-sync/core/language"
)

// Pause is what a person has paused, as the results show it.
type Pause struct {
	Stands bool   `json:"stands"` // false: it has ended
	All    bool   `json:"all"`    // nothing is written; false = nothing is removed
	Text   string `json:"text"`
}

// pauseOf returns what to report of a pause; nil = nothing.
func pauseOf(in Input, lang language.Lang) *Pause {
	switch {
	case in.Pause.Stands():
		return &Pause{Stands: true, All: in.Pause.All, Text: in.Pause.Why.Text(lang)}
	case in.PauseEnded.Code != "":
		return &Pause{Text: in.PauseEnded.Text(lang)}
	}
	return nil
}

// isAllPaused reports whether all writes are paused, so that changes of any kind are on hold.
func (r Report) isAllPaused() bool { return r.Pause != nil && r.Pause.Stands && r.Pause.All }

// strongerPause returns which of two pauses a common card shows: a pause in force before one that has ended, and
// all writes before removals.
func strongerPause(x, y *Pause) *Pause {
	weight := func(p *Pause) int {
		switch {
		case p == nil:
			return 0
		case !p.Stands:
			return 1
		case !p.All:
			return 2
		}
		return 3
	}
	if weight(y) > weight(x) {
		return y
	}
	return x
}
