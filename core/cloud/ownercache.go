package cloud

import (
	"context"
	"sync"
)

// OwnerCache keeps the owners of access keys, which never change: a rotated key is another key, and so is the
// key with another role to assume. A Fleet has one of its own, unless several fleets of one process
// share one.
type OwnerCache struct {
	mu     sync.Mutex
	owners map[string]ownerEntry // by account name: one each, however often keys are rotated
}

type ownerEntry struct {
	key, role, identity string
	keyOwner
}

// keyOwner is whose key it is, and how that is known.
type keyOwner struct {
	id    string
	known confirmation
}

// NewOwnerCache returns an empty cache.
func NewOwnerCache() *OwnerCache { return &OwnerCache{owners: map[string]ownerEntry{}} }

func (c *OwnerCache) get(a Account) (keyOwner, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.owners[a.Name]
	return known.keyOwner, ok && known.key == a.AccessKeyID.Reveal() && known.role == a.AssumeRoleARN && known.identity == a.Identity
}

func (c *OwnerCache) put(a Account, owner keyOwner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owners[a.Name] = ownerEntry{key: a.AccessKeyID.Reveal(), role: a.AssumeRoleARN, identity: a.Identity, keyOwner: owner}
}

// hasStableOwner reports whether a credential always opens the same account. Where one may open several,
// only account_id says which; without it the owner is asked for each time, else instances would get the
// label of an account that the credential opened before.
func (t OpenedAccount) hasStableOwner() bool {
	return !t.Info.SharedCredentials || t.Account.AccountID != ""
}

// cachedOwner returns whose account it is, and asks the cloud once for each key that has a stable owner.
func (f Fleet) cachedOwner(ctx context.Context, t OpenedAccount) (keyOwner, error) {
	if t.Err != nil {
		return keyOwner{}, t.Err
	}
	configured := t.Account.AccountID
	if known, ok := f.owners.get(t.Account); ok && (configured == "" || configured == known.id) {
		return known, nil
	}
	id, known, err := f.fetchKeyOwner(ctx, t)
	owner := keyOwner{id: id, known: known}
	if err == nil && t.hasStableOwner() {
		f.owners.put(t.Account, owner)
	}
	return owner, err
}
