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
	at := scopeOf("prod", "cn-hangzhou")
	bad := badObjects(2)
	other, err := encode(applied(1).body(scopeOf("prod", "cn-beijing"), "n"), smallLimit)
	if err != nil {
		t.Fatal(err)
	}
	bad["of another scope"] = string(other)
	impossible, err := encode(Scope{Applied: "sha256:12"}.body(at, "n"), smallLimit)
	if err != nil {
		t.Fatal(err)
	}
	bad["no fingerprint"] = string(impossible)
	for level, can := range levels() {
		for name, text := range bad {
			m := newMemory(can)
			s, c := newStore(t, m)
			m.set(s.scopeKey(at), []byte(text))
			v := s.Load(t.Context(), []inventory.Scope{at})
			if v.Scope(at) != (Scope{}) || len(v.Warnings()) != 1 {
				t.Fatalf("%s, %s: %+v, %v", level, name, v.Scope(at), v.Warnings())
			}
			wantKind(t, v.Warnings()[0], inventory.Incomplete)
			aside := s.scopeKey(at) + ".damaged-20260901T080000.000000000Z"
			if got := m.keys(""); !slices.Equal(got, []string{aside}) || string(m.objects[aside]) != text {
				t.Errorf("%s, %s: objects %v", level, name, got)
			}
			if !strings.Contains(v.Warnings()[0].Error(), aside) {
				t.Errorf("%s, %s: the warning does not say where: %v", level, name, v.Warnings()[0])
			}
			if err := v.Save(t.Context(), at, applied(2)); err != nil {
				t.Errorf("%s, %s: %v", level, name, err)
			}
			c.Advance(time.Second)
			if got := s.Load(t.Context(), []inventory.Scope{at}); got.Scope(at) != applied(2) || len(got.Warnings()) > 0 {
				t.Errorf("%s, %s: then %+v, %v", level, name, got.Scope(at), got.Warnings())
			}
		}
	}
}

func TestTooLargeToBeReadIsReplaced(t *testing.T) {
	t.Parallel()
	at := scopeOf("prod", "a")
	for level, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		m.set(s.scopeKey(at), bytes.Repeat([]byte("x"), storage.MaxSize+1))
		v := s.Load(t.Context(), []inventory.Scope{at})
		wantKind(t, v.Warnings()[0], inventory.Invalid)
		wantKind(t, v.Save(t.Context(), at, applied(1)), inventory.Conflict)
		if got := s.Load(t.Context(), []inventory.Scope{at}).Scope(at); !got.Open {
			t.Errorf("%s: %+v", level, got)
		}
	}
}

func TestAtMostFiveAreKeptAside(t *testing.T) {
	t.Parallel()
	for level, can := range levels() {
		m := newMemory(can)
		s, c := newStore(t, m)
		at := scopeOf("prod", "a")
		var last string
		for range 12 {
			m.set(s.scopeKey(at), []byte("damaged"))
			c.Advance(time.Hour)
			last = s.scopeKey(at) + ".damaged-" + c.Now().Format(stamp)
			s.Load(t.Context(), []inventory.Scope{at})
		}
		if got := m.keys(".damaged-"); len(got) != keepAside || got[keepAside-1] != last {
			t.Errorf("%s: %v, the last at %s", level, got, last)
		}
	}
}

func TestNothingAsideIsOverwritten(t *testing.T) {
	t.Parallel()
	for level, can := range levels() {
		m := newMemory(can)
		s, _ := newStore(t, m)
		at := scopeOf("prod", "a")
		for _, text := range []string{"first", "second"} { // at the same time
			m.set(s.scopeKey(at), []byte(text))
			if v := s.Load(t.Context(), []inventory.Scope{at}); v.Scope(at) != (Scope{}) || len(v.Warnings()) != 1 {
				t.Errorf("%s: %+v, %v", level, v.Scope(at), v.Warnings())
			}
		}
		aside := m.keys(".damaged-")
		if len(aside) != 1 || string(m.objects[aside[0]]) != "first" || string(m.objects[s.scopeKey(at)]) != "second" {
			t.Errorf("%s: %v", level, m.keys(""))
		}
	}
}

// Where nothing may be deleted, damage that stays must not fill the bucket.
func TestWithoutTheRightToDelete(t *testing.T) {
	t.Parallel()
	for level, can := range levels() {
		m := newMemory(can)
		s, c := newStore(t, m)
		m.before = func(op, _ string) error {
			if op == "delete" {
				return fault(inventory.Denied, "may not delete")
			}
			return nil
		}
		at := scopeOf("prod", "a")
		m.set(s.scopeKey(at), []byte("damaged"))
		for range 12 {
			c.Advance(time.Hour)
			if v := s.Load(t.Context(), []inventory.Scope{at}); len(v.Warnings()) != 1 {
				t.Errorf("%s: %v", level, v.Warnings())
			}
		}
		if n := len(m.keys(".damaged-")); n > keepAside {
			t.Errorf("%s: %d copies", level, n)
		}
		if err := s.Load(t.Context(), []inventory.Scope{at}).Save(t.Context(), at, applied(1)); err != nil {
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
		_, err := New(newMemory(storage.Abilities{}), prefix, Options{})
		if got := inventory.KindOf(err); got != kind {
			t.Errorf("%.20q: %q, want %q", prefix, got, kind)
		}
	}
}

func TestDefaultsWork(t *testing.T) {
	t.Parallel()
	s, err := New(newMemory(storage.Abilities{CreateOnly: true}), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Record(t.Context(), []byte(`{}`), time.Now()); err != nil {
		t.Fatal(err)
	}
	runs, err := s.Runs(t.Context(), time.Now().Add(-time.Hour), 5)
	if err != nil || len(runs) != 1 {
		t.Errorf("%v, %v", runs, err)
	}
	if l, err := s.Acquire(t.Context(), "x", time.Minute, "me"); err != nil || !l.Valid(time.Now()) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	at := scopeOf("prod", "a")
	s, c := newStore(t, newMemory(storage.Abilities{CreateOnly: true, IfMatch: true}))
	v := s.Load(ctx, []inventory.Scope{at})
	wantKind(t, v.Warnings()[0], inventory.Deadline)
	_, err := s.Acquire(ctx, "run", time.Minute, "h")
	wantKind(t, err, inventory.Deadline)
	b, err := s.Window("w", time.Minute).Offer(ctx, []byte(`{}`), c.Now())
	wantKind(t, err, inventory.Deadline)
	if b.Kept {
		t.Error("kept although nothing was written")
	}
	wantKind(t, s.Record(ctx, []byte(`{}`), c.Now()), inventory.Deadline)
	_, err = s.Runs(ctx, c.Now(), 1)
	wantKind(t, err, inventory.Deadline)
}
