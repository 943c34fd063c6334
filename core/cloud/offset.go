package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/wait"
)

const (
	// maxOffsetReads bounds how often a list is read that changes meanwhile.
	maxOffsetReads = 3
	// offsetRereadPause is the wait before a list is read again, so that a burst of changes can end.
	offsetRereadPause = 2 * time.Second
)

// OffsetPage is one answer of an API that is read by offset.
type OffsetPage[T any] struct {
	Rows  []T
	Total int // of the whole list, as this answer has it
}

// OffsetReader reads an API that has only an offset and a total, and no token.
//
// While the fleet changes between two pages, an offset moves: if a row before it is deleted, a living row
// moves across the boundary and is never seen. Equal totals do not show this where a row was created meanwhile.
// So each page begins with the last row of the page before it, and must return this very row again. As long as
// the API keeps its order, this is as reliable as a cursor: the rows after the anchor stay after the offset,
// whatever is deleted or created. It costs one row per page.
//
// The reader also checks for APIs without a fixed order: equal totals on all pages, no row twice, no short page,
// and as many rows as the total. A list that is reordered during the read passes only if several changes cancel
// each other out between two pages.
type OffsetReader[T any] struct {
	// Operation names the operation, account and region in errors.
	Operation string
	// Limit is the most rows of one answer; at least 2.
	Limit int
	// Numbered says that the API takes numbers of pages, which begin at multiples of Limit, and no offset: pages do
	// not overlap then, and a list of several pages is read until two reads after one another agree.
	Numbered bool
	// Fetch returns up to n rows from an offset on (0 = the first row). It retries by itself (see Retry).
	Fetch func(ctx context.Context, from, n int) (OffsetPage[T], error)
	// ID returns the cloud's own id of a row. A row without one makes the whole list Incomplete.
	ID func(T) string
	// Sleep waits before a list is read again; nil = a timer (see RetryPolicy.Sleep).
	Sleep func(ctx context.Context, d time.Duration) error
}

// ReadAll reads every page, and returns each row once in the order of the answers, or an error and no
// rows. It reads a list that changed meanwhile, or is longer than any, again, at most 3 times in all, and then
// fails with Incomplete, as it does for a row without an id.
func (o OffsetReader[T]) ReadAll(ctx context.Context) ([]T, error) {
	if o.Limit < 2 { // a page has its anchor and at least one more row
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: o.Operation + ": pages of less than 2 rows"}
	}
	sleep := o.Sleep
	if sleep == nil {
		sleep = wait.For
	}
	var before []T
	for read := 1; ; read++ {
		rows, err := o.readOnce(ctx)
		if err == nil && o.Numbered && len(rows) > o.Limit {
			err = o.compareReads(before, rows)
			before = rows
		}
		var moved *unstableList
		if !errors.As(err, &moved) {
			return rows, err
		}
		if read == maxOffsetReads {
			return nil, o.incompleteError("%d reads, and the last one too does not add up: %s", read, moved.reason)
		}
		if sleep(ctx, offsetRereadPause) != nil {
			return nil, o.deadlineError(ctx)
		}
	}
}

// compareReads fails unless two reads of a list have the same rows.
func (o OffsetReader[T]) compareReads(before, now []T) error {
	sameID := func(a, b T) bool { return o.ID(a) == o.ID(b) }
	if !slices.EqualFunc(before, now, sameID) {
		return unstableListf("pages that do not overlap: %d rows, and %d in the read before", len(now), len(before))
	}
	return nil
}

// unstableList says why a list does not add up that may when it is read again.
type unstableList struct{ reason string }

func (u *unstableList) Error() string { return u.reason }

func unstableListf(format string, args ...any) error {
	return &unstableList{fmt.Sprintf(format, args...)}
}

// readOnce reads the list once.
func (o OffsetReader[T]) readOnce(ctx context.Context) ([]T, error) {
	var rows []T
	met := map[string]bool{}
	for total := 0; len(rows) == 0 || len(rows) < total; {
		if ctx.Err() != nil {
			return nil, o.deadlineError(ctx)
		}
		from := max(0, len(rows)-1) // from the second page on, the last row again
		if o.Numbered {
			from = len(rows)
		}
		page, err := o.Fetch(ctx, from, o.Limit)
		switch {
		case err != nil:
			return nil, err
		case len(rows) == 0 && page.Total > maxRows:
			return nil, unstableListf("%s", tooManyRows(page.Total))
		case len(rows) == 0:
			total = page.Total
			rows = make([]T, 0, max(0, min(total, 100*o.Limit)))
		case page.Total != total:
			return nil, unstableListf("the total was %d, and is %d after %d rows", total, page.Total, len(rows))
		}
		if want := min(o.Limit, total-from); len(page.Rows) != want {
			return nil, unstableListf("from row %d on %d rows are given, not %d of %d", from, len(page.Rows), want, total)
		}
		if total == 0 {
			return nil, nil
		}
		rows, err = o.appendPage(rows, met, page.Rows)
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// appendPage appends a page to rows, with whose last row it must begin.
func (o OffsetReader[T]) appendPage(rows []T, met map[string]bool, page []T) ([]T, error) {
	for i, row := range page {
		id := o.ID(row)
		if id == "" {
			return nil, o.incompleteError("row %d has no id", len(rows)+1)
		}
		last := len(rows) - 1
		switch {
		case i == 0 && last >= 0 && !o.Numbered:
			if before := o.ID(rows[last]); id != before {
				return nil, unstableListf("%s was row %d, where %s is now", before, last, id)
			}
			rows[last] = row // the newer one
		case met[id]:
			return nil, unstableListf("%s is listed twice", id)
		default:
			met[id] = true
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (o OffsetReader[T]) incompleteError(format string, args ...any) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: o.Operation + ": " + fmt.Sprintf(format, args...)}
}

func (o OffsetReader[T]) deadlineError(ctx context.Context) error {
	return &inventory.Error{Kind: inventory.Deadline, Message: o.Operation, Err: context.Cause(ctx)}
}
