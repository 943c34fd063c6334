// Package storage keeps small objects in a bucket of an object store, or in a directory. It is
// the port; every store has its adapter in a folder below, and all of them show the behaviour
// that the suite in storagetest checks.
package storage

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// MaxObjectSize is the most bytes that an object may have, in Get as in Put.
const MaxObjectSize = 16 << 20

// ErrNotModified is what Get returns where the object still has the ETag that the caller knows.
// It is no fault; errors.Is finds it.
var ErrNotModified = errors.New("not modified")

// Bucket holds objects by key. It may be used by many goroutines at once.
//
// Every error but ErrNotModified is an *inventory.Error that names the bucket and the key, and
// never holds a key of an account, a signature or a token. Its kinds:
//
//	NotFound        there is no such object, in a bucket that answers; only Get
//	Conflict        the Condition of a Put does not hold (IfMatch: or the object is gone); nothing was written
//	Unsupported     the store cannot keep the Condition; nothing was sent
//	Invalid         the bucket does not exist, the key is none, or the object is larger than MaxObjectSize
//	Denied          the right is missing (S3 says so too of an absent object, to those who may not list)
//	BadCredentials  the key is unknown, off, expired or its secret wrong, or there is none
//	Incomplete      an answer that is not the store's, or not whole
//	Throttled, Temporary  after all tries; a Put may have been done nevertheless
//	Deadline        ctx has ended; a Put may have been done nevertheless
type Bucket interface {
	// Get reads a whole object. Where knownETag is not "" and still the object's, the error is
	// ErrNotModified, and no data was sent.
	Get(ctx context.Context, key, knownETag string) (Object, error)
	// Put writes a whole object, where the condition holds, and returns its new ETag. Readers see
	// the old object or the new one, never a part. Where an answer was lost and the condition
	// then does not hold any more, an object of the very same bytes counts as written by this
	// call: writers that compete must write something of their own.
	Put(ctx context.Context, key string, data []byte, condition Condition) (etag string, err error)
	// List returns all keys that begin with prefix, sorted; an error rather than a part of them.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object. That there is none is a success.
	Delete(ctx context.Context, key string) error
	// Capabilities returns the conditions that the store can keep. It may have to ask the store; what
	// is not known for sure is not there (and is asked for again the next time).
	Capabilities(ctx context.Context) Capabilities
}

// Object is what Get reads.
type Object struct {
	Data []byte
	ETag string // never ""; as the store writes it, good only for comparing and for Get and IfMatch
}

// Capabilities are the conditions that a store can keep.
type Capabilities struct{ CreateOnly, IfMatch bool }

// Condition is what must hold for a Put to write. The zero value is Always.
type Condition struct {
	mode conditionMode
	etag string
}

type conditionMode int

const (
	always conditionMode = iota
	createOnly
	ifMatch
)

// Always writes whatever is there.
func Always() Condition { return Condition{} }

// CreateOnly writes only where there is no object of this key.
func CreateOnly() Condition { return Condition{mode: createOnly} }

// IfMatch writes only over the object that has this ETag. An empty ETag is Invalid, never Always.
func IfMatch(etag string) Condition { return Condition{mode: ifMatch, etag: etag} }

// IsCreateOnly reports whether there must be no object.
func (c Condition) IsCreateOnly() bool { return c.mode == createOnly }

// IfMatchETag returns the ETag that the object must have, if it must have one.
func (c Condition) IfMatchETag() (etag string, asked bool) { return c.etag, c.mode == ifMatch }

// IsAlways reports whether there is no condition.
func (c Condition) IsAlways() bool { return c.mode == always }

// CheckKey refuses what is no key in every store: empty, longer than 1,000 bytes, not UTF-8, with
// a backslash or a control character, with an empty, "." or ".." part, or with one that begins with
// ReservedPrefix. The same key must mean the same everywhere, and a directory must not be left.
func CheckKey(key string) error {
	switch {
	case key == "":
		return newInvalidError(language.New("对象名是空的", "the key is empty"))
	case len(key) > maxKeyBytes:
		return newInvalidError(language.New("对象名超过 1,000 字节", "the key is longer than 1,000 bytes"))
	case !utf8.ValidString(key):
		return newInvalidError(language.New("对象名不是 UTF-8", "the key is not UTF-8"))
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return newInvalidError(language.New("对象名里有反斜杠或控制字符", "the key has a backslash or a control character"))
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return newInvalidError(language.New("对象名里有空的一段，或者一段是 . 或 ..", "the key has an empty part, or one that is . or .."))
		}
		if strings.HasPrefix(part, ReservedPrefix) {
			return newInvalidError(language.New("对象名里有一段以 "+ReservedPrefix+" 开头", "the key has a part that begins with "+ReservedPrefix))
		}
	}
	return nil
}

// ReservedPrefix begins the names of what adapters keep for themselves: locks, half-written files, probes.
// These are no objects: no List shows them.
const ReservedPrefix = ".jms-sync-"

// maxKeyBytes is a little less than the 1,024 bytes that the stores take (OSS: 1,023).
const maxKeyBytes = 1000

func newInvalidError(text language.Text) error {
	return &inventory.Error{Kind: inventory.Invalid, Err: &language.Error{Text: text}}
}
