package cloud

import (
	"context"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Page is one answer of a cursor API.
type Page[T any] struct {
	Rows []T
	Next string // the token of the next page; "" = this was the last one
}

// Cursor reads an API that hands out a token for the next page.
type Cursor[T any] struct {
	// What names the operation, account and region in errors.
	What string
	// Fetch gets one page; the first is asked for with "". It retries by itself (see Retry).
	Fetch func(ctx context.Context, token string) (Page[T], error)
	// ID is the cloud's own id of a row. A row without one makes the whole list Incomplete.
	ID func(T) string
	// Same tells whether two rows with one id are the same machine.
	Same func(a, b T) bool
}

// All reads every page, and gives each row once in the order of its first appearance, or an
// error and no rows. What it does not believe is Incomplete: a token that was handed out
// before (the list would never end), a row without an id, and one id on two machines.
//
// The same machine met twice is no fault: a cursor only moves through a fleet that changes
// meanwhile, so a row can move behind the cursor and come again. The newer row is kept, for it
// was read later. A row can not be lost in this way, as it can with pages by number.
func (c Cursor[T]) All(ctx context.Context) ([]T, error) {
	var rows []T
	at := map[string]int{}
	tokens := map[string]bool{}
	for token := ""; ; {
		if ctx.Err() != nil {
			return nil, &inventory.Error{Kind: inventory.Deadline, Message: c.What, Err: context.Cause(ctx)}
		}
		page, err := c.Fetch(ctx, token)
		if err != nil {
			return nil, err
		}
		if rows, err = c.add(rows, at, page.Rows); err != nil {
			return nil, err
		}
		if page.Next == "" {
			return slices.Clip(slices.Clone(rows)), nil // without the room that growing left
		}
		if tokens[page.Next] {
			return nil, c.incomplete("page %d gives a token that was given before", len(tokens)+1)
		}
		tokens[page.Next] = true
		token = page.Next
	}
}

// add appends a page to rows; at holds the index of each id.
func (c Cursor[T]) add(rows []T, at map[string]int, page []T) ([]T, error) {
	for _, row := range page {
		id := c.ID(row)
		if id == "" {
			return nil, c.incomplete("row %d has no id", len(rows)+1)
		}
		i, met := at[id]
		switch {
		case !met:
			at[id] = len(rows)
			rows = append(rows, row)
		case c.Same(rows[i], row):
			rows[i] = row
		default:
			return nil, c.incomplete("%s was listed twice, as two different machines", id)
		}
	}
	return rows, nil
}

func (c Cursor[T]) incomplete(format string, args ...any) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: c.What + ": " + fmt.Sprintf(format, args...)}
}

// SameMachine tells whether two rows with one id describe one machine: they agree in region and
// network. Name, state, type and further addresses may change between two pages.
func SameMachine(a, b inventory.Instance) bool {
	return a.ID == b.ID && a.Region == b.Region && a.VPC == b.VPC
}
