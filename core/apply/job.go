package apply

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// writeJob is one way to change existing assets: how many at a time, whether they are read again right before, and
// what shows that a write without an answer was carried out.
type writeJob struct {
	permission string // that the access key's user needs
	// rereads says that the assets are read again right before each write, and one that a person changed is
	// kept.
	rereads   bool
	onlyPorts bool // nothing but protocols is written, so that nothing else matters
	batchSize func() int
	// send writes these changes. The errors have their indices.
	send func(changes []plan.Change, a writeChecks) []error
	// isCarriedOut reports whether an asset, or its absence, shows that a change was carried out.
	isCarriedOut func(c plan.Change, now inventory.Asset, there bool) bool
}

// writeChecks are called in the middle of a call that writes, and say whether what it is about to write must still
// be written. Other changes are kept, and finished. nil: they are not called.
type writeChecks struct {
	stillDueRows func(rows []int) []int         // which of the changes at these indices; reads their assets
	isStillDue   func(now inventory.Asset) bool // whether the change of this asset, as it was just read
}

// A change whose answers get lost is sent maxWrites times; one whose answers say that nothing was changed,
// maxFailedWrites times.
const (
	maxWrites       = 3
	maxFailedWrites = 2
)

// retryPause is the pause before a change is sent again.
const retryPause = 500 * time.Millisecond

// runJob makes changes in batches, each in one request of some seconds.
func (r *runner) runJob(changes []plan.Change, j writeJob) {
	for len(changes) > 0 {
		n := min(len(changes), max(j.batchSize(), 1))
		r.writeBatch(changes[:n], j)
		changes = changes[n:]
	}
}

// stopReason returns why nothing more of a job is sent; nil = it goes on.
func (r *runner) stopReason(j writeJob) error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.stopErr != nil:
		return r.stopErr
	}
	return r.stoppedJobs[j.permission]
}

// writeBatch makes changes, and sends those again that were not carried out: each time after reading their assets.
func (r *runner) writeBatch(todo []plan.Change, j writeJob) {
	late := map[string]error{} // errors of writes without an answer, by asset id
	for writes := 1; len(todo) > 0; writes++ {
		var left []plan.Change
		for len(todo) > 0 {
			n := min(len(todo), max(j.batchSize(), 1)) // fewer than before if the last request was slow
			left = append(left, r.writeRequest(todo[:n], j, late, writes)...)
			todo = todo[n:]
		}
		todo = left
	}
}

// writeRequest makes the changes of one request, and returns those to be tried again.
func (r *runner) writeRequest(todo []plan.Change, j writeJob, late map[string]error, writes int) []plan.Change {
	why := r.stopReason(j)
	if why != nil {
		for _, c := range todo {
			r.finishChange(c, r.itemOf(c, cmp.Or(late[c.AssetID], why)), late)
		}
		return nil
	}
	if j.rereads || writes > 1 {
		todo = r.rereadBeforeWrite(todo, j, writes > 1, late)
	}
	if len(todo) == 0 {
		return nil
	}
	return r.sendChanges(todo, j, late, writes)
}

