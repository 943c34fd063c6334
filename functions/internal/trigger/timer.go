// Package trigger decodes what a platform's trigger delivers, and refuses what could be read in two ways with an error
// that says what is allowed. It does no I/O.
package trigger

import (
	"errors"
	"fmt"
	"time"
)

// Timer is the firing of a timer trigger.
type Timer struct {
	FiredAt time.Time // when the timer fired, which may be hours ago; zero = the event does not say
	Name    string    // of the trigger; "" = the event does not say
	Request Request
}

// ParseFCTimer decodes the event of Alibaba Function Compute's timer trigger,
// {"triggerTime":…,"triggerName":…,"payload":"…"}. The payload is a text: empty for everything, or a JSON object with
// only clouds, regions, dry_run and part. An event without triggerTime, such as the {} of a call by hand, is an error.
// Other fields of the event are ignored
// (https://github.com/aliyun/fc-runtime-go-sdk/blob/master/events/README_TIMER.md). A null payload is an empty one,
// because that SDK's own type accepts null for each field.
func ParseFCTimer(event []byte) (Timer, error) {
	tick, err := decodeFCTimer(event)
	if err != nil {
		return Timer{}, fmt.Errorf("timer event: %w", err)
	}
	return tick, nil
}

func decodeFCTimer(event []byte) (Timer, error) {
	const only = "this function is started by a timer trigger"
	fields, err := parseObject(event)
	if err != nil {
		return Timer{}, fmt.Errorf("%w; %s", err, only)
	}
	if err := fields.checkKeyCase("triggerTime", "triggerName", "payload"); err != nil {
		return Timer{}, err
	}
	at, err := parseFiredAt(fields, "triggerTime")
	if err != nil {
		return Timer{}, err
	}
	if at.IsZero() {
		return Timer{}, errors.New("triggerTime is missing; " + only)
	}
	name, err := decodeValue[string](fields["triggerName"])
	if err != nil {
		return Timer{}, errors.New("triggerName must be a text")
	}
	request, err := parseRequestField(fields, "payload")
	return Timer{FiredAt: at, Name: name, Request: request}, err
}

// parseFiredAt returns the time of a firing; zero where there is none.
func parseFiredAt(fields jsonObject, key string) (time.Time, error) {
	at, err := decodeValue[*time.Time](fields[key])
	switch {
	case err != nil || at != nil && at.IsZero():
		return time.Time{}, errors.New(key + " must be a time such as 2026-11-23T10:00:00Z")
	case at == nil:
		return time.Time{}, nil
	}
	return *at, nil
}

// IsStale reports whether a firing waited longer than after, as throttled ones do for hours
// (https://help.aliyun.com/en/functioncompute/fc/error-handling-1-2). With 0 or less nothing is stale. A firing in the
// future never is: only the clocks differ.
func IsStale(at, now time.Time, after time.Duration) bool {
	return after > 0 && now.Sub(at) > after
}
