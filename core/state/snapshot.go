package state

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Snapshot is what one run knows of its scopes. Of two runs that work on one scope at once neither
// can leave it looking unchanged: whoever finds that the other wrote since Load saves it as
// open. Where the store has If-Match that is certain; elsewhere the object is read just before it is
// written, and only two writes within that moment are missed. It may be used by many goroutines at once.
type Snapshot struct {
	store    *Store
	warnings []error

	mu      sync.Mutex
	entries map[inventory.Scope]scopeEntry
}

// scopeEntry is what is known of one scope, and of its object.
type scopeEntry struct {
	scope       ScopeState
	etag        string // "" = there was none
	dirtyReason string // why nothing but an open scope may be saved; "" = no doubt
}

// LoadSnapshot reads what is known of these scopes, many at once. It has no error: what could not be read is not
// known, and stands in Warnings.
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
		return scopeEntry{etag: o.ETag}, nil // it is written over at the end of this run
	}
	if why == "" {
		if e.scope, why = body.decodeScopeState(at); why == "" {
			e.etag = o.ETag
			return e, nil
		}
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

// ScopeState gives what is known of a scope; the zero value where nothing is.
func (v *Snapshot) ScopeState(at inventory.Scope) ScopeState {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.entries[at].scope
}

// Warnings says what could not be read, and where it was set aside.
func (v *Snapshot) Warnings() []error { return v.warnings }

// MarkDirty marks scopes as open before the first write to JumpServer in them, so that a run that is
// killed in the middle never leaves a scope that looks applied: a listing that went back to what it
// was before would else hide the half of a change. An error names the scopes that could not be marked; the
// run may go on, with the next full reconcile as its net.
func (v *Snapshot) MarkDirty(ctx context.Context, scopes ...inventory.Scope) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	errs := forEach(len(scopes), func(n int) error {
		open := v.ScopeState(scopes[n])
		open.Dirty = true
		return v.writeScope(ctx, scopes[n], open)
	})
	if err := firstError(errs); err != nil {
		return wrapError("mark scopes as begun", &inventory.Error{Kind: inventory.KindOf(err), Err: errors.Join(errs...)})
	}
	return nil
}

// SaveScope writes what is now known of a scope. It is Conflict where another run wrote meanwhile, or
// the scope could not be read before: then the scope was saved as open, whatever is given.
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
		data, err := encodeObject(now.newBody(at, v.store.nonce()), smallMaxBytes)
		if err == nil {
			e.etag, err = v.store.replaceObject(ctx, key, data, e.etag)
		}
		if k := inventory.KindOf(err); err == nil || k != inventory.Conflict && k != inventory.NotFound {
			v.updateEntry(at, e, err)
			return wrapError("save state of "+at.String(), err)
		}
		e.dirtyReason = "another run wrote it meanwhile"
	}
	e.scope.Dirty = true
	data, err := encodeObject(e.scope.newBody(at, v.store.nonce()), smallMaxBytes)
	if err == nil {
		_, err = v.store.saveObject(ctx, key, data, storage.Always())
	}
	v.updateEntry(at, e, nil)
	if err != nil {
		return wrapError("save state of "+at.String()+" as open", err)
	}
	return &inventory.Error{
		Kind:    inventory.Conflict,
		Message: fmt.Sprintf("state of %s was saved as open: %s", at, e.dirtyReason),
	}
}

// updateEntry remembers an entry after a write. Where it is not known whether the write was done, the
// object may have either ETag.
func (v *Snapshot) updateEntry(at inventory.Scope, e scopeEntry, err error) {
	if err != nil {
		e.dirtyReason = "an earlier write failed"
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.entries[at] = e
}

// replaceObject writes over the object that has this ETag, or where there is none ("").
func (s *Store) replaceObject(ctx context.Context, key string, data []byte, etag string) (string, error) {
	can := s.bucket.Capabilities(ctx)
	switch {
	case etag == "" && can.CreateOnly:
		return s.saveObject(ctx, key, data, storage.CreateOnly())
	case etag != "" && can.IfMatch:
		return s.saveObject(ctx, key, data, storage.IfMatch(etag))
	}
	o, err := s.bucket.Get(ctx, key, "")
	if err != nil && (etag != "" || inventory.KindOf(err) != inventory.NotFound) {
		return etag, err
	}
	if o.ETag != etag {
		return etag, &inventory.Error{Kind: inventory.Conflict, Message: key + " is another version than was read"}
	}
	return s.saveObject(ctx, key, data, storage.Always())
}
