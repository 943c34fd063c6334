package state

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// shortLeaseTTL is how long the lease of one change lasts. The change itself is bounded by callTimeout.
const shortLeaseTTL = 30 * time.Second

// withShortLease makes one change under a lease of its own, and waits while others hold it. It is how objects are
// changed that several runs share where the store has no If-Match.
func (s *Store) withShortLease(ctx context.Context, name string, change func(Lease) error) error {
	for {
		lease, err := s.AcquireLease(ctx, name, shortLeaseTTL, "")
		if err == nil {
			err = change(lease)
			_ = lease.Release(ctx) // it ends by itself
			return err
		}
		if !errors.Is(err, ErrLeaseTaken) {
			return err
		}
		err = s.waitForOthers(ctx)
		if err != nil {
			return err
		}
	}
}

// waitForOthers waits a random few milliseconds. Its error is Conflict: others kept changing the object until ctx ended.
func (s *Store) waitForOthers(ctx context.Context) error {
	const shortest, spread = 5, 60 // milliseconds
	timer := time.NewTimer(time.Duration(shortest+s.pick(spread)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &inventory.Error{Kind: inventory.Conflict, Message: "others change it all the time", Err: ctx.Err()}
	}
}
