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
	kept map[assumedBy]Credentials
}

// assumedBy tells whose credentials they are: those of another key of the same account are others.
type assumedBy struct{ account, key, arn string }

// NewAssumed makes an empty memory.
func NewAssumed() *Assumed { return &Assumed{kept: map[assumedBy]Credentials{}} }

// Get gives the credentials of an account's assumed role: those that are kept if they last a
// quarter of an hour from now on, else those that fetch gets. Callers that come at the same time
// wait for one fetch, in which fetch's context counts. An error is not kept.
func (a *Assumed) Get(ctx context.Context, of Account, now time.Time, fetch func(context.Context) (Credentials, error)) (Credentials, error) {
	if a == nil {
		return fetch(ctx)
	}
	by := assumedBy{account: of.Name, arn: of.AssumeRoleARN}
	if of.SecurityToken.Empty() { // the keys of a function's role are new in each invocation
		by.key = of.AccessKeyID.Reveal()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if kept, ok := a.kept[by]; ok && now.Add(assumedMargin).Before(kept.Expires) {
		return kept, nil
	}
	got, err := fetch(ctx)
	if err == nil {
		a.kept[by] = got
	}
	return got, err
}
