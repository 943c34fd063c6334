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

// maxTextLen is more than any field that is looked at has; what is longer is none of them, and must
// not reach a log or a card either.
const maxTextLen = 256

// LenientText is a string, or a number taken as one, without the blanks around it; anything else, and what
// has more than 256 bytes, reads as "".
type LenientText string

// UnmarshalJSON never fails.
func (t *LenientText) UnmarshalJSON(raw []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
	case json.Unmarshal(raw, &n) == nil:
		s = n.String()
	}
	if s = strings.TrimSpace(s); len(s) <= maxTextLen {
		*t = LenientText(s)
	}
	return nil
}

// Lenient is a value of the form T, or a JSON text that holds one; anything else reads as empty.
type Lenient[T any] struct{ Value T }

// UnmarshalJSON never fails.
func (l *Lenient[T]) UnmarshalJSON(raw []byte) error {
	var is T
	if json.Unmarshal(UnquoteJSON(raw), &is) == nil {
		l.Value = is
	}
	return nil
}

// UnquoteJSON gives the JSON that a JSON text holds, or what is no text as it is.
func UnquoteJSON(raw []byte) []byte {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		return []byte(inner)
	}
	return raw
}

// ParseEvents reads a payload that is one event, or an array of them. It never fails as a whole: hear
// judges each event, and broken makes an answer of what is none.
func ParseEvents(payload []byte, hear func(raw []byte) ParsedEvent, broken func(error) ParsedEvent) []ParsedEvent {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 {
		return []ParsedEvent{broken(errors.New("the event is empty"))}
	}
	if payload[0] != '[' {
		return []ParsedEvent{hear(payload)}
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(payload, &batch); err != nil {
		return []ParsedEvent{broken(fmt.Errorf("the event is not JSON: %w", err))}
	}
	if len(batch) == 0 {
		return []ParsedEvent{broken(errors.New("the batch is empty"))}
	}
	heard := make([]ParsedEvent, 0, len(batch))
	for _, raw := range batch {
		heard = append(heard, hear(raw))
	}
	return heard
}

// NewInvalidEvent is an event that is no hint, as an error of the kind Invalid. Its own id, and its kind and
// state, may be "".
func NewInvalidEvent(of inventory.Cloud, id, what string, err error) ParsedEvent {
	message := string(of) + " event"
	if id != "" {
		message += " " + id
	}
	return ParsedEvent{ID: id, Description: what, Err: &inventory.Error{Kind: inventory.Invalid, Message: message, Err: err}}
}

// MissingFieldsError is the error of an event that does not name all that a question to the cloud needs; nil
// where nothing is missing.
func MissingFieldsError(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("the event lacks " + strings.Join(missing, ", "))
}
