package cloud

import (
	"context"
	"sync"
)

// OwnerCache remembers whose access keys are. An identity never changes; a key that is rotated
// is another key, and so is the key with another role to assume: these are asked for again. A Fleet
// has one of its own, unless several fleets of one process share one.
type OwnerCache struct {
	mu     sync.Mutex
	owners map[string]ownerEntry // by account name: one each, however often keys are rotated
}

type ownerEntry struct{ key, role, owner string }

// NewOwnerCache makes an empty memory.
func NewOwnerCache() *OwnerCache { return &OwnerCache{owners: map[string]ownerEntry{}} }

func (i *OwnerCache) get(a Account) (string, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	known, ok := i.owners[a.Name]
	return known.owner, ok && known.key == a.AccessKeyID.Reveal() && known.role == a.AssumeRoleARN
}

func (i *OwnerCache) put(a Account, owner string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.owners[a.Name] = ownerEntry{key: a.AccessKeyID.Reveal(), role: a.AssumeRoleARN, owner: owner}
}

// hasStableOwner reports whether a credential always opens the same account. Where one may open several,
// only account_id says which; without it the owner is asked for each time, else instances would get the
// label of an account that the credential opened before.
func (t OpenedAccount) hasStableOwner() bool {
	return !t.Info.SharedCredentials || t.Account.AccountID != ""
}

// cachedOwner tells whose account a target is, asking the cloud once for each key that lasts.
func (f Fleet) cachedOwner(ctx context.Context, t OpenedAccount) (string, error) {
	if t.Err != nil {
		return "", t.Err
	}
	configured := t.Account.AccountID
	if known, ok := f.owners.get(t.Account); ok && (configured == "" || configured == known) {
		return known, nil
	}
	owner, err := f.fetchOwner(ctx, t)
	if err == nil && t.hasStableOwner() {
		f.owners.put(t.Account, owner)
	}
	return owner, err
}
