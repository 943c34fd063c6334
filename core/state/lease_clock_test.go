package state

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// A lease ends by its time, or where no correct clock can have written it.
func TestEnded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		until time.Duration // from now
		ttl   time.Duration
		want  bool
	}{
		{"just taken", testTTL, testTTL, false},
		{"its end, within the skew", -MaxSkew, testTTL, false},
		{"its end, and more", -MaxSkew - 1, testTTL, true},
		{"a clock ahead by the skew", testTTL + MaxSkew, testTTL, false},
		{"a clock ahead by more", testTTL + MaxSkew + 1, testTTL, true},
		{"of an hour, ahead by more", time.Hour + MaxSkew + 1, time.Hour, true},
		{"of an hour", time.Hour, time.Hour, false},
		{"of a time that cannot be", MaxLeaseTTL + MaxSkew + 1, 10 * MaxLeaseTTL, true},
		{"of no time that is known", MaxLeaseTTL + MaxSkew, 0, false},
		{"of no time that is known, longer than any", MaxLeaseTTL + MaxSkew + 1, 0, true},
		{"of less than no time", MaxLeaseTTL, -1, false},
	} {
		if got := (leaseBody{Until: testStart.Add(c.until), TTL: c.ttl}).isExpired(testStart); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !(leaseBody{TTL: testTTL}).isExpired(testStart) {
		t.Error("a released lease is not ended")
	}
}

// A holder whose clock is hours ahead blocks others for no longer than the skew, and finds
// out when it renews, also where it renewed before.
func TestHolderWhoseClockIsAhead(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		ahead := &fakeClock{}
		ahead.Advance(20 * time.Hour)
		wrong := mustAcquire(t, newStoreAt(t, m, ahead), "wrong clock")
		for range 2 {
			ahead.Advance(time.Minute)
			c.Advance(time.Minute)
			var err error
			wrong, err = wrong.Renew(t.Context())
			if err != nil {
				t.Fatal(err)
			}
		}
		second := mustAcquire(t, s, "second")
		if second.Token <= wrong.Token {
			t.Errorf("token %d after %d", second.Token, wrong.Token)
		}
		if _, err := wrong.Renew(t.Context()); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("the wrong clock renewed: %v", err)
		}
		if _, err := second.Renew(t.Context()); err != nil {
			t.Errorf("the second cannot renew: %v", err)
		}
	})
}

// A lease of schema 1, which has no ttl, is respected and then taken over.
func TestLeaseOfSchemaOne(t *testing.T) {
	t.Parallel()
	forEachLeasing(t, func(t *testing.T, m *memoryBucket, s *Store, c *fakeClock) {
		key := mustAcquire(t, s, "now").key
		body := fmt.Sprintf(`{"token":1,"holder":"before","until":%q,"nonce":"n"}`, testStart.Add(time.Hour).Format(time.RFC3339))
		m.setObject(key, fmt.Appendf(nil, `{"schema":1,"checksum":%q,"body":%s}`, checksumOf([]byte(body)), body))
		var by *LeaseTakenError
		if _, err := s.AcquireLease(t.Context(), "run", testTTL, "second"); !errors.As(err, &by) || by.Holder != "before" {
			t.Errorf("%v", err)
		}
		c.Advance(time.Hour + MaxSkew + 1)
		if second := mustAcquire(t, s, "second"); second.Token != 2 || second.Warning != nil {
			t.Errorf("%+v", second)
		}
	})
}
