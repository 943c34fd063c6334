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

// assumedMargin is how long before their end credentials are not used any more: no run is longer.
const assumedMargin = 15 * time.Minute

// Assumed keeps the credentials of assumed roles, so that the runs and invocations of one process
// do not ask for new ones each time. It may be used by several goroutines at once; nil keeps
// nothing.
type Assumed struct {
	mu   sync.Mutex
	kept map[assumedBy]*assumed
}

// assumed is one role. turn is a lock that its holder may keep for the time of a fetch, so that
// waiting for it must end with the context, and must concern no other role.
type assumed struct {
	turn chan struct{}
	Credentials
}

// assumedBy tells whose credentials they are: those of another key of the same account are others.
type assumedBy struct{ account, key, arn string }

// NewAssumed makes an empty memory.
func NewAssumed() *Assumed { return &Assumed{kept: map[assumedBy]*assumed{}} }

// of gives the place of one role.
func (a *Assumed) of(by assumedBy) *assumed {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept[by] == nil {
		a.kept[by] = &assumed{turn: make(chan struct{}, 1)}
	}
	return a.kept[by]
}

// Get gives the credentials of an account's assumed role: those that are kept if they last a
// quarter of an hour from now on, else those that fetch gets. Callers for one role that come at the
// same time wait for one fetch, each no longer than its own context lasts. An error is not kept.
func (a *Assumed) Get(ctx context.Context, of Account, now time.Time, fetch func(context.Context) (Credentials, error)) (Credentials, error) {
	if a == nil {
		return fetch(ctx)
	}
	by := assumedBy{account: of.Name, arn: of.AssumeRoleARN}
	if of.SecurityToken.Empty() { // the keys of a function's role are new in each invocation
		by.key = of.AccessKeyID.Reveal()
	}
	role := a.of(by)
	select {
	case role.turn <- struct{}{}:
	case <-ctx.Done():
		return Credentials{}, ended(ctx, nil)
	}
	defer func() { <-role.turn }()
	if now.Add(assumedMargin).Before(role.Expires) {
		return role.Credentials, nil
	}
	got, err := fetch(ctx)
	if err == nil {
		role.Credentials = got
	}
	return got, err
}
