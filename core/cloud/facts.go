package cloud

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The facts of instances are read from the answers that show the instances anyway. No rule may need one of them, so that
// no odd one spoils a list: it is LenientText, or Shown.

// Shown is a field of an answer that is read where it is wanted only: without rules a list costs what it always did.
type Shown[T any] struct{ raw []byte }

// UnmarshalJSON never fails.
func (s *Shown[T]) UnmarshalJSON(raw []byte) error {
	s.raw = bytes.Clone(raw)
	return nil
}

// NewShown returns a field as an answer would have it, for emulators.
func NewShown[T any](value T) Shown[T] {
	raw, err := json.Marshal(value)
	if err != nil { // of what nothing is made here
		return Shown[T]{raw: []byte("?")}
	}
	return Shown[T]{raw: raw}
}

// MarshalJSON writes what was read.
func (s Shown[T]) MarshalJSON() ([]byte, error) {
	if s.raw == nil {
		return []byte("null"), nil
	}
	return s.raw, nil
}

// Read returns the value, and reports whether the field has another form than T, so that it shows nothing. A field that an
// answer does not have is empty, and not odd.
func (s Shown[T]) Read() (value T, isOdd bool) {
	if s.raw == nil {
		return value, false
	}
	var is T
	if json.Unmarshal(s.raw, &is) != nil {
		return value, true
	}
	return is, false
}

// ReadInto is Read where a fact is wanted. The fact is added to unread where the field is odd.
func ReadInto[T any](s Shown[T], want inventory.Want, fact inventory.Fact, unread *inventory.Fact) T {
	var none T
	if !want.Has(fact) {
		return none
	}
	value, isOdd := s.Read()
	if isOdd {
		*unread |= fact
	}
	return value
}

// ReadTags returns tags that an answer has as a list of pairs of Key and Value, and reports whether they are unread.
func ReadTags(s Shown[[]inventory.Tag]) (tags []inventory.Tag, unread bool) { return s.Read() }

// ParseTime returns the time of a text, in a form that one of the clouds writes; zero = it is none. A time without a zone
// is UTC.
func ParseTime(text LenientText) time.Time {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05"} {
		at, err := time.Parse(layout, string(text))
		if err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// neverYear is the year from which an end means that there is none: Alibaba writes 2099-12-31 for what is paid by use.
const neverYear = 2099

// ParseExpiry is ParseTime for the end of an instance, where some clouds write a far day for none.
func ParseExpiry(text LenientText) time.Time {
	at := ParseTime(text)
	if at.Year() >= neverYear {
		return time.Time{}
	}
	return at
}
