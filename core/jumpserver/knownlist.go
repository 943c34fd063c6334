package jumpserver

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// knownList is a list of JumpServer that was read and is kept for as long as facts are. It is safe for concurrent use; the
// zero value was not read yet.
type knownList[T any] struct {
	mu     sync.Mutex
	rows   []T
	denied bool // the access key's user may not see the list
	readAt time.Time
}

func (l *knownList[T]) store(rows []T, denied bool, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.denied, l.readAt = rows, denied, at
}

func (l *knownList[T]) forget() { l.store(nil, false, time.Time{}) }

// lookUp returns the list while it is fresh: for less than a minute if one of the names that are looked for is not in it,
// as a person may be making it.
func (l *knownList[T]) lookUp(now time.Time, wanted []string, isCalled func(T, string) bool) (rows []T, denied, fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	age := now.Sub(l.readAt)
	if l.readAt.IsZero() || age > factsTTL {
		return nil, false, false
	}
	for _, name := range wanted {
		known := slices.ContainsFunc(l.rows, func(row T) bool { return isCalled(row, name) })
		if !known && age >= missingPlatformTTL {
			return nil, false, false
		}
	}
	return l.rows, l.denied, true
}

// readList reads a list and keeps it. A refusal for want of a right is no error.
func readList[T any](ctx context.Context, c *Client, l *knownList[T], read func(context.Context) ([]T, error)) (rows []T, denied bool, err error) {
	begun := c.now()
	rows, err = read(ctx)
	denied = inventory.KindOf(err) == inventory.Denied
	if err != nil && !denied {
		return nil, false, err
	}
	l.store(rows, denied, begun)
	return rows, denied, nil
}

// readListOnce is readList, unless the list is known and fresh.
func readListOnce[T any](
	ctx context.Context, c *Client, l *knownList[T], wanted []string, isCalled func(T, string) bool, read func(context.Context) ([]T, error),
) (rows []T, denied bool, err error) {
	rows, denied, fresh := l.lookUp(c.now(), wanted, isCalled)
	if fresh {
		return rows, denied, nil
	}
	return readList(ctx, c, l, read)
}
