package state

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func TestDamagedStateIsSetAside(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "cn-hangzhou")
	bad := corruptObjects(2)
	other, err := encodeObject(newScopeState(1).newBody(newScope("prod", "cn-beijing"), "n"), smallMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	bad["of another scope"] = string(other)
	impossible, err := encodeObject(ScopeState{AppliedFingerprint: "sha256:12"}.newBody(at, "n"), smallMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	bad["no fingerprint"] = string(impossible)
	for level, can := range allAbilities() {
		for name, text := range bad {
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			m.setObject(s.scopeKey(at), []byte(text))
			v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
			if v.ScopeState(at) != (ScopeState{}) || len(v.Warnings()) != 1 {
				t.Fatalf("%s, %s: %+v, %v", level, name, v.ScopeState(at), v.Warnings())
			}
			wantKind(t, v.Warnings()[0], inventory.Incomplete)
			aside := s.scopeKey(at) + ".damaged-20260901T080000.000000000Z"
			if got := m.keysContaining(""); !slices.Equal(got, []string{aside}) || string(m.objects[aside]) != text {
				t.Errorf("%s, %s: objects %v", level, name, got)
			}
			if !strings.Contains(v.Warnings()[0].Error(), aside) {
				t.Errorf("%s, %s: the warning does not say where: %v", level, name, v.Warnings()[0])
			}
			if err := v.SaveScope(t.Context(), at, newScopeState(2)); err != nil {
				t.Errorf("%s, %s: %v", level, name, err)
			}
			c.Advance(time.Second)
			if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}); got.ScopeState(at) != newScopeState(2) || len(got.Warnings()) > 0 {
				t.Errorf("%s, %s: then %+v, %v", level, name, got.ScopeState(at), got.Warnings())
			}
		}
	}
}

func TestTooLargeToBeReadIsReplaced(t *testing.T) {
	t.Parallel()
	at := newScope("prod", "a")
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		m.setObject(s.scopeKey(at), bytes.Repeat([]byte("x"), storage.MaxObjectSize+1))
		v := s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		wantKind(t, v.Warnings()[0], inventory.Invalid)
		wantKind(t, v.SaveScope(t.Context(), at, newScopeState(1)), inventory.Conflict)
		if got := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at); !got.Dirty {
			t.Errorf("%s: %+v", level, got)
		}
	}
}

func TestAtMostFiveAreKeptAside(t *testing.T) {
	t.Parallel()
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		at := newScope("prod", "a")
		var last string
		for range 12 {
			m.setObject(s.scopeKey(at), []byte("damaged"))
			c.Advance(time.Hour)
			last = s.scopeKey(at) + ".damaged-" + c.Now().Format(keyTimeLayout)
			s.LoadSnapshot(t.Context(), []inventory.Scope{at})
		}
		if got := m.keysContaining(".damaged-"); len(got) != maxCorruptCopies || got[maxCorruptCopies-1] != last {
			t.Errorf("%s: %v, the last at %s", level, got, last)
		}
	}
}

func TestNothingAsideIsOverwritten(t *testing.T) {
	t.Parallel()
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, _ := newStore(t, m)
		at := newScope("prod", "a")
		for _, text := range []string{"first", "second"} { // at the same time
			m.setObject(s.scopeKey(at), []byte(text))
			if v := s.LoadSnapshot(t.Context(), []inventory.Scope{at}); v.ScopeState(at) != (ScopeState{}) || len(v.Warnings()) != 1 {
				t.Errorf("%s: %+v, %v", level, v.ScopeState(at), v.Warnings())
			}
		}
		aside := m.keysContaining(".damaged-")
		if len(aside) != 1 || string(m.objects[aside[0]]) != "first" || string(m.objects[s.scopeKey(at)]) != "second" {
			t.Errorf("%s: %v", level, m.keysContaining(""))
		}
	}
}

// Where nothing may be deleted, an object that stays corrupt must not fill the bucket.
func TestWithoutTheRightToDelete(t *testing.T) {
	t.Parallel()
	for level, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		m.before = func(op, _ string) error {
			if op == "delete" {
				return newFault(inventory.Denied, "may not delete")
			}
			return nil
		}
		at := newScope("prod", "a")
		m.setObject(s.scopeKey(at), []byte("damaged"))
		for range 12 {
			c.Advance(time.Hour)
			if v := s.LoadSnapshot(t.Context(), []inventory.Scope{at}); len(v.Warnings()) != 1 {
				t.Errorf("%s: %v", level, v.Warnings())
			}
		}
		if n := len(m.keysContaining(".damaged-")); n > maxCorruptCopies {
			t.Errorf("%s: %d copies", level, n)
		}
		if err := s.LoadSnapshot(t.Context(), []inventory.Scope{at}).SaveScope(t.Context(), at, newScopeState(1)); err != nil {
			t.Errorf("%s: %v", level, err)
		}
	}
}

func TestNewChecksThePrefix(t *testing.T) {
	t.Parallel()
	for prefix, kind := range map[string]inventory.Kind{
		"": "", "a": "", "a/b/": "", "/": "", "/a": inventory.Invalid, "a//b": inventory.Invalid, "a/../b": inventory.Invalid,
		strings.Repeat("x", 900): inventory.Invalid,
	} {
		_, err := New(newMemoryBucket(storage.Capabilities{}), prefix, Options{})
		if got := inventory.KindOf(err); got != kind {
			t.Errorf("%.20q: %q, want %q", prefix, got, kind)
		}
	}
}

func TestDefaultsWork(t *testing.T) {
	t.Parallel()
	s, err := New(newMemoryBucket(storage.Capabilities{CreateOnly: true}), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RecordRun(t.Context(), []byte(`{}`), time.Now()); err != nil {
		t.Fatal(err)
	}
	runs, err := s.ListRuns(t.Context(), time.Now().Add(-time.Hour), 5)
	if err != nil || len(runs) != 1 {
		t.Errorf("%v, %v", runs, err)
	}
	if l, err := s.AcquireLease(t.Context(), "x", time.Minute, "me"); err != nil || !l.IsValid(time.Now()) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	at := newScope("prod", "a")
	s, c := newStore(t, newMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}))
	v := s.LoadSnapshot(ctx, []inventory.Scope{at})
	wantKind(t, v.Warnings()[0], inventory.Deadline)
	_, err := s.AcquireLease(ctx, "run", time.Minute, "h")
	wantKind(t, err, inventory.Deadline)
	b, err := s.ReportQueue("w", time.Minute).Put(ctx, []byte(`{}`), c.Now())
	wantKind(t, err, inventory.Deadline)
	if b.Queued {
		t.Error("kept although nothing was written")
	}
	wantKind(t, s.RecordRun(ctx, []byte(`{}`), c.Now()), inventory.Deadline)
	_, err = s.ListRuns(ctx, c.Now(), 1)
	wantKind(t, err, inventory.Deadline)
}
