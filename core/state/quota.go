package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoQuota says that the store has no precondition, so that a budget cannot be shared (kind
// Unsupported).
var ErrNoQuota = errors.New("the store can keep no precondition, so no budget is shared")

// How long a claim counts against those of other slices, unless its slice claims anew.
const (
	// grantLifetime is for what was allowed: what a run does ends long before.
	grantLifetime = time.Hour
	// refusalLifetime is for what was not: it still waits, also where the timer fires once a day.
	refusalLifetime = 25 * time.Hour
)

const (
	// quotaLeaseTTL is for one change of a budget where the store can only create. A change takes
	// no longer than patience.
	quotaLeaseTTL = 30 * time.Second
	// maxReservationsPerShard is how many claims of one slice are kept: its runs may overlap.
	maxReservationsPerShard = 3
)

// Quota is a number of removals that the slices of one run, which work side by side, may make
// together. It counts as the guard of one run does: what all of them want, granted or not, so that
// a storm that is too large for one run is not removed bit by bit.
type Quota struct {
	store *Store
	name  string
	key   string
}

// Quota gives the budget of this name.
func (s *Store) Quota(name string) *Quota {
	return &Quota{store: s, name: name, key: s.prefix + "budget/" + safeKeyPart(name) + ".json"}
}

// Reservation is what a slice would remove.
type Reservation struct {
	ShardKey string    // names the accounts and regions; two slices must not have one name
	FiredAt  time.Time // of the run: the same for one that is delivered again
	Removals int       // removals; 0 gives up what was wanted before
}

// Grant answers a claim: all that is wanted, or nothing.
type Grant struct {
	Granted       bool
	OtherRemovals int // removals that count for the other slices
}

// quotaBody is a budget as it is written. Claims are in the order of their writing.
type quotaBody struct {
	Reservations []reservationBody `json:"claims"`
	DamagedSince time.Time         `json:"blind,omitzero"` // what was claimed before is lost: it was damaged
	Nonce        string            `json:"nonce"`          // of the write
}

type reservationBody struct {
	ShardKey string    `json:"slice"`
	FiredAt  time.Time `json:"tick"`
	Removals int       `json:"want"`
	Granted  bool      `json:"granted"`
	At       time.Time `json:"at"`
}

// Reserve grants a claim if all slices together want no more than limit: of each other slice
// counts what it claimed last, or in the same tick if that is more; of this one also what it was granted
// in the same tick before. A refused claim counts as well, until its slice claims anew. After an
// error nothing is granted; its kind is Unsupported (ErrNoQuota) where the store can share none.
// A claim of 0 where there is nothing to give up costs one read.
func (b *Quota) Reserve(ctx context.Context, c Reservation, limit int) (Grant, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	c.FiredAt = c.FiredAt.UTC()
	var g Grant
	var err error
	switch can := b.store.bucket.Capabilities(ctx); {
	case can.CreateOnly && can.IfMatch:
		g, err = b.reserveByCAS(ctx, c, limit)
	case can.CreateOnly:
		g, err = b.reserveUnderLease(ctx, c, limit)
	default:
		err = &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoQuota}
	}
	if err != nil {
		return Grant{}, wrapError("budget "+b.name, err)
	}
	return g, nil
}

// reserveByCAS changes the budget by compare-and-swap, again while others are faster.
func (b *Quota) reserveByCAS(ctx context.Context, c Reservation, limit int) (Grant, error) {
	for {
		body, etag, err := b.loadBody(ctx)
		if err != nil {
			return Grant{}, err
		}
		g, changed := body.addReservation(c, limit, b.store.now().UTC())
		if !changed {
			return g, nil
		}
		condition := storage.CreateOnly()
		if etag != "" {
			condition = storage.IfMatch(etag)
		}
		err = b.saveBody(ctx, body, condition)
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return g, err
		}
		if err := b.store.giveWay(ctx); err != nil {
			return Grant{}, err
		}
	}
}

// reserveUnderLease changes the budget under a short lease. The whole change ends long before the lease.
func (b *Quota) reserveUnderLease(ctx context.Context, c Reservation, limit int) (Grant, error) {
	if c.Removals == 0 { // mostly there is nothing to give up
		body, _, err := b.loadBody(ctx)
		if err != nil {
			return Grant{}, err
		}
		if g, changed := body.addReservation(c, limit, b.store.now().UTC()); !changed {
			return g, nil
		}
	}
	var lease Lease
	for {
		var err error
		lease, err = b.store.AcquireLease(ctx, "budget "+b.name, quotaLeaseTTL, "")
		if err == nil {
			break
		}
		if !errors.Is(err, ErrLeaseTaken) {
			return Grant{}, err
		}
		if err := b.store.giveWay(ctx); err != nil {
			return Grant{}, err
		}
	}
	g, err := b.reserveOnce(ctx, c, limit, lease)
	_ = lease.Release(ctx) // it ends by itself
	return g, err
}

