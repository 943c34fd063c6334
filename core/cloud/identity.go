package cloud

import (
	"context"
	"sync"
)

// Identities remembers whose access keys are. An identity never changes; a key that is rotated
// is another key, and is asked for again. A Fleet has one of its own, unless several fleets of
// one process share one.
type Identities struct {
	mu     sync.Mutex
	owners map[string]identity // by account name: one each, however often keys are rotated
}

type identity struct{ key, owner string }

// NewIdentities makes an empty memory.
func NewIdentities() *Identities { return &Identities{owners: map[string]identity{}} }

func (i *Identities) of(a Account) (string, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	known, ok := i.owners[a.Name]
	return known.owner, ok && known.key == a.AccessKeyID.Reveal()
}

func (i *Identities) remember(a Account, owner string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.owners[a.Name] = identity{key: a.AccessKeyID.Reveal(), owner: owner}
}

// owner tells whose account a target is, asking the cloud once for each key.
func (f Fleet) owner(ctx context.Context, t Target) (string, error) {
	if t.Err != nil {
		return "", t.Err
	}
	configured := t.Account.AccountID
	if known, ok := f.identities.of(t.Account); ok && (configured == "" || configured == known) {
		return known, nil
	}
	owner, err := f.askOwner(ctx, t)
	if err == nil {
		f.identities.remember(t.Account, owner)
	}
	return owner, err
}
