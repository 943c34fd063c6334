package jumpservertest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// formatTime returns a time as JumpServer writes it.
func (s *Server) formatTime(t time.Time) string {
	return t.In(time.FixedZone("", 8*60*60)).Format("2006/01/02 15:04:05 -0700")
}

// listRows filters, orders and pages assets.
func (s *Server) listRows(c *call, rows []*host) reply {
	if limit, err := strconv.Atoi(c.query.Get("limit")); err != nil || limit <= 0 {
		if c.query.Get("spm") == "" {
			s.recordUnexpected("%s was listed without a limit: %s", c.r.URL.Path, c.r.URL.RawQuery)
		}
	}
	if c.query.Has("spm") {
		rows = s.parkedRows(c, rows)
	}
	for _, values := range c.query {
		if c.org.db.RefusesText(values...) {
			return crashReply()
		}
	}
	keep, failed := s.buildFilters(c)
	if failed != nil {
		return *failed
	}
	show, fields := s.selectedColumns(c)
	return pageOf(s, c, orderRows(filterRows(rows, keep), c.query.Get("order")), func(h *host) any {
		row := make(map[string]any, len(show))
		for name, column := range show {
			row[name] = column(h)
		}
		if h.extra != nil {
			s.showExtra(c.kind, h, row)
			keepColumns(row, fields)
		}
		return row
	})
}

// keepColumns removes columns that are not among the names; nil = keeps all.
func keepColumns(row map[string]any, names []string) {
	for name := range row {
		if names != nil && !slices.Contains(names, name) {
			delete(row, name)
		}
	}
}

// filterRows returns the rows that pass every filter.
func filterRows(all []*host, keep []func(*host) bool) []*host {
	if len(keep) == 0 {
		return all
	}
	var out []*host
next:
	for _, h := range all {
		for _, k := range keep {
			if !k(h) {
				continue next
			}
		}
		out = append(out, h)
	}
	return out
}

// pageOf cuts rows as the version does: a page if limit is given, otherwise a bare list, which
// v4.10.16 silently cuts at 200 rows.
func pageOf[T any](s *Server, c *call, rows []T, show func(T) any) reply {
	limit, err := strconv.Atoi(c.query.Get("limit"))
	bare := err != nil || limit <= 0
	offset, from := 0, 0
	switch {
	case bare && s.options.Version.isSince(V410):
		limit = 200
	case bare:
		limit = len(rows)
	default:
		limit = min(limit, s.options.PageCap)
		offset, _ = strconv.Atoi(c.query.Get("offset"))
		offset = max(offset, 0)
		from = min(offset, len(rows))
	}
	to := min(from+limit, len(rows))
	out := make([]any, 0, to-from)
	for _, row := range rows[from:to] {
		out = append(out, show(row))
	}
	if bare {
		return okReply(out)
	}
	body := map[string]any{"count": len(rows), "next": nil, "previous": nil, "results": out}
	if to < len(rows) {
		body["next"] = pageLink(c.r, limit, to)
	}
	if offset > 0 {
		body["previous"] = pageLink(c.r, limit, offset-limit)
	}
	return okReply(body)
}

func pageLink(r *http.Request, limit, offset int) string {
	q := r.URL.Query()
	q.Set("limit", strconv.Itoa(limit))
	q.Del("offset")
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	return (&url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: q.Encode()}).String()
}

// parkedRows returns the rows that are parked under the request's spm: none for an unknown or
// expired one.
func (s *Server) parkedRows(c *call, all []*host) []*host {
	p, found := s.parked[c.query.Get("spm")]
	if !found || !s.options.Now().Before(p.until) {
		return nil
	}
	want := map[string]bool{}
	for _, id := range p.ids {
		want[id] = true
	}
	return filterRows(all, []func(*host) bool{func(h *host) bool { return want[h.ID] }})
}

// spmTTL is how long ids stay parked.
const spmTTL = 300 * time.Second

// parkIDs stores ids under an spm, for a removal.
func (s *Server) parkIDs(c *call) reply {
	switch {
	case len(c.parts) != 3 || c.parts[2] != "cache":
		return s.unknownPath(c)
	case c.method != http.MethodPost:
		return s.unknownMethod(c)
	}
	body, _ := c.body.(map[string]any)
	items, _ := body["resources"].([]any)
	var ids []string
	for _, item := range items {
		id, _ := item.(string)
		ids = append(ids, id)
	}
	spm := uuid.NewString()
	s.parked[spm] = parking{ids, s.options.Now().Add(spmTTL)}
	return okReply(map[string]any{"spm": spm})
}

func notFoundReply(kind string) reply {
	return detailReply(http.StatusNotFound, fmt.Sprintf("%s object does not exist.", kind), "object_does_not_exist")
}
