package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// ErrNoWindow says that the store has no precondition, so that a window cannot be shared: the
// caller keeps its reports in memory (kind Unsupported).
var ErrNoWindow = errors.New("the store can keep no precondition, so reports are not shared between invocations")

// The bounds of telling.
const (
	// tellTime is how long one may be telling before others may tell the same again.
	tellTime = 2 * time.Minute
	// maxTold is how many reports one card takes at most; the next ones wait for the next card.
	maxTold = 500
	// maxBytes ends a card early, so that it fits into the memory of a small function.
	maxBytes = 2 << 20
)

// Window keeps reports so that a storm of events does not become a storm of messages, for all
// invocations that share the store. The first report is told at once; those of the window after
// it are kept, and told in one card by whoever comes first after the window.
//
// Nothing is lost: a report is in the store from Offer until Told. It is told again only where
// one who was telling it died, or took longer than two minutes, before it called Told.
type Window struct {
	store  *Store
	name   string
	every  time.Duration
	key    string
	folder string
}

// Window gives the window of this name, of that length; 0 tells every report at once.
func (s *Store) Window(name string, every time.Duration) *Window {
	key := s.prefix + "window/" + safe(name)
	return &Window{store: s, name: name, every: every, key: key + ".json", folder: key + "/"}
}

// Batch are reports to be told now, in one card. The zero value is none. Told or Back must be
// called when it has reports; if neither is, they are told again after two minutes.
type Batch struct {
	Reports [][]byte // JSON, oldest first
	// Kept tells of Offer whether the store has the report: if so, it must not be kept elsewhere.
	Kept bool

	window *Window
	lease  Lease
	state  windowBody
	keys   []string
}

// windowBody is a window's own object. Only who is telling writes it.
type windowBody struct {
	Until time.Time `json:"until,omitzero"` // reports are kept until then
	Told  []string  `json:"told"`           // names of kept reports that were told, but perhaps not deleted
}

// keptBody is one kept report.
type keptBody struct {
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// Offer adds a report (JSON, at most 1 MiB) and gives those to be told now, or none. Its error
// may come beside a batch, which is to be told nevertheless; where Kept is false the report is
// the caller's to keep, e.g. after ErrNoWindow.
func (w *Window) Offer(ctx context.Context, report []byte, now time.Time) (Batch, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if !w.store.bucket.Abilities(ctx).CreateOnly {
		return Batch{}, wrap("window "+w.name, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoWindow})
	}
	name := now.UTC().Format(stamp) + "-" + w.store.nonce() + ".json"
	if !json.Valid(report) {
		return Batch{}, &inventory.Error{Kind: inventory.Invalid, Message: "window " + w.name + ": a report is no JSON"}
	}
	data, err := encode(keptBody{At: now.UTC(), Report: report}, reportLimit)
	if err == nil {
		_, err = w.store.put(ctx, w.folder+name, data, storage.CreateOnly())
	}
	if err != nil {
		return Batch{}, wrap("window "+w.name+": keep a report", err)
	}
	b, err := w.take(ctx, now, offered)
	b.Kept = true
	return b, err
}

// Due gives what is kept although its window is over, without adding anything.
func (w *Window) Due(ctx context.Context, now time.Time) (Batch, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return w.take(ctx, now, overdue)
}

// All gives everything that is kept: for a full run, which tells a card anyway.
func (w *Window) All(ctx context.Context, now time.Time) (Batch, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return w.take(ctx, now, everything)
}

// taking says why reports are taken.
type taking int

const (
	offered    taking = iota // after the window; it begins a new one
	overdue                  // after the window
	everything               // at any time
)

// take gives what is to be told, if nobody else is telling. Who offers nothing looks first
// whether anything is kept: mostly nothing is, and that is one call.
func (w *Window) take(ctx context.Context, now time.Time, why taking) (Batch, error) {
	doing := "window " + w.name
	if !w.store.bucket.Abilities(ctx).CreateOnly {
		return Batch{}, wrap(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoWindow})
	}
	if why != offered {
		if names, err := w.kept(ctx); err != nil || len(names) == 0 {
			return Batch{}, wrap(doing, err)
		}
	}
	body, warning := w.read(ctx)
	if why != everything && body.covers(now, w.every) {
		return Batch{}, wrap(doing, warning)
	}
	lease, err := w.store.Acquire(ctx, "window "+w.name, tellTime, "")
	switch {
	case errors.Is(err, ErrTaken):
		return Batch{}, wrap(doing, warning) // the next who comes tells what is kept now
	case errors.Is(err, ErrNoLease):
		return Batch{}, wrap(doing, &inventory.Error{Kind: inventory.Unsupported, Err: ErrNoWindow})
	case err != nil:
		return Batch{}, wrap(doing, err)
	}
	b := Batch{window: w, lease: lease}
	if b.state, err = w.read(ctx); err != nil {
		warning = err
	}
	if why == everything || !b.state.covers(now, w.every) {
		err = b.fill(ctx, now, why)
	}
	if len(b.Reports) == 0 {
		err = errors.Join(err, lease.Release(ctx))
		b = Batch{}
	}
	if err = errors.Join(warning, lease.Warning, err); err != nil {
		err = &inventory.Error{Kind: inventory.KindOf(err), Message: doing, Err: err}
	}
	return b, err
}

