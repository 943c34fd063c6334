package report

import "github.com/jms-sync/jms-sync/core/plan"

// Pause is what a person has paused, as the results say it.
type Pause struct {
	Stands bool   `json:"stands"` // false: it is over
	All    bool   `json:"all"`    // nothing is written; false = nothing is removed
	Text   string `json:"text"`
}

// pauseOf returns what is told of a pause.
func pauseOf(in Input, lang plan.Lang) *Pause {
	switch {
	case in.Pause.Stands():
		return &Pause{Stands: true, All: in.Pause.All, Text: in.Pause.Why.Text(lang)}
	case in.PauseOver.Code != "":
		return &Pause{Text: in.PauseOver.Text(lang)}
	}
	return nil
}

// pausedAll reports whether what is on hold are changes of any kind.
func (r Report) pausedAll() bool { return r.Pause != nil && r.Pause.Stands && r.Pause.All }

// heavier returns which of two pauses one card for both tells: what stands before what is over, and all writes
// before removals.
func heavier(x, y *Pause) *Pause {
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
