package cloud_test

import (
	"context"
	"strconv"
	"strings"
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

// TestEndlessPages: a list whose every page has a new token is given up with Incomplete, whether its pages are empty, all
// the same, or full of new rows. One as long as no fleet is, with empty pages in between, is read.
func TestEndlessPages(t *testing.T) {
	t.Parallel()
	none := func(int) []inventory.Instance { return nil }
	fresh := func(perPage int) func(int) []inventory.Instance {
		return func(page int) (rows []inventory.Instance) {
			for n := range perPage {
				rows = append(rows, inventory.Instance{ID: strconv.Itoa(page*perPage + n)})
			}
			return rows
		}
	}
	gaps := func(page int) []inventory.Instance {
		if page%100 > 0 {
			return nil
		}
		return fresh(5000)(page)
	}
	for name, c := range map[string]struct {
		rows  func(page int) []inventory.Instance
		last  int // page; 0 = none
		want  string
		pages int
	}{
		"empty":            {none, 0, "500 pages in a row bring nothing new, after 0 rows", 500},
		"always the same":  {func(int) []inventory.Instance { return fresh(3)(0) }, 0, "500 pages in a row bring nothing new, after 3 rows", 501},
		"one new row each": {fresh(1), 0, "page 3000 promises another, after 3000 rows", 3000},
		"full":             {fresh(1000), 0, "201000 rows are more than a list is read of (200000)", 201},
		"long, with gaps":  {gaps, 2001, "", 2002},
		"the longest":      {fresh(50), 2999, "", 3000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := 0
			rows, err := cloud.CursorReader[inventory.Instance]{
				Operation: "list", ID: func(i inventory.Instance) string { return i.ID }, SameRow: cloud.SameMachine,
				Fetch: func(context.Context, string) (cloud.CursorPage[inventory.Instance], error) {
					page := cloud.CursorPage[inventory.Instance]{Rows: c.rows(pages), Next: "after " + strconv.Itoa(pages)}
					if pages == c.last && c.last > 0 {
						page.Next = ""
					}
					pages++
					return page, nil
				},
			}.ReadAll(t.Context())
			if pages != c.pages || (err == nil) != (c.want == "") {
				t.Fatalf("%d pages, want %d: %v", pages, c.pages, err)
			}
			if err != nil && (rows != nil || inventory.KindOf(err) != inventory.Incomplete || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%d rows, %v; want %s", len(rows), err, c.want)
			}
			if err == nil && len(rows) < 100_000 {
				t.Errorf("only %d rows", len(rows))
			}
		})
	}
}
