package apply

import (
	"slices"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// creates makes the new assets, each by a request of its own (a list would lose protocols), by
// several writers at once. The nodes come first.
func (r *run) creates(changes []plan.Change) {
	changes = r.withPlatform(changes)
	nodes := r.nodes(changes)
	defer func() { r.result.Nodes = nodes.told() }()
	refused := func(c plan.Change) error { return nodes.bad[c.New().Node] }
	if len(nodes.bad) == 0 {
		refused = func(plan.Change) error { return nil }
	}
	for _, c := range changes {
		if err := refused(c); err != nil {
			r.add(r.outcome(c, err))
		}
	}
	items := make(chan Item)
	var writers sync.WaitGroup
	next := make(chan plan.Change)
	p := newPace(r.o.Writers, r.o.Now)
	var stop stopper
	for range max(r.o.Writers, 1) {
		writers.Go(func() {
			for c := range next {
				items <- r.create(c, nodes, p, &stop)
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
	r.made(items)
}

// made takes the items as they come, and tells them in the order of the plan.
func (r *run) made(items <-chan Item) {
	first := len(r.result.Items)
	for i := range items {
		r.result.Items = append(r.result.Items, i)
		if r.o.Progress != nil {
			r.o.Progress(len(r.result.Items), r.total)
		}
	}
	made := r.result.Items[first:]
	slices.SortFunc(made, func(x, y Item) int { return plan.Compare(x.Change, y.Change) })
	for _, i := range made {
		r.tell(i)
	}
}

func (r *run) create(c plan.Change, under *nodes, p *pace, stop *stopper) Item {
	release, err := p.acquire(r.ctx)
	if err != nil {
		return r.outcome(c, err)
	}
	made := false
	defer func() { release(made) }()
	if err := stop.why(); err != nil {
		return r.outcome(c, err)
	}
	existed, err := under.create(r.ctx, c)
	for inventory.KindOf(err) == inventory.NameTaken && r.ctx.Err() == nil {
		next, another := c.Otherwise()
		if !another {
			break
		}
		c = next
		existed, err = under.create(r.ctx, c)
	}
	stop.see(err)
	made = err == nil
	if existed && err == nil {
		return Item{Change: c, State: Kept, Reason: plan.Because(plan.AlreadyThere)}
	}
	return r.outcome(c, err)
}
