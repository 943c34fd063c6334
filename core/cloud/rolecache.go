package cloud

import (
	"context"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/secret"
)

// Credentials are what a call is signed with. Those of a role end.
type Credentials struct {
	KeyID, Secret, Token secret.Value
	Expires              time.Time // zero = never
}

// expiryMargin is how long before their end credentials are not used any more: no run is longer.
const expiryMargin = 15 * time.Minute

// RoleCache keeps the credentials of assumed roles, so that the runs and invocations of one process
// do not ask for new ones each time. It may be used by several goroutines at once; nil keeps
// nothing.
type RoleCache struct {
	mu      sync.Mutex
	entries map[roleKey]*roleEntry
}

// roleEntry is one role. turn is a lock that its holder may keep for the time of a fetch, so that
// waiting for it must end with the context, and must concern no other role.
type roleEntry struct {
	lock chan struct{}
	Credentials
}

// roleKey tells whose credentials they are: those of another key of the same account are others.
type roleKey struct{ account, key, arn string }

// NewRoleCache makes an empty memory.
func NewRoleCache() *RoleCache { return &RoleCache{entries: map[roleKey]*roleEntry{}} }

// entry gives the place of one role.
func (a *RoleCache) entry(by roleKey) *roleEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.entries[by] == nil {
		a.entries[by] = &roleEntry{lock: make(chan struct{}, 1)}
	}
	return a.entries[by]
}

// Get gives the credentials of an account's assumed role: those that are kept if they last a
// quarter of an hour from now on, else those that fetch gets. Callers for one role that come at the
// same time wait for one fetch, each no longer than its own context lasts. An error is not kept.
func (a *RoleCache) Get(ctx context.Context, of Account, now time.Time, fetch func(context.Context) (Credentials, error)) (Credentials, error) {
	if a == nil {
		return fetch(ctx)
	}
	by := roleKey{account: of.Name, arn: of.AssumeRoleARN}
	if of.SecurityToken.IsEmpty() { // the keys of a function's role are new in each invocation
		by.key = of.AccessKeyID.Reveal()
	}
	role := a.entry(by)
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
