package cloud

import (
	"testing"
	"time"
)

// TestEventTimes: the time of an event is read in each form that clouds have, from each place, and is never needed.
func TestEventTimes(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 23, 14, 1, 14, 0, time.UTC)
	for text, dated := range map[string]bool{
		`{"time":"2026-11-23T22:01:14+08:00","eventTime":"2001-01-01T00:00:00Z"}`: true,
		`{"product":"ECS","eventTime":"20261123T220114.000+0800"}`:                true,
		`{"cts":{"time":1795442474000}}`:                                          true,
		`{"cts":"{\"time\":1795442474000}"}`:                                      true,
		`{"data":{"eventTime":"2026-11-23T14:01:14Z"}}`:                           true,
		`{"detail":{"eventTime":"2026-11-23T14:01:14Z"}}`:                         true,
		`{"time":""}`:                 false,
		`{"time":1795442474}`:         false,
		`{"time":{"a":1},"data":[1]}`: false,
		`{"data":{"data":{"time":"2026-11-23T14:01:14Z"}}}`: false,
		`{}`: false,
	} {
		got := ParseEvents([]byte(text), func([]byte) ParsedEvent { return ParsedEvent{ID: "1"} })
		if len(got) != 1 || got[0].At.Equal(want) != dated || got[0].At.IsZero() == dated {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
