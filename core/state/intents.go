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
	// IntentRetention is how long an intent is kept whose outcome nobody was notified of.
	IntentRetention = 30 * 24 * time.Hour
	// maxIntentDocuments is how many documents one AcquireUnfinished reads at most.
	maxIntentDocuments = 50
	// intentsMaxBytes bounds one document: some 40,000 assets, more than one run may remove.
	intentsMaxBytes = heldMaxBytes
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
	// GoneLabel is the value of the label jms-gone that a deactivation writes: an asset that has it was deactivated by
	// this very write.
	GoneLabel string `json:"gone,omitempty"`
	// ByRule says that a mapping rule deactivates the asset, which the label jms-rule-off shows.
	ByRule bool `json:"by_rule,omitempty"`
	// Applied says that the removal was made and only its card is missing.
	Applied bool `json:"made,omitempty"`
}

// Scope returns where the instance was listed.
func (i Intent) Scope() inventory.Scope {
	return inventory.Scope{Cloud: i.Cloud, Account: i.Account, Region: i.Region}
}

type intentsBody struct {
	ShardKey  string    `json:"slice"` // of the run that owns the document now
	At        time.Time `json:"at"`
	Until     time.Time `json:"until,omitzero"` // when that run has ended at the latest; zero = it has ended
	Since     time.Time `json:"since,omitzero"` // after all of its writes were sent; zero = unknown
	Remaining []Intent  `json:"left"`
	Nonce     string    `json:"nonce"`
}

// IntentLog saves what runs were about to remove until people were notified of the outcome: a write whose answer got
// lost, or a process that was killed between a write and its card, must not close an asset without anybody hearing of it.
// Each run has a document of its own, from before its first removal until after its card.
type IntentLog struct{ store *Store }

// IntentLog returns the intents of a store.
func (s *Store) IntentLog() *IntentLog { return &IntentLog{s} }

// IntentDocument is the document of one run. Only the run that wrote it, or got it from AcquireUnfinished, may change it.
type IntentDocument struct {
	Remaining []Intent
	// Since is after all of its writes were sent.
	Since time.Time

	store *Store
	key   string
	body  intentsBody
}

// Record saves what a run of a shard is about to remove, and when that run has ended at the latest.
func (i *IntentLog) Record(ctx context.Context, shardKey string, until time.Time, all []Intent) (*IntentDocument, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	now := i.store.now().UTC()
	d := &IntentDocument{Remaining: all, store: i.store, key: i.store.prefix + "intents/" + now.Format(keyTimeLayout) + "-" + i.store.nonce() + ".json"}
	d.body = intentsBody{ShardKey: shardKey, At: now, Until: until.UTC()}
	return d, wrapError("note what is to be removed", d.save(ctx))
}

func (d *IntentDocument) save(ctx context.Context) error {
	d.body.Remaining, d.body.Nonce = d.Remaining, d.store.nonce()
	_, err := d.store.saveObject(ctx, d.key, intentsMaxBytes, d.body, storage.Always())
	return err
}

// Finish leaves to later runs what is still to be verified or notified; where that is nothing it deletes the document.
func (d *IntentDocument) Finish(ctx context.Context, remaining []Intent) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if len(remaining) == 0 {
		return wrapError("forget what was to be removed", d.store.bucket.Delete(ctx, d.key))
	}
	if d.body.Since.IsZero() {
		d.body.Since = d.store.now().UTC()
	}
	d.Remaining, d.body.Until = remaining, time.Time{}
	return wrapError("note what is left of what was to be removed", d.save(ctx))
}

// Extend keeps a document for this process until a time, as it still has to notify people of it.
func (d *IntentDocument) Extend(ctx context.Context, remaining []Intent, until time.Time) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	d.Remaining, d.body.Until = remaining, until.UTC()
	return wrapError("note what is still to be told", d.save(ctx))
}

// HasAny reports whether any run left intents that people were not notified of. It costs one call.
func (i *IntentLog) HasAny(ctx context.Context) (bool, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := i.listKeys(ctx)
	return len(keys) > 0, wrapError("look for what earlier runs removed", err)
}

