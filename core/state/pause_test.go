package state

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestPause: the last order counts, resume ends it, it belongs to one organisation of one JumpServer. What is
// corrupt, or written by a later version, is unknown rather than none.
func TestPause(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemoryBucket(can)
			root, _ := newStore(t, m)
			s, ctx := root.ForInstallation("jms", "org"), t.Context()
			if p, err := s.LoadPause(ctx); err != nil || p.Exists() {
				t.Fatal(p, err)
			}
			full := Pause{Since: testStart, Until: testStart.Add(time.Hour), By: "anna@ops", Reason: "upgrade"}
			removals := Pause{Removals: true, Since: testStart, By: "bob@ops"}
			nonce := ""
			for _, want := range []Pause{full, removals} {
				if err := s.SavePause(ctx, want); err != nil {
					t.Fatal(err)
				}
				got, err := s.LoadPause(ctx)
				if err != nil || got.Nonce == "" || got.Nonce == nonce {
					t.Fatal(got, err)
				}
				nonce, got.Nonce = got.Nonce, ""
				if got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
			if p, err := root.ForInstallation("jms2", "org").LoadPause(ctx); err != nil || p.Exists() {
				t.Error("seen by another JumpServer:", p, err)
			}
			for _, data := range []string{"{}", `{"schema":9,"checksum":"","body":{}}`, ""} {
				m.setObject(s.pauseKey(), []byte(data))
				if _, err := s.LoadPause(ctx); inventory.KindOf(err) != inventory.Incomplete {
					t.Errorf("%q: %v", data, err)
				}
			}
			if err := s.Resume(ctx); err != nil {
				t.Fatal(err)
			}
			if p, err := s.LoadPause(ctx); err != nil || p.Exists() {
				t.Error("resumed:", p, err)
			}
		})
	}
}

// TestPauseIsActive: until its end, and without an end always.
func TestPauseIsActive(t *testing.T) {
	t.Parallel()
	ends := Pause{Since: testStart, Until: testStart.Add(time.Hour)}
	for name, c := range map[string]struct {
		p    Pause
		at   time.Time
		want bool
	}{
		"none":              {Pause{}, testStart, false},
		"before its end":    {ends, testStart.Add(time.Hour - 1), true},
		"at its end":        {ends, testStart.Add(time.Hour), false},
		"without an end":    {Pause{Since: testStart}, testStart.Add(9000 * time.Hour), true},
		"begins on another": {ends, testStart.Add(-time.Minute), true}, // machine, whose clock is ahead
	} {
		if got := c.p.IsActive(c.at); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestPauseNotice: a corrupt one counts as none.
func TestPauseNotice(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(allAbilities()["if-match"])
	s, _ := newStore(t, m)
	ctx := t.Context()
	if told, err := s.LoadPauseNotice(ctx); err != nil || !told.At.IsZero() {
		t.Fatal(told, err)
	}
	if err := s.SavePauseNotice(ctx, PauseNotice{PauseNonce: "one", At: testStart, EndNotified: true}); err != nil {
		t.Fatal(err)
	}
	if told, err := s.LoadPauseNotice(ctx); err != nil || told.PauseNonce != "one" || !told.At.Equal(testStart) || !told.EndNotified {
		t.Error(told, err)
	}
	m.setObject(s.pauseNoticeKey(), []byte("{"))
	if told, err := s.LoadPauseNotice(ctx); err != nil || told.PauseNonce != "" {
		t.Error(told, err)
	}
}
