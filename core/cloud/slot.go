package cloud

import (
	"context"
	"runtime"
)

// Slots bound how many calls of an account convert their page into rows at once. More than there are processors would
// not be faster, as conversion waits for nothing; but each page takes several times its size meanwhile.
type Slots chan struct{}

// NewSlots returns one slot for each processor.
func NewSlots() Slots { return make(Slots, runtime.GOMAXPROCS(0)) }

// Slot is that of one call, which runs in one goroutine. Without Slots it needs none.
type Slot struct {
	Slots Slots
	taken bool
}

// Acquire waits for a slot: for as long as other calls convert, never for the network.
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

// Free frees the slot, if the call has one.
func (s *Slot) Free() {
	if s.taken {
		<-s.Slots
		s.taken = false
	}
}
