package trigger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// seedPayloads returns the payloads with which fuzzing begins.
func seedPayloads() []string {
	return []string{
		"", "{}", "null", `{"clouds":["a"],"regions":["b"]}`, `{"clouds":[]}`, `{"clouds":null}`,
		`{"Clouds":["a"]}`, `{"clouds":["a"],"clouds":["b"]}`, `{"dry_run":true}`, `{"dry_run":null}`,
		`{"clouds":["a\ud800"]}`, `{} {}`,
		`{"clouds":["a"],"part":"2/4"}`, `{"part":"1/2"}`, `{"regions":["b"],"part":"01/2"}`, `{"regions":["b"],"part":"5/4"}`,
	}
}

// FuzzFCTimer proves that what is accepted is neither wider nor narrower than what was sent, by a second reading of the
// payload that knows nothing of the first.
func FuzzFCTimer(f *testing.F) {
	for _, payload := range seedPayloads() {
		f.Add(string(newTimerEvent(f, "")), payload)
	}
	f.Add(`{"triggerTime":"2026-11-23T10:00:00Z","payload":"{\"clouds\":[]}"}`, "")
	f.Fuzz(func(t *testing.T, raw, text string) {
		for _, e := range [][]byte{[]byte(raw), newTimerEvent(t, text)} {
			tick, err := ParseFCTimer(e)
			if err == nil {
				compareLoosely(t, e, tick, "triggerTime", "payload")
			} else if !reflect.DeepEqual(tick, Timer{}) {
				t.Fatalf("an error comes with %+v", tick)
			}
		}
	})
}

// compareLoosely reads the event again, as loosely as JSON allows, and compares.
func compareLoosely(t *testing.T, event []byte, tick Timer, timeKey, payloadKey string) {
	t.Helper()
	var outer map[string]any
	if err := json.Unmarshal(event, &outer); err != nil {
		t.Fatalf("%s was accepted: %v", event, err)
	}
	if _, present := outer[timeKey].(string); present == tick.FiredAt.IsZero() {
		t.Fatalf("%s has the time %s", event, tick.FiredAt)
	}
	if tick.FiredAt.IsZero() && tick.Request.Shard != (inventory.Shard{}) {
		t.Fatalf("%s is a part of nothing known", event)
	}
	inner := map[string]any{}
	text, quoted := outer[payloadKey].(string)
	if object, err := json.Marshal(outer[payloadKey]); err == nil && !quoted && outer[payloadKey] != nil {
		text = string(object)
	}
	if err := json.Unmarshal([]byte(text), &inner); err != nil && !reflect.DeepEqual(tick.Request, Request{}) {
		t.Fatalf("%q was read as %+v: %v", text, tick.Request, err)
	}
	want := map[string]any{}
	for key, list := range map[string][]string{"clouds": tick.Request.Clouds, "regions": tick.Request.Regions} {
		if list == nil {
			continue
		}
		var loose []any
		for _, name := range list {
			loose = append(loose, name)
		}
		want[key] = loose
	}
	if p := tick.Request.Shard; p != (inventory.Shard{}) {
		want["part"] = fmt.Sprintf("%d/%d", p.Number, p.Count)
		if p.Number < 1 || p.Number > p.Count || p.Count > inventory.MaxShards || len(want) < 2 {
			t.Fatalf("%q was read as %+v", text, tick.Request)
		}
	}
	if dry, present := inner["dry_run"]; present || tick.Request.DryRun {
		if dry != tick.Request.DryRun {
			t.Fatalf("%q was read as %+v", text, tick.Request)
		}
		want["dry_run"] = dry
	}
	if !reflect.DeepEqual(inner, want) {
		t.Fatalf("%q was read as %+v", text, tick.Request)
	}
}
