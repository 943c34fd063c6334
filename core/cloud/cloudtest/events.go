package cloudtest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FormatEvents returns one line per event: "what | account region-or-project ids [gone]",
// or "what | ignored: why", or "what | error: what is missing".
func FormatEvents(events []cloud.ParsedEvent) string {
	lines := make([]string, 0, len(events))
	for _, h := range events {
		line := h.Description + " | "
		switch {
		case h.Err != nil:
			line += "error: " + h.Err.Error()
		case h.IgnoredReason != "":
			line += "ignored: " + h.IgnoredReason
		default:
			line += h.Target.AccountID + " " + h.Target.Region + h.Target.ProjectID + " " + strings.Join(h.Target.InstanceIDs, ",")
			if h.Target.IsReleased {
				line += " gone"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// RecordedEvents returns the recorded events of an adapter (testdata/events/*.json) by name.
func RecordedEvents(tb testing.TB) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".json")] = raw
	}
	return files
}

// CheckRecorded parses every sample. Each must be in the table of expected results, and each parsed event must
// have its own id, unless it is an error or a blank form.
func CheckRecorded(t *testing.T, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, wants map[string]string) {
	t.Helper()
	files := RecordedEvents(t)
	if len(files) != len(wants) {
		t.Errorf("%d samples, %d in the table", len(files), len(wants))
	}
	for name, payload := range files {
		parsed := events(payload, from)
		if got := FormatEvents(parsed); got != wants[name] {
			t.Errorf("%s\n got %s\nwant %s", name, got, wants[name])
		}
		for _, h := range parsed {
			if h.Err == nil && (h.ID == "" && !strings.Contains(name, "-blank") || !strings.Contains(string(payload), h.ID)) {
				t.Errorf("%s: id %q", name, h.ID)
			}
		}
	}
}

// EditJSON sets fields of a JSON object to JSON values ("" = removes them); "data.x" is a field of data.
func EditJSON(t *testing.T, object string, fields ...string) string {
	t.Helper()
	var e map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &e); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		path, value := fields[i], fields[i+1]
		if outer, inner, nested := strings.Cut(path, "."); nested {
			path, value = outer, EditJSON(t, string(e[outer]), inner, value)
		}
		delete(e, path)
		if value != "" {
			e[path] = json.RawMessage(value)
		}
	}
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// CheckInvalid checks that payloads which no platform sends are each one short error with the given text.
func CheckInvalid(t *testing.T, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, wants map[string]string) {
	t.Helper()
	for payload, want := range wants {
		parsed := events([]byte(payload), from)
		if len(parsed) != 1 || parsed[0].Err == nil || !strings.Contains(parsed[0].Err.Error(), want) || len(parsed[0].Err.Error()) > 500 {
			t.Errorf("%.40q: %.600s, want %s", payload, FormatEvents(parsed), want)
		}
	}
}

// FuzzEvents: nothing panics, every payload is parsed to something, and that is sound. The recorded events
// are seeds too.
func FuzzEvents(f *testing.F, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, checkTarget func(cloud.EventTarget) error, seeds ...string) {
	for _, raw := range RecordedEvents(f) {
		f.Add(raw)
	}
	for _, payload := range seeds {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		parsed := events(payload, from)
		if len(parsed) == 0 {
			t.Fatal("nothing was heard")
		}
		for _, h := range parsed {
			if err := CheckEvent(h, checkTarget); err != nil {
				t.Fatalf("%v: %+v", err, h)
			}
		}
	})
}

// maxTextLen bounds a text of an event; see cloud.LenientText.
const maxTextLen = 256

// CheckEvent checks one event against the promises of cloud.ParsedEvent; checkTarget is called for events that are
// neither ignored nor an error.
func CheckEvent(h cloud.ParsedEvent, checkTarget func(cloud.EventTarget) error) error {
	silent := h.Err != nil || h.IgnoredReason != ""
	switch {
	case silent && !reflect.DeepEqual(h.Target, cloud.EventTarget{}):
		return errors.New("a hint beside an error or a reason")
	case len(h.ID) > maxTextLen || len(h.Description) > 2*maxTextLen || len(h.IgnoredReason) > 2*maxTextLen:
		return errors.New("endless texts")
	case h.Err != nil && (inventory.KindOf(h.Err) != inventory.Invalid || h.IgnoredReason != "" || len(h.Err.Error()) > 4*maxTextLen):
		return errors.New("an odd error")
	case silent:
		return nil
	}
	return checkTarget(h.Target)
}
