package cloud

import (
	"encoding/json"
	"strconv"
	"time"
)

// eventTime returns when the cloud says that an event happened; the zero time where it does not say so. The forms: RFC 3339
// (EventBridge of Alibaba Cloud and of AWS, ActionTrail, CloudTrail), that of CloudMonitor, Unix milliseconds (CTS).
func eventTime(object map[string]json.RawMessage) time.Time {
	for _, key := range []string{"time", "eventTime", "cts", "data", "detail"} {
		raw, is := object[key]
		if !is {
			continue
		}
		at := parseEventTime(raw)
		if at.IsZero() && (key == "cts" || key == "data" || key == "detail") {
			var inner map[string]json.RawMessage
			if json.Unmarshal(UnquoteJSON(raw), &inner) == nil {
				delete(inner, "cts") // no envelope is opened twice
				delete(inner, "data")
				delete(inner, "detail")
				at = eventTime(inner)
			}
		}
		if !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// parseEventTime parses a time as one of the forms has it; the zero time for anything else.
func parseEventTime(raw json.RawMessage) time.Time {
	var text LenientText
	if text.UnmarshalJSON(raw) != nil {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "20060102T150405.999Z0700"} {
		at, err := time.Parse(layout, string(text))
		if err == nil {
			return at.UTC()
		}
	}
	const earliest = int64(1e12) // 2001, in milliseconds: a smaller number is no such time
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= earliest && n < 10*earliest {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}
