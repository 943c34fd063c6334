package state

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// View is what one run knows of its scopes. Of two runs that work on one scope at once neither
// can leave it looking unchanged: whoever finds that the other wrote since Load saves it as
// open. Where the store has If-Match that is certain; elsewhere the object is read just before it is
// written, and only two writes within that moment are missed. It may be used by many goroutines at once.
type View struct {
	store    *Store
	warnings []error

	mu      sync.Mutex
	entries map[inventory.Scope]entry
}

// entry is what is known of one scope, and of its object.
type entry struct {
	scope Scope
	etag  string // "" = there was none
	doubt string // why nothing but an open scope may be saved; "" = no doubt
}

// Load reads what is known of these scopes, many at once. It has no error: what could not be read is not
// known, and stands in Warnings.
func (s *Store) Load(ctx context.Context, scopes []inventory.Scope) *View {
	ctx, cancel := bounded(ctx)
	defer cancel()
	entries := make([]entry, len(scopes))
	warnings := each(len(scopes), func(n int) (warning error) {
		entries[n], warning = s.loadScope(ctx, scopes[n])
		return wrap("state of "+scopes[n].String(), warning)
	})
	v := &View{store: s, entries: make(map[inventory.Scope]entry, len(scopes))}
	for n, at := range scopes {
		v.entries[at] = entries[n]
		if warnings[n] != nil {
			v.warnings = append(v.warnings, warnings[n])
		}
	}
	return v
}

func (s *Store) loadScope(ctx context.Context, at inventory.Scope) (e entry, warning error) {
	var body scopeBody
	key := s.scopeKey(at)
	o, err := s.bucket.Get(ctx, key, "")
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return entry{}, nil
	case err != nil:
		return entry{doubt: "it could not be read before"}, err
	}
	why := decode(o.Data, smallLimit, &body)
	if why == earlier {
		return entry{etag: o.ETag}, nil // it is written over at the end of this run
	}
	if why == "" {
		if e.scope, why = body.scope(at); why == "" {
			e.etag = o.ETag
			return e, nil
		}
	}
	moved, warning := s.moveAside(ctx, key, &damaged{data: o.Data, why: why})
	if moved {
		return entry{}, warning
	}
	return entry{etag: o.ETag}, warning
}

func (s *Store) scopeKey(at inventory.Scope) string {
	return s.prefix + "scopes/" + safe(string(at.Cloud), at.Account, at.Region) + ".json"
}

// Scope gives what is known of a scope; the zero value where nothing is.
func (v *View) Scope(at inventory.Scope) Scope {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.entries[at].scope
}

// Warnings says what could not be read, and where it was set aside.
func (v *View) Warnings() []error { return v.warnings }

// Begin marks scopes as open before the first write to JumpServer in them, so that a run that is
// killed in the middle never leaves a scope that looks applied: a listing that went back to what it
// was before would else hide the half of a change. An error names the scopes that could not be marked; the
// run may go on, with the next full reconcile as its net.
func (v *View) Begin(ctx context.Context, scopes ...inventory.Scope) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	errs := each(len(scopes), func(n int) error {
		open := v.Scope(scopes[n])
		open.Open = true
		return v.write(ctx, scopes[n], open)
	})
	if err := first(errs); err != nil {
		return wrap("mark scopes as begun", &inventory.Error{Kind: inventory.KindOf(err), Err: errors.Join(errs...)})
	}
	return nil
}

// Save writes what is now known of a scope. It is Conflict where another run wrote meanwhile, or
// the scope could not be read before: then the scope was saved as open, whatever is given.
func (v *View) Save(ctx context.Context, at inventory.Scope, now Scope) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return v.write(ctx, at, now)
}

func (v *View) write(ctx context.Context, at inventory.Scope, now Scope) error {
	v.mu.Lock()
	e, loaded := v.entries[at]
	v.mu.Unlock()
	if !loaded {
		e.doubt = "it was not read before"
	}
	e.scope = now
	key := v.store.scopeKey(at)
	if e.doubt == "" {
		data, err := encode(now.body(at, v.store.nonce()), smallLimit)
		if err == nil {
			e.etag, err = v.store.replace(ctx, key, data, e.etag)
		}
		if k := inventory.KindOf(err); err == nil || k != inventory.Conflict && k != inventory.NotFound {
			v.keep(at, e, err)
			return wrap("save state of "+at.String(), err)
		}
		e.doubt = "another run wrote it meanwhile"
	}
	e.scope.Open = true
	data, err := encode(e.scope.body(at, v.store.nonce()), smallLimit)
	if err == nil {
		_, err = v.store.put(ctx, key, data, storage.Always())
	}
	v.keep(at, e, nil)
	if err != nil {
		return wrap("save state of "+at.String()+" as open", err)
	}
	return &inventory.Error{
		Kind:    inventory.Conflict,
		Message: fmt.Sprintf("state of %s was saved as open: %s", at, e.doubt),
	}
}

// keep remembers an entry after a write. Where it is not known whether the write was done, the
// object may have either ETag.
func (v *View) keep(at inventory.Scope, e entry, err error) {
	if err != nil {
		e.doubt = "an earlier write failed"
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.entries[at] = e
}

// replace writes over the object that has this ETag, or where there is none ("").
func (s *Store) replace(ctx context.Context, key string, data []byte, etag string) (string, error) {
	can := s.bucket.Abilities(ctx)
	switch {
	case etag == "" && can.CreateOnly:
		return s.put(ctx, key, data, storage.CreateOnly())
	case etag != "" && can.IfMatch:
		return s.put(ctx, key, data, storage.IfMatch(etag))
	}
	o, err := s.bucket.Get(ctx, key, "")
	if err != nil && (etag != "" || inventory.KindOf(err) != inventory.NotFound) {
		return etag, err
	}
	if o.ETag != etag {
		return etag, &inventory.Error{Kind: inventory.Conflict, Message: key + " is another version than was read"}
	}
	return s.put(ctx, key, data, storage.Always())
}
