package apply

import (
	"errors"
	"slices"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// createAll creates the new assets, each by a request of its own (a list would lose protocols), with several
// writers at once. The nodes come first.
func (r *runner) createAll(changes []plan.Change) {
	changes = r.failMissingPlatforms(changes)
	r.resolveNodes(changes)
	refused := func(c plan.Change) error { return r.nodes.errorOf(nodePathsOf(c)) }
	if len(r.nodes.pathErrors) == 0 {
		refused = func(plan.Change) error { return nil }
	}
	for _, c := range changes {
		if err := refused(c); err != nil {
			r.addItems(r.itemOf(c, err))
		}
	}
	items := make(chan Item)
	var writers sync.WaitGroup
	next := make(chan plan.Change)
	p := newLimiter(r.options.Writers, r.options.Now)
	var stop circuitBreaker
	for range max(r.options.Writers, 1) {
		writers.Go(func() {
			for c := range next {
				items <- r.createAsset(c, p, &stop)
			}
		})
	}
	go func() {
		for _, c := range changes {
			if refused(c) == nil {
				next <- c
			}
		}
		close(next)
		writers.Wait()
		close(items)
	}()
	r.collectCreated(items)
}

// collectCreated collects the items as they come, and logs them in the order of the plan.
func (r *runner) collectCreated(items <-chan Item) {
	first := len(r.result.Items)
	for i := range items {
		r.result.Items = append(r.result.Items, i)
		if r.options.Progress != nil {
			r.options.Progress(len(r.result.Items), r.total)
		}
	}
	made := r.result.Items[first:]
	sorting.By(made, func(x, y Item) int { return plan.Compare(x.Change, y.Change) })
	for _, i := range made {
		r.logItem(i)
	}
}

func (r *runner) createAsset(c plan.Change, p *limiter, stop *circuitBreaker) Item {
	release, err := p.acquire(r.ctx)
	if err != nil {
		return r.itemOf(c, err)
	}
	made := false
	defer func() {
		release(made)
	}()
	if err := stop.tripError(); err != nil {
		return r.itemOf(c, err)
	}
	c, existed, err := r.createOnce(c)
	for inventory.KindOf(err) == inventory.NameTaken && r.ctx.Err() == nil {
		next, another := c.WithNextName()
		if !another {
			break
		}
		c, existed, err = r.createOnce(next)
	}
	stop.record(err)
	made = err == nil
	if existed && err == nil {
		return Item{Change: c, State: Kept, Reason: reason.New(reason.AlreadyThere)}
	}
	return r.itemOf(c, err)
}

// createOnce creates one asset, without those of its accounts whose templates JumpServer refuses: then the change that
// it returns says so.
func (r *runner) createOnce(c plan.Change) (made plan.Change, existed bool, err error) {
	existed, err = r.nodes.createAsset(r.ctx, c, nil)
	if !errors.Is(err, inventory.ErrTemplateGone) && !errors.Is(err, inventory.ErrAccountsClash) {
		return c, existed, err
	}
	refused := err
	left := r.usableTemplates(c.NewAsset().Accounts)
	existed, err = r.nodes.createAsset(r.ctx, c, left)
	if err != nil && len(left) > 0 && (errors.Is(err, inventory.ErrTemplateGone) || errors.Is(err, inventory.ErrAccountsClash)) {
		left = []string{}
		existed, err = r.nodes.createAsset(r.ctx, c, left)
	}
	if err == nil && !existed {
		r.options.Log.Warn("an asset is made without an account", "asset", c.AssetID, "name", c.Name, "error", refused)
		c.Reason = reason.New(reason.MadeWithoutAccounts, c.Reason, len(c.NewAsset().Accounts)-len(left))
	}
	return c, existed, err
}

// usableTemplates returns those of account templates that exist, of several with one username and secret type the first;
// never nil.
func (r *runner) usableTemplates(ids []string) []string {
	left := []string{}
	known, denied, err := r.target.ListTemplates(r.ctx, ids...)
	if err != nil || denied {
		return left
	}
	taken := map[inventory.AccountTemplate]bool{}
	for _, id := range ids {
		at := slices.IndexFunc(known, func(t inventory.AccountTemplate) bool { return t.ID == id })
		if at < 0 {
			continue
		}
		kind := inventory.AccountTemplate{Username: known[at].Username, SecretType: known[at].SecretType}
		if !taken[kind] {
			taken[kind] = true
			left = append(left, id)
		}
	}
	return left
}
