package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// hosts routes /assets/hosts/ and /assets/hosts/{id}/.
func (s *Server) hosts(c *call) reply {
	switch len(c.parts) {
	case 2:
	case 3:
		return s.oneHost(c)
	default:
		return s.noPage(c)
	}
	switch c.method {
	case http.MethodGet:
		return s.listHosts(c)
	case http.MethodOptions:
		return s.options()
	case http.MethodPost:
		return s.createHosts(c)
	case http.MethodPatch, http.MethodPut:
		return s.updateHosts(c)
	case http.MethodDelete:
		return s.deleteHosts(c)
	}
	return s.noMethod(c)
}

func (s *Server) oneHost(c *call) reply {
	h := c.org.hosts[strings.ToLower(c.parts[2])]
	switch {
	case uuid.Validate(c.parts[2]) != nil:
		return missing("Object")
	case h == nil:
		return missing("Host")
	}
	switch c.method {
	case http.MethodGet:
		row := s.show(h)
		row["accounts"] = h.accounts
		if h.accounts == nil {
			row["accounts"] = []any{}
		}
		return ok(row)
	case http.MethodDelete:
		c.org.remove(h.ID)
		return status(http.StatusNoContent)
	case http.MethodPatch, http.MethodPut:
		row, isObject := c.body.(map[string]any)
		if _, hasID := row["id"]; !isObject || hasID {
			return crash()
		}
		f, v := s.check(c.org, row, h, c.method == http.MethodPut, false)
		if answer, refused := v.refusal(); refused {
			return answer
		}
		s.update(c, h, f)
		return ok(s.show(h))
	}
	return s.noMethod(c)
}

// update writes one host; a PUT puts back to its default what it leaves out.
func (s *Server) update(c *call, h *host, f fields) {
	if c.method == http.MethodPut {
		if f.active == nil {
			f.active = new(true)
		}
		if f.nodes == nil && f.paths == nil {
			f.nodes = []string{}
		}
	}
	s.put(c.org, h, f)
}

func (s *Server) createHost(c *call) reply {
	row, isObject := c.body.(map[string]any)
	if !isObject {
		return crash()
	}
	if s.full(c.org) {
		return bad(map[string]any{"error": limitText})
	}
	f, v := s.check(c.org, row, nil, true, false)
	v.crash = v.crash || c.claims.lost
	if answer, refused := v.refusal(); refused {
		return answer
	}
	if mistakes := s.checkAccounts(c.org, row, &f); len(mistakes) > 0 {
		return bad(mistakes)
	}
	if s.deadlocks(c.org, f) {
		return crash()
	}
	h := s.create(c.org, f)
	return reply{status: http.StatusCreated, body: s.show(h)}
}

// deleteHosts deletes what a filter matches; without one, the only host there is.
func (s *Server) deleteHosts(c *call) reply {
	var rows []*host
	switch spm := c.query.Get("spm"); {
	case c.query.Has("spm"):
		rows = s.underSPM(c, c.org.list())
		if uuid.Validate(spm) != nil {
			s.surprise("DELETE with spm %q", spm)
		}
	default:
		s.surprise("DELETE /assets/hosts/?%s: not by spm", c.r.URL.RawQuery)
		keep, failed := s.filter(c)
		if failed {
			return html(http.StatusInternalServerError)
		}
		if len(keep) == 0 && len(c.org.hosts) != 1 {
			return status(http.StatusBadRequest)
		}
		rows = matching(c.org.list(), keep)
	}
	for _, h := range slices.Clone(rows) {
		c.org.remove(h.ID)
	}
	return status(http.StatusNoContent)
}
