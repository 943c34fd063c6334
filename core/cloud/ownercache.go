package cloud

import (
	"context"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
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

// hasStableOwner tells whether a credential tells by itself whose account it opens. One of Azure belongs to
// a directory: without account_id it stands for the only subscription that it sees, which may be
// another one tomorrow. So that is asked each time, else its machines would get the old one's label.
func hasStableOwner(a Account) bool { return a.Cloud != inventory.Azure || a.AccountID != "" }

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
	if err == nil && hasStableOwner(t.Account) {
		f.owners.put(t.Account, owner)
	}
	return owner, err
}
