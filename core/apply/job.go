package apply

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// job is one way to change assets that are there: how many at a time, whether their assets are read again right
// before, and how it is seen that a write without an answer was carried out.
type job struct {
	right string // what the access key's user must be allowed to
	// guarded: right before each write the assets are read again, and one that a person changed is kept.
	guarded bool
	batch   func() int
	// send writes these changes. The errors stand at their places.
	send func(changes []plan.Change, a asks) []error
	// made reports whether an asset, or that there is none, shows that a change was carried out.
	made func(c plan.Change, now inventory.Asset, there bool) bool
}

// asks are the questions of one call that writes, asked in the middle of it: whether what it is about to write is
// still to be written. What they answer with no is kept, and ended. nil: it is not asked.
type asks struct {
	rows  func(rows []int) []int         // which of the changes at these places; their assets are read for it
	asset func(now inventory.Asset) bool // whether the change of this asset, which is as it was just read
}

// maxWrites is how often a change is sent whose answers get lost. After an answer that says that nothing was
// changed it is sent once more.
const (
	maxWrites = 3
	onceMore  = 2
)

// betweenWrites is the pause before a change is sent once more.
const betweenWrites = 500 * time.Millisecond

// all makes changes in batches, each in one request of some seconds.
func (r *run) all(changes []plan.Change, j job) {
	for len(changes) > 0 {
		n := min(len(changes), max(j.batch(), 1))
		r.batch(changes[:n], j)
		changes = changes[n:]
	}
}

// halted returns why nothing more of a job is sent; nil = it goes on.
func (r *run) halted(j job) error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.away != nil:
		return r.away
	}
	return r.barred[j.right]
}

// batch makes some changes, and sends again what was not carried out: each time as a first try, of assets
// that are read again.
func (r *run) batch(todo []plan.Change, j job) {
	late := map[string]error{} // of assets with a write that had no answer
	for writes := 1; len(todo) > 0; writes++ {
		var left []plan.Change
		for len(todo) > 0 {
			n := min(len(todo), max(j.batch(), 1)) // fewer than before where the last one was slow
			left = append(left, r.part(todo[:n], j, late, writes)...)
			todo = todo[n:]
		}
		todo = left
	}
}

// part makes what is one request of a batch, and returns what is to be tried again.
func (r *run) part(todo []plan.Change, j job, late map[string]error, writes int) []plan.Change {
	if why := r.halted(j); why != nil {
		for _, c := range todo {
			r.finish(c, r.outcome(c, cmp.Or(late[c.AssetID], why)), late)
		}
		return nil
	}
	if j.guarded || writes > 1 {
		todo = r.again(todo, j, writes > 1, late)
	}
	if len(todo) == 0 {
		return nil
	}
	return r.write(todo, j, late, writes)
}

// write sends one list of changes, tells what became of them, and returns those to be tried again.
func (r *run) write(todo []plan.Change, j job, late map[string]error, writes int) (again []plan.Change) {
	dropped := map[int]bool{}
	errs := j.send(todo, r.asks(todo, j, late, dropped))
	r.judge(errs, dropped, j)
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
		case errors.Is(err, inventory.ErrReadAgain) && writes < maxWrites:
			again = append(again, c)
		case inventory.KindOf(err) == inventory.NameTaken:
			renamed = append(renamed, r.otherwise(c, err, late)...)
		case inventory.Passing(err) && j.guarded && writes < onceMore && r.away == nil && r.ctx.Err() == nil:
			again = append(again, c)
		default:
			r.finish(c, r.outcome(c, err), late)
		}
	}
	lost = r.await(lost, wait, j, late)
	r.updates(renamed)
	if writes == maxWrites || r.away != nil {
		for _, c := range lost { // each time it had its time, and was not carried out
			r.finish(c, Item{Change: c, State: Failed, Err: late[c.AssetID]}, late)
		}
		lost = nil
	}
	if len(again) > 0 && len(lost) == 0 {
		_ = r.o.Sleep(r.ctx, betweenWrites) // if the context has ended, so does the reading that comes next
	}
	return append(again, lost...)
}

// otherwise returns the change with the next name to try, where JumpServer refuses its name. It is made as first
// ones are: its asset may have been changed meanwhile.
func (r *run) otherwise(c plan.Change, err error, late map[string]error) []plan.Change {
	next, another := c.Otherwise()
	switch {
	case !another:
		r.finish(c, r.outcome(c, err), late)
	case len(next.Fields) == 0:
		r.finish(c, Item{Change: c, State: Kept, Reason: plan.Because(plan.NameHeld, c.Name)}, late)
	default:
		return []plan.Change{next}
	}
	return nil
}

// finish adds the item of a change. That its asset has another name now is remembered for later changes of it.
func (r *run) finish(c plan.Change, i Item, late map[string]error) {
	switch {
	case i.State != Done:
		i.Late = late[c.AssetID] != nil
	case c.Patch != nil && c.Patch.Name != nil:
		r.named[c.AssetID] = *c.Patch.Name
	}
	r.add(i)
}

// judge looks at what became of one request as a whole: what lacks a right stops its job, a wrong key or
// organisation all; and so does a JumpServer that does not answer twice in a row.
func (r *run) judge(errs []error, dropped map[int]bool, j job) {
	var why error
	rows := 0
	for n, err := range errs {
		if dropped[n] {
			continue
		}
		if err == nil {
			r.silent = 0
			return
		}
		if !errors.Is(err, inventory.ErrReadAgain) {
			why = err
			rows++
		}
	}
	kind := inventory.KindOf(why)
	switch {
	case why == nil: // nothing was sent
	case kind == inventory.BadCredentials, kind == inventory.Organisation, inventory.Hopeless(why):
		r.away = why
	case kind == inventory.Denied:
		r.barred[j.right] = why
	case kind == inventory.Unanswered:
		r.unheard(3, why)
	case inventory.Passing(why), kind == inventory.Front:
		r.unheard(min(rows, 3), why)
	default:
		r.silent = 0
	}
}

// unheard counts requests in a row that had no good answer; of single rows, which may be bad ones, more are
// needed until JumpServer, or what stands in front of it, is left alone.
func (r *run) unheard(weight int, why error) {
	r.silent += weight
	if r.silent >= 3*maxWrites {
		r.away = notSent(why)
	}
}

// notSent is the error of what is not sent because JumpServer did not answer.
func notSent(why error) error {
	kind := inventory.Temporary
	if inventory.KindOf(why) == inventory.Front || inventory.KindOf(errors.Unwrap(why)) == inventory.Front {
		kind = inventory.Front
	}
	return &inventory.Error{
		Kind: kind, Message: "not sent, as JumpServer did not answer before", Err: why, Advice: inventory.AdviceOf(why),
	}
}

// sleep waits in real time.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