func (b *Quota) reserveOnce(ctx context.Context, c Reservation, limit int, lease Lease) (Grant, error) {
	body, _, err := b.loadBody(ctx)
	if err != nil {
		return Grant{}, err
	}
	g, changed := body.addReservation(c, limit, b.store.now().UTC())
	if !changed {
		return g, nil
	}
	if !lease.IsValid(b.store.now()) {
		return Grant{}, newLostError("the budget's lease ended before it was written")
	}
	return g, b.saveBody(ctx, body, storage.Always())
}

// giveWay lets others go first, for a time by chance. The kind of its error is Conflict: they are many.
func (s *Store) giveWay(ctx context.Context) error {
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

// loadBody gives the budget; "" as ETag where there is none yet. A damaged one is begun anew, and for an
// hour nothing is granted, because it is not known what was.
func (b *Quota) loadBody(ctx context.Context) (quotaBody, string, error) {
	var body quotaBody
	etag, err := b.store.loadObject(ctx, b.key, queueMaxBytes, &body)
	switch _, bad := asCorrupt(err); {
	case bad:
		return quotaBody{DamagedSince: b.store.now().UTC()}, etag, nil
	case inventory.KindOf(err) == inventory.NotFound:
		return quotaBody{}, "", nil
	}
	return body, etag, err
}

func (b *Quota) saveBody(ctx context.Context, body quotaBody, c storage.Condition) error {
	body.Nonce = b.store.nonce()
	data, err := encodeObject(body, queueMaxBytes)
	if err == nil {
		_, err = b.store.saveObject(ctx, b.key, data, c)
	}
	return err
}

// addReservation enters a claim, and tells whether the budget has to be written.
func (b *quotaBody) addReservation(c Reservation, limit int, now time.Time) (Grant, bool) {
	b.pruneExpired(now)
	slice := safeKeyPart(c.ShardKey)
	before, same, old := 0, -1, false
	for n, have := range b.Reservations {
		if have.ShardKey != slice {
			continue
		}
		old = old || have.Removals > 0
		if have.FiredAt.Equal(c.FiredAt) {
			same = n
			if have.Granted {
				before = have.Removals
			}
		}
	}
	g := Grant{Granted: true, OtherRemovals: b.otherRemovals(slice, c.FiredAt)}
	if c.Removals == 0 && !old {
		return g, false
	}
	entry := reservationBody{ShardKey: slice, FiredAt: c.FiredAt, Removals: before + c.Removals, Granted: true, At: now}
	if c.Removals > 0 && (!b.DamagedSince.IsZero() || g.OtherRemovals > limit-entry.Removals) {
		g.Granted = false
		// What it was granted in this tick is gone for good, and stands.
		entry.Granted, entry.Removals = before > 0, max(before, c.Removals)
	}
	if same >= 0 {
		b.Reservations = slices.Delete(b.Reservations, same, same+1)
	}
	b.Reservations = append(b.Reservations, entry)
	b.pruneShard(slice)
	return g, true
}

// otherRemovals sums what counts for all slices but one: of each the latest claim, or that of the same tick.
func (b *quotaBody) otherRemovals(slice string, tick time.Time) int {
	latest, same := map[string]int{}, map[string]int{}
	for _, c := range b.Reservations {
		if c.ShardKey == slice {
			continue
		}
		latest[c.ShardKey] = c.Removals
		if c.FiredAt.Equal(tick) {
			same[c.ShardKey] = c.Removals
		}
	}
	sum := 0
	for name, want := range latest {
		sum += max(want, same[name])
	}
	return sum
}

// pruneExpired takes out what no longer counts. A time that is still to come was written by a wrong
// clock, and counts from now.
func (b *quotaBody) pruneExpired(now time.Time) {
	if !b.DamagedSince.IsZero() && now.After(b.DamagedSince.Add(grantLifetime)) {
		b.DamagedSince = time.Time{}
	}
	for n := range b.Reservations {
		if c := &b.Reservations[n]; c.At.After(now.Add(MaxSkew)) {
			c.At = now
		}
	}
	last := map[string]time.Time{}
	for _, c := range b.Reservations {
		last[c.ShardKey] = c.FiredAt
	}
	b.Reservations = slices.DeleteFunc(b.Reservations, func(c reservationBody) bool {
		counts := grantLifetime
		if !c.Granted && c.FiredAt.Equal(last[c.ShardKey]) { // it was not claimed anew
			counts = refusalLifetime
		}
		return now.After(c.At.Add(counts))
	})
}

// pruneShard keeps the last claims of a slice, and none where all are of nothing.
func (b *quotaBody) pruneShard(slice string) {
	many, wants := 0, false
	for _, c := range slices.Backward(b.Reservations) {
		if c.ShardKey == slice && many < maxReservationsPerShard {
			many++
			wants = wants || c.Removals > 0
		}
	}
	drop := -many
	for _, c := range b.Reservations {
		if c.ShardKey == slice {
			drop++
		}
	}
	b.Reservations = slices.DeleteFunc(b.Reservations, func(c reservationBody) bool {
		if c.ShardKey != slice {
			return false
		}
		drop--
		return !wants || drop >= 0
	})
}
