package reconcile_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// modelInstance is one instance of the modelled clouds.
type modelInstance struct {
	inventory.Instance
	watched *enginetest.Machine // what is true of it
	visible time.Time           // the cloud shows it from here on
	until   time.Time           // and a released one up to here
}

// modelRegion is one scope of the modelled clouds.
type modelRegion struct {
	inventory.Scope
	owner          string
	blind          bool // the right to list is missing: empty answers, and a refused probe
	failing        bool
	leaky          bool      // lists leave the first one out, as pages of a changing fleet may
	blindChangedAt time.Time // when blind changed last
}

// modelClouds are the modelled clouds. What they answer is read at the request's turn.
type modelClouds struct {
	scheduler *turnScheduler

	mu       sync.Mutex
	machines []*modelInstance
	regions  []*modelRegion
}

// visibleInstances returns what a region shows now, by id.
func (s *modelClouds) visibleInstances(at *modelRegion) []inventory.Instance {
	now := time.Now()
	var all []inventory.Instance
	for _, m := range s.machines {
		if m.Scope == at.Scope && (m.watched.Alive && !now.Before(m.visible) || !m.watched.Alive && now.Before(m.until)) {
			all = append(all, m.Instance)
		}
	}
	slices.SortFunc(all, func(x, y inventory.Instance) int { return compareIDs(x.ID, y.ID) })
	return all
}

func compareIDs(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// modelLister is the lister of one account, with Alibaba's ways: no right reads as an empty answer.
type modelLister struct {
	clouds *modelClouds
	name   string
	owner  string
}

func (v modelLister) enterRegion(ctx context.Context, what, name string) (*modelRegion, func(), error) {
	if err := v.clouds.scheduler.acquire(ctx, runNumberOf(ctx), v.name+" "+name+" "+what); err != nil {
		return nil, nil, &inventory.Error{Kind: inventory.Deadline, Message: what, Err: err}
	}
	v.clouds.mu.Lock()
	for _, r := range v.clouds.regions {
		if r.Account == v.name && r.Region == name {
			if r.failing {
				v.clouds.mu.Unlock()
				return nil, nil, &inventory.Error{Kind: inventory.Throttled, Message: what + ": throttled"}
			}
			return r, v.clouds.mu.Unlock, nil
		}
	}
	v.clouds.mu.Unlock()
	return nil, nil, &inventory.Error{Kind: inventory.NotFound, Message: "no region " + name}
}

// Owner implements cloud.Lister.
func (v modelLister) Owner(context.Context) (string, error) { return v.owner, nil }

// Regions implements cloud.Lister.
func (v modelLister) Regions(context.Context) ([]string, error) { return nil, nil }

// List implements cloud.Lister, in pages of four.
func (v modelLister) List(ctx context.Context, name string) ([]inventory.Instance, error) {
	var all []inventory.Instance
	for after := ""; ; {
		at, release, err := v.enterRegion(ctx, "list", name)
		if err != nil {
			return nil, err
		}
		page := v.clouds.visibleInstances(at)
		if at.leaky && len(page) > 1 {
			page = page[1:]
		}
		page = slices.DeleteFunc(page, func(i inventory.Instance) bool { return i.ID <= after })
		more := len(page) > 4
		if at.blind {
			page, more = nil, false
		}
		release()
		if more {
			page = page[:4]
		}
		all = append(all, page...)
		if len(page) == 0 {
			return all, v.probe(ctx, name)
		}
		if !more {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}

func (v modelLister) probe(ctx context.Context, name string) error {
	at, release, err := v.enterRegion(ctx, "probe", name)
	if err != nil {
		return err
	}
	defer release()
	if at.blind {
		return &inventory.Error{Kind: inventory.Denied, Message: "the right to list is missing"}
	}
	return nil
}

// Find implements cloud.Lister.
func (v modelLister) Find(ctx context.Context, name string, ids []string) ([]inventory.Instance, error) {
	at, release, err := v.enterRegion(ctx, "ids", name)
	if err != nil {
		return nil, err
	}
	defer release()
	if at.blind {
		return nil, nil
	}
	return slices.DeleteFunc(v.clouds.visibleInstances(at), func(i inventory.Instance) bool { return !slices.Contains(ids, i.ID) }), nil
}

// FindVerified implements cloud.Lister.
func (v modelLister) FindVerified(ctx context.Context, name string, ids []string) (inventory.FindResult, error) {
	found, err := v.Find(ctx, name, ids)
	if err == nil && len(found) < len(ids) {
		err = v.probe(ctx, name)
	}
	if err != nil {
		return inventory.FindResult{}, err
	}
	return inventory.FindResult{Instances: found}, nil
}
