package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Part says which of several parts of one run a request is, 1 ≤ Number ≤ Of; the zero value is the
// whole run.
type Part struct{ Number, Of int }

func (p Part) String() string { return fmt.Sprintf("%d/%d", p.Number, p.Of) }

// Sharing is what the parts of one run share, which work side by side in invocations of their
// own: one budget of removals, and one card.
type Sharing struct {
	Store *state.Store
	Name  string        // of the deployment; nothing is shared between two
	Fired time.Time     // when the timer fired; within half a minute it is the same run
	Wait  time.Duration // how long a card waits for parts, from Fired
}

// run is the time by which the parts of one run know each other. The triggers of several parts
// need not fire in the same second.
func (s Sharing) run() time.Time { return s.Fired.UTC().Round(time.Minute) }

// divided tells whether a request is a part that may write. Dry runs share nothing.
func (r Request) divided() bool { return r.Part.Of > 0 && !r.DryRun }

// limits gives the limits of a request. A part that wants removals takes them from the budget that
// all parts share, and counts as the guard does: all that it would remove, held or not. Without the
// budget's word it removes nothing; and where there is no budget, each part has its share of per_run.
func (e Engine) limits(ctx context.Context, req Request, want int) plan.Limits {
	limits := e.Limits
	if !req.divided() {
		return limits
	}
	err := errors.New("no state store is named")
	if e.Sharing != nil {
		var g state.Grant
		claim := state.Claim{Slice: sliceOf(req), Tick: e.Sharing.run(), Want: want}
		g, err = e.Sharing.Store.Budget(e.Sharing.Name).Reserve(ctx, claim, limits.PerRun)
		switch {
		case err == nil && g.Granted:
			return limits
		case err == nil:
			limits.Hold = plan.Because(plan.GuardParts, g.Others, want, limits.PerRun)
			return limits
		case !errors.Is(err, state.ErrNoBudget):
			e.Log.Warn("the parts' budget of removals is not known", "part", req.Part.String(), "error", err)
			limits.Hold = plan.Because(plan.GuardBudget, err.Error())
			return limits
		}
	}
	limits.PerRun /= req.Part.Of
	if want > 0 {
		e.Log.Warn("parts cannot share per_run, so each has an equal share of it",
			"part", req.Part.String(), "removals", limits.PerRun, "reason", err)
	}
	return limits
}

// sliceOf names a part and what it is about, so that a run that is split anew takes nobody's place.
func sliceOf(req Request) string {
	return req.Part.String() + " " + strings.Join(req.Accounts, ",") + " " + strings.Join(req.Regions, ",")
}

// announce tells a run: by itself, or with the other parts of it. told says that its card was accepted, or kept to
// be told, or that none was wanted. The error is that of a card which nobody tells again; one that parts share is
// left to the others.
func (e Engine) announce(ctx context.Context, req Request, rep report.Report) (told bool, lost error) {
	if e.Sharing == nil || !req.divided() {
		lost = e.notify(ctx, rep)
		return lost == nil, lost
	}
	e.Flush(ctx)
	return e.Attend(ctx, req, rep), nil
}

// Attend adds the report of a part to those of the others, to be told in one card by whoever finds
// that all are there. It is also for a part that was not run, as its like was still at work. What
// is no part, or shares nothing, is not told by it. told says that the report is kept for that card, or was told, or
// need not be.
func (e Engine) Attend(ctx context.Context, req Request, rep report.Report) (told bool) {
	if e.Sharing == nil || !req.divided() || len(e.Notifiers) == 0 {
		return true
	}
	ctx, cancel := lastWords(ctx)
	defer cancel()
	rounds := e.Sharing.Store.Rounds(e.Sharing.Name)
	seat := state.Seat{At: e.Sharing.run(), Part: req.Part.Number, Of: req.Part.Of}
	told = true
	if err := add(ctx, rounds, seat, rep); err != nil {
		e.Log.Warn("the part is told by itself", "part", req.Part.String(), "reason", err)
		if e.wanted(rep) {
			told = e.send(ctx, rep) == nil // logged
		}
		if errors.Is(err, state.ErrNoRounds) {
			return told
		}
	}
	e.tellRounds(ctx, rounds)
	return told
}

// add puts a report into its round. One that is too large is the caller's to tell, and in the
// round it only stands that there was one.
func add(ctx context.Context, rounds *state.Rounds, seat state.Seat, rep report.Report) error {
	data, tooLarge := report.Keep(rep, state.MaxReport)
	if tooLarge != nil {
		var err error
		if data, err = report.Keep(report.Elsewhere(rep), state.MaxReport); err != nil {
			return err
		}
	}
	return errors.Join(rounds.Add(ctx, seat, data), tooLarge)
}

// mostRounds is how many rounds one part tells at most, after a time in which no card went out.
const mostRounds = 4

// tellRounds tells the rounds that are due, until there are none: one that became due while this part was
// telling is left to it by the others.
func (e Engine) tellRounds(ctx context.Context, rounds *state.Rounds) {
	for range mostRounds {
		round, err := rounds.Take(ctx, e.Sharing.Wait)
		if err != nil {
			e.Log.Warn("the card that parts share", "error", err)
		}
		if !round.Valid() {
			return
		}
		rep, some := e.together(round)
		if some && e.wanted(rep) {
			if err = e.send(ctx, rep); err != nil {
				err = errors.Join(err, round.Back(ctx))
				e.Log.Warn("the card that parts share is left to others", "error", err)
				return
			}
		}
		if err := round.Told(ctx); err != nil {
			e.Log.Warn("the card that parts share may be told again", "error", err)
		}
	}
}

// together makes one report of a round; some is false where nothing is left to tell. Where a part
// was delivered again, a failure of it gives way to what came after.
func (e Engine) together(round state.Round) (rep report.Report, some bool) {
	var parts []report.Report
	for n, data := range round.Reports {
		r, err := report.Restore(data)
		if err != nil {
			e.Log.Warn("a part's report cannot be read", "error", err)
			r = report.Build(report.Input{Started: round.At, Stopped: &inventory.Error{
				Kind: inventory.Incomplete, Message: Part{round.Parts[n], round.Of}.String(), Err: err,
			}})
		}
		later := n+1 < len(round.Parts) && round.Parts[n+1] == round.Parts[n]
		if !r.ToldElsewhere() && !(later && r.Outcome == report.Failed) {
			parts = append(parts, r)
		}
	}
	return report.Round(round.At, parts, round.Missing, round.Of, e.Wording.Lang), len(parts)+len(round.Missing) > 0
}
