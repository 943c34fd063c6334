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

// When an account whose credentials fail is tried again: by the next run, as the first failure may be the cloud's
// mistake; then after secondRetryDelay, and after twice the delay each time, up to maxRetryDelay. People are
// notified of the first failure, and then once in each reminderInterval.
const (
	secondRetryDelay = 5 * time.Minute
	maxRetryDelay    = 6 * time.Hour
	reminderInterval = 24 * time.Hour
)

// QuarantineStore keeps quarantines between runs. Its methods may be called by several goroutines at once.
type QuarantineStore interface {
	// ListQuarantines returns all quarantines.
	ListQuarantines(ctx context.Context) ([]inventory.Quarantine, error)
	// SaveQuarantine stores a quarantine in place of that of the same account.
	SaveQuarantine(ctx context.Context, q inventory.Quarantine) error
	// DeleteQuarantine removes the quarantine of an account.
	DeleteQuarantine(ctx context.Context, of inventory.Cloud, account string) error
}

// QuarantineError says why an account was not asked, or why one more try failed.
type QuarantineError struct {
	Until       time.Time
	Err         error
	wasNotified bool
}

// Error returns the reason, and until when.
func (q *QuarantineError) Error() string {
	return fmt.Sprintf("in quarantine, tried again after %s: %v", q.Until.UTC().Format(time.RFC3339), q.Err)
}

// Unwrap returns the failure of the credentials.
func (q *QuarantineError) Unwrap() error { return q.Err }

// RetryAt returns when the account is tried again, and the failure.
func (q *QuarantineError) RetryAt() (time.Time, error) { return q.Until, q.Err }

// WasNotified reports whether people were notified less than a day ago, so that this run need not.
func (q *QuarantineError) WasNotified() bool { return q.wasNotified }

// QuarantinedFleet is a fleet of one run that puts accounts whose credentials fail into quarantine. It remembers
// whom it notified of, as a run may list twice.
type QuarantinedFleet struct {
	Fleet
	store          QuarantineStore
	now            func() time.Time
	mu             sync.Mutex
	notifiedBefore map[string]bool // by account: whether people had been notified when the run began
	decided        map[string]inventory.Quarantine
	includeAll     bool
}

// WithQuarantine returns f for one run, with quarantine of accounts whose credentials fail.
func (f Fleet) WithQuarantine(m QuarantineStore, now func() time.Time) *QuarantinedFleet {
	return &QuarantinedFleet{Fleet: f, store: m, now: now, notifiedBefore: map[string]bool{}, decided: map[string]inventory.Quarantine{}}
}

// IncludeQuarantined asks accounts in quarantine too: a person says that they work again.
func (w *QuarantinedFleet) IncludeQuarantined() { w.includeAll = true }

// List is that of Fleet, but does not ask accounts in quarantine: their listings fail, and say until when.
// The outcome of each account that was asked begins, prolongs or ends its quarantine. If the store does not
// answer, every account is asked.
func (w *QuarantinedFleet) List(ctx context.Context, filter Filter) []inventory.Listing {
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
		if !isSelected(filter.Accounts, t.Account.Name) || t.Err != nil {
			continue
		}
		at := slices.IndexFunc(all, func(q inventory.Quarantine) bool {
			return q.Cloud == t.Account.Cloud && q.Account == t.Account.Name && q.Key == keyDigest(t.Account)
		})
		if at >= 0 {
			known[t.Account.Name] = all[at]
		}
		asked[t.Account.Name] = w.includeAll || at < 0 || w.isRetryDue(all[at])
		if !asked[t.Account.Name] {
			f.accounts[n].Lister, f.accounts[n].Err = nil, w.quarantineError(ctx, all[at])
		}
	}
	listings := f.List(ctx, filter)
	for _, t := range w.accounts {
		if !asked[t.Account.Name] {
			continue
		}
		w.recordOutcome(ctx, t.Account, known[t.Account.Name], listings, len(filter.Regions) > 0)
		if hasCompleteListing(t.Account, listings) {
			w.endQuarantine(ctx, t.Account, all)
		}
	}
	return listings
}

// isRetryDue reports whether an account in quarantine is asked again. It is where the quarantine begins in the
// future, or is longer than any: a clock was wrong when it was stored.
func (w *QuarantinedFleet) isRetryDue(q inventory.Quarantine) bool {
	now := w.now()
	return !now.Before(q.Until) || q.Until.Sub(now) > maxRetryDelay || q.Since.Sub(now) > MaxSkew
}

