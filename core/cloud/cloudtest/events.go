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

// FormatEvents shows what was heard, one line for each event: "what | account region-or-project ids [gone]",
// or "what | ignored: why", or "what | error: what is missing".
func FormatEvents(heard []cloud.ParsedEvent) string {
	lines := make([]string, 0, len(heard))
	for _, h := range heard {
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

// RecordedEvents gives the recorded events of an adapter (testdata/events/*.json) by name.
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

// CheckRecorded decodes every sample. Each must be in the table of what is told of it, and what is heard must
// have the event's own id, unless it is an error or a blank form.
func CheckRecorded(t *testing.T, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, wants map[string]string) {
	t.Helper()
	files := RecordedEvents(t)
	if len(files) != len(wants) {
		t.Errorf("%d samples, %d in the table", len(files), len(wants))
	}
	for name, payload := range files {
		heard := events(payload, from)
		if got := FormatEvents(heard); got != wants[name] {
			t.Errorf("%s\n got %s\nwant %s", name, got, wants[name])
		}
		for _, h := range heard {
			if h.Err == nil && (h.ID == "" && !strings.Contains(name, "-blank") || !strings.Contains(string(payload), h.ID)) {
				t.Errorf("%s: id %q", name, h.ID)
			}
		}
	}
}

// EditJSON sets fields of a JSON object to JSON values ("" = takes them away); "data.x" is a field of data.
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

// CheckInvalid checks of payloads that no platform sends that each is one short error with these words in it.
func CheckInvalid(t *testing.T, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, wants map[string]string) {
	t.Helper()
	for payload, want := range wants {
		heard := events([]byte(payload), from)
		if len(heard) != 1 || heard[0].Err == nil || !strings.Contains(heard[0].Err.Error(), want) || len(heard[0].Err.Error()) > 500 {
			t.Errorf("%.40q: %.600s, want %s", payload, FormatEvents(heard), want)
		}
	}
}

// FuzzEvents: nothing panics, something is heard of every payload, and it is sound. The recorded events
// are seeds too.
func FuzzEvents(f *testing.F, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, hint func(cloud.EventTarget) error, seeds ...string) {
	for _, raw := range RecordedEvents(f) {
		f.Add(raw)
	}
	for _, payload := range seeds {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		heard := events(payload, from)
		if len(heard) == 0 {
			t.Fatal("nothing was heard")
		}
		for _, h := range heard {
			if err := CheckEvent(h, hint); err != nil {
				t.Fatalf("%v: %+v", err, h)
			}
		}
	})
}

// maxTextLen is what a text of an event may have; see cloud.LenientText.
const maxTextLen = 256

// CheckEvent checks one event by the promises of cloud.ParsedEvent; hint is asked about what is neither ignored
// nor an error.
func CheckEvent(h cloud.ParsedEvent, hint func(cloud.EventTarget) error) error {
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
	return hint(h.Target)
}
