package state

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Snapshot is what one run knows of its scopes. Two runs that work on one scope at once cannot
// leave it looking unchanged: the one that finds that the other wrote since LoadSnapshot saves it as
// dirty. With If-Match that is certain; otherwise the object is read just before it is
// written, and only two writes within that moment are missed. It is safe for concurrent use.
type Snapshot struct {
	store    *Store
	warnings []error

	mu      sync.Mutex
	entries map[inventory.Scope]scopeEntry
}

// scopeEntry is what is known of one scope, and of its object.
type scopeEntry struct {
	scope       ScopeState
	etag        string // "" = there was no object
	dirtyReason string // why the scope may only be saved as dirty; "" = no reason
}

// LoadSnapshot reads what is known of these scopes, many at once. It has no error: what could not be read is not
// known, and is named by Warnings.
func (s *Store) LoadSnapshot(ctx context.Context, scopes []inventory.Scope) *Snapshot {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	entries := make([]scopeEntry, len(scopes))
	warnings := forEach(len(scopes), func(n int) (warning error) {
		entries[n], warning = s.loadScope(ctx, scopes[n])
		return wrapError("state of "+scopes[n].String(), warning)
	})
	v := &Snapshot{store: s, entries: make(map[inventory.Scope]scopeEntry, len(scopes))}
	for n, at := range scopes {
		v.entries[at] = entries[n]
		if warnings[n] != nil {
			v.warnings = append(v.warnings, warnings[n])
		}
	}
	return v
}

func (s *Store) loadScope(ctx context.Context, at inventory.Scope) (e scopeEntry, warning error) {
	var body scopeBody
	key := s.scopeKey(at)
	o, err := s.bucket.Get(ctx, key, "")
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return scopeEntry{}, nil
	case err != nil:
		return scopeEntry{dirtyReason: "it could not be read before"}, err
	}
	why := decodeObject(o.Data, smallMaxBytes, &body)
	if why == earlierVersionText {
		return scopeEntry{etag: o.ETag}, nil // overwritten at the end of this run
	}
	if why == "" {
		e.scope, why = body.decodeScopeState(at)
	}
	if why == "" {
		e.etag = o.ETag
		return e, nil
	}
	moved, warning := s.moveCorrupt(ctx, key, &corruptError{data: o.Data, reason: why})
	if moved {
		return scopeEntry{}, warning
	}
	return scopeEntry{etag: o.ETag}, warning
}

func (s *Store) scopeKey(at inventory.Scope) string {
	return s.prefix + "scopes/" + safeKeyPart(string(at.Cloud), at.Account, at.Region) + ".json"
}

// ScopeState returns what is known of a scope; the zero value where nothing is.
func (v *Snapshot) ScopeState(at inventory.Scope) ScopeState {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.entries[at].scope
}

// Warnings returns what could not be read, and where corrupt objects were moved to.
func (v *Snapshot) Warnings() []error { return v.warnings }

// MarkDirty saves scopes as dirty before the first write to JumpServer in them, so that a run that is
// killed halfway never leaves a scope that looks applied: a listing that returned to its earlier
// state would otherwise hide half of a change. An error names the scopes that could not be marked; the
// run may go on, as the next full reconcile finds the rest.
func (v *Snapshot) MarkDirty(ctx context.Context, scopes ...inventory.Scope) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	errs := forEach(len(scopes), func(n int) error {
		dirty := v.ScopeState(scopes[n])
		dirty.Dirty = true
		return v.writeScope(ctx, scopes[n], dirty)
	})
	if err := firstError(errs); err != nil {
		return wrapError("mark scopes as begun", &inventory.Error{Kind: inventory.KindOf(err), Err: errors.Join(errs...)})
	}
	return nil
}

// SaveScope saves what is now known of a scope. The error is Conflict where another run wrote meanwhile, or
// the scope could not be read before: then it was saved as dirty, whatever now says.
func (v *Snapshot) SaveScope(ctx context.Context, at inventory.Scope, now ScopeState) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return v.writeScope(ctx, at, now)
}

func (v *Snapshot) writeScope(ctx context.Context, at inventory.Scope, now ScopeState) error {
	v.mu.Lock()
	e, loaded := v.entries[at]
	v.mu.Unlock()
	if !loaded {
		e.dirtyReason = "it was not read before"
	}
	e.scope = now
	key := v.store.scopeKey(at)
	if e.dirtyReason == "" {
		var err error
		e.etag, err = v.store.replaceObject(ctx, key, smallMaxBytes, now.newBody(at, v.store.nonce()), e.etag)
		if k := inventory.KindOf(err); err == nil || k != inventory.Conflict && k != inventory.NotFound {
			v.updateEntry(at, e, err)
			return wrapError("save state of "+at.String(), err)
		}
		e.dirtyReason = "another run wrote it meanwhile"
	}
	e.scope.Dirty = true
	_, err := v.store.saveObject(ctx, key, smallMaxBytes, e.scope.newBody(at, v.store.nonce()), storage.Always())
	v.updateEntry(at, e, nil)
	if err != nil {
		return wrapError("save state of "+at.String()+" as open", err)
	}
	return &inventory.Error{
		Kind:    inventory.Conflict,
		Message: fmt.Sprintf("state of %s was saved as open: %s", at, e.dirtyReason),
	}
}

// updateEntry stores an entry after a write. After an error it is unknown whether the write was done, so the
// object may have either ETag.
func (v *Snapshot) updateEntry(at inventory.Scope, e scopeEntry, err error) {
	if err != nil {
		e.dirtyReason = "an earlier write failed"
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.entries[at] = e
}
