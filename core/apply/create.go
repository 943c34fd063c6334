package apply

import (
	"slices"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// createAll creates the new assets, each by a request of its own (a list would lose protocols), with several
// writers at once. The nodes come first.
func (r *runner) createAll(changes []plan.Change) {
	changes = r.failMissingPlatforms(changes)
	nodes := r.resolveNodes(changes)
	defer func() {
		r.result.Nodes = nodes.notableNodes()
	}()
	refused := func(c plan.Change) error { return nodes.pathErrors[c.NewAsset().NodePaths[0]] }
	if len(nodes.pathErrors) == 0 {
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
				items <- r.createAsset(c, nodes, p, &stop)
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
	slices.SortFunc(made, func(x, y Item) int { return plan.Compare(x.Change, y.Change) })
	for _, i := range made {
		r.logItem(i)
	}
}

func (r *runner) createAsset(c plan.Change, under *nodeResolver, p *limiter, stop *circuitBreaker) Item {
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
	existed, err := under.createAsset(r.ctx, c)
	for inventory.KindOf(err) == inventory.NameTaken && r.ctx.Err() == nil {
		next, another := c.WithNextName()
		if !another {
			break
		}
		c = next
		existed, err = under.createAsset(r.ctx, c)
	}
	stop.record(err)
	made = err == nil
	if existed && err == nil {
		return Item{Change: c, State: Kept, Reason: reason.New(reason.AlreadyThere)}
	}
	return r.itemOf(c, err)
}
