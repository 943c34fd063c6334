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
		{"long ago", testStart.Add(-24 * time.Hour), true},
		{"now", testStart, true},
		{"in a moment", testStart.Add(1), false},
		{"in another zone, now", testStart.In(time.FixedZone("CST", 8*3600)), true},
	} {
		if got := (ScopeState{NextDue: c.due}).IsDue(testStart); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// What waits makes a scope neither dirty nor changed, and is kept by MarkDirty.
func TestDueIsKept(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	for name, can := range allAbilities() {
		s, _ := newStore(t, newMemoryBucket(can))
		waits := newScopeState(3)
		waits.NextDue = testStart.Add(7 * time.Minute).In(time.FixedZone("CST", 8*3600))
		if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, waits); err != nil {
			t.Fatal(err)
		}
		v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		if got := v.ScopeState(at); !got.IsUnchanged(waits.AppliedFingerprint) || !got.NextDue.Equal(waits.NextDue) || got.NextDue.Location() != time.UTC {
			t.Errorf("%s: %+v", name, got)
		}
		if err := v.MarkDirty(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got.IsUnchanged(waits.AppliedFingerprint) || !got.NextDue.Equal(waits.NextDue) {
			t.Errorf("%s: after Begin %+v", name, got)
		}
	}
}

func TestScopeAsItIsWritten(t *testing.T) {
	t.Parallel()
	known := ScopeState{AppliedAt: testStart, FullAt: testStart, AssetCount: 3, NextDue: testStart.Add(time.Hour)}
	data, err := encodeObject(known.newBody(newScope("prod", "a"), "n1"), smallMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"cloud":"alibaba","account":"prod","region":"a","listing":"","applied":"","applied_at":"2026-09-01T08:00:00Z",` +
		`"full_at":"2026-09-01T08:00:00Z","assets":3,"open":false,"nonce":"n1","due":"2026-09-01T09:00:00Z"}`
	if want := fmt.Sprintf(`{"schema":3,"checksum":%q,"body":%s}`+"\n", checksumOf([]byte(body)), body); string(data) != want {
		t.Errorf("%s, want\n%s", data, want)
	}
	nothing, err := encodeObject(ScopeState{}.newBody(newScope("prod", "a"), "n1"), smallMaxBytes)
	if err != nil || strings.Contains(string(nothing), "due") {
		t.Errorf("%s, error %v", nothing, err)
	}
}

// TestLabelledNumber: zero is a number, and a scope of schema 2 has none.
func TestLabelledNumber(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	for _, want := range []ScopeState{{Labelled: 0, LabelledKnown: true}, {Labelled: 7, LabelledKnown: true}, {}} {
		if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, want); err != nil {
			t.Fatal(err)
		}
		if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	body := `{"cloud":"alibaba","account":"prod","region":"a","listing":"","applied":"","assets":3,"open":true,"nonce":"n"}`
	m.setObject(s.scopeKey(at), fmt.Appendf(nil, `{"schema":2,"checksum":%q,"body":%s}`, checksumOf([]byte(body)), body))
	if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got.LabelledKnown || got.AssetCount != 3 || !got.Dirty {
		t.Errorf("schema 2: %+v", got)
	}
}

// A scope of schema 1 counts as unknown; it is not corrupt, and an update warns of nothing.
func TestScopeOfSchemaOneIsNothingKnown(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	known := newScopeState(3)
	body := fmt.Sprintf(`{"cloud":"alibaba","account":"prod","region":"a","listing":%q,"applied":%q,`+
		`"applied_at":"2026-09-01T08:00:00Z","full_at":"2026-09-01T08:00:00Z","assets":3,"open":false,"nonce":"n"}`,
		known.ListingFingerprint, known.AppliedFingerprint)
	old := fmt.Appendf(nil, `{"schema":1,"checksum":%q,"body":%s}`, checksumOf([]byte(body)), body)
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		m.setObject(s.scopeKey(at), old)
		v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		if got := v.ScopeState(at); got != (ScopeState{}) || len(v.Warnings()) > 0 || len(m.keysContaining("")) != 1 {
			t.Errorf("%s: %+v, %v, %v", name, got, v.Warnings(), m.keysContaining(""))
		}
		if err := v.MarkDirty(t.Context(), at); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := v.SaveScope(t.Context(), at, known); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); got != known {
			t.Errorf("%s: then %+v", name, got)
		}
		// Another run that overwrote it meanwhile is noticed, as with any scope.
		m.setObject(s.scopeKey(at), old)
		v = s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, known); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantKind(t, v.SaveScope(t.Context(), at, newScopeState(4)), inventory.Conflict)
	}
}
