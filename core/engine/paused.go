package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Pauses stores what people have paused, and when people were notified of it.
type Pauses interface {
	// LoadPause returns what is paused, also one that is over. With an error it is not known whether anything is.
	LoadPause(ctx context.Context) (state.Pause, error)
	LoadPauseNotice(ctx context.Context) (state.PauseNotice, error)
	SavePauseNotice(ctx context.Context, t state.PauseNotice) error
}

// remindPause is how often people are reminded of a pause by runs that have nothing else to report.
const remindPause = 24 * time.Hour

// Halt is what a run has read of what is paused.
type Halt struct {
	plan.Pause
	stored      state.Pause   // what it is; the zero value where nothing is paused or nobody can read it
	endedReason reason.Reason // the notice that a pause has ended; without a code = none
}

// Paused reads what is paused. What cannot be read counts as a pause of removals.
func (e Engine) Paused(ctx context.Context) Halt {
	if e.Memory.Pauses == nil {
		return Halt{}
	}
	p, err := e.Memory.Pauses.LoadPause(ctx)
	switch {
	case err != nil:
		e.Log.Error("it is not known what is paused, so nothing is removed", "error", err)
		return Halt{Pause: plan.UnreadablePause(err.Error())}
	case p.IsActive(e.Now()):
		h := Halt{Pause: plan.NewPause(!p.Removals, p.By, p.Since, p.Until, p.Reason), stored: p}
		e.Log.Warn("paused", "what", h.Why.Text(language.English))
		return h
	case p.Exists():
		return Halt{stored: p, endedReason: plan.PauseEndedReason(!p.Removals, p.By, p.Since, p.Until, p.Reason)}
	}
	return Halt{}
}

// pausedNow is Paused for who asks once more in the middle of a run.
func (e Engine) pausedNow(ctx context.Context) plan.Pause { return e.Paused(ctx).Pause }

// fillReport fills what a report says of a pause, and returns the cards that deliver it: whatever channels say of runs, where
// people were not notified of it for a day. The end of a pause is reported once, by the next card.
// A dry run notifies nobody.
func (h Halt) fillReport(ctx context.Context, e Engine, in *report.Input) delivery.Cards {
	cards := e.Cards
	in.Pause = h.Pause
	if in.DryRun || e.Memory.Pauses == nil || !h.Stands() && h.endedReason.Code == "" {
		return cards
	}
	notice, err := e.Memory.Pauses.LoadPauseNotice(ctx)
	switch {
	case err != nil:
		e.Log.Warn("it is not known whether people were told of the pause", "error", err)
	case notice.PauseNonce != h.stored.Nonce:
		notice = state.PauseNotice{}
	}
	if h.endedReason.Code != "" && err == nil && !notice.EndNotified {
		in.PauseEnded = h.endedReason
	}
	if h.Stands() && err == nil && e.Now().Sub(notice.At) >= remindPause {
		cards = cards.Always()
	}
	return cards
}

// recordReported notes that a card said what a report says of the pause.
func (h Halt) recordReported(ctx context.Context, e Engine, rep report.Report) {
	if rep.Pause == nil || rep.DryRun || e.Memory.Pauses == nil || !e.Cards.HasChannel() || !e.Cards.WantsByItself(rep) {
		return
	}
	ctx, cancel := delivery.DetachedContext(ctx)
	defer cancel()
	err := e.Memory.Pauses.SavePauseNotice(ctx, state.PauseNotice{PauseNonce: h.stored.Nonce, At: e.Now(), EndNotified: !rep.Pause.Stands})
	if err != nil {
		e.Log.Warn("the pause may be told more often than it should be", "error", err)
	}
}

// Update takes what was paused while the run was at work.
func (h *Halt) Update(r apply.Result) {
	if r.Paused.Stands() {
		*h = Halt{Pause: r.Paused}
	}
}

// EffectivePause returns what holds the changes of a plan. A run that only looks shows what would be done without the pause,
// and says that there is one.
func (h Halt) EffectivePause(dryRun bool) plan.Pause {
	if dryRun {
		return plan.Pause{}
	}
	return h.Pause
}

// StoreErrors returns what a run reports of its state store.
func (e Engine) StoreErrors() []error {
	if e.Memory.Problem == nil {
		return nil
	}
	if err := e.Memory.Problem(); err != nil {
		return []error{err}
	}
	return nil
}
