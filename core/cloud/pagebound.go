package cloud

import "fmt"

// The most that one list may have: several times what the largest fleets have, and few enough that a list which never
// ends is given up within minutes and fits into memory.
const (
	maxPages      = 3_000
	maxRows       = 200_000
	maxStalePages = 500 // in a row that bring no new row
)

// pageBound counts what was read of a list, and finds that it does not end.
type pageBound struct{ pages, stalePages, rows int }

// add counts a page after which the list has so many rows. It returns why no list is that long; "" = it may be.
func (b *pageBound) add(rows int) string {
	b.pages++
	b.stalePages++
	if rows > b.rows {
		b.stalePages = 0
	}
	b.rows = rows
	switch {
	case rows > maxRows:
		return tooManyRows(rows)
	case b.pages >= maxPages:
		return fmt.Sprintf("the list does not end: page %d promises another, after %d rows", b.pages, rows)
	case b.stalePages >= maxStalePages:
		return fmt.Sprintf("the list does not end: %d pages in a row bring nothing new, after %d rows", b.stalePages, rows)
	}
	return ""
}

func tooManyRows(rows int) string {
	return fmt.Sprintf("%d rows are more than a list is read of (%d)", rows, maxRows)
}
