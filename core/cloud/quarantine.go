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
// mistake; then after secondRetryDelay, and each time after twice the time before, at most maxRetryDelay. People are
// told the first time, and then each reminder.
const (
	secondRetryDelay = 5 * time.Minute
	maxRetryDelay    = 6 * time.Hour
	reminderInterval = 24 * time.Hour
)

// QuarantineStore keeps quarantines between runs. Its methods may be called by several goroutines.
type QuarantineStore interface {
	// ListQuarantines returns the quarantines that are known.
	ListQuarantines(ctx context.Context) ([]inventory.Quarantine, error)
	// SaveQuarantine remembers one, in place of that of the same account.
	SaveQuarantine(ctx context.Context, q inventory.Quarantine) error
	// DeleteQuarantine forgets that of an account.
	DeleteQuarantine(ctx context.Context, of inventory.Cloud, account string) error
}

// QuarantineError is why an account was not asked, or what asking it once more gave.
type QuarantineError struct {
	Until       time.Time
	Err         error
	wasNotified bool
}

// Error says why, and until when.
func (q *QuarantineError) Error() string {
	return fmt.Sprintf("in quarantine, tried again after %s: %v", q.Until.UTC().Format(time.RFC3339), q.Err)
}

// Unwrap gives the failure of the credentials.
func (q *QuarantineError) Unwrap() error { return q.Err }

// Again gives when the account is tried again, and the failure.
func (q *QuarantineError) Again() (time.Time, error) { return q.Until, q.Err }

// Told tells whether people were told less than a day ago, so that this run need not.
func (q *QuarantineError) Told() bool { return q.wasNotified }

// QuarantinedFleet is a fleet of one run whose accounts are put into quarantine. It remembers within the run whom
// it told of, as a run may list twice.
type QuarantinedFleet struct {
	Fleet
	store          QuarantineStore
	now            func() time.Time
	mu             sync.Mutex
	notifiedBefore map[string]bool // by account: whether it had been told when the run began
	decided        map[string]inventory.Quarantine
	includeAll     bool
}

// WithQuarantine gives a fleet like f for one run, with quarantine of accounts whose credentials fail.
func (f Fleet) WithQuarantine(m QuarantineStore, now func() time.Time) *QuarantinedFleet {
	return &QuarantinedFleet{Fleet: f, store: m, now: now, notifiedBefore: map[string]bool{}, decided: map[string]inventory.Quarantine{}}
}

// IncludeQuarantined asks also the accounts in quarantine: a person says that they work again.
func (w *QuarantinedFleet) IncludeQuarantined() { w.includeAll = true }

// List is that of Fleet, but accounts in quarantine are not asked: their listings have failed, and say
// until when. What an account that was asked says begins, prolongs or ends its quarantine. Without an
// answer of the memory every account is asked.
func (w *QuarantinedFleet) List(ctx context.Context, narrow Filter) []inventory.Listing {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, err := w.store.ListQuarantines(ctx)
	if err != nil {
		w.log.Warn("quarantines are not known, every account is asked", "error", err)
	}
	known, asked := map[string]inventory.Quarantine{}, map[string]bool{}
	f := w.Fleet
	f.accounts = slices.Clone(f.accounts)
	for n, t := range f.accounts {
		if !isSelected(narrow.Accounts, t.Account.Name) || t.Err != nil {
			continue
		}
		at := slices.IndexFunc(all, func(q inventory.Quarantine) bool {
			return q.Cloud == t.Account.Cloud && q.Account == t.Account.Name && q.Key == keyDigest(t.Account)
		})
		if at >= 0 {
			known[t.Account.Name] = all[at]
		}
		if asked[t.Account.Name] = w.includeAll || at < 0 || w.isRetryDue(all[at]); !asked[t.Account.Name] {
			f.accounts[n].Lister, f.accounts[n].Err = nil, w.quarantineError(ctx, all[at])
		}
	}
	listings := f.List(ctx, narrow)
	for _, t := range w.accounts {
		if !asked[t.Account.Name] {
			continue
		}
		w.recordOutcome(ctx, t.Account, known[t.Account.Name], listings, len(narrow.Regions) > 0)
		if hasCompleteListing(t.Account, listings) {
			w.endQuarantine(ctx, t.Account, all)
		}
	}
	return listings
}

// isRetryDue reports whether an account in quarantine is asked again. One that began in the future, or lasts longer
// than any, was noted by a clock that was wrong and has been mended since.
func (w *QuarantinedFleet) isRetryDue(q inventory.Quarantine) bool {
	now := w.now()
	return !now.Before(q.Until) || q.Until.Sub(now) > maxRetryDelay || q.Since.Sub(now) > MaxSkew
}

// quarantineError gives the failure of an account that is not asked.
func (w *QuarantinedFleet) quarantineError(ctx context.Context, q inventory.Quarantine) error {
	err := &inventory.Error{Kind: q.Kind, Message: q.Message}
	told := w.markNotified(&q)
	if !told {
		w.saveQuarantine(ctx, q)
	}
	return &QuarantineError{Until: q.Until, Err: err, wasNotified: told}
}

