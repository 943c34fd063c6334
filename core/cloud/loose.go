package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The readers of events. They are loose: an event is a hint, and an odd field, perhaps one that is
// not even needed, must not take the others with it.

// longest is more than any field that is looked at has; what is longer is none of them, and must
// not reach a log or a card either.
const longest = 256

// Text is a string, or a number taken as one, without the blanks around it; anything else, and what
// has more than 256 bytes, reads as "".
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
	case json.Unmarshal(raw, &n) == nil:
		s = n.String()
	}
	if s = strings.TrimSpace(s); len(s) <= longest {
		*t = Text(s)
	}
	return nil
}

// Loose is a value of the form T, or a JSON text that holds one; anything else reads as empty.
type Loose[T any] struct{ Is T }

// UnmarshalJSON never fails.
func (l *Loose[T]) UnmarshalJSON(raw []byte) error {
	var is T
	if json.Unmarshal(Unquoted(raw), &is) == nil {
		l.Is = is
	}
	return nil
}

// Unquoted gives the JSON that a JSON text holds, or what is no text as it is.
func Unquoted(raw []byte) []byte {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		return []byte(inner)
	}
	return raw
}

// HearBatch reads a payload that is one event, or an array of them. It never fails as a whole: hear
// judges each event, and broken makes an answer of what is none.
func HearBatch(payload []byte, hear func(raw []byte) Heard, broken func(error) Heard) []Heard {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 {
		return []Heard{broken(errors.New("the event is empty"))}
	}
	if payload[0] != '[' {
		return []Heard{hear(payload)}
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(payload, &batch); err != nil {
		return []Heard{broken(fmt.Errorf("the event is not JSON: %w", err))}
	}
	if len(batch) == 0 {
		return []Heard{broken(errors.New("the batch is empty"))}
	}
	heard := make([]Heard, 0, len(batch))
	for _, raw := range batch {
		heard = append(heard, hear(raw))
	}
	return heard
}

// Unheard is an event that is no hint, as an error of the kind Invalid. Its own id, and its kind and
// state, may be "".
func Unheard(of inventory.Cloud, id, what string, err error) Heard {
	message := string(of) + " event"
	if id != "" {
		message += " " + id
	}
	return Heard{ID: id, What: what, Err: &inventory.Error{Kind: inventory.Invalid, Message: message, Err: err}}
}

// Lacks is the error of an event that does not name all that a question to the cloud needs; nil
// where nothing is missing.
func Lacks(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("the event lacks " + strings.Join(missing, ", "))
}
