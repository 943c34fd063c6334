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

// date is a time as JumpServer writes it.
func (s *Server) date(t time.Time) string {
	return t.In(time.FixedZone("", 8*60*60)).Format("2006/01/02 15:04:05 -0700")
}

// rows filters, orders and pages assets.
func (s *Server) rows(c *call, rows []*host) reply {
	if limit, err := strconv.Atoi(c.query.Get("limit")); err != nil || limit <= 0 {
		if c.query.Get("spm") == "" {
			s.surprise("%s was listed without a limit: %s", c.r.URL.Path, c.r.URL.RawQuery)
		}
	}
	if c.query.Has("spm") {
		rows = s.underSPM(c, rows)
	}
	for _, values := range c.query {
		if c.org.db.Refuses(values...) {
			return crash()
		}
	}
	keep, failed := s.filter(c)
	if failed != nil {
		return *failed
	}
	show, fields := s.wanted(c)
	return paged(s, c, order(matching(rows, keep), c.query.Get("order")), func(h *host) any {
		row := make(map[string]any, len(show))
		for name, column := range show {
			row[name] = column(h)
		}
		if h.extra != nil {
			s.showExtra(c.kind, h, row)
			onlyThese(row, fields)
		}
		return row
	})
}

// onlyThese takes out what was not asked for; no names ask for all.
func onlyThese(row map[string]any, names []string) {
	for name := range row {
		if names != nil && !slices.Contains(names, name) {
			delete(row, name)
		}
	}
}

// matching gives the rows that pass every test.
func matching(all []*host, keep []func(*host) bool) []*host {
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

// paged cuts rows as the version does: a page where limit is given, else a bare list, which
// v4.10.16 cuts at 200 rows without a word.
func paged[T any](s *Server, c *call, rows []T, show func(T) any) reply {
	limit, err := strconv.Atoi(c.query.Get("limit"))
	bare := err != nil || limit <= 0
	offset, from := 0, 0
	switch {
	case bare && s.o.Version.since(V410):
		limit = 200
	case bare:
		limit = len(rows)
	default:
		limit = min(limit, s.o.PageCap)
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
		return ok(out)
	}
	body := map[string]any{"count": len(rows), "next": nil, "previous": nil, "results": out}
	if to < len(rows) {
		body["next"] = link(c.r, limit, to)
	}
	if offset > 0 {
		body["previous"] = link(c.r, limit, offset-limit)
	}
	return ok(body)
}

func link(r *http.Request, limit, offset int) string {
	q := r.URL.Query()
	q.Set("limit", strconv.Itoa(limit))
	q.Del("offset")
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	return (&url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: q.Encode()}).String()
}

// underSPM gives the rows that are parked under the request's spm: none for an unknown or an
// expired one.
func (s *Server) underSPM(c *call, all []*host) []*host {
	p, found := s.parked[c.query.Get("spm")]
	if !found || !s.o.Now().Before(p.until) {
		return nil
	}
	want := map[string]bool{}
	for _, id := range p.ids {
		want[id] = true
	}
	return matching(all, []func(*host) bool{func(h *host) bool { return want[h.ID] }})
}

// spmLife is how long parked ids are kept.
const spmLife = 300 * time.Second

// park keeps ids under an spm, for a removal.
func (s *Server) park(c *call) reply {
	switch {
	case len(c.parts) != 3 || c.parts[2] != "cache":
		return s.noPage(c)
	case c.method != http.MethodPost:
		return s.noMethod(c)
	}
	body, _ := c.body.(map[string]any)
	items, _ := body["resources"].([]any)
	var ids []string
	for _, item := range items {
		id, _ := item.(string)
		ids = append(ids, id)
	}
	spm := uuid.NewString()
	s.parked[spm] = parking{ids, s.o.Now().Add(spmLife)}
	return ok(map[string]any{"spm": spm})
}

func missing(kind string) reply {
	return detail(http.StatusNotFound, fmt.Sprintf("%s object does not exist.", kind), "object_does_not_exist")
}
