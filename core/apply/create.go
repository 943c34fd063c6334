package apply

import (
	"slices"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// creates makes the new assets, each by a request of its own (a list would lose protocols), by
// several writers at once. The nodes come first, one after another: JumpServer answers 500 to
// parallel creates under a path that does not exist yet.
func (r *run) creates(changes []plan.Change) {
	bad := r.nodes(changes)
	var todo []plan.Change
	for _, c := range changes {
		if err, failed := bad[c.New().Node]; failed {
			r.add(r.outcome(c, err))
			continue
		}
		todo = append(todo, c)
	}
	items := make(chan Item)
	var writers sync.WaitGroup
	next := make(chan plan.Change)
	p := newPace(r.o.Writers, r.o.Now)
	var stop stopper
	for range max(r.o.Writers, 1) {
		writers.Go(func() {
			for c := range next {
				items <- r.create(c, p, &stop)
			}
		})
	}
	go func() {
		for _, c := range todo {
			next <- c
		}
		close(next)
		writers.Wait()
		close(items)
	}()
	made := make([]Item, 0, len(todo))
	for i := range items {
		made = append(made, i)
		if r.o.Progress != nil {
			r.o.Progress(len(r.result.Items)+len(made), r.total)
		}
	}
	slices.SortFunc(made, func(x, y Item) int { return plan.Compare(x.Change, y.Change) })
	r.add(made...)
}

// nodes makes the paths that the creates need and gives the errors of those that failed.
func (r *run) nodes(changes []plan.Change) map[string]error {
	var paths []string
	for _, c := range changes {
		paths = append(paths, c.New().Node)
	}
	slices.Sort(paths)
	bad := map[string]error{}
	for _, path := range slices.Compact(paths) {
		err := r.ctx.Err()
		if err == nil {
			err = r.to.Nodes(r.ctx, []string{path})
		}
		if err != nil {
			bad[path] = err
		}
	}
	return bad
}

func (r *run) create(c plan.Change, p *pace, stop *stopper) Item {
	release, err := p.acquire(r.ctx)
	if err != nil {
		return r.outcome(c, err)
	}
	defer release()
	if err := stop.why(); err != nil {
		return r.outcome(c, err)
	}
	existed, err := r.to.Create(r.ctx, *c.New())
	stop.see(err)
	if existed && err == nil {
		return Item{Change: c, State: Kept, Reason: plan.Because(plan.AlreadyThere)}
	}
	return r.outcome(c, err)
}

// stopper remembers an error after which no further create may be sent: the right is missing, the
// key is wrong, JumpServer's room is used up, or another organisation took what we sent.
type stopper struct {
	mu  sync.Mutex
	err error
}

func (s *stopper) see(err error) {
	switch inventory.KindOf(err) {
	case inventory.Limit, inventory.Denied, inventory.BadCredentials, inventory.Organisation:
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
}

func (s *stopper) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