// markNotified tells whether people were told of an account less than a day ago, else notes that they are now.
func (w *QuarantinedFleet) markNotified(q *inventory.Quarantine) (told bool) {
	told, decided := w.notifiedBefore[q.Account]
	if !decided {
		told = !q.Told.IsZero() && w.now().Sub(q.Told) < reminderInterval && !q.Told.After(w.now())
		w.notifiedBefore[q.Account] = told
	}
	if !told {
		q.Told = w.now()
	}
	return told
}

// recordOutcome looks at what became of an account that was asked: one whose credentials fail is tried again later.
func (w *QuarantinedFleet) recordOutcome(ctx context.Context, a Account, q inventory.Quarantine, listings []inventory.Listing, some bool) {
	err := credentialFailure(a, listings, some)
	if err == nil {
		return
	}
	if before, twice := w.decided[a.Name]; twice { // a run that lists twice has failed once
		q = before
	} else {
		q = w.addFailure(q, a, err)
		w.decided[a.Name] = q
	}
	told := w.markNotified(&q)
	w.saveQuarantine(ctx, q)
	if q.Tries == 1 {
		return
	}
	w.log.Warn("the credentials fail: quarantine", "account", a.Name, "tries", q.Tries, "until", q.Until, "error", err)
	for n := range listings {
		if l := &listings[n]; l.Cloud == a.Cloud && l.Account == a.Name {
			l.Err = &QuarantineError{Until: q.Until, Err: l.Err, wasNotified: told}
		}
	}
}

// addFailure counts one more failure.
func (w *QuarantinedFleet) addFailure(q inventory.Quarantine, a Account, err error) inventory.Quarantine {
	if q.Account == "" {
		q = inventory.Quarantine{Cloud: a.Cloud, Account: a.Name, Key: keyDigest(a), Since: w.now()}
	}
	var wait time.Duration
	if q.Tries > 0 {
		wait = min(secondRetryDelay<<min(q.Tries-1, 16), maxRetryDelay)
	}
	q.Tries++
	q.Until, q.Kind, q.Message = w.now().Add(wait), inventory.KindOf(err), err.Error()
	return q
}

// endQuarantine forgets the quarantine of an account that has answered, under whatever credentials it was.
func (w *QuarantinedFleet) endQuarantine(ctx context.Context, a Account, all []inventory.Quarantine) {
	if !slices.ContainsFunc(all, func(q inventory.Quarantine) bool { return q.Cloud == a.Cloud && q.Account == a.Name }) {
		return
	}
	w.log.Info("the credentials work again, the quarantine ends", "account", a.Name)
	if err := w.store.DeleteQuarantine(ctx, a.Cloud, a.Name); err != nil {
		w.log.Warn("a quarantine that has ended is still remembered", "account", a.Name, "error", err)
	}
}

func (w *QuarantinedFleet) saveQuarantine(ctx context.Context, q inventory.Quarantine) {
	if err := w.store.SaveQuarantine(ctx, q); err != nil {
		w.log.Warn("a quarantine is not remembered", "account", q.Account, "error", err)
	}
}

// credentialFailure gives the failure of an account's credentials: the key is refused, or it may do nothing in any
// region. Of some regions only the first can be told.
func credentialFailure(a Account, listings []inventory.Listing, some bool) (refused error) {
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

// hasCompleteListing tells whether any listing of an account is complete.
func hasCompleteListing(a Account, listings []inventory.Listing) bool {
	return slices.ContainsFunc(listings, func(l inventory.Listing) bool {
		return l.Cloud == a.Cloud && l.Account == a.Name && l.IsComplete()
	})
}

// keyDigest tells credentials apart. Temporary ones of a function's role are others at each invocation, and
// are all the same role's.
func keyDigest(a Account) string {
	sum := sha256.New()
	parts := []string{"jms-sync quarantine", a.AccessKeyID.Reveal(), a.AccessKeySecret.Reveal()}
	if !a.SecurityToken.IsEmpty() {
		parts = parts[:1]
	}
	for _, part := range append(parts, a.AssumeRoleARN, a.TenantID, a.AccountID) {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// MemoryQuarantineStore is the QuarantineStore of one process.
type MemoryQuarantineStore struct {
	mu      sync.Mutex
	entries map[string]inventory.Quarantine
}

// NewMemoryQuarantineStore makes a memory that is empty.
func NewMemoryQuarantineStore() *MemoryQuarantineStore {
	return &MemoryQuarantineStore{entries: map[string]inventory.Quarantine{}}
}

// ListQuarantines implements QuarantineStore.
func (r *MemoryQuarantineStore) ListQuarantines(context.Context) ([]inventory.Quarantine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]inventory.Quarantine, 0, len(r.entries))
	for _, q := range r.entries {
		all = append(all, q)
	}
	return all, nil
}

// SaveQuarantine implements QuarantineStore.
func (r *MemoryQuarantineStore) SaveQuarantine(_ context.Context, q inventory.Quarantine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[string(q.Cloud)+"/"+q.Account] = q
	return nil
}

// DeleteQuarantine implements QuarantineStore.
func (r *MemoryQuarantineStore) DeleteQuarantine(_ context.Context, of inventory.Cloud, account string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.entries, string(of)+"/"+account)
	return nil
}
