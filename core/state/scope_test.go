package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestDueBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		due  time.Time
		want bool
	}{
		{"nothing waits", time.Time{}, false},
		{"long ago", start.Add(-24 * time.Hour), true},
		{"now", start, true},
		{"in a moment", start.Add(1), false},
		{"in another zone, now", start.In(time.FixedZone("CST", 8*3600)), true},
	} {
		if got := (Scope{Due: c.due}).DueBy(start); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// What waits keeps a scope neither open nor changed, and is kept through Begin.
func TestDueIsKept(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	for name, can := range levels() {
		s, _ := newStore(t, newMemory(can))
		waits := applied(3)
		waits.Due = start.Add(7 * time.Minute).In(time.FixedZone("CST", 8*3600))
		if err := s.Load(t.Context(), []inventory.Scope{at}).Save(t.Context(), at, waits); err != nil {
			t.Fatal(err)
		}
		v := s.Load(t.Context(), []inventory.Scope{at})
		if got := v.Scope(at); !got.Unchanged(waits.Applied) || !got.Due.Equal(waits.Due) || got.Due.Location() != time.UTC {
			t.Errorf("%s: %+v", name, got)
		}
		if err := v.Begin(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); got.Unchanged(waits.Applied) || !got.Due.Equal(waits.Due) {
			t.Errorf("%s: after Begin %+v", name, got)
		}
	}
}

func TestScopeAsItIsWritten(t *testing.T) {
	t.Parallel()
	known := Scope{AppliedAt: start, FullAt: start, Assets: 3, Due: start.Add(time.Hour)}
	data, err := encode(known.body(scopeOf("prod", "a"), "n1"), smallLimit)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"cloud":"alibaba","account":"prod","region":"a","listing":"","applied":"","applied_at":"2026-09-01T08:00:00Z",` +
		`"full_at":"2026-09-01T08:00:00Z","assets":3,"open":false,"nonce":"n1","due":"2026-09-01T09:00:00Z"}`
	if want := fmt.Sprintf(`{"schema":2,"checksum":%q,"body":%s}`+"\n", checksum([]byte(body)), body); string(data) != want {
		t.Errorf("%s, want\n%s", data, want)
	}
	nothing, err := encode(Scope{}.body(scopeOf("prod", "a"), "n1"), smallLimit)
	if err != nil || strings.Contains(string(nothing), "due") {
		t.Errorf("%s, error %v", nothing, err)
	}
}

// A scope as schema 1 wrote it is nothing known; that is no damage, and no warning after an update.
func TestScopeOfSchemaOneIsNothingKnown(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	known := applied(3)
	body := fmt.Sprintf(`{"cloud":"alibaba","account":"prod","region":"a","listing":%q,"applied":%q,`+
		`"applied_at":"2026-09-01T08:00:00Z","full_at":"2026-09-01T08:00:00Z","assets":3,"open":false,"nonce":"n"}`,
		known.Listing, known.Applied)
	old := fmt.Appendf(nil, `{"schema":1,"checksum":%q,"body":%s}`, checksum([]byte(body)), body)
	for name, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		m.set(s.scopeKey(at), old)
		v := s.Load(t.Context(), []inventory.Scope{at})
		if got := v.Scope(at); got != (Scope{}) || len(v.Warnings()) > 0 || len(m.keys("")) != 1 {
			t.Errorf("%s: %+v, %v, %v", name, got, v.Warnings(), m.keys(""))
		}
		if err := v.Begin(t.Context(), at); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := v.Save(t.Context(), at, known); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); got != known {
			t.Errorf("%s: then %+v", name, got)
		}
		// Another run that wrote over it meanwhile is seen, as of any scope.
		m.set(s.scopeKey(at), old)
		v = s.Load(t.Context(), []inventory.Scope{at})
		if err := s.Load(t.Context(), []inventory.Scope{at}).Save(t.Context(), at, known); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantKind(t, v.Save(t.Context(), at, applied(4)), inventory.Conflict)
	}
}
