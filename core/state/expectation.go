package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoExpectations says that the store has no preconditions, so that announced removals cannot be counted (kind
// Unsupported).
var ErrNoExpectations = errors.New("the store can keep no precondition, so nothing can be announced")

// expectationRetention is how long an announcement is kept after its end, for people to read.
const expectationRetention = 7 * 24 * time.Hour

// Expectation is a person's announcement for one scope: up to UpTo of its assets are to go, until a time.
// It lifts thresholds; each removal is proved all the same.
type Expectation struct {
	Cloud     inventory.Cloud `json:"cloud"`
	Account   string          `json:"account"`
	Region    string          `json:"region"`
	Since     time.Time       `json:"since"`
	Until     time.Time       `json:"until"`
	UpTo      int             `json:"up_to"` // as announced
	Remaining int             `json:"left"`  // of UpTo, see Spend
	By        string          `json:"by"`
	Reason    string          `json:"reason"`
	Nonce     string          `json:"nonce"`
	etag      string
}

// Scope returns the announced scope.
func (e Expectation) Scope() inventory.Scope {
	return inventory.Scope{Cloud: e.Cloud, Account: e.Account, Region: e.Region}
}

// IsActive reports whether an announcement is in force, used up or not.
func (e Expectation) IsActive(now time.Time) bool { return e.UpTo > 0 && now.Before(e.Until) }

func (s *Store) expectationKey(at inventory.Scope) string {
	return s.prefix + "expect/" + safeKeyPart(string(at.Cloud), at.Account, at.Region) + ".json"
}

// ListExpectations returns all announcements, sorted by scope. What cannot be read is left out and named by the
// error.
func (s *Store) ListExpectations(ctx context.Context) ([]Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"expect/")
	if err != nil {
		return nil, wrapError("list what is announced", err)
	}
	all := make([]Expectation, len(keys))
	errs := forEach(len(keys), func(n int) (err error) {
		all[n], err = s.readExpectation(ctx, keys[n])
		return err
	})
	all = slices.DeleteFunc(all, func(e Expectation) bool { return e.UpTo == 0 })
	sorting.By(all, func(x, y Expectation) int { return x.Scope().Compare(y.Scope()) })
	return all, wrapError("read what is announced", errors.Join(errs...))
}

// LoadExpectation returns the announcement for a scope, also one that is over; the zero value where there is none.
func (s *Store) LoadExpectation(ctx context.Context, at inventory.Scope) (Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	e, err := s.readExpectation(ctx, s.expectationKey(at))
	return e, wrapError("read what is announced of "+at.String(), err)
}

func (s *Store) readExpectation(ctx context.Context, key string) (Expectation, error) {
	var e Expectation
	etag, err := s.loadObject(ctx, key, smallMaxBytes, &e)
	if err == nil && (s.expectationKey(e.Scope()) != key || e.UpTo < 1 || e.Remaining < 0 || e.Remaining > e.UpTo) {
		err = &corruptError{reason: "announces nothing of its scope"}
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Expectation{}, nil
	}
	if err != nil {
		return Expectation{}, asIncomplete(key, err)
	}
	e.etag = etag
	return e, nil
}

// SaveExpectation saves an announcement in place of any earlier one for the scope, and deletes those that ended long
// ago. The error is ErrNoExpectations where the store has no preconditions.
func (s *Store) SaveExpectation(ctx context.Context, e Expectation) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	e.Since, e.Until, e.Remaining, e.Nonce = e.Since.UTC(), e.Until.UTC(), e.UpTo, s.nonce()
	err := s.updateExpectation(ctx, e.Scope(), func() error {
		_, err := s.saveObject(ctx, s.expectationKey(e.Scope()), smallMaxBytes, e, storage.Always())
		return err
	})
	if err != nil {
		return wrapError("announce", err)
	}
	all, _ := s.ListExpectations(ctx) // what cannot be read stays
	for _, old := range all {
		if old.Scope() != e.Scope() && e.Since.After(old.Until.Add(expectationRetention)) {
			_ = s.bucket.Delete(ctx, s.expectationKey(old.Scope())) // otherwise the next one deletes it
		}
	}
	return nil
}

// DeleteExpectation deletes an announcement, also one that cannot be read.
func (s *Store) DeleteExpectation(ctx context.Context, at inventory.Scope) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	err := s.updateExpectation(ctx, at, func() error { return s.bucket.Delete(ctx, s.expectationKey(at)) })
	if inventory.KindOf(err) == inventory.NotFound {
		return nil
	}
	return wrapError("take an announcement back", err)
}

// Spend subtracts n removals, before they are made, from an announcement as it was loaded, and returns the rest. The
// error is Conflict, and nothing is subtracted, where the announcement changed meanwhile or has fewer left. After any
// other error they may have been subtracted.
func (s *Store) Spend(ctx context.Context, e Expectation, n int) (Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if n > e.Remaining || e.etag == "" {
		return e, &inventory.Error{Kind: inventory.Conflict, Message: "fewer are left than are to go"}
	}
	next := e
	next.Remaining, next.Nonce = e.Remaining-n, s.nonce()
	err := s.updateExpectation(ctx, e.Scope(), func() (err error) {
		next.etag, err = s.replaceObject(ctx, s.expectationKey(e.Scope()), smallMaxBytes, next, e.etag)
		return err
	})
	if inventory.KindOf(err) == inventory.NotFound { // it was deleted
		err = &inventory.Error{Kind: inventory.Conflict, Err: err}
	}
	if err != nil {
		return e, wrapError("count removals that were announced", err)
	}
	return next, nil
}

// updateExpectation makes one change for a scope: directly where the store has If-Match, otherwise under a short lease.
func (s *Store) updateExpectation(ctx context.Context, at inventory.Scope, change func() error) error {
	can := s.bucket.Capabilities(ctx)
	switch {
	case can.IfMatch:
		return change()
	case !can.CreateOnly:
		return &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoExpectations}
	}
	return s.withShortLease(ctx, "expect "+at.String(), func(lease Lease) error {
		if !lease.IsValid(s.now()) {
			return newLostError("the lease ended before anything was written")
		}
		return change()
	})
}
