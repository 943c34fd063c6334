package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// MaxSkew is how far apart the clocks of two holders may be. A lease is taken over only when it
// ended that long ago by the clock of the one who takes it. Where clocks differ by more, two runs may hold one lease for
// the difference; ids and proof keep that safe, only work is wasted.
const MaxSkew = 30 * time.Second

// MaxLeaseTTL is the longest lease.
const MaxLeaseTTL = 24 * time.Hour

// Errors of leases, for errors.Is. Each is wrapped in an *inventory.Error.
var (
	// ErrNoLease says that the store has no preconditions, so that no lease can be held (kind Unsupported).
	ErrNoLease = errors.New("the store can keep no precondition, so there is no lease")
	// ErrLeaseTaken says that another holds the lease; errors.As finds the *LeaseTakenError (kind Conflict).
	ErrLeaseTaken = errors.New("the lease is taken")
	// ErrLeaseLost says that the lease ended, or passed to another, before it was renewed (kind Conflict).
	ErrLeaseLost = errors.New("the lease is lost")
)

// LeaseTakenError says who holds a lease.
type LeaseTakenError struct {
	Holder string    // "" where it was released in the same moment
	Until  time.Time // by the holder's clock; without MaxSkew
}

// Error returns the holder and the time.
func (t *LeaseTakenError) Error() string {
	if t.Holder == "" {
		return "the lease was taken by another at the same moment"
	}
	return fmt.Sprintf("the lease is held by %q until %s", t.Holder, t.Until.UTC().Format(time.RFC3339))
}

// Is reports that a LeaseTakenError is an ErrLeaseTaken.
func (t *LeaseTakenError) Is(target error) bool { return target == ErrLeaseTaken }

// Lease is a right that nobody else has while it is valid. It is a value: Renew returns a new one.
// The zero value is never valid.
type Lease struct {
	Name, Holder string
	// Token is greater than that of every earlier lease of this name.
	Token uint64
	Until time.Time // by this machine's wall clock
	// Warning says what was corrupt or could not be cleaned up; nil = nothing.
	Warning error

	store *Store
	ttl   time.Duration
	key   string // of the object that stands for the lease
	etag  string // of that object where there is one for all leases of the name; "" with numbered objects
	nonce string
}

// IsValid reports whether the lease can be relied on now. It stops being valid a tenth of its time (at most 10 s)
// before Until, so that a write started just before ends in time. It uses the wall clock:
// the monotonic one stands still while a function's instance is frozen.
func (l Lease) IsValid(now time.Time) bool {
	return now.Round(0).Before(l.Until.Add(-min(l.ttl/10, 10*time.Second)))
}

// leaseBody is a lease as it is saved. A zero Until means that it was released.
type leaseBody struct {
	Token  uint64        `json:"token"`
	Holder string        `json:"holder"`
	Until  time.Time     `json:"until,omitzero"`
	Nonce  string        `json:"nonce"`  // one per acquisition
	TTL    time.Duration `json:"ttl_ns"` // from a renewal to Until; 0 in schema 1
}

// schemaRange: a lease of schema 1 is still respected. A program that knows only schema 1 takes one of
// schema 2 for corrupt and takes it over: two runs work at once, as with clocks beyond MaxSkew.
func (leaseBody) schemaRange() (oldest, newest int) { return 1, 2 }

// isExpired reports whether others may take the lease: its time is over, or it ends later than any clock
// within MaxSkew can have written.
func (b leaseBody) isExpired(now time.Time) bool {
	longest := MaxLeaseTTL
	if b.TTL > 0 {
		longest = min(b.TTL, MaxLeaseTTL)
	}
	return now.After(b.Until.Add(MaxSkew)) || b.Until.After(now.Add(longest+MaxSkew))
}

// AcquireLease acquires the lease of this name for ttl (more than 0, at most MaxLeaseTTL). The holder is a
// text for people, at most 200 bytes, such as the request's id. The error is ErrLeaseTaken where another
// holds the lease, also the caller itself, and ErrNoLease where the store cannot keep one. After any other error the
// outcome is unknown: a lease that nobody holds may stand until it ends.
//
// A store with If-Match has one object per lease, and taking over is a compare-and-swap.
// A store that can only create has numbered objects, and the highest number belongs to the holder.
func (s *Store) AcquireLease(ctx context.Context, name string, ttl time.Duration, holder string) (Lease, error) {
	if ttl <= 0 || ttl > MaxLeaseTTL || len(holder) > 200 {
		return Lease{}, &inventory.Error{
			Kind:    inventory.Invalid,
			Message: fmt.Sprintf("lease %s: a time of %s, or a holder of %d bytes", name, ttl, len(holder)),
		}
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	l := Lease{
		Name: name, Holder: strings.ToValidUTF8(holder, "?"), Until: s.now().Round(0).UTC().Add(ttl),
		store: s, ttl: ttl, nonce: s.nonce(),
	}
	var err error
	can := s.bucket.Capabilities(ctx)
	switch {
	case can.CreateOnly && can.IfMatch:
		err = s.acquireCAS(ctx, &l)
	case can.CreateOnly:
		err = s.acquireSequence(ctx, &l)
	default:
		err = &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoLease}
	}
	if err == nil && !l.IsValid(s.now()) {
		err = newLostError("it took longer to take than it lasts")
	}
	if err != nil {
		return Lease{}, wrapError("lease "+name, err)
	}
	return l, nil
}

// Renew returns the lease with its full time from now on. The error is ErrLeaseLost where it is no longer valid or
// another holds it. After any other error the old lease stays as it is.
func (l Lease) Renew(ctx context.Context) (Lease, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if l.store == nil || !l.IsValid(l.store.now()) {
		return Lease{}, wrapError("renew lease "+l.Name, newLostError("it has ended"))
	}
	next := l
	next.Until, next.Warning = l.store.now().Round(0).UTC().Add(l.ttl), nil
	var err error
	if l.etag != "" {
		err = next.compareAndSwap(ctx, next.newBody())
	} else {
		err = next.renewSequence(ctx, l)
	}
	if err != nil {
		return Lease{}, wrapError("renew lease "+l.Name, err)
	}
	return next, nil
}

// Release lets others acquire the lease at once. It is no error if another holds it already.
func (l Lease) Release(ctx context.Context) error {
	if l.store == nil || !l.IsValid(l.store.now()) {
		return nil // it has ended or ends by itself; a late write could only do harm
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	body := l.newBody()
	body.Until = time.Time{}
	var err error
	if l.etag != "" {
		err = l.compareAndSwap(ctx, body)
	} else {
		err = l.save(ctx, body, storage.Always())
	}
	if errors.Is(err, ErrLeaseLost) {
		return nil
	}
	return wrapError("release lease "+l.Name, err)
}

func (l *Lease) newBody() leaseBody {
	return leaseBody{Token: l.Token, Holder: l.Holder, Until: l.Until, Nonce: l.nonce, TTL: l.ttl}
}

// save writes the lease's object and stores its ETag in the lease.
func (l *Lease) save(ctx context.Context, body leaseBody, c storage.Condition) (err error) {
	l.etag, err = l.store.saveObject(ctx, l.key, smallMaxBytes, body, c)
	return err
}

func newLostError(why string) error {
	return &inventory.Error{Kind: inventory.Conflict, Message: why, Err: ErrLeaseLost}
}

func newTakenError(b leaseBody) error {
	return &inventory.Error{Kind: inventory.Conflict, Err: &LeaseTakenError{Holder: b.Holder, Until: b.Until}}
}
