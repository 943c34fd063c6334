package state

import (
	"context"
	"fmt"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// maxCorruptCopies is how many damaged versions of one key are kept; the oldest give way.
const maxCorruptCopies = 5

// corruptError is the error of an object that is there and cannot be used.
type corruptError struct {
	data   []byte
	reason string
}

// Error says what is wrong with the object.
func (d *corruptError) Error() string { return d.reason }

// preserveCorrupt copies a damaged object to a name of its own, so that a person can look at it, and
// gives the warning that tells where. The object itself stays; kept tells whether the copy is there.
func (s *Store) preserveCorrupt(ctx context.Context, key string, d *corruptError) (kept bool, warning error) {
	name, err := s.writeCorruptCopy(ctx, key, d.data)
	if err != nil {
		return false, &inventory.Error{
			Kind:    inventory.Incomplete,
			Message: fmt.Sprintf("state object %s %s; nothing of it is used, and it could not be set aside", key, d.reason),
			Err:     err,
		}
	}
	return true, &inventory.Error{
		Kind:    inventory.Incomplete,
		Message: fmt.Sprintf("state object %s %s; nothing of it is used, it was set aside as %s", key, d.reason, name),
	}
}

// moveCorrupt sets a damaged object aside and deletes it. Should another run have written a good
// one meanwhile, that is lost work and no more.
func (s *Store) moveCorrupt(ctx context.Context, key string, d *corruptError) (moved bool, warning error) {
	kept, warning := s.preserveCorrupt(ctx, key, d)
	return kept && s.bucket.Delete(ctx, key) == nil, warning
}

// writeCorruptCopy makes room before it writes, so that a store that lets nothing be deleted does not
// fill up.
func (s *Store) writeCorruptCopy(ctx context.Context, key string, data []byte) (name string, err error) {
	before := key + ".damaged-"
	there, err := s.bucket.List(ctx, before)
	if err != nil {
		return "", err
	}
	if many := len(there) - (maxCorruptCopies - 1); many > 0 {
		if err := s.deleteAll(ctx, there[:many]); err != nil {
			return "", err
		}
	}
	name = before + s.now().UTC().Format(keyTimeLayout)
	for _, taken := range there {
		if taken == name {
			return "", &inventory.Error{Kind: inventory.Conflict, Message: name + " is there already"}
		}
	}
	condition := storage.Always()
	if s.bucket.Capabilities(ctx).CreateOnly {
		condition = storage.CreateOnly()
	}
	_, err = s.bucket.Put(ctx, name, data, condition)
	return name, err
}
