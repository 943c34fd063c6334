package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoQuota says that the store has no preconditions, so that a quota cannot be shared (kind
// Unsupported).
var ErrNoQuota = errors.New("the store can keep no precondition, so no budget is shared")

// How long a reservation counts against those of other shards, unless its shard reserves again.
const (
	// grantLifetime is for a granted one: what a run does ends long before.
	grantLifetime = time.Hour
	// refusalLifetime is for a refused one: it still waits, also where the timer fires once a day.
	refusalLifetime = 25 * time.Hour
)

// maxReservationsPerShard is how many reservations of one shard are kept, as its runs may overlap.
const maxReservationsPerShard = 3

// Quota is a number of removals that the shards of one run, which work side by side, may make
// together. It counts like the guard of a single run: what all of them want, granted or not, so that
// removals that are too many for one run do not pass bit by bit.
type Quota struct {
	store *Store
	name  string
	key   string
}

// Quota returns the quota of this name.
func (s *Store) Quota(name string) *Quota {
	return &Quota{store: s, name: name, key: s.prefix + "budget/" + safeKeyPart(name) + ".json"}
}

// Reservation is what a shard wants to remove.
type Reservation struct {
	ShardKey string    // names the accounts and regions; no two shards may have the same
	FiredAt  time.Time // of the run's timer: the same where a firing is delivered again
	Removals int       // 0 gives up what was wanted before
}

// Grant is the answer to a reservation: all of it, or nothing.
type Grant struct {
	Granted       bool
	OtherRemovals int // removals that count for the other shards
}

// quotaBody is a quota as it is saved. Reservations are in the order of their writing.
type quotaBody struct {
	Reservations []reservationBody `json:"claims"`
	DamagedSince time.Time         `json:"blind,omitzero"` // the reservations before are lost: the object was corrupt
	Nonce        string            `json:"nonce"`          // one per write
}

type reservationBody struct {
	ShardKey string    `json:"slice"`
	FiredAt  time.Time `json:"tick"`
	Removals int       `json:"want"`
	Granted  bool      `json:"granted"`
	At       time.Time `json:"at"`
}

// Reserve grants a reservation if all shards together want no more than limit. Of each other shard
// its last reservation counts, or that of the same firing if it is larger; of this shard also what it was granted
// for the same firing before. A refused reservation counts too, until its shard reserves again. After an
// error nothing is granted; its kind is Unsupported (ErrNoQuota) where the store has no preconditions.
// A reservation of 0 where there is nothing to give up costs one read.
func (b *Quota) Reserve(ctx context.Context, r Reservation, limit int) (Grant, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	r.FiredAt = r.FiredAt.UTC()
	var g Grant
	var err error
	can := b.store.bucket.Capabilities(ctx)
	switch {
	case can.CreateOnly && can.IfMatch:
		g, err = b.reserveByCAS(ctx, r, limit)
	case can.CreateOnly:
		g, err = b.reserveUnderLease(ctx, r, limit)
	default:
		err = &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoQuota}
	}
	if err != nil {
		return Grant{}, wrapError("budget "+b.name, err)
	}
	return g, nil
}

// reserveByCAS changes the quota by compare-and-swap, again while others are faster.
func (b *Quota) reserveByCAS(ctx context.Context, r Reservation, limit int) (Grant, error) {
	for {
		body, etag, err := b.loadBody(ctx)
		if err != nil {
			return Grant{}, err
		}
		g, changed := body.addReservation(r, limit, b.store.now().UTC())
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
		if err := b.store.waitForOthers(ctx); err != nil {
			return Grant{}, err
		}
	}
}

// reserveUnderLease changes the quota under a short lease.
func (b *Quota) reserveUnderLease(ctx context.Context, r Reservation, limit int) (Grant, error) {
	if r.Removals == 0 { // mostly there is nothing to give up
		body, _, err := b.loadBody(ctx)
		if err != nil {
			return Grant{}, err
		}
		if g, changed := body.addReservation(r, limit, b.store.now().UTC()); !changed {
			return g, nil
		}
	}
	var g Grant
	err := b.store.withShortLease(ctx, "budget "+b.name, func(lease Lease) (err error) {
		g, err = b.reserveOnce(ctx, r, limit, lease)
		return err
	})
	return g, err
}

