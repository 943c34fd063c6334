package state

import (
	"context"
	"fmt"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxCorruptCopies is how many corrupt versions of one key are kept; the oldest are deleted.
const maxCorruptCopies = 5

// corruptError is the error of an object that is there and cannot be used.
type corruptError struct {
	data   []byte
	reason string
}

// Error returns what is wrong with the object.
func (d *corruptError) Error() string { return d.reason }

// preserveCorrupt copies a corrupt object to a key of its own for people to inspect. The warning names that key.
// The object itself stays; kept reports whether the copy was written.
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

// moveCorrupt copies a corrupt object aside and deletes it. A good object that another run wrote meanwhile
// is lost with it, which costs work and nothing else.
func (s *Store) moveCorrupt(ctx context.Context, key string, d *corruptError) (moved bool, warning error) {
	kept, warning := s.preserveCorrupt(ctx, key, d)
	return kept && s.bucket.Delete(ctx, key) == nil, warning
}

// writeCorruptCopy deletes old copies before it writes, so that a store that refuses deletions does not
// fill up.
func (s *Store) writeCorruptCopy(ctx context.Context, key string, data []byte) (name string, err error) {
	before := key + ".damaged-"
	copies, err := s.bucket.List(ctx, before)
	if err != nil {
		return "", err
	}
	if many := len(copies) - (maxCorruptCopies - 1); many > 0 {
		if err := s.deleteAll(ctx, copies[:many]); err != nil {
			return "", err
		}
	}
	name = before + s.now().UTC().Format(keyTimeLayout)
	for _, existing := range copies {
		if existing == name {
			return "", &inventory.Error{Kind: inventory.Conflict, Message: name + " is there already"}
		}
	}
	_, err = s.bucket.Put(ctx, name, data, s.createCondition(ctx))
	return name, err
}
