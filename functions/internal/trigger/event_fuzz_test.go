package trigger

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzAWS proves what FuzzFCTimer does, for every form in which a payload reaches Lambda.
func FuzzAWS(f *testing.F) {
	for _, payload := range payloads() {
		f.Add(`{"time":"2026-11-23T10:00:00Z"}`, payload)
	}
	for _, name := range append(samples(f, "aws-*.json", 7), samples(f, "huawei-*.json", 5)...) {
		f.Add(string(read(f, name)), "")
	}
	f.Fuzz(func(t *testing.T, raw, payload string) {
		quoted := quote(t, payload)
		for _, event := range []string{
			raw, `{"payload":` + quoted + `}`, `{"time":"2026-11-23T10:00:00Z","payload":` + payload + `}`,
			`{"time":"2026-11-23T10:00:00Z","payload":` + quoted + `}`,
		} {
			kind, tick, err := AWS([]byte(event))
			judge(t, event, kind, tick, err, "time", "payload")
		}
	})
}

// FuzzHuawei does so for FunctionGraph.
func FuzzHuawei(f *testing.F) {
	for _, payload := range payloads() {
		f.Add(`{"trigger_type":"TIMER","time":"2026-11-23T10:00:00Z"}`, payload)
	}
	for _, name := range append(samples(f, "aws-*.json", 7), samples(f, "huawei-*.json", 5)...) {
		f.Add(string(read(f, name)), "")
	}
	f.Fuzz(func(t *testing.T, raw, payload string) {
		for _, event := range []string{
			raw, `{"trigger_type":"TIMER","time":"2026-11-23T10:00:00Z","user_event":` + quote(t, payload) + `}`,
		} {
			kind, tick, err := Huawei([]byte(event))
			judge(t, event, kind, tick, err, "time", "user_event")
			if kind == Change && !strings.Contains(event, "cts") && !strings.Contains(event, `\u`) {
				t.Fatalf("%s is a change", event)
			}
		}
	})
}

func quote(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// judge wants of an event what every decoder promises.
func judge(t *testing.T, event string, kind Kind, tick Timer, err error, timeKey, payloadKey string) {
	t.Helper()
	switch {
	case err != nil && (kind != "" || !reflect.DeepEqual(tick, Timer{})):
		t.Fatalf("an error comes with %s %+v", kind, tick)
	case err != nil:
	case kind == Change && !reflect.DeepEqual(tick, Timer{}):
		t.Fatalf("a change comes with %+v", tick)
	case kind == Tick:
		compare(t, []byte(event), tick, timeKey, payloadKey)
	}
}
