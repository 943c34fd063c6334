package cloud_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/wait"
)

// TestRoleCache: when credentials of a role are asked for again.
func TestRoleCache(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	static := cloud.Account{Name: "a", AssumeRoleARN: "arn", AccessKeyID: secret.New("k1")}
	rotated, other := static, static
	rotated.AccessKeyID, other.AssumeRoleARN = secret.New("k2"), "arn2"
	role := cloud.Account{Name: "a", AssumeRoleARN: "arn", AccessKeyID: secret.New("r1"), SecurityToken: secret.New("t1")}
	later := role
	later.AccessKeyID, later.SecurityToken = secret.New("r2"), secret.New("t2")
	kept := cloud.NewRoleCache()
	for n, c := range []struct {
		of    cloud.Account
		after time.Duration
		fails bool
		asks  bool
	}{
		{static, 0, true, true}, {static, 0, false, true}, {static, 44 * time.Minute, true, false}, {static, 45 * time.Minute, false, true},
		{rotated, 45 * time.Minute, false, true}, {other, 45 * time.Minute, false, true},
		{role, 0, false, true}, {later, time.Minute, false, false},
	} {
		asked := false
		now := start.Add(c.after)
		got, err := kept.Get(t.Context(), c.of, now, func(context.Context) (cloud.Credentials, error) {
			asked = true
			if c.fails {
				return cloud.Credentials{}, errors.New("refused")
			}
			return cloud.Credentials{KeyID: c.of.AccessKeyID, Expires: now.Add(time.Hour)}, nil
		})
		if asked != c.asks || (err != nil) != (c.fails && c.asks) || err == nil && got.Expires.Before(now) {
			t.Errorf("%d: asked %v, %+v, error %v", n, asked, got, err)
		}
	}
	var none *cloud.RoleCache
	if got, err := none.Get(t.Context(), static, start, func(context.Context) (cloud.Credentials, error) {
		return cloud.Credentials{KeyID: secret.New("x")}, nil
	}); err != nil || got.KeyID.Reveal() != "x" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRoleCacheWaits: who waits for another's fetch leaves when its own time is over, and other
// accounts do not wait at all.
func TestRoleCacheWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := cloud.Account{Name: "one", AssumeRoleARN: "arn"}, cloud.Account{Name: "two", AssumeRoleARN: "arn"}
		kept, start := cloud.NewRoleCache(), time.Now()
		within := func(of cloud.Account, limit, takes time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := kept.Get(ctx, of, start, func(ctx context.Context) (cloud.Credentials, error) {
				return cloud.Credentials{Expires: start.Add(time.Hour)}, wait.For(ctx, takes)
			})
			return err
		}
		go func() {
			if err := within(one, time.Hour, time.Minute); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if err := within(two, time.Second, 0); err != nil {
			t.Errorf("another account: %v", err)
		}
		if err := within(one, time.Second, 0); inventory.KindOf(err) != inventory.Deadline || time.Since(start) != time.Second {
			t.Errorf("one who waits: %v after %s", err, time.Since(start))
		}
		if err := within(one, time.Hour, time.Hour); err != nil || time.Since(start) != time.Minute {
			t.Errorf("one who waits longer: %v after %s", err, time.Since(start))
		}
	})
}

// TestRoleKeys: what changes whose credentials they are changes what is kept.
func TestRoleKeys(t *testing.T) {
	t.Parallel()
	cache, now := cloud.NewRoleCache(), time.Now()
	fetched := 0
	fetch := func(context.Context) (cloud.Credentials, error) {
		fetched++
		return cloud.Credentials{Expires: now.Add(time.Hour)}, nil
	}
	for _, a := range []cloud.Account{
		{Name: "a", AssumeRoleARN: "arn"}, {Name: "a", AssumeRoleARN: "arn", ExternalID: "e"}, {Name: "a", AssumeRoleARN: "arn", Identity: "ecs_role"}, {Name: "a", AssumeRoleARN: "arn"},
	} {
		if _, err := cache.Get(t.Context(), a, now, fetch); err != nil {
			t.Fatal(err)
		}
	}
	if fetched != 3 {
		t.Errorf("fetched %d times, want 3", fetched)
	}
}
