package cloud

import (
	"encoding/json"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The facts of instances are read from the answers that show the instances anyway. No rule may need one of them, so that
// no odd one spoils a list: it is LenientText, or Shown.

// Shown is a field of an answer; IsOdd says that it has another form than T, and so shows nothing.
type Shown[T any] struct {
	Value T
	IsOdd bool
}

// UnmarshalJSON never fails.
func (s *Shown[T]) UnmarshalJSON(raw []byte) error {
	var is T
	if json.Unmarshal(raw, &is) != nil {
		*s = Shown[T]{IsOdd: true}
		return nil
	}
	s.Value = is
	return nil
}

// MarshalJSON writes the value as it was read.
func (s Shown[T]) MarshalJSON() ([]byte, error) { return json.Marshal(s.Value) }

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

// UnreadIf returns a fact where it is odd, and none otherwise.
func UnreadIf(odd bool, fact inventory.Fact) inventory.Fact {
	if odd {
		return fact
	}
	return 0
}
