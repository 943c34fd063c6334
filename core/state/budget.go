package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoBudget says that the store has no precondition, so that a budget cannot be shared (kind
// Unsupported).
var ErrNoBudget = errors.New("the store can keep no precondition, so no budget is shared")

// How long a claim counts against those of other slices, unless its slice claims anew.
const (
	// grantedFor is for what was allowed: what a run does ends long before.
	grantedFor = time.Hour
	// refusedFor is for what was not: it still waits, also where the timer fires once a day.
	refusedFor = 25 * time.Hour
)

const (
	// budgetLease is for one change of a budget where the store can only create. A change takes
	// no longer than patience.
	budgetLease = 30 * time.Second
	// keptClaims is how many claims of one slice are kept: its runs may overlap.
	keptClaims = 3
)

// Budget is a number of removals that the slices of one run, which work side by side, may make
// together. It counts as the guard of one run does: what all of them want, granted or not, so that
// a storm that is too large for one run is not removed bit by bit.
type Budget struct {
	store *Store
	name  string
	key   string
}

// Budget gives the budget of this name.
func (s *Store) Budget(name string) *Budget {
	return &Budget{store: s, name: name, key: s.prefix + "budget/" + safe(name) + ".json"}
}

// Claim is what a slice would remove.
type Claim struct {
	Slice string    // names the accounts and regions; two slices must not have one name
	Tick  time.Time // of the run: the same for one that is delivered again
	Want  int       // removals; 0 gives up what was wanted before
}

// Grant answers a claim: all that is wanted, or nothing.
type Grant struct {
	Granted bool
	Others  int // removals that count for the other slices
}

// budgetBody is a budget as it is written. Claims are in the order of their writing.
type budgetBody struct {
	Claims []claimBody `json:"claims"`
	Blind  time.Time   `json:"blind,omitzero"` // what was claimed before is lost: it was damaged
	Nonce  string      `json:"nonce"`          // of the write
}

type claimBody struct {
	Slice   string    `json:"slice"`
	Tick    time.Time `json:"tick"`
	Want    int       `json:"want"`
	Granted bool      `json:"granted"`
	At      time.Time `json:"at"`
}

// Reserve grants a claim if all slices together want no more than limit: of each other slice
// counts what it claimed last, or in the same tick if that is more; of this one also what it was granted
// in the same tick before. A refused claim counts as well, until its slice claims anew. After an
// error nothing is granted; its kind is Unsupported (ErrNoBudget) where the store can share none.
// A claim of 0 where there is nothing to give up costs one read.
func (b *Budget) Reserve(ctx context.Context, c Claim, limit int) (Grant, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	c.Tick = c.Tick.UTC()
	var g Grant
	var err error
	switch can := b.store.bucket.Abilities(ctx); {
	case can.CreateOnly && can.IfMatch:
		g, err = b.swap(ctx, c, limit)
	case can.CreateOnly:
		g, err = b.hold(ctx, c, limit)
	default:
		err = &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoBudget}
	}
	if err != nil {
		return Grant{}, wrap("budget "+b.name, err)
	}
	return g, nil
}

// swap changes the budget by compare-and-swap, again while others are faster.
func (b *Budget) swap(ctx context.Context, c Claim, limit int) (Grant, error) {
	for {
		body, etag, err := b.read(ctx)
		if err != nil {
			return Grant{}, err
		}
		g, changed := body.take(c, limit, b.store.now().UTC())
		if !changed {
			return g, nil
		}
		condition := storage.CreateOnly()
		if etag != "" {
			condition = storage.IfMatch(etag)
		}
		err = b.write(ctx, body, condition)
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return g, err
		}
		if err := b.store.giveWay(ctx); err != nil {
			return Grant{}, err
		}
	}
}

// hold changes the budget under a short lease. The whole change ends long before the lease.
func (b *Budget) hold(ctx context.Context, c Claim, limit int) (Grant, error) {
	if c.Want == 0 { // mostly there is nothing to give up
		body, _, err := b.read(ctx)
		if err != nil {
			return Grant{}, err
		}
		if g, changed := body.take(c, limit, b.store.now().UTC()); !changed {
			return g, nil
		}
	}
	var lease Lease
	for {
		var err error
		lease, err = b.store.Acquire(ctx, "budget "+b.name, budgetLease, "")
		if err == nil {
			break
		}
		if !errors.Is(err, ErrTaken) {
			return Grant{}, err
		}
		if err := b.store.giveWay(ctx); err != nil {
			return Grant{}, err
		}
	}
	g, err := b.change(ctx, c, limit, lease)
	_ = lease.Release(ctx) // it ends by itself
	return g, err
}

