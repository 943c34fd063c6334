package jumpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	pageSize         = 1000    // v4.10.8 and later silently reduce a larger limit to it
	maxParallelPages = 4       // after the first: 20 % faster than sequential, measured on two cores
	maxReads         = 3       // of a list whose rows and count disagree
	maxRows          = 500_000 // a larger count is not believed
	maxPages         = 5_000   // of one list; a server that shortens its pages to a row each is not followed
	maxIDsPerURL     = 50      // UUIDs in one query, well below the 4 KiB that every proxy lets through
	rereadPause      = 300 * time.Millisecond
)

// orderByName sorts a list by a field that is unique: paging by any other loses rows.
const orderByName = "order=name&"

// listRequest describes a list that is read page by page; rows R become T.
type listRequest[T, R any] struct {
	op, path, query string
	limit           int
	convert         func(*R) (T, error)
	id              func(T) string
	// maxMatches is how many rows can match, 0 = any number. More rows mean that JumpServer does
	// not know the filter and answers with everything.
	maxMatches int
}

// readAll returns the whole list in the server's order: count is the same on
// every page, as many rows came, and every id is unique. A reading that does not
// agree (assets came or went meanwhile, a server shortens its pages) is repeated, three times in
// all; then the error is Incomplete. There is no partial answer.
func readAll[T, R any](ctx context.Context, c *Client, l listRequest[T, R]) ([]T, error) {
	for n := 1; ; n++ {
		rows, err := readOnce(ctx, c, l)
		if inventory.KindOf(err) != inventory.Incomplete || n == maxReads {
			return rows, err
		}
		c.log.Debug("jumpserver list is read again", "op", l.op, "reading", n, "error", err.Error())
		if c.sleep(ctx, time.Duration(n)*rereadPause) != nil || ctx.Err() != nil {
			return nil, contextError(ctx)
		}
	}
}

func readOnce[T, R any](ctx context.Context, c *Client, l listRequest[T, R]) ([]T, error) {
	first, count, err := readPage(ctx, c, l, 0, l.limit)
	if err != nil {
		return nil, err
	}
	if len(first) > count || count > maxRows || (len(first) == 0 && count > 0) {
		return nil, l.incompleteError("%d rows came of %d", len(first), count)
	}
	if l.maxMatches > 0 && count > l.maxMatches {
		return nil, l.incompleteError("%d rows match, but at most %d were asked for", count, l.maxMatches)
	}
	if count > maxPages*len(first) {
		return nil, l.incompleteError("%d rows come %d at a time, in more than %d pages", count, len(first), maxPages)
	}
	all := make([]T, count)
	copy(all, first)
	if err := readRest(ctx, c, l, all, len(first)); err != nil {
		return nil, err
	}
	seen := make(map[string]struct{}, count)
	for _, row := range all {
		seen[l.id(row)] = struct{}{}
	}
	if len(seen) != count {
		return nil, l.incompleteError("only %d different rows came of %d", len(seen), count)
	}
	return all, nil
}

// readRest reads the pages after the first. The server decides how many rows a
// page has, whatever was asked for: step is the length of the first one.
func readRest[T, R any](ctx context.Context, c *Client, l listRequest[T, R], all []T, step int) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelPages)
	for at := step; at < len(all); at += step {
		g.Go(func() error {
			rows, count, err := readPage(gctx, c, l, at, step)
			if err != nil {
				return err
			}
			if want := min(step, len(all)-at); count != len(all) || len(rows) != want {
				return l.incompleteError("at row %d came %d of %d rows, and the count went from %d to %d", at, len(rows), want, len(all), count)
			}
			copy(all[at:], rows)
			return nil
		})
	}
	err := g.Wait()
	if err != nil && ctx.Err() != nil {
		return contextError(ctx)
	}
	return err
}

func (l listRequest[T, R]) incompleteError(format string, args ...any) error {
	return newError(inventory.Incomplete, "jumpserver: "+l.op+": the list is not whole: "+fmt.Sprintf(format, args...), nil)
}

// readPage returns the rows of one page and the server's count.
func readPage[T, R any](ctx context.Context, c *Client, l listRequest[T, R], offset, limit int) (got []T, count int, err error) {
	query := "limit=" + strconv.Itoa(limit) + "&offset=" + strconv.Itoa(offset) + "&" + l.query
	err = c.doCall(ctx, apiCall{op: l.op, method: http.MethodGet, path: l.path + "?" + query, read: func(d *json.Decoder) error {
		got = got[:0]
		var err error
		count, err = decodePage(d, func(row *R) error {
			if len(got) >= limit {
				return l.incompleteError("more than the %d rows asked for came", limit)
			}
			t, err := l.convert(row)
			got = append(got, t)
			return err
		})
		return err
	}})
	return got, count, err
}

var errNotPage = errors.New("not a page of a list")

// decodePage reads {"count":…,"results":[…]} row by row, so that a page is never in memory as text
// and values at once. It refuses a bare list, which JumpServer answers without a limit, and a
// page without count or results: neither shows whether it is complete.
func decodePage[R any](d *json.Decoder, keep func(*R) error) (count int, err error) {
	if err := expectDelim(d, json.Delim('{')); err != nil {
		return 0, err
	}
	var counted *int
	listed := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return 0, err
		}
		switch key {
		case "count":
			err = d.Decode(&counted)
		case "results":
			listed = true
			err = decodeRows(d, keep)
		default:
			var skipped json.RawMessage
			err = d.Decode(&skipped)
		}
		if err != nil {
			return 0, err
		}
	}
	if err := expectDelim(d, json.Delim('}')); err != nil {
		return 0, err
	}
	if counted == nil && !listed {
		return 0, errForeignAnswer
	}
	if counted == nil || *counted < 0 || !listed {
		return 0, newError(inventory.Incomplete, "jumpserver: a page without count or results", errNotPage)
	}
	return *counted, nil
}

func decodeRows[R any](d *json.Decoder, keep func(*R) error) error {
	if err := expectDelim(d, json.Delim('[')); err != nil {
		return err
	}
	for d.More() {
		var row R
		if err := d.Decode(&row); err != nil {
			return err
		}
		if err := keep(&row); err != nil {
			return err
		}
	}
	return expectDelim(d, json.Delim(']'))
}

func expectDelim(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if token != want {
		return newError(inventory.Incomplete, fmt.Sprintf("jumpserver: the answer has %v where %v belongs", token, want), errNotPage)
	}
	return nil
}
