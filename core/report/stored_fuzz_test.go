package report

import (
	"bytes"
	"testing"
	"time"
)

// FuzzRestore: what another process stored, or damaged data, is refused, or is a report that is stored in the same
// way again and can be shown.
func FuzzRestore(f *testing.F) {
	whole, err := Marshal(newReport(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		string(whole), "", "null", "[]", "{}", `{"started_at":"2026-01-02T03:04:05Z","quiet":[-1,0,7],"scopes":[{}]}`,
		`{"started_at":"2026-01-02T03:04:05Z","changes":[{"action":"delete"},null],"held_sets":[{}],"errors":null}`,
		`{"started_at":5}`, `{"started_at":"yesterday"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Unmarshal(data)
		if err != nil {
			return
		}
		again, err := Marshal(r, 1<<24)
		if err != nil {
			t.Fatalf("%q was read and cannot be kept: %v", data, err)
		}
		back, err := Unmarshal(again)
		if err != nil {
			t.Fatalf("%q: %v", again, err)
		}
		third, err := Marshal(back, 1<<24)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%q becomes %q, %v", again, third, err)
		}
		r.NeedsAttention()
		r.HasChanges()
	})
}