func (b *Budget) change(ctx context.Context, c Claim, limit int, lease Lease) (Grant, error) {
	body, _, err := b.read(ctx)
	if err != nil {
		return Grant{}, err
	}
	g, changed := body.take(c, limit, b.store.now().UTC())
	if !changed {
		return g, nil
	}
	if !lease.Valid(b.store.now()) {
		return Grant{}, lost("the budget's lease ended before it was written")
	}
	return g, b.write(ctx, body, storage.Always())
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

// read gives the budget; "" as ETag where there is none yet. A damaged one is begun anew, and for an
// hour nothing is granted, because it is not known what was.
func (b *Budget) read(ctx context.Context) (budgetBody, string, error) {
	var body budgetBody
	etag, err := b.store.read(ctx, b.key, windowLimit, &body)
	switch _, bad := isDamaged(err); {
	case bad:
		return budgetBody{Blind: b.store.now().UTC()}, etag, nil
	case inventory.KindOf(err) == inventory.NotFound:
		return budgetBody{}, "", nil
	}
	return body, etag, err
}

func (b *Budget) write(ctx context.Context, body budgetBody, c storage.Condition) error {
	body.Nonce = b.store.nonce()
	data, err := encode(body, windowLimit)
	if err == nil {
		_, err = b.store.put(ctx, b.key, data, c)
	}
	return err
}

// take enters a claim, and tells whether the budget has to be written.
func (b *budgetBody) take(c Claim, limit int, now time.Time) (Grant, bool) {
	b.clean(now)
	slice := safe(c.Slice)
	before, same, old := 0, -1, false
	for n, have := range b.Claims {
		if have.Slice != slice {
			continue
		}
		old = old || have.Want > 0
		if have.Tick.Equal(c.Tick) {
			same = n
			if have.Granted {
				before = have.Want
			}
		}
	}
	g := Grant{Granted: true, Others: b.others(slice, c.Tick)}
	if c.Want == 0 && !old {
		return g, false
	}
	entry := claimBody{Slice: slice, Tick: c.Tick, Want: before + c.Want, Granted: true, At: now}
	if c.Want > 0 && (!b.Blind.IsZero() || g.Others > limit-entry.Want) {
		g.Granted = false
		// What it was granted in this tick is gone for good, and stands.
		entry.Granted, entry.Want = before > 0, max(before, c.Want)
	}
	if same >= 0 {
		b.Claims = slices.Delete(b.Claims, same, same+1)
	}
	b.Claims = append(b.Claims, entry)
	b.forget(slice)
	return g, true
}

// others sums what counts for all slices but one: of each the latest claim, or that of the same tick.
func (b *budgetBody) others(slice string, tick time.Time) int {
	latest, same := map[string]int{}, map[string]int{}
	for _, c := range b.Claims {
		if c.Slice == slice {
			continue
		}
		latest[c.Slice] = c.Want
		if c.Tick.Equal(tick) {
			same[c.Slice] = c.Want
		}
	}
	sum := 0
	for name, want := range latest {
		sum += max(want, same[name])
	}
	return sum
}

// clean takes out what no longer counts. A time that is still to come was written by a wrong
// clock, and counts from now.
func (b *budgetBody) clean(now time.Time) {
	if !b.Blind.IsZero() && now.After(b.Blind.Add(grantedFor)) {
		b.Blind = time.Time{}
	}
	for n := range b.Claims {
		if c := &b.Claims[n]; c.At.After(now.Add(MaxSkew)) {
			c.At = now
		}
	}
	last := map[string]time.Time{}
	for _, c := range b.Claims {
		last[c.Slice] = c.Tick
	}
	b.Claims = slices.DeleteFunc(b.Claims, func(c claimBody) bool {
		counts := grantedFor
		if !c.Granted && c.Tick.Equal(last[c.Slice]) { // it was not claimed anew
			counts = refusedFor
		}
		return now.After(c.At.Add(counts))
	})
}

// forget keeps the last claims of a slice, and none where all are of nothing.
func (b *budgetBody) forget(slice string) {
	many, wants := 0, false
	for _, c := range slices.Backward(b.Claims) {
		if c.Slice == slice && many < keptClaims {
			many++
			wants = wants || c.Want > 0
		}
	}
	drop := -many
	for _, c := range b.Claims {
		if c.Slice == slice {
			drop++
		}
	}
	b.Claims = slices.DeleteFunc(b.Claims, func(c claimBody) bool {
		if c.Slice != slice {
			return false
		}
		drop--
		return !wants || drop >= 0
	})
}
