package cloud

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/secret"
)

// Credentials are what a call is signed with. Those of a role expire.
type Credentials struct {
	KeyID, Secret, Token secret.Value
	Expires              time.Time // zero = never
}

// expiryMargin is how long before they expire credentials are no longer used: no run takes longer.
const expiryMargin = 15 * time.Minute

// RoleCache keeps the credentials of assumed roles for the runs and invocations of one process. It may be
// used by several goroutines at once; a nil one keeps nothing.
type RoleCache struct {
	mu      sync.Mutex
	entries map[roleKey]*roleEntry
}

// roleEntry is one role. Its lock may be held for as long as a fetch takes: waiting for it ends with the
// context, and blocks no other role.
type roleEntry struct {
	lock chan struct{}
	Credentials
}

// roleKey identifies credentials: another key of the same account has others.
type roleKey struct{ account, key, identity, arn, externalID string }

// NewRoleCache returns an empty cache.
func NewRoleCache() *RoleCache { return &RoleCache{entries: map[roleKey]*roleEntry{}} }

// entry returns the entry of one role.
func (c *RoleCache) entry(key roleKey) *roleEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[key] == nil {
		c.entries[key] = &roleEntry{lock: make(chan struct{}, 1)}
	}
	return c.entries[key]
}

// Get returns the credentials of an account's assumed role: the kept ones if they are valid for another
// quarter of an hour, else those that fetch returns. Callers that want the same role at the same time wait for
// one fetch, each no longer than its own context lasts. Errors are not kept.
func (c *RoleCache) Get(ctx context.Context, of Account, now time.Time, fetch func(context.Context) (Credentials, error)) (Credentials, error) {
	if c == nil {
		return fetch(ctx)
	}
	key := roleKey{account: of.Name, identity: of.Identity, arn: of.AssumeRoleARN, externalID: of.ExternalID}
	if of.SecurityToken.IsEmpty() { // the keys of a function's role change with each invocation
		key.key = of.AccessKeyID.Reveal()
	}
	role := c.entry(key)
	select {
	case role.lock <- struct{}{}:
	case <-ctx.Done():
		return Credentials{}, deadlineError(ctx, nil)
	}
	defer func() { <-role.lock }()
	if now.Add(expiryMargin).Before(role.Expires) {
		return role.Credentials, nil
	}
	got, err := fetch(ctx)
	if err == nil {
		role.Credentials = got
	}
	return got, err
}
