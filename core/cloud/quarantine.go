package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// How an account whose credentials fail is tried again: by the next run, as once may be the cloud's
// mistake; then after firstTry, and each time after twice the time before, at most lastTry. People are
// told the first time, and then each reminder.
const (
	firstTry = 5 * time.Minute
	lastTry  = 6 * time.Hour
	reminder = 24 * time.Hour
)

// Quarantine is what is remembered of an account whose credentials fail; the zero value is nothing.
type Quarantine struct {
	Cloud   inventory.Cloud
	Account string
	Key     string    // tells that the credentials are others now; no secret can be read from it
	Since   time.Time // of the first failure
	Until   time.Time // it is not asked before
	Told    time.Time // when people were told last
	Tries   int       // that failed
	Kind    inventory.Kind
	Message string // of the last failure
}

// Memory keeps quarantines between runs. Its methods may be called by several goroutines.
type Memory interface {
	// All gives the quarantines that are known.
	All(ctx context.Context) ([]Quarantine, error)
	// Keep remembers one, in place of that of the same account.
	Keep(ctx context.Context, q Quarantine) error
	// Forget ends that of an account.
	Forget(ctx context.Context, of inventory.Cloud, account string) error
}

// Quarantined is why an account was not asked, or what asking it once more gave.
type Quarantined struct {
	Until time.Time
	Err   error
	told  bool
}

// Error says why, and until when.
func (q *Quarantined) Error() string {
	return fmt.Sprintf("in quarantine, tried again after %s: %v", q.Until.UTC().Format(time.RFC3339), q.Err)
}

// Unwrap gives the failure of the credentials.
func (q *Quarantined) Unwrap() error { return q.Err }

// Again gives when the account is tried again, and the failure.
func (q *Quarantined) Again() (time.Time, error) { return q.Until, q.Err }

// Told tells whether people were told less than a day ago, so that this run need not.
func (q *Quarantined) Told() bool { return q.told }

// Watched is a fleet of one run whose accounts are put into quarantine. It remembers within the run whom
// it told of, as a run may list twice.
type Watched struct {
	Fleet
	memory Memory
	now    func() time.Time
	mu     sync.Mutex
	told   map[string]bool // by account: whether it had been told when the run began
	judged map[string]Quarantine
	every  bool
}

// Watched gives a fleet like f for one run, with quarantine of accounts whose credentials fail.
func (f Fleet) Watched(m Memory, now func() time.Time) *Watched {
	return &Watched{Fleet: f, memory: m, now: now, told: map[string]bool{}, judged: map[string]Quarantine{}}
}

// Every asks also the accounts in quarantine: a person says that they work again.
func (w *Watched) Every() { w.every = true }

// List is that of Fleet, but accounts in quarantine are not asked: their listings have failed, and say
// until when. What an account that was asked says begins, prolongs or ends its quarantine. Without an
// answer of the memory every account is asked.
func (w *Watched) List(ctx context.Context, narrow Narrow) []inventory.Listing {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, err := w.memory.All(ctx)
	if err != nil {
		w.log.Warn("quarantines are not known, every account is asked", "error", err)
	}
	known, asked := map[string]Quarantine{}, map[string]bool{}
	f := w.Fleet
	f.targets = slices.Clone(f.targets)
	for n, t := range f.targets {
		if !chosen(narrow.Accounts, t.Account.Name) || t.Err != nil {
			continue
		}
		at := slices.IndexFunc(all, func(q Quarantine) bool {
			return q.Cloud == t.Account.Cloud && q.Account == t.Account.Name && q.Key == keyMark(t.Account)
		})
		if at >= 0 {
			known[t.Account.Name] = all[at]
		}
		if asked[t.Account.Name] = w.every || at < 0 || w.over(all[at]); !asked[t.Account.Name] {
			f.targets[n].Lister, f.targets[n].Err = nil, w.still(ctx, all[at])
		}
	}
	listings := f.List(ctx, narrow)
	for _, t := range w.targets {
		if !asked[t.Account.Name] {
			continue
		}
		w.judge(ctx, t.Account, known[t.Account.Name], listings, len(narrow.Regions) > 0)
		if answered(t.Account, listings) {
			w.ended(ctx, t.Account, all)
		}
	}
	return listings
}

// over reports whether an account in quarantine is asked again. One that began in the future, or lasts longer
// than any, was noted by a clock that was wrong and has been mended since.
func (w *Watched) over(q Quarantine) bool {
	now := w.now()
	return !now.Before(q.Until) || q.Until.Sub(now) > lastTry || q.Since.Sub(now) > MaxSkew
}

// still gives the failure of an account that is not asked.
func (w *Watched) still(ctx context.Context, q Quarantine) error {
	err := &inventory.Error{Kind: q.Kind, Message: q.Message}
	told := w.remind(&q)
	if !told {
		w.keep(ctx, q)
	}
	return &Quarantined{Until: q.Until, Err: err, told: told}
}

