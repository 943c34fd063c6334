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

// MaxSkew is how far the clocks of two holders may be apart. A lease is taken over only when it
// ended that long ago by the taker's clock. Beyond it two may hold one lease for the difference,
// which ids and proof make safe, only wasteful.
const MaxSkew = 30 * time.Second

// MaxLeaseTTL is the longest lease.
const MaxLeaseTTL = 24 * time.Hour

// Errors of leases, for errors.Is. Each comes inside an *inventory.Error.
var (
	// ErrNoLease says that the store has no precondition, so that nothing can be held (kind Unsupported).
	ErrNoLease = errors.New("the store can keep no precondition, so there is no lease")
	// ErrLeaseTaken says that another holds the lease; errors.As finds the *Taken (kind Conflict).
	ErrLeaseTaken = errors.New("the lease is taken")
	// ErrLeaseLost says that the lease ended, or passed to another, before it was renewed (kind Conflict).
	ErrLeaseLost = errors.New("the lease is lost")
)

// LeaseTakenError is the error that names who holds a lease.
type LeaseTakenError struct {
	Holder string    // "" where it let go while it was asked
	Until  time.Time // by the holder's clock; without MaxSkew
}

// Error names the holder and the time.
func (t *LeaseTakenError) Error() string {
	if t.Holder == "" {
		return "the lease was taken by another at the same moment"
	}
	return fmt.Sprintf("the lease is held by %q until %s", t.Holder, t.Until.UTC().Format(time.RFC3339))
}

// Is makes a Taken be ErrLeaseTaken.
func (t *LeaseTakenError) Is(target error) bool { return target == ErrLeaseTaken }

// Lease is a right that nobody else has while it is valid. It is a value; Renew gives a new one.
// The zero value is never valid.
type Lease struct {
	Name, Holder string
	// Token is greater than that of every lease of this name before.
	Token uint64
	Until time.Time // by this machine's wall clock
	// Warning tells that something was set aside or could not be cleaned up; nil = nothing.
	Warning error

	store *Store
	ttl   time.Duration
	key   string // of the object that says so
	etag  string // of that object where it is one for all; "" with numbered ones
	nonce string
}

// IsValid tells whether the lease can be relied on now. It ends a tenth of its time (at most 10 s)
// before Until, so that what was begun just before is done in time. It goes by the wall clock:
// the other one stands still while a function's instance is frozen.
func (l Lease) IsValid(now time.Time) bool {
	return now.Round(0).Before(l.Until.Add(-min(l.ttl/10, 10*time.Second)))
}

// leaseBody is a lease as it is written. Until zero means that it was released.
type leaseBody struct {
	Token  uint64        `json:"token"`
	Holder string        `json:"holder"`
	Until  time.Time     `json:"until,omitzero"`
	Nonce  string        `json:"nonce"`  // of the acquisition
	TTL    time.Duration `json:"ttl_ns"` // from a renewal to Until; schema 1 has none
}

// schemaRange: a lease of schema 1 is still kept to. A program that knows only schema 1 takes one of
// schema 2 for damaged, and takes it over: two work at once, as beyond MaxSkew.
func (leaseBody) schemaRange() (oldest, newest int) { return 1, 2 }

// isExpired tells whether others may take the lease: its time is over, or it ends later than any that
// was written until now by a clock that is not wrong.
func (b leaseBody) isExpired(now time.Time) bool {
	longest := MaxLeaseTTL
	if b.TTL > 0 {
		longest = min(b.TTL, MaxLeaseTTL)
	}
	return now.After(b.Until.Add(MaxSkew)) || b.Until.After(now.Add(longest+MaxSkew))
}

// AcquireLease takes the lease of this name for ttl (more than 0, at most MaxLeaseTTL). The holder is a
// text for people, at most 200 bytes, e.g. the request's id. Its error is ErrLeaseTaken where another
// holds the lease, ErrNoLease where the store cannot keep one; after any other error nothing is
// known, and a lease that nobody holds may stand until it ends. Who holds it cannot take it again.
//
// Where the store has If-Match the lease is one object, and taking it over is a compare-and-swap.
// Where it can only create, leases are numbered objects, and the highest number says who holds it.
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
	switch can := s.bucket.Capabilities(ctx); {
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

// Renew makes the lease last its time from now on. It is ErrLeaseLost where it is no longer valid or
// another has it. After any other error the lease that one has stays as it is.
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

// Release lets others take the lease at once. That another has it already is no error.
func (l Lease) Release(ctx context.Context) error {
	if l.store == nil || !l.IsValid(l.store.now()) {
		return nil // it ends, or ended, by itself; a late write could only hurt
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

// save writes the lease's object and notes its ETag.
func (l *Lease) save(ctx context.Context, body leaseBody, c storage.Condition) error {
	data, err := encodeObject(body, smallMaxBytes)
	if err != nil {
		return err
	}
	l.etag, err = l.store.saveObject(ctx, l.key, data, c)
	return err
}

func newLostError(why string) error {
	return &inventory.Error{Kind: inventory.Conflict, Message: why, Err: ErrLeaseLost}
}

func newTakenError(b leaseBody) error {
	return &inventory.Error{Kind: inventory.Conflict, Err: &LeaseTakenError{Holder: b.Holder, Until: b.Until}}
}
