package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

const (
	// KeepIntents is how long it is looked whether a removal was made and not told.
	KeepIntents = 30 * 24 * time.Hour
	// mostIntents is how many documents one Leftover reads at most.
	mostIntents = 50
	// intentsLimit bounds the bytes of one document: some 40,000 assets, more than one run may remove.
	intentsLimit = heldLimit
)

// Intent is one removal that a run was about to write, with what a card shows of it.
type Intent struct {
	Asset    string          `json:"asset"`
	Action   string          `json:"action"` // "deactivate" or "delete"
	Cloud    inventory.Cloud `json:"cloud"`
	Account  string          `json:"account"`
	Region   string          `json:"region"`
	Instance string          `json:"instance"`
	Name     string          `json:"name"`
	Address  string          `json:"address"`
	Platform string          `json:"platform"`
	// Gone is the value of the label jms-gone that a deactivation writes: an asset that has it was deactivated by
	// this very write.
	Gone string `json:"gone,omitempty"`
	// Made: it was made, and only not told.
	Made bool `json:"made,omitempty"`
}

// Scope returns where the instance was listed.
func (i Intent) Scope() inventory.Scope {
	return inventory.Scope{Cloud: i.Cloud, Account: i.Account, Region: i.Region}
}

type intentsBody struct {
	Slice string    `json:"slice"` // of the run that has it now
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"` // when that run has ended at the latest; zero: it has
	Since time.Time `json:"since,omitzero"` // when no more was written; zero where that is not known
	Left  []Intent  `json:"left"`
	Nonce string    `json:"nonce"`
}

// Intents keeps what runs were about to remove until people were told what became of it: a write whose answer got
// lost, or a process that was killed between a write and its card, must not close an asset that nobody hears of. Each
// run has a document of its own, from before its first removal until after its card.
type Intents struct{ store *Store }

// Intents returns those of a store.
func (s *Store) Intents() *Intents { return &Intents{s} }

// Intended is one document. Only who wrote it, or got it by Leftover, may change it.
type Intended struct {
	Left []Intent
	// Since is after all of its writes were sent.
	Since time.Time

	store *Store
	key   string
	body  intentsBody
}

// Put notes what a run of a slice is about to remove, and when it has ended at the latest.
func (i *Intents) Put(ctx context.Context, slice string, until time.Time, all []Intent) (*Intended, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	now := i.store.now().UTC()
	d := &Intended{Left: all, store: i.store, key: i.store.prefix + "intents/" + now.Format(stamp) + "-" + i.store.nonce() + ".json"}
	d.body = intentsBody{Slice: slice, At: now, Until: until.UTC()}
	return d, wrap("note what is to be removed", d.write(ctx))
}

func (d *Intended) write(ctx context.Context) error {
	d.body.Left, d.body.Nonce = d.Left, d.store.nonce()
	data, err := encode(d.body, intentsLimit)
	if err == nil {
		_, err = d.store.bucket.Put(ctx, d.key, data, storage.Always())
	}
	return err
}

// End leaves to later runs what is to be looked for, or told; where that is nothing the document is forgotten.
func (d *Intended) End(ctx context.Context, left []Intent) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if len(left) == 0 {
		return wrap("forget what was to be removed", d.store.bucket.Delete(ctx, d.key))
	}
	if d.body.Since.IsZero() {
		d.body.Since = d.store.now().UTC()
	}
	d.Left, d.body.Until = left, time.Time{}
	return wrap("note what is left of what was to be removed", d.write(ctx))
}

// Wait keeps a document for this process until a time, as it still has to tell of it.
func (d *Intended) Wait(ctx context.Context, left []Intent, until time.Time) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	d.Left, d.body.Until = left, until.UTC()
	return wrap("note what is still to be told", d.write(ctx))
}

// Any reports whether any run noted what it was about to remove and has not told all of it yet. It is one call.
func (i *Intents) Any(ctx context.Context) (bool, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys, err := i.keys(ctx)
	return len(keys) > 0, wrap("look for what earlier runs removed", err)
}

// takeTime is how long one may be taking what is left.
const takeTime = 2 * patience

// Leftover returns what runs left that have ended, or must have, oldest first. It is then that of this slice, until a
// time: others leave it alone. alone says that no other run of the slice is at work, so that what such a one had is
// left too. more says that others are at work on something, or came first, so that there may be more later. Where nothing is
// left that is one call.
//
// What is damaged is set aside, and what is older than KeepIntents is forgotten; the error tells of it beside the
// others. Only where the store can keep no lease may two get the same.
func (i *Intents) Leftover(ctx context.Context, slice string, until time.Time, alone bool) (found []*Intended, more bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	const doing = "look for what earlier runs removed"
	keys, err := i.keys(ctx)
	if err != nil || len(keys) == 0 {
		return nil, err != nil, wrap(doing, err)
	}
	lease, err := i.store.Acquire(ctx, "intents", takeTime, "")
	switch {
	case errors.Is(err, ErrTaken):
		return nil, true, nil
	case err != nil && !errors.Is(err, ErrNoLease):
		return nil, true, wrap(doing, err)
	}
	docs, more, err := i.load(ctx)
	now := i.store.now()
	for _, d := range docs {
		if !now.After(d.body.Until.Add(MaxSkew)) && !d.body.Until.IsZero() && (!alone || d.body.Slice != slice) {
			more = true
			continue
		}
		if e := d.take(ctx, slice, until); e != nil {
			more, err = true, errors.Join(err, e)
			continue
		}
		found = append(found, d)
	}
	if err = errors.Join(err, lease.Release(ctx)); err != nil {
		err = wrap(doing, &inventory.Error{Kind: inventory.KindOf(err), Err: err})
	}
	return found, more || err != nil, err
}

// take makes a document that of this run.
func (d *Intended) take(ctx context.Context, slice string, until time.Time) error {
	if d.body.Since.IsZero() {
		d.body.Since = d.body.Until
		if now := d.store.now().UTC(); now.Before(d.body.Since) {
			d.body.Since = now
		}
	}
	d.Since, d.body.Slice, d.body.Until = d.body.Since, slice, until.UTC()
	return d.write(ctx)
}

func (i *Intents) keys(ctx context.Context) ([]string, error) {
	keys, err := i.store.bucket.List(ctx, i.store.prefix+"intents/")
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".json") }), err
}

// load reads the oldest documents, and forgets those that are too old.
func (i *Intents) load(ctx context.Context) (docs []*Intended, more bool, err error) {
	keys, err := i.keys(ctx) // again: what was left before may have been told meanwhile
	if err != nil {
		return nil, true, err
	}
	docs = make([]*Intended, min(len(keys), mostIntents))
	errs := each(len(docs), func(n int) (err error) {
		docs[n], err = i.one(ctx, keys[n])
		return err
	})
	old := i.store.now().Add(-KeepIntents)
	docs = slices.DeleteFunc(docs, func(d *Intended) bool {
		if d != nil && d.body.At.Before(old) {
			errs = append(errs, i.store.bucket.Delete(ctx, d.key))
			return true
		}
		return d == nil
	})
	return docs, len(keys) > mostIntents, errors.Join(errs...)
}

// one reads one document; nil where there is none any more, or it is damaged.
func (i *Intents) one(ctx context.Context, key string) (*Intended, error) {
	d := &Intended{store: i.store, key: key}
	_, err := i.store.read(ctx, key, intentsLimit, &d.body)
	if bad, is := isDamaged(err); is {
		_, warning := i.store.moveAside(ctx, key, bad)
		return nil, warning
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.Left = d.body.Left
	return d, nil
}
