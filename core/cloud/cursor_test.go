package cloud_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

func row(id, vpc, name string) inventory.Instance {
	return inventory.Instance{ID: id, VPC: vpc, Name: name}
}

type pages = []cloud.CursorPage[inventory.Instance]

func read(ctx context.Context, book pages) ([]inventory.Instance, error) {
	return cloud.CursorReader[inventory.Instance]{
		Operation: "list instances: account a, region r",
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   cloud.SameMachine,
		Fetch: func(_ context.Context, token string) (cloud.CursorPage[inventory.Instance], error) {
			n, _ := strconv.Atoi("0" + token)
			if n >= len(book) {
				return cloud.CursorPage[inventory.Instance]{}, &inventory.Error{Kind: inventory.Temporary, Message: "no page"}
			}
			return book[n], nil
		},
	}.ReadAll(ctx)
}

func TestPages(t *testing.T) {
	t.Parallel()
	a, b := row("a", "v1", "A"), row("b", "v1", "B")
	for name, c := range map[string]struct {
		book pages
		rows int
		want inventory.Kind
	}{
		"one":                    {pages{{Rows: []inventory.Instance{a}}}, 1, ""},
		"none":                   {pages{{}}, 0, ""},
		"two":                    {pages{{Rows: []inventory.Instance{a}, Next: "1"}, {Rows: []inventory.Instance{b}}}, 2, ""},
		"an empty one between":   {pages{{Rows: []inventory.Instance{a}, Next: "1"}, {Next: "2"}, {Rows: []inventory.Instance{b}}}, 2, ""},
		"the second fails":       {pages{{Rows: []inventory.Instance{a}, Next: "1"}}, 0, inventory.Temporary},
		"its own token":          {pages{{Rows: []inventory.Instance{a}, Next: "1"}, {Rows: []inventory.Instance{b}, Next: "1"}}, 0, inventory.Incomplete},
		"a circle":               {pages{{Next: "1"}, {Next: "2"}, {Next: "1"}}, 0, inventory.Incomplete},
		"the same machine again": {pages{{Rows: []inventory.Instance{a}, Next: "1"}, {Rows: []inventory.Instance{row("a", "v1", "new")}}}, 1, ""},
		"another machine":        {pages{{Rows: []inventory.Instance{a, row("a", "v2", "A")}}}, 0, inventory.Incomplete},
		"no id":                  {pages{{Rows: []inventory.Instance{a, row("", "v1", "A")}}}, 0, inventory.Incomplete},
	} {
		rows, err := read(t.Context(), c.book)
		if inventory.KindOf(err) != c.want || len(rows) != c.rows {
			t.Errorf("%s: %d rows, error %v; want %d, %q", name, len(rows), err, c.rows, c.want)
		}
		if name == "the same machine again" && rows[0].Name != "new" {
			t.Errorf("%s: %q is kept, not the newer row", name, rows[0].Name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := read(ctx, pages{{Rows: []inventory.Instance{a}}}); inventory.KindOf(err) != inventory.Deadline || rows != nil {
		t.Errorf("cancelled: %v, %v", rows, err)
	}
}
