package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

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
	text, isPlain := plainText(raw)
	if !isPlain {
		text = parseText(raw)
	}
	text = strings.TrimSpace(text)
	if len(text) <= maxTextLen {
		*t = LenientText(text)
	}
	return nil
}

// parseText returns the text of any JSON string or number, and "" of anything else.
func parseText(raw []byte) string {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
		return s
	case json.Unmarshal(raw, &n) == nil:
		return n.String()
	}
	return ""
}

// plainText returns the text of a JSON string that has no escapes, of a number of digits alone, or of null, as almost all are:
// a list has a million of them.
func plainText(raw []byte) (string, bool) {
	switch {
	case string(raw) == "null":
		return "", true
	case len(raw) > 0 && len(bytes.Trim(raw, "0123456789")) == 0:
		return string(raw), true
	}
	last := len(raw) - 1
	if last < 1 || raw[0] != '"' || raw[last] != '"' || bytes.ContainsAny(raw[1:last], `\"`) || !utf8.Valid(raw) {
		return "", false
	}
	return string(raw[1:last]), true
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

// ParseEvents parses a payload that is one event, or an array of them, also out of the envelopes of queues, topics and
// HTTP triggers. It never fails as a whole: parse parses each event, and what is no event is an error of its own.
func ParseEvents(payload []byte, parse func(raw []byte) ParsedEvent) []ParsedEvent {
	payload = trimPayload(payload)
	if len(payload) == 0 {
		return []ParsedEvent{newUnreadableEvent(errors.New("it is empty"))}
	}
	var batch []json.RawMessage
	if payload[0] != '[' {
		batch = append(batch, payload)
	} else if err := json.Unmarshal(payload, &batch); err != nil {
		return []ParsedEvent{newUnreadableEvent(fmt.Errorf("it is not JSON: %w", err))}
	}
	if len(batch) == 0 {
		return []ParsedEvent{newUnreadableEvent(errors.New("the batch is empty"))}
	}
	events := make([]ParsedEvent, 0, len(batch))
	for _, raw := range batch {
		for _, one := range openEnvelopes(raw, maxEnvelopes) {
			events = append(events, parseObject(one, parse))
		}
	}
	return events
}

// parseObject parses one event, if it is a JSON object, perhaps as a text.
func parseObject(raw []byte, parse func(raw []byte) ParsedEvent) ParsedEvent {
	text := trimPayload(UnquoteJSON(raw))
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return newUnreadableEvent(fmt.Errorf("it is not a JSON object: %w", err))
	}
	if object == nil {
		return newUnreadableEvent(errors.New("it is not a JSON object"))
	}
	event := parse(text)
	event.At = eventTime(object)
	return event
}

// newUnreadableEvent returns an event with an error of what is no event of any cloud.
func newUnreadableEvent(err error) ParsedEvent {
	return ParsedEvent{Err: &inventory.Error{Kind: inventory.Invalid, Message: "event", Err: err}}
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