func (b *Quota) reserveOnce(ctx context.Context, r Reservation, limit int, lease Lease) (Grant, error) {
	body, _, err := b.loadBody(ctx)
	if err != nil {
		return Grant{}, err
	}
	g, changed := body.addReservation(r, limit, b.store.now().UTC())
	if !changed {
		return g, nil
	}
	if !lease.IsValid(b.store.now()) {
		return Grant{}, newLostError("the budget's lease ended before it was written")
	}
	return g, b.saveBody(ctx, body, storage.Always())
}

// loadBody returns the quota; the ETag is "" where there is none yet. A corrupt one is begun anew, and grants
// nothing for an hour, because it is unknown what was granted.
func (b *Quota) loadBody(ctx context.Context) (quotaBody, string, error) {
	var body quotaBody
	etag, err := b.store.loadObject(ctx, b.key, queueMaxBytes, &body)
	_, corrupt := asCorrupt(err)
	switch {
	case corrupt:
		return quotaBody{DamagedSince: b.store.now().UTC()}, etag, nil
	case inventory.KindOf(err) == inventory.NotFound:
		return quotaBody{}, "", nil
	}
	return body, etag, err
}

func (b *Quota) saveBody(ctx context.Context, body quotaBody, c storage.Condition) error {
	body.Nonce = b.store.nonce()
	_, err := b.store.saveObject(ctx, b.key, queueMaxBytes, body, c)
	return err
}

// addReservation adds a reservation and reports whether the quota has to be saved.
func (b *quotaBody) addReservation(r Reservation, limit int, now time.Time) (Grant, bool) {
	b.pruneExpired(now)
	shard := safeKeyPart(r.ShardKey)
	before, same, old := 0, -1, false
	for n, have := range b.Reservations {
		if have.ShardKey != shard {
			continue
		}
		old = old || have.Removals > 0
		if have.FiredAt.Equal(r.FiredAt) {
			same = n
			if have.Granted {
				before = have.Removals
			}
		}
	}
	g := Grant{Granted: true, OtherRemovals: b.otherRemovals(shard, r.FiredAt)}
	if r.Removals == 0 && !old {
		return g, false
	}
	entry := reservationBody{ShardKey: shard, FiredAt: r.FiredAt, Removals: before + r.Removals, Granted: true, At: now}
	if r.Removals > 0 && (!b.DamagedSince.IsZero() || g.OtherRemovals > limit-entry.Removals) {
		g.Granted = false
		// What it was granted for this firing is removed by now, and still counts.
		entry.Granted, entry.Removals = before > 0, max(before, r.Removals)
	}
	if same >= 0 {
		b.Reservations = slices.Delete(b.Reservations, same, same+1)
	}
	b.Reservations = append(b.Reservations, entry)
	b.pruneShard(shard)
	return g, true
}

// otherRemovals sums what counts for all shards but one: of each the last reservation, or that of the same firing.
func (b *quotaBody) otherRemovals(shard string, firedAt time.Time) int {
	latest, same := map[string]int{}, map[string]int{}
	for _, c := range b.Reservations {
		if c.ShardKey == shard {
			continue
		}
		latest[c.ShardKey] = c.Removals
		if c.FiredAt.Equal(firedAt) {
			same[c.ShardKey] = c.Removals
		}
	}
	sum := 0
	for name, want := range latest {
		sum += max(want, same[name])
	}
	return sum
}

// pruneExpired deletes what no longer counts. A time in the future was written by a wrong
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
		if !c.Granted && c.FiredAt.Equal(last[c.ShardKey]) { // its shard has not reserved again
			counts = refusalLifetime
		}
		return now.After(c.At.Add(counts))
	})
}

// pruneShard keeps the last reservations of a shard, and none where all of them are of 0 removals.
func (b *quotaBody) pruneShard(shard string) {
	many, wants := 0, false
	for _, c := range slices.Backward(b.Reservations) {
		if c.ShardKey == shard && many < maxReservationsPerShard {
			many++
			wants = wants || c.Removals > 0
		}
	}
	drop := -many
	for _, c := range b.Reservations {
		if c.ShardKey == shard {
			drop++
		}
	}
	b.Reservations = slices.DeleteFunc(b.Reservations, func(c reservationBody) bool {
		if c.ShardKey != shard {
			return false
		}
		drop--
		return !wants || drop >= 0
	})
}
