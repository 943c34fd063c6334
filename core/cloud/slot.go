package cloud

import (
	"context"
	"runtime"
)

// Slots are the places of those calls of an account that turn their page into rows right now. More of them than
// processors would not be faster, as nothing is waited for meanwhile; but a page takes several times its size then,
// and all regions may have one at once.
type Slots chan struct{}

// NewSlots returns one place for each processor.
func NewSlots() Slots { return make(Slots, runtime.GOMAXPROCS(0)) }

// Slot is the place of one call, which is all in one goroutine. Without Slots it needs none.
type Slot struct {
	Slots Slots
	taken bool
}

// Acquire waits for a place: for as long as others compute, never for the network.
func (s *Slot) Acquire(ctx context.Context) error {
	if s.Slots == nil || s.taken {
		return nil
	}
	select {
	case s.Slots <- struct{}{}:
		s.taken = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Free gives the place back, if the call has one.
func (s *Slot) Free() {
	if s.taken {
		<-s.Slots
		s.taken = false
	}
}