// sendChanges sends changes, finishes those whose outcome is clear, and returns those to be tried again.
func (r *runner) sendChanges(todo []plan.Change, j writeJob, late map[string]error, writes int) (again []plan.Change) {
	dropped := map[int]bool{}
	errs := j.send(todo, r.newWriteChecks(todo, j, late, dropped))
	r.trackFailures(errs, dropped, j)
	var lost, renamed []plan.Change
	wait := time.Duration(0)
	for n, c := range todo {
		err := errs[n]
		switch {
		case dropped[n]:
		case inventory.KindOf(err) == inventory.Unanswered:
			late[c.AssetID] = err
			lost = append(lost, c)
			wait = max(wait, retryAfter(err))
		case errors.Is(err, inventory.ErrStaleRead) && writes < maxWrites:
			again = append(again, c)
		case inventory.KindOf(err) == inventory.NameTaken:
			renamed = append(renamed, r.withNextName(c, err, late)...)
		case inventory.IsTransient(err) && j.rereads && writes < maxFailedWrites && r.stopErr == nil && r.ctx.Err() == nil:
			again = append(again, c)
		default:
			r.finishChange(c, r.itemOf(c, err), late)
		}
	}
	lost = r.awaitUnanswered(lost, wait, j, late)
	r.writePatches(renamed)
	if writes == maxWrites || r.stopErr != nil {
		for _, c := range lost { // each had its time, and was not carried out
			r.finishChange(c, Item{Change: c, State: Failed, Err: late[c.AssetID]}, late)
		}
		lost = nil
	}
	if len(again) > 0 && len(lost) == 0 {
		_ = r.options.Sleep(r.ctx, retryPause) // if the context has ended, the next read fails too
	}
	return append(again, lost...)
}

// withNextName returns the change with the next name to try after JumpServer refused its name. It starts anew,
// because its asset may have been changed meanwhile.
func (r *runner) withNextName(c plan.Change, err error, late map[string]error) []plan.Change {
	next, another := c.WithNextName()
	switch {
	case !another:
		r.finishChange(c, r.itemOf(c, err), late)
	case len(next.Fields) == 0:
		r.finishChange(c, Item{Change: c, State: Kept, Reason: reason.New(reason.NameHeld, c.Name)}, late)
	default:
		return []plan.Change{next}
	}
	return nil
}

// finishChange adds the item of a change, and records what was written to its asset for later changes.
func (r *runner) finishChange(c plan.Change, i Item, late map[string]error) {
	switch {
	case i.State != Done:
		i.MaybeWritten = late[c.AssetID] != nil
	case c.Patch != nil:
		r.written[c.AssetID] = append(r.written[c.AssetID], c.Patch)
	}
	if i.State == Done && r.putOffNext(c) {
		return
	}
	r.addItems(r.wholeItem(i))
}

// trackFailures records what one request as a whole shows: a missing permission stops its job; a wrong key or
// organisation stops everything, and so does JumpServer if it does not answer several times in a row.
func (r *runner) trackFailures(errs []error, dropped map[int]bool, j writeJob) {
	var why error
	rows := 0
	for n, err := range errs {
		if dropped[n] {
			continue
		}
		if err == nil {
			r.unansweredWeight = 0
			return
		}
		if !errors.Is(err, inventory.ErrStaleRead) {
			why = err
			rows++
		}
	}
	kind := inventory.KindOf(why)
	switch {
	case why == nil: // nothing was sent
	case kind == inventory.BadCredentials, kind == inventory.Organisation, inventory.IsPermanentFront(why):
		r.stopErr = why
	case kind == inventory.Denied:
		r.stoppedJobs[j.permission] = why
	case kind == inventory.Unanswered:
		r.countUnanswered(3, why)
	case inventory.IsTransient(why), kind == inventory.Front:
		r.countUnanswered(min(rows, 3), why)
	default:
		r.unansweredWeight = 0
	}
}

// countUnanswered counts requests in a row without a good answer, and stops everything if there are too many.
// Requests of few rows weigh less, because the rows may be at fault.
func (r *runner) countUnanswered(weight int, why error) {
	r.unansweredWeight += weight
	if r.unansweredWeight >= 3*maxWrites {
		r.stopErr = notSentError(why)
	}
}

// notSentError returns the error of what is not sent because JumpServer did not answer.
func notSentError(why error) error {
	kind := inventory.Temporary
	if inventory.KindOf(why) == inventory.Front || inventory.KindOf(errors.Unwrap(why)) == inventory.Front {
		kind = inventory.Front
	}
	return &inventory.Error{
		Kind: kind, Message: "not sent, as JumpServer did not answer before", Err: why, Advice: inventory.AdviceOf(why),
	}
}

// sleepContext waits in real time.
func sleepContext(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
