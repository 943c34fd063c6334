package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The readers of events are lenient: an odd field, perhaps one that is not even needed, must not lose the others.

// maxTextLen is longer than any field that is needed. A longer one is dropped: it must not reach logs or cards.
const maxTextLen = 256

// LenientText is a string, or a number read as one, without surrounding blanks. Anything else, and what
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
	s = strings.TrimSpace(s)
	if len(s) <= maxTextLen {
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

// UnquoteJSON returns the JSON inside a JSON string, and anything else unchanged.
func UnquoteJSON(raw []byte) []byte {
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		return []byte(inner)
	}
	return raw
}

// ParseEvents parses a payload that is one event, or an array of them. It never fails as a whole: parse
// parses each event, and invalid returns one for what is no event.
func ParseEvents(payload []byte, parse func(raw []byte) ParsedEvent, invalid func(error) ParsedEvent) []ParsedEvent {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 {
		return []ParsedEvent{invalid(errors.New("the event is empty"))}
	}
	if payload[0] != '[' {
		return []ParsedEvent{parse(payload)}
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(payload, &batch); err != nil {
		return []ParsedEvent{invalid(fmt.Errorf("the event is not JSON: %w", err))}
	}
	if len(batch) == 0 {
		return []ParsedEvent{invalid(errors.New("the batch is empty"))}
	}
	events := make([]ParsedEvent, 0, len(batch))
	for _, raw := range batch {
		events = append(events, parse(raw))
	}
	return events
}

// NewInvalidEvent returns an event with an error of the kind Invalid. id and description may be "".
func NewInvalidEvent(of inventory.Cloud, id, what string, err error) ParsedEvent {
	message := string(of) + " event"
	if id != "" {
		message += " " + id
	}
	return ParsedEvent{ID: id, Description: what, Err: &inventory.Error{Kind: inventory.Invalid, Message: message, Err: err}}
}

// MissingFieldsError returns the error of an event that lacks fields, and nil where none is missing.
func MissingFieldsError(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("the event lacks " + strings.Join(missing, ", "))
}
