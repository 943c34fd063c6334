package trigger

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzAWS proves what FuzzFCTimer does, for every form in which a payload reaches Lambda.
func FuzzAWS(f *testing.F) {
	for _, payload := range seedPayloads() {
		f.Add(`{"time":"2026-11-23T10:00:00Z"}`, payload)
	}
	for _, name := range append(listSamples(f, "aws-*.json", 7), listSamples(f, "huawei-*.json", 5)...) {
		f.Add(string(readSample(f, name)), "")
	}
	f.Fuzz(func(t *testing.T, raw, payload string) {
		quoted := quoteJSON(t, payload)
		for _, event := range []string{
			raw, `{"payload":` + quoted + `}`, `{"time":"2026-11-23T10:00:00Z","payload":` + payload + `}`,
			`{"time":"2026-11-23T10:00:00Z","payload":` + quoted + `}`,
		} {
			kind, tick, err := ParseAWS([]byte(event))
			checkDecoded(t, event, kind, tick, err, "time", "payload")
		}
	})
}

// FuzzHuawei proves the same for FunctionGraph.
func FuzzHuawei(f *testing.F) {
	for _, payload := range seedPayloads() {
		f.Add(`{"trigger_type":"TIMER","time":"2026-11-23T10:00:00Z"}`, payload)
	}
	for _, name := range append(listSamples(f, "aws-*.json", 7), listSamples(f, "huawei-*.json", 5)...) {
		f.Add(string(readSample(f, name)), "")
	}
	f.Fuzz(func(t *testing.T, raw, payload string) {
		for _, event := range []string{
			raw, `{"trigger_type":"TIMER","time":"2026-11-23T10:00:00Z","user_event":` + quoteJSON(t, payload) + `}`,
		} {
			kind, tick, err := ParseHuawei([]byte(event))
			checkDecoded(t, event, kind, tick, err, "time", "user_event")
			isChange := slices.ContainsFunc([]string{"cts", "trace_name", "record", "topic_urn", "requestContext", `\u`}, func(key string) bool { return strings.Contains(event, key) })
			if kind == InstanceChanged && !isChange {
				t.Fatalf("%s is a change", event)
			}
		}
	})
}

func quoteJSON(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// checkDecoded checks what every decoder promises of an event.
func checkDecoded(t *testing.T, event string, kind EventKind, tick Timer, err error, timeKey, payloadKey string) {
	t.Helper()
	switch {
	case err != nil && (kind != "" || !reflect.DeepEqual(tick, Timer{})):
		t.Fatalf("an error comes with %s %+v", kind, tick)
	case err != nil:
	case kind == InstanceChanged && !reflect.DeepEqual(tick, Timer{}):
		t.Fatalf("a change comes with %+v", tick)
	case kind == TimerFired:
		compareLoosely(t, []byte(event), tick, timeKey, payloadKey)
	}
}