// acquireTimeout bounds one AcquireUnfinished.
const acquireTimeout = 2 * callTimeout

// AcquireUnfinished returns the documents of runs that have ended, or must have, oldest first. They then belong to this
// shard until a time, and others leave them alone. alone says that no other run of the shard is at work, so that
// what such a run had is unfinished too. more reports that others are at work on something or came first, so that there
// may be more later. Where nothing is unfinished it costs one call.
//
// A corrupt document is moved aside, and one older than IntentRetention is deleted; the error names both beside the
// documents. Two callers can get the same document only where the store can keep no lease.
func (i *IntentLog) AcquireUnfinished(ctx context.Context, shardKey string, until time.Time, alone bool) (found []*IntentDocument, more bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	const doing = "look for what earlier runs removed"
	keys, err := i.listKeys(ctx)
	if err != nil || len(keys) == 0 {
		return nil, err != nil, wrapError(doing, err)
	}
	lease, err := i.store.AcquireLease(ctx, "intents", acquireTimeout, "")
	switch {
	case errors.Is(err, ErrLeaseTaken):
		return nil, true, nil
	case err != nil && !errors.Is(err, ErrNoLease):
		return nil, true, wrapError(doing, err)
	}
	docs, more, err := i.loadOldest(ctx)
	now := i.store.now()
	for _, d := range docs {
		if !now.After(d.body.Until.Add(MaxSkew)) && !d.body.Until.IsZero() && (!alone || d.body.ShardKey != shardKey) {
			more = true
			continue
		}
		if e := d.acquire(ctx, shardKey, until); e != nil {
			more, err = true, errors.Join(err, e)
			continue
		}
		found = append(found, d)
	}
	err = errors.Join(err, lease.Release(ctx))
	if err != nil {
		err = wrapError(doing, &inventory.Error{Kind: inventory.KindOf(err), Err: err})
	}
	return found, more || err != nil, err
}

// acquire makes a document belong to this run.
func (d *IntentDocument) acquire(ctx context.Context, shardKey string, until time.Time) error {
	if d.body.Since.IsZero() {
		d.body.Since = d.body.Until
		if now := d.store.now().UTC(); now.Before(d.body.Since) {
			d.body.Since = now
		}
	}
	d.Since, d.body.ShardKey, d.body.Until = d.body.Since, shardKey, until.UTC()
	return d.save(ctx)
}

func (i *IntentLog) listKeys(ctx context.Context) ([]string, error) {
	keys, err := i.store.bucket.List(ctx, i.store.prefix+"intents/")
	return slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".json") }), err
}

// loadOldest reads the oldest documents and deletes those that are too old.
func (i *IntentLog) loadOldest(ctx context.Context) (docs []*IntentDocument, more bool, err error) {
	keys, err := i.listKeys(ctx) // again: another run may have finished some meanwhile
	if err != nil {
		return nil, true, err
	}
	docs = make([]*IntentDocument, min(len(keys), maxIntentDocuments))
	errs := forEach(len(docs), func(n int) (err error) {
		docs[n], err = i.loadDocument(ctx, keys[n])
		return err
	})
	old := i.store.now().Add(-IntentRetention)
	docs = slices.DeleteFunc(docs, func(d *IntentDocument) bool {
		if d != nil && d.body.At.Before(old) {
			errs = append(errs, i.store.bucket.Delete(ctx, d.key))
			return true
		}
		return d == nil
	})
	return docs, len(keys) > maxIntentDocuments, errors.Join(errs...)
}

// loadDocument reads one document; nil where it was deleted meanwhile or is corrupt.
func (i *IntentLog) loadDocument(ctx context.Context, key string) (*IntentDocument, error) {
	d := &IntentDocument{store: i.store, key: key}
	_, err := i.store.loadObject(ctx, key, intentsMaxBytes, &d.body)
	if corrupt, is := asCorrupt(err); is {
		_, warning := i.store.moveCorrupt(ctx, key, corrupt)
		return nil, warning
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.Remaining = d.body.Remaining
	return d, nil
}