// quarantineError returns the failure of an account that is not asked.
func (w *QuarantinedFleet) quarantineError(ctx context.Context, q inventory.Quarantine) error {
	err := &inventory.Error{Kind: q.Kind, Message: q.Message}
	notified := w.markNotified(&q)
	if !notified {
		w.saveQuarantine(ctx, q)
	}
	return &QuarantineError{Until: q.Until, Err: err, wasNotified: notified}
}

// markNotified reports whether people were notified of an account less than a day ago, else records that they are now.
func (w *QuarantinedFleet) markNotified(q *inventory.Quarantine) (notified bool) {
	notified, decided := w.notifiedBefore[q.Account]
	if !decided {
		notified = !q.NotifiedAt.IsZero() && w.now().Sub(q.NotifiedAt) < reminderInterval && !q.NotifiedAt.After(w.now())
		w.notifiedBefore[q.Account] = notified
	}
	if !notified {
		q.NotifiedAt = w.now()
	}
	return notified
}

// recordOutcome records the outcome of an account that was asked: one whose credentials fail is tried again later.
func (w *QuarantinedFleet) recordOutcome(ctx context.Context, a Account, q inventory.Quarantine, listings []inventory.Listing, some bool) {
	err := credentialFailure(a, listings, some)
	if err == nil {
		return
	}
	if before, twice := w.decided[a.Name]; twice { // a run that lists twice fails once
		q = before
	} else {
		q = w.addFailure(q, a, err)
		w.decided[a.Name] = q
	}
	notified := w.markNotified(&q)
	w.saveQuarantine(ctx, q)
	if q.Tries == 1 {
		return
	}
	w.log.Warn("the credentials fail: quarantine", "account", a.Name, "tries", q.Tries, "until", q.Until, "error", err)
	for n := range listings {
		if l := &listings[n]; l.Cloud == a.Cloud && l.Account == a.Name {
			l.Err = &QuarantineError{Until: q.Until, Err: l.Err, wasNotified: notified}
		}
	}
}

// addFailure returns a quarantine with one more failure.
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

// endQuarantine deletes the quarantines of an account that has answered, whatever its credentials were.
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

// credentialFailure returns the failure of an account's credentials: the key is refused, or has no right in any
// region. If only some regions were listed, a missing right says nothing.
func credentialFailure(a Account, listings []inventory.Listing, some bool) (refused error) {
	for _, l := range listings {
		if l.Cloud != a.Cloud || l.Account != a.Name {
			continue
		}
		kind := inventory.KindOf(l.Err)
		switch {
		case kind == inventory.BadCredentials, kind == inventory.Denied && !some:
			refused = l.Err
		default:
			return nil
		}
	}
	return refused
}

// hasCompleteListing reports whether any listing of an account is complete.
func hasCompleteListing(a Account, listings []inventory.Listing) bool {
	return slices.ContainsFunc(listings, func(l inventory.Listing) bool {
		return l.Cloud == a.Cloud && l.Account == a.Name && l.IsComplete()
	})
}

// keyDigest identifies credentials. The temporary ones of a function's role change with each invocation, and
// all have the same digest.
func keyDigest(a Account) string {
	sum := sha256.New()
	parts := []string{"jms-sync quarantine", a.AccessKeyID.Reveal(), a.AccessKeySecret.Reveal()}
	if !a.SecurityToken.IsEmpty() {
		parts = parts[:1]
	}
	parts = append(parts, a.AssumeRoleARN, a.TenantID, a.AccountID)
	if a.Identity != "" || a.ExternalID != "" { // else the digest is that of accounts before there were such settings
		parts = append(parts, a.Identity, a.ExternalID)
	}
	for _, part := range parts {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// MemoryQuarantineStore is a QuarantineStore of one process.
type MemoryQuarantineStore struct {
	mu      sync.Mutex
	entries map[string]inventory.Quarantine
}

// NewMemoryQuarantineStore returns an empty store.
func NewMemoryQuarantineStore() *MemoryQuarantineStore {
	return &MemoryQuarantineStore{entries: map[string]inventory.Quarantine{}}
}

// ListQuarantines implements QuarantineStore.
func (s *MemoryQuarantineStore) ListQuarantines(context.Context) ([]inventory.Quarantine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]inventory.Quarantine, 0, len(s.entries))
	for _, q := range s.entries {
		all = append(all, q)
	}
	return all, nil
}

// SaveQuarantine implements QuarantineStore.
func (s *MemoryQuarantineStore) SaveQuarantine(_ context.Context, q inventory.Quarantine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[string(q.Cloud)+"/"+q.Account] = q
	return nil
}

// DeleteQuarantine implements QuarantineStore.
func (s *MemoryQuarantineStore) DeleteQuarantine(_ context.Context, of inventory.Cloud, account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, string(of)+"/"+account)
	return nil
}
