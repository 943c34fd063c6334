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

// The bounds of this package.
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

// Options are what a test replaces; the zero value is right for everything else.
type Options struct {
	Now   func() time.Time // nil: time.Now
	Nonce func() string    // gives letters and digits that no other call has; nil: crypto/rand.Text
	Pick  func(n int) int  // gives one of 0…n-1; nil: math/rand
}

// Store keeps state in a bucket. It remembers nothing itself, and may be used by many goroutines
// at once.
//
// Every error is an *inventory.Error; its kind is that of the bucket's error (see storage.Bucket) where
// nothing else is said.
type Store struct {
	bucket storage.Bucket
	root   string // of the whole store; "" or ends in "/"
	prefix string // of what belongs to one JumpServer, see Of; "" or ends in "/"
	// server and organisation are those of Of; "" before.
	server, organisation string

	now   func() time.Time
	nonce func() string
	pick  func(n int) int
}

// New makes a store of all keys below a prefix; "" is the whole bucket. A prefix that is no key
// is Invalid.
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
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		s.root = prefix + "/"
	}
	s.prefix = s.root
	const longest = 420 // bytes of what this package adds
	if err := storage.CheckKey(s.root + strings.Repeat("x", longest)); err != nil {
		return nil, wrapError("prefix of the state", err)
	}
	return s, nil
}

// withTimeout ends a call in time even where its caller has no deadline.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callTimeout)
}

// loadObject fills body from an object. The error is a *damaged where the object is there and cannot be
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

// saveObject writes an object. A write whose answer was lost, and which the adapter's next try then
// took for somebody else's, is found by reading it back; so data must be like no other write's.
func (s *Store) saveObject(ctx context.Context, key string, data []byte, c storage.Condition) (etag string, err error) {
	etag, err = s.bucket.Put(ctx, key, data, c)
	switch inventory.KindOf(err) {
	case inventory.Conflict, inventory.NotFound, inventory.Temporary, inventory.Throttled, inventory.Incomplete:
		if o, e := s.bucket.Get(ctx, key, ""); e == nil && bytes.Equal(o.Data, data) {
			return o.ETag, nil
		}
	}
	return etag, err
}

// forEach calls work for every one of n, some at a time, and gives their errors in order.
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

// deleteAll deletes objects and gives the first error.
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

// safeKeyPart makes a part of a key that every store takes of any texts: what can be read of them, and
// a hash that no others have.
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

// appendText adds a text so that no other row of texts gives the same bytes.
func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// wrapError says what was being done. The kind stays.
func wrapError(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &inventory.Error{Kind: inventory.KindOf(err), Message: doing, Err: err}
}

func asCorrupt(err error) (*corruptError, bool) {
	var d *corruptError
	return d, errors.As(err, &d)
}