// remind tells whether people were told of an account less than a day ago, else notes that they are now.
func (w *Watched) remind(q *Quarantine) (told bool) {
	told, decided := w.told[q.Account]
	if !decided {
		told = !q.Told.IsZero() && w.now().Sub(q.Told) < reminder && !q.Told.After(w.now())
		w.told[q.Account] = told
	}
	if !told {
		q.Told = w.now()
	}
	return told
}

// judge looks at what became of an account that was asked: one whose credentials fail is tried again later.
func (w *Watched) judge(ctx context.Context, a Account, q Quarantine, listings []inventory.Listing, some bool) {
	err := refusedBy(a, listings, some)
	if err == nil {
		return
	}
	if before, twice := w.judged[a.Name]; twice { // a run that lists twice has failed once
		q = before
	} else {
		q = w.failed(q, a, err)
		w.judged[a.Name] = q
	}
	told := w.remind(&q)
	w.keep(ctx, q)
	if q.Tries == 1 {
		return
	}
	w.log.Warn("the credentials fail: quarantine", "account", a.Name, "tries", q.Tries, "until", q.Until, "error", err)
	for n := range listings {
		if l := &listings[n]; l.Cloud == a.Cloud && l.Account == a.Name {
			l.Err = &Quarantined{Until: q.Until, Err: l.Err, told: told}
		}
	}
}

// failed counts one more failure.
func (w *Watched) failed(q Quarantine, a Account, err error) Quarantine {
	if q.Account == "" {
		q = Quarantine{Cloud: a.Cloud, Account: a.Name, Key: keyMark(a), Since: w.now()}
	}
	var wait time.Duration
	if q.Tries > 0 {
		wait = min(firstTry<<min(q.Tries-1, 16), lastTry)
	}
	q.Tries++
	q.Until, q.Kind, q.Message = w.now().Add(wait), inventory.KindOf(err), err.Error()
	return q
}

// ended forgets the quarantine of an account that has answered, under whatever credentials it was.
func (w *Watched) ended(ctx context.Context, a Account, all []Quarantine) {
	if !slices.ContainsFunc(all, func(q Quarantine) bool { return q.Cloud == a.Cloud && q.Account == a.Name }) {
		return
	}
	w.log.Info("the credentials work again, the quarantine ends", "account", a.Name)
	if err := w.memory.Forget(ctx, a.Cloud, a.Name); err != nil {
		w.log.Warn("a quarantine that has ended is still remembered", "account", a.Name, "error", err)
	}
}

func (w *Watched) keep(ctx context.Context, q Quarantine) {
	if err := w.memory.Keep(ctx, q); err != nil {
		w.log.Warn("a quarantine is not remembered", "account", q.Account, "error", err)
	}
}

// refusedBy gives the failure of an account's credentials: the key is refused, or it may do nothing in any
// region. Of some regions only the first can be told.
func refusedBy(a Account, listings []inventory.Listing, some bool) (refused error) {
	for _, l := range listings {
		if l.Cloud != a.Cloud || l.Account != a.Name {
			continue
		}
		switch kind := inventory.KindOf(l.Err); {
		case kind == inventory.BadCredentials, kind == inventory.Denied && !some:
			refused = l.Err
		default:
			return nil
		}
	}
	return refused
}

// answered tells whether any listing of an account is complete.
func answered(a Account, listings []inventory.Listing) bool {
	return slices.ContainsFunc(listings, func(l inventory.Listing) bool {
		return l.Cloud == a.Cloud && l.Account == a.Name && l.Complete()
	})
}

// keyMark tells credentials apart. Temporary ones of a function's role are others at each invocation, and
// are all the same role's.
func keyMark(a Account) string {
	sum := sha256.New()
	parts := []string{"jms-sync quarantine", a.AccessKeyID.Reveal(), a.AccessKeySecret.Reveal()}
	if !a.SecurityToken.Empty() {
		parts = parts[:1]
	}
	for _, part := range append(parts, a.AssumeRoleARN, a.TenantID, a.AccountID) {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Recent is the Memory of one process.
type Recent struct {
	mu  sync.Mutex
	all map[string]Quarantine
}

// NewRecent makes a memory that is empty.
func NewRecent() *Recent { return &Recent{all: map[string]Quarantine{}} }

// All implements Memory.
func (r *Recent) All(context.Context) ([]Quarantine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Quarantine, 0, len(r.all))
	for _, q := range r.all {
		all = append(all, q)
	}
	return all, nil
}

// Keep implements Memory.
func (r *Recent) Keep(_ context.Context, q Quarantine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[string(q.Cloud)+"/"+q.Account] = q
	return nil
}

// Forget implements Memory.
func (r *Recent) Forget(_ context.Context, of inventory.Cloud, account string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, string(of)+"/"+account)
	return nil
}
