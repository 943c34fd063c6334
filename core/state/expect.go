package state

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoExpectations says that the store has no precondition, so that nobody could count what is announced (kind
// Unsupported).
var ErrNoExpectations = errors.New("the store can keep no precondition, so nothing can be announced")

const (
	// expectLease is for one change where the store can only create. A change takes no longer than patience.
	expectLease = 30 * time.Second
	// keptOver is how long an announcement that is over is kept, for people to look at.
	keptOver = 7 * 24 * time.Hour
)

// Expectation is what a person has announced of one scope: that up to so many of its assets are to go, until a time.
// It lifts thresholds; each removal is proved all the same.
type Expectation struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	Since   time.Time       `json:"since"`
	Until   time.Time       `json:"until"`
	UpTo    int             `json:"up_to"` // as announced
	Left    int             `json:"left"`  // of them, see Spend
	By      string          `json:"by"`
	Reason  string          `json:"reason"`
	Nonce   string          `json:"nonce"`
	etag    string
}

// Scope returns the scope that it is about.
func (e Expectation) Scope() inventory.Scope {
	return inventory.Scope{Cloud: e.Cloud, Account: e.Account, Region: e.Region}
}

// Stands reports whether an announcement is in force, used up or not.
func (e Expectation) Stands(now time.Time) bool { return e.UpTo > 0 && now.Before(e.Until) }

func (s *Store) expectKey(at inventory.Scope) string {
	return s.prefix + "expect/" + safeKeyPart(string(at.Cloud), at.Account, at.Region) + ".json"
}

// Expectations returns all announcements that are kept, sorted by scope. What cannot be read is left out, and the
// error tells of it beside the others.
func (s *Store) Expectations(ctx context.Context) ([]Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.prefix+"expect/")
	if err != nil {
		return nil, wrapError("list what is announced", err)
	}
	all := make([]Expectation, len(keys))
	errs := forEach(len(keys), func(n int) (err error) {
		all[n], err = s.expectation(ctx, keys[n])
		return err
	})
	all = slices.DeleteFunc(all, func(e Expectation) bool { return e.UpTo == 0 })
	slices.SortFunc(all, func(x, y Expectation) int { return x.Scope().Compare(y.Scope()) })
	return all, wrapError("read what is announced", errors.Join(errs...))
}

// Expectation returns what is announced of a scope, also what is over; the zero value where nothing is.
func (s *Store) Expectation(ctx context.Context, at inventory.Scope) (Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	e, err := s.expectation(ctx, s.expectKey(at))
	return e, wrapError("read what is announced of "+at.String(), err)
}

func (s *Store) expectation(ctx context.Context, key string) (Expectation, error) {
	var e Expectation
	etag, err := s.loadObject(ctx, key, smallMaxBytes, &e)
	if err == nil && (s.expectKey(e.Scope()) != key || e.UpTo < 1 || e.Left < 0 || e.Left > e.UpTo) {
		err = &corruptError{reason: "announces nothing of its scope"}
	}
	d, bad := asCorrupt(err)
	switch {
	case bad:
		return Expectation{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: d}
	case inventory.KindOf(err) == inventory.NotFound:
		return Expectation{}, nil
	case err != nil:
		return Expectation{}, err
	}
	e.etag = etag
	return e, nil
}

// Expect announces, in place of whatever was announced of the scope, and forgets what has long been over. The error's
// cause is ErrNoExpectations where the store cannot count.
func (s *Store) Expect(ctx context.Context, e Expectation) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	e.Since, e.Until, e.Left, e.Nonce = e.Since.UTC(), e.Until.UTC(), e.UpTo, s.nonce()
	data, err := encodeObject(e, smallMaxBytes)
	if err != nil {
		return wrapError("announce", err)
	}
	err = s.counting(ctx, e.Scope(), func() error {
		_, err := s.saveObject(ctx, s.expectKey(e.Scope()), data, storage.Always())
		return err
	})
	if err != nil {
		return wrapError("announce", err)
	}
	all, _ := s.Expectations(ctx) // what cannot be read stays
	for _, old := range all {
		if old.Scope() != e.Scope() && e.Since.After(old.Until.Add(keptOver)) {
			_ = s.bucket.Delete(ctx, s.expectKey(old.Scope())) // the next one does it
		}
	}
	return nil
}

// CancelExpectation takes an announcement back, also one that cannot be read.
func (s *Store) CancelExpectation(ctx context.Context, at inventory.Scope) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	err := s.counting(ctx, at, func() error { return s.bucket.Delete(ctx, s.expectKey(at)) })
	if inventory.KindOf(err) == inventory.NotFound {
		return nil
	}
	return wrapError("take an announcement back", err)
}

// Spend takes n removals from an announcement as it was read, before they are made, and returns what is left. Its
// kind is Conflict, and nothing is taken, where it was changed since, or has fewer left. After any other error it may
// have been taken.
func (s *Store) Spend(ctx context.Context, e Expectation, n int) (Expectation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if n > e.Left || e.etag == "" {
		return e, &inventory.Error{Kind: inventory.Conflict, Message: "fewer are left than are to go"}
	}
	next := e
	next.Left, next.Nonce = e.Left-n, s.nonce()
	data, err := encodeObject(next, smallMaxBytes)
	if err == nil {
		err = s.counting(ctx, e.Scope(), func() (err error) {
			next.etag, err = s.replaceObject(ctx, s.expectKey(e.Scope()), data, e.etag)
			return err
		})
	}
	if inventory.KindOf(err) == inventory.NotFound { // it was taken back
		err = &inventory.Error{Kind: inventory.Conflict, Err: err}
	}
	if err != nil {
		return e, wrapError("count removals that were announced", err)
	}
	return next, nil
}

// counting makes one change of what is announced of a scope: with If-Match as it is, else alone, under a short lease.
func (s *Store) counting(ctx context.Context, at inventory.Scope, change func() error) error {
	switch can := s.bucket.Capabilities(ctx); {
	case can.IfMatch:
		return change()
	case !can.CreateOnly:
		return &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoExpectations}
	}
	for {
		lease, err := s.AcquireLease(ctx, "expect "+at.String(), expectLease, "")
		switch {
		case err == nil:
			defer func() { _ = lease.Release(ctx) }() // it ends by itself
			if !lease.IsValid(s.now()) {
				return newLostError("the lease ended before anything was written")
			}
			return change()
		case !errors.Is(err, ErrLeaseTaken):
			return err
		}
		if err := s.giveWay(ctx); err != nil {
			return err
		}
	}
}
