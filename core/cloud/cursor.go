package cloud

import (
	"context"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// CursorPage is one answer of an API that is read by cursor.
type CursorPage[T any] struct {
	Rows []T
	Next string // the token of the next page; "" = this was the last one
}

// CursorReader reads an API that returns a token for the next page.
type CursorReader[T any] struct {
	// Operation names the operation, account and region in errors.
	Operation string
	// Fetch returns one page; the token of the first is "". It retries by itself (see Retry).
	Fetch func(ctx context.Context, token string) (CursorPage[T], error)
	// ID returns the cloud's own id of a row. A row without one makes the whole list Incomplete.
	ID func(T) string
	// SameRow reports whether two rows with one id are the same machine.
	SameRow func(a, b T) bool
}

// ReadAll reads every page, and returns each row once in the order of its first appearance, or an error
// and no rows. It fails with Incomplete for a token that was returned before or a list longer than any is
// (it would never end), a row without an id, and one id on two machines.
//
// The same machine on two pages is no error: while the fleet changes, a row can move behind the cursor and
// come again. The newer row is kept. A row cannot be lost in this way, as it can be with page numbers.
func (c CursorReader[T]) ReadAll(ctx context.Context) ([]T, error) {
	var rows []T
	at := map[string]int{}
	tokens := map[string]bool{}
	var bound pageBound
	for token := ""; ; {
		if ctx.Err() != nil {
			return nil, &inventory.Error{Kind: inventory.Deadline, Message: c.Operation, Err: context.Cause(ctx)}
		}
		page, err := c.Fetch(ctx, token)
		if err != nil {
			return nil, err
		}
		rows, err = c.appendPage(rows, at, page.Rows)
		if err != nil {
			return nil, err
		}
		if page.Next == "" {
			return slices.Clip(slices.Clone(rows)), nil // without spare capacity
		}
		if why := bound.add(len(rows)); why != "" {
			return nil, c.incompleteError("%s", why)
		}
		if tokens[page.Next] {
			return nil, c.incompleteError("page %d gives a token that was given before", len(tokens)+1)
		}
		tokens[page.Next] = true
		token = page.Next
	}
}

// appendPage appends a page to rows; at maps each id to its index in rows.
func (c CursorReader[T]) appendPage(rows []T, at map[string]int, page []T) ([]T, error) {
	for _, row := range page {
		id := c.ID(row)
		if id == "" {
			return nil, c.incompleteError("row %d has no id", len(rows)+1)
		}
		i, met := at[id]
		switch {
		case !met:
			at[id] = len(rows)
			rows = append(rows, row)
		case c.SameRow(rows[i], row):
			rows[i] = row
		default:
			return nil, c.incompleteError("%s was listed twice, as two different machines", id)
		}
	}
	return rows, nil
}

func (c CursorReader[T]) incompleteError(format string, args ...any) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: c.Operation + ": " + fmt.Sprintf(format, args...)}
}

// SameMachine reports whether two rows with one id describe one machine: they agree in region and
// network. Name, state, type and further addresses may change between two pages.
func SameMachine(a, b inventory.Instance) bool {
	return a.ID == b.ID && a.Region == b.Region && a.VPC == b.VPC
}
