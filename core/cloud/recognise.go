package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// UnknownEventError is the error of an event that an adapter cannot read, as it is of no form that it knows. It says
// what the event looks like, and never whose it is by default.
type UnknownEventError struct {
	raw  []byte
	look string // "" = not recognised
}

func (e *UnknownEventError) Error() string {
	if e.look != "" {
		return "it looks like " + e.look + ", which is not read here"
	}
	return "no form of event that is known: a JSON object " + describeKeys(e.raw)
}

// NewUnknownEvent returns an event with an UnknownEventError.
func NewUnknownEvent(raw []byte) ParsedEvent {
	unknown := newUnreadableEvent(&UnknownEventError{raw: raw})
	var named struct {
		ID LenientText `json:"id"`
	}
	if json.Unmarshal(raw, &named) == nil {
		unknown.ID = string(named.ID)
	}
	return unknown
}

// NameUnknownEvents puts into the errors of unknown events what they look like.
func NameUnknownEvents(events []ParsedEvent, table inventory.CloudTable) []ParsedEvent {
	for _, e := range events {
		var unknown *UnknownEventError
		if errors.As(e.Err, &unknown) {
			_, unknown.look = recognise(unknown.raw, table)
		}
	}
	return events
}

// EventSender returns the cloud whose event a payload looks like; "" = none is recognised.
func EventSender(payload []byte, table inventory.CloudTable) inventory.Cloud {
	var sender inventory.Cloud
	ParseEvents(payload, func(raw []byte) ParsedEvent {
		if cloud, _ := recognise(raw, table); sender == "" {
			sender = cloud
		}
		return ParsedEvent{}
	})
	return sender
}

// recognise returns the first form of a table that an event has.
func recognise(raw []byte, table inventory.CloudTable) (inventory.Cloud, string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "", ""
	}
	for _, info := range table {
		for _, form := range info.EventForms {
			value, exists := fields[form.Key]
			if exists && (form.Holds == "" || strings.Contains(string(value), form.Holds)) {
				return info.Cloud, form.Name
			}
		}
	}
	return "", ""
}

// describeKeys lists the first keys of an object, shortened.
func describeKeys(raw []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || len(fields) == 0 {
		return "without keys"
	}
	const most, longest = 5, 32
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if len(keys) == most {
			return "with the keys " + strings.Join(keys, ", ") + fmt.Sprintf(" and %d more", len(fields)-most)
		}
		if len(key) > longest {
			key = strings.ToValidUTF8(key[:longest], "") + "…"
		}
		keys = append(keys, strconv.Quote(key))
	}
	return "with the keys " + strings.Join(keys, ", ")
}