// covers tells whether reports are still kept. A time that no window reaches was written by a
// wrong clock.
func (b windowBody) covers(now time.Time, every time.Duration) bool {
	return now.Before(b.Until) && !b.Until.After(now.Add(every+MaxSkew))
}

// read gives the window's own object; where it cannot be used, as if there were none.
func (w *Window) read(ctx context.Context) (windowBody, error) {
	var body windowBody
	_, err := w.store.read(ctx, w.key, windowLimit, &body)
	if d, bad := isDamaged(err); bad {
		_, err = w.store.moveAside(ctx, w.key, d)
	}
	if err != nil {
		body = windowBody{}
	}
	if inventory.KindOf(err) == inventory.NotFound {
		err = nil
	}
	return body, err
}

// write writes the window's own object. One who was telling for too long leaves it to the next.
func (b *Batch) write(ctx context.Context) error {
	s := b.window.store
	if !b.lease.Valid(s.now()) {
		return nil
	}
	data, err := encode(b.state, windowLimit)
	if err != nil {
		return err
	}
	_, err = s.bucket.Put(ctx, b.window.key, data, storage.Always())
	return err
}

// fill reads what is kept, oldest first, and begins the window.
func (b *Batch) fill(ctx context.Context, now time.Time, why taking) error {
	w, s := b.window, b.window.store
	names, err := w.kept(ctx)
	if err != nil {
		return err
	}
	told := func(name string) bool { return slices.Contains(b.state.Told, name) }
	again := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !told(n) })
	clean := s.deleteAll(ctx, w.keysOf(again))
	b.state.Told = again
	names = slices.DeleteFunc(names, told)
	names = names[:min(len(names), maxTold)]
	clean = errors.Join(clean, b.load(ctx, names))
	if why != offered || len(b.Reports) == 0 {
		return clean
	}
	b.state.Until = now.UTC().Add(w.every)
	if err := b.write(ctx); err != nil {
		// Without a window every report would be told at once. They are kept; the next one tries again.
		b.Reports, b.keys = nil, nil
		return errors.Join(clean, err)
	}
	return clean
}

// kept lists the names of kept reports, oldest first.
func (w *Window) kept(ctx context.Context) ([]string, error) {
	keys, err := w.store.bucket.List(ctx, w.folder)
	var names []string
	for _, key := range keys {
		if strings.HasSuffix(key, ".json") {
			names = append(names, strings.TrimPrefix(key, w.folder))
		}
	}
	return names, err
}

func (w *Window) keysOf(names []string) []string {
	keys := make([]string, len(names))
	for n, name := range names {
		keys[n] = w.folder + name
	}
	return keys
}

// load reads kept reports. A damaged one is set aside; one that cannot be read now stays.
func (b *Batch) load(ctx context.Context, names []string) error {
	w, s := b.window, b.window.store
	bodies := make([]keptBody, len(names))
	errs := each(len(names), func(n int) error {
		key := w.folder + names[n]
		_, err := s.read(ctx, key, reportLimit, &bodies[n])
		d, bad := isDamaged(err)
		switch {
		case bad:
			bodies[n].Report = nil
			_, warning := s.moveAside(ctx, key, d)
			return warning
		case inventory.KindOf(err) == inventory.NotFound:
			return nil // one who was slow has told it
		}
		return err
	})
	size := 0
	for n, name := range names {
		size += len(bodies[n].Report)
		if size > maxBytes {
			break
		}
		if errs[n] == nil && len(bodies[n].Report) > 0 {
			b.Reports = append(b.Reports, bodies[n].Report)
			b.keys = append(b.keys, name)
		}
	}
	return errors.Join(errs...)
}

// Told says that the reports of a batch were told, and lets them go. Its error means that some
// may be told again.
func (b Batch) Told(ctx context.Context) error {
	if b.window == nil {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	b.state.Told = append(slices.Clone(b.state.Told), b.keys...)
	noted := b.write(ctx)
	gone := b.window.store.deleteAll(ctx, b.window.keysOf(b.keys))
	if err := errors.Join(noted, gone, b.lease.Release(ctx)); err != nil {
		return &inventory.Error{
			Kind:    inventory.KindOf(err),
			Message: fmt.Sprintf("window %s: let %d told reports go", b.window.name, len(b.keys)), Err: err,
		}
	}
	return nil
}

// Back says that the reports of a batch could not be told. They are still kept, and others may
// take them.
func (b Batch) Back(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return b.lease.Release(ctx)
}
