package state

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestRate: one per JumpServer and key; none is no error; a corrupt one counts as none, and is overwritten.
func TestRate(t *testing.T) {
	t.Parallel()
	for name, can := range allAbilities() {
		m := newMemoryBucket(can)
		s, c := newStore(t, m)
		ctx := t.Context()
		if r, err := s.LoadRate(ctx, "a"); err != nil || r != (Rate{}) {
			t.Fatal(name, r, err)
		}
		a, b := Rate{ClientHash: "a", PerMinute: 180, LimitedAt: c.Now().UTC()}, Rate{ClientHash: "b", PerMinute: 4096, LimitedAt: c.Now().UTC()}
		for _, r := range []Rate{{ClientHash: "a", PerMinute: 90, LimitedAt: c.Now().Add(-time.Hour)}, a, b} {
			if err := s.SaveRate(ctx, r); err != nil {
				t.Fatal(name, err)
			}
		}
		for _, want := range []Rate{a, b} {
			if r, err := s.LoadRate(ctx, want.ClientHash); err != nil || r != want {
				t.Errorf("%s: %+v %v, want %+v", name, r, err, want)
			}
		}
		for _, text := range []string{
			``, `{"schema":2,"checksum":"sha256:","body":{}}`, string(m.objects[s.rateKey("b")][:40]),
		} {
			m.objects[s.rateKey("a")] = []byte(text)
			if r, err := s.LoadRate(ctx, "a"); r != (Rate{}) || inventory.KindOf(err) != inventory.Incomplete {
				t.Errorf("%s: %q: %+v %v", name, text, r, err)
			}
		}
		m.objects[s.rateKey("a")] = m.objects[s.rateKey("b")]
		if r, err := s.LoadRate(ctx, "a"); err != nil || r != (Rate{}) {
			t.Errorf("%s: that of another key: %+v %v", name, r, err)
		}
		if err := s.SaveRate(ctx, a); err != nil {
			t.Fatal(name, err)
		}
		if r, err := s.LoadRate(ctx, "a"); err != nil || r != a {
			t.Errorf("%s: written over: %+v %v", name, r, err)
		}
		if err := s.SaveRate(ctx, Rate{ClientHash: "a"}); err != nil {
			t.Fatal(name, err)
		}
		if _, there := m.objects[s.rateKey("a")]; there {
			t.Errorf("%s: it is not forgotten", name)
		}
	}
}
