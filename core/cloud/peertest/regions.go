package peertest

import (
	"cmp"
	"slices"
	"sync"
)

// Regions holds the instances of an account by region. An emulator's account embeds it. It is
// safe for concurrent use.
type Regions[T any] struct {
	id func(T) string

	mu      sync.Mutex
	regions map[string]*regionRows[T]
}

// regionRows is one region.
type regionRows[T any] struct {
	rows        map[string]T
	insertOrder []string // the ids, oldest first
	descending  []string // the ids, descending; nil = not sorted yet
	hidden      map[string]bool
}

// NewRegions returns regions without instances; id returns the id of an instance.
func NewRegions[T any](id func(T) string) *Regions[T] {
	return &Regions[T]{id: id, regions: map[string]*regionRows[T]{}}
}

// region returns a region; the caller holds the lock.
func (r *Regions[T]) region(region string) *regionRows[T] {
	if r.regions[region] == nil {
		r.regions[region] = &regionRows[T]{rows: map[string]T{}, hidden: map[string]bool{}}
	}
	return r.regions[region]
}

// Put adds instances to a region as its newest, or replaces those with the same id.
func (r *Regions[T]) Put(region string, instances ...T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	for _, i := range instances {
		id := r.id(i)
		if _, met := p.rows[id]; !met {
			p.insertOrder, p.descending = append(p.insertOrder, id), nil
		}
		p.rows[id] = i
	}
}

// Fill adds n instances to a region, each made by a function of its number from 0, and returns
// their ids.
func (r *Regions[T]) Fill(region string, n int, at func(i int) T) (ids []string) {
	instances := make([]T, n)
	for i := range instances {
		instances[i] = at(i)
		ids = append(ids, r.id(instances[i]))
	}
	r.Put(region, instances...)
	return ids
}

// Change changes the named instances that exist, but not their ids.
func (r *Regions[T]) Change(region string, change func(*T), ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	for _, id := range ids {
		if i, there := p.rows[id]; there {
			change(&i)
			p.rows[id] = i
		}
	}
}

// Remove removes instances; no ids = all of the region.
func (r *Regions[T]) Remove(region string, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	if len(ids) == 0 {
		clear(p.rows)
	}
	for _, id := range ids {
		delete(p.rows, id)
	}
	p.insertOrder = slices.DeleteFunc(p.insertOrder, func(id string) bool {
		_, exists := p.rows[id]
		return !exists
	})
	p.descending = nil
}

// Hide makes Newest and Page omit instances, like a list that loses rows; Get and All still return
// them. No ids = no instance is hidden any more.
func (r *Regions[T]) Hide(region string, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	if len(ids) == 0 {
		clear(p.hidden)
	}
	for _, id := range ids {
		p.hidden[id] = true
	}
}

// Get returns one instance, hidden or not.
func (r *Regions[T]) Get(region, id string) (i T, there bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, there = r.region(region).rows[id]
	return i, there
}

// Newest returns the instances of a region that are not hidden, the newest first.
func (r *Regions[T]) Newest(region string) []T { return r.newest(region, false) }

// All returns all instances of a region, the newest first.
func (r *Regions[T]) All(region string) []T { return r.newest(region, true) }

func (r *Regions[T]) newest(region string, all bool) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	rows := make([]T, 0, len(p.insertOrder))
	for _, id := range slices.Backward(p.insertOrder) {
		if all || !p.hidden[id] {
			rows = append(rows, p.rows[id])
		}
	}
	return rows
}

// Page returns up to n instances after a cursor (an id, "" = the start) in descending order, so that
// nobody relies on a sorted answer; ids, if not nil, are the only ones. next is "" at the end. The
// cursor is a key, not a position: a changing fleet neither hides nor repeats an instance that stays.
func (r *Regions[T]) Page(region string, ids []string, after string, n int) (rows []T, next string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.region(region)
	if p.descending == nil {
		p.descending = slices.Clone(p.insertOrder)
		slices.SortFunc(p.descending, func(a, b string) int { return cmp.Compare(b, a) })
	}
	from := 0
	if after != "" {
		at, met := slices.BinarySearchFunc(p.descending, after, func(id, want string) int { return cmp.Compare(want, id) })
		from = at
		if met {
			from++
		}
	}
	for _, id := range p.descending[from:] {
		switch {
		case p.hidden[id] || ids != nil && !slices.Contains(ids, id):
		case len(rows) == n:
			return rows, r.id(rows[n-1])
		default:
			rows = append(rows, p.rows[id])
		}
	}
	return rows, ""
}
