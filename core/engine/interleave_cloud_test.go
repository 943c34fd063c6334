package engine_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// vm is one instance of the modelled clouds.
type vm struct {
	inventory.Instance
	alive   bool
	visible time.Time // the cloud shows it from here on
	until   time.Time // and a released one up to here
}

// region is one scope of the modelled clouds.
type region struct {
	inventory.Scope
	owner   string
	blind   bool // the right to list is missing: empty answers, and a refused probe
	failing bool
	leaky   bool      // lists leave the first one out, as pages of a changing fleet may
	turned  time.Time // when blind changed last
}

// skies are the modelled clouds. What they answer is read at the request's turn.
type skies struct {
	turns *turns

	mu       sync.Mutex
	machines []*vm
	regions  []*region
}

// shown gives what a region shows now, by id.
func (s *skies) shown(at *region) []inventory.Instance {
	now := time.Now()
	var all []inventory.Instance
	for _, m := range s.machines {
		if m.Scope == at.Scope && (m.alive && !now.Before(m.visible) || !m.alive && now.Before(m.until)) {
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

// view is the lister of one account, with Alibaba's ways: no right reads as an empty answer.
type view struct {
	skies *skies
	name  string
	owner string
}

func (v view) at(ctx context.Context, what, name string) (*region, func(), error) {
	if err := v.skies.turns.take(ctx, runOf(ctx), v.name+" "+name+" "+what); err != nil {
		return nil, nil, &inventory.Error{Kind: inventory.Deadline, Message: what, Err: err}
	}
	v.skies.mu.Lock()
	for _, r := range v.skies.regions {
		if r.Account == v.name && r.Region == name {
			if r.failing {
				v.skies.mu.Unlock()
				return nil, nil, &inventory.Error{Kind: inventory.Throttled, Message: what + ": throttled"}
			}
			return r, v.skies.mu.Unlock, nil
		}
	}
	v.skies.mu.Unlock()
	return nil, nil, &inventory.Error{Kind: inventory.NotFound, Message: "no region " + name}
}

// Owner implements cloud.Lister.
func (v view) Owner(context.Context) (string, error) { return v.owner, nil }

// Regions implements cloud.Lister.
func (v view) Regions(context.Context) ([]string, error) { return nil, nil }

// List implements cloud.Lister, in pages of four.
func (v view) List(ctx context.Context, name string) ([]inventory.Instance, error) {
	var all []inventory.Instance
	for after := ""; ; {
		at, release, err := v.at(ctx, "list", name)
		if err != nil {
			return nil, err
		}
		page := v.skies.shown(at)
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

func (v view) probe(ctx context.Context, name string) error {
	at, release, err := v.at(ctx, "probe", name)
	if err != nil {
		return err
	}
	defer release()
	if at.blind {
		return &inventory.Error{Kind: inventory.Denied, Message: "the right to list is missing"}
	}
	return nil
}

// Glance implements cloud.Lister.
func (v view) Glance(ctx context.Context, name string, ids []string) ([]inventory.Instance, error) {
	at, release, err := v.at(ctx, "ids", name)
	if err != nil {
		return nil, err
	}
	defer release()
	if at.blind {
		return nil, nil
	}
	return slices.DeleteFunc(v.skies.shown(at), func(i inventory.Instance) bool { return !slices.Contains(ids, i.ID) }), nil
}

// Lookup implements cloud.Lister.
func (v view) Lookup(ctx context.Context, name string, ids []string) (inventory.Found, error) {
	found, err := v.Glance(ctx, name, ids)
	if err == nil && len(found) < len(ids) {
		err = v.probe(ctx, name)
	}
	if err != nil {
		return inventory.Found{}, err
	}
	return inventory.Found{Instances: found}, nil
}
