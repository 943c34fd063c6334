package state

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	random "math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Bounds of this package.
const (
	smallMaxBytes  = 8 << 10   // bytes of a scope or a lease
	queueMaxBytes  = 256 << 10 // bytes of a window's own object
	reportMaxBytes = 1 << 20   // bytes of a report or a run's document
	maxConcurrency = 16        // requests under way at one time
	// callTimeout ends every call of this package: state saves time and must not cost much.
	callTimeout = 15 * time.Second
)

// keyTimeLayout is how times stand in keys: UTC, sorted by text as by time.
const keyTimeLayout = "20060102T150405.000000000Z"

// Options replace what a test controls; the zero value is right for everything else.
type Options struct {
	Now   func() time.Time // nil: time.Now
	Nonce func() string    // returns letters and digits that no other call returns; nil: crypto/rand.Text
	Pick  func(n int) int  // returns one of 0…n-1; nil: math/rand
}

// Store saves state in a bucket. It caches nothing and is safe for concurrent use.
//
// Every error is an *inventory.Error. Its kind is that of the bucket's error (see storage.Bucket) unless
// a method says otherwise.
type Store struct {
	bucket storage.Bucket
	root   string // of the whole store; "" or ends in "/"
	prefix string // of what belongs to one JumpServer, see ForInstallation; "" or ends in "/"
	// server and organisation are those of ForInstallation; "" before.
	server, organisation string

	now   func() time.Time
	nonce func() string
	pick  func(n int) int
}

// New returns a store of all keys below a prefix; "" is the whole bucket. A prefix that is no valid key
// is an error of kind Invalid.
func New(bucket storage.Bucket, prefix string, o Options) (*Store, error) {
	s := &Store{bucket: bucket, now: o.Now, nonce: o.Nonce, pick: o.Pick}
	if s.now == nil {
		s.now = time.Now
	}
	if s.nonce == nil {
		s.nonce = rand.Text
	}
	if s.pick == nil {
		s.pick = random.IntN
	}
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix != "" {
		s.root = prefix + "/"
	}
	s.prefix = s.root
	const longest = 420 // bytes that this package adds to a key
	if err := storage.CheckKey(s.root + strings.Repeat("x", longest)); err != nil {
		return nil, wrapError("prefix of the state", err)
	}
	return s, nil
}

// withTimeout bounds a call even where its caller has no deadline.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callTimeout)
}

// loadObject fills body from an object. The error is a *corruptError where the object exists and cannot be
// used; its kind is NotFound where there is none.
func (s *Store) loadObject(ctx context.Context, key string, limit int, body any) (etag string, err error) {
	o, err := s.bucket.Get(ctx, key, "")
	if err != nil {
		return "", err
	}
	if why := decodeObject(o.Data, limit, body); why != "" {
		return o.ETag, &corruptError{data: o.Data, reason: why}
	}
	return o.ETag, nil
}

// saveObject encodes a body and writes it. The answer to a write can get lost, and the adapter then takes its own write
// for somebody else's when it tries again: saveObject finds that by reading back, so two writes must differ (a nonce).
func (s *Store) saveObject(ctx context.Context, key string, limit int, body any, c storage.Condition) (etag string, err error) {
	data, err := encodeObject(body, limit)
	if err != nil {
		return "", err
	}
	etag, err = s.bucket.Put(ctx, key, data, c)
	switch inventory.KindOf(err) {
	case inventory.Conflict, inventory.NotFound, inventory.Temporary, inventory.Throttled, inventory.Incomplete:
		if o, e := s.bucket.Get(ctx, key, ""); e == nil && bytes.Equal(o.Data, data) {
			return o.ETag, nil
		}
	}
	return etag, err
}

// replaceObject encodes a body and writes it over the object that has this ETag; "" = there must be none. The error is
// Conflict where the object is another one by now. Without a precondition of the store only a write between this
// reading and writing goes unnoticed.
func (s *Store) replaceObject(ctx context.Context, key string, limit int, body any, etag string) (string, error) {
	can := s.bucket.Capabilities(ctx)
	switch {
	case etag == "" && can.CreateOnly:
		return s.saveObject(ctx, key, limit, body, storage.CreateOnly())
	case etag != "" && can.IfMatch:
		return s.saveObject(ctx, key, limit, body, storage.IfMatch(etag))
	}
	o, err := s.bucket.Get(ctx, key, "")
	if err != nil && (etag != "" || inventory.KindOf(err) != inventory.NotFound) {
		return etag, err
	}
	if o.ETag != etag {
		return etag, &inventory.Error{Kind: inventory.Conflict, Message: key + " is another version than was read"}
	}
	return s.saveObject(ctx, key, limit, body, storage.Always())
}

// createCondition asks that there is no object yet, where the store can.
func (s *Store) createCondition(ctx context.Context) storage.Condition {
	if s.bucket.Capabilities(ctx).CreateOnly {
		return storage.CreateOnly()
	}
	return storage.Always()
}

// loadAll reads the objects of some keys into bodies of the same order. A corrupt object leaves the zero value and an
// error of kind Incomplete that names it; one that was deleted meanwhile leaves the zero value and no error.
func loadAll[T any](ctx context.Context, s *Store, keys []string, limit int) ([]T, []error) {
	bodies := make([]T, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], limit, &bodies[n])
		if err == nil {
			return nil
		}
		var zero T
		bodies[n] = zero
		if inventory.KindOf(err) == inventory.NotFound {
			return nil
		}
		return asIncomplete(keys[n], err)
	})
	return bodies, errs
}

// forEach calls work with 0…n-1, up to maxConcurrency at a time, and returns their errors in order.
func forEach(n int, work func(int) error) []error {
	errs := make([]error, n)
	slots := make(chan struct{}, maxConcurrency)
	var wait sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wait.Go(func() {
			errs[i] = work(i)
			<-slots
		})
	}
	wait.Wait()
	return errs
}

// deleteAll deletes objects and returns the first error.
func (s *Store) deleteAll(ctx context.Context, keys []string) error {
	return firstError(forEach(len(keys), func(n int) error { return s.bucket.Delete(ctx, keys[n]) }))
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// safeKeyPart turns any texts into a part of a key that every store accepts: what is readable of them, and
// a hash that no other texts have.
func safeKeyPart(parts ...string) string {
	const readable = 80
	var whole []byte
	for _, p := range parts {
		whole = appendText(whole, p)
	}
	sum := sha256.Sum256(whole)
	text := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r == '-', r == '_':
			return r
		}
		return '_'
	}, strings.Join(parts, "-"))
	return text[:min(len(text), readable)] + "-" + hex.EncodeToString(sum[:8])
}

// appendText adds a text so that no other sequence of texts has the same bytes.
func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// wrapError says what failed. The kind stays.
func wrapError(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &inventory.Error{Kind: inventory.KindOf(err), Message: doing, Err: err}
}

// asIncomplete turns a *corruptError into an error of kind Incomplete that names the object; other errors stay.
func asIncomplete(key string, err error) error {
	corrupt, is := asCorrupt(err)
	if !is {
		return err
	}
	return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: corrupt}
}

func asCorrupt(err error) (*corruptError, bool) {
	var d *corruptError
	return d, errors.As(err, &d)
}
