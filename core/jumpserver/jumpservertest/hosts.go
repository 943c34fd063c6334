package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// assetPages routes /assets/hosts/ and /assets/hosts/{id}/, and those of other kinds.
func (s *Server) assetPages(c *call) reply {
	c.kind = s.kinds[c.parts[1]]
	switch len(c.parts) {
	case 2:
	case 3:
		return s.oneAsset(c)
	default:
		return s.noPage(c)
	}
	if c.method != http.MethodGet {
		if answer, is := s.refused(c); is {
			return answer
		}
	}
	switch c.method {
	case http.MethodGet:
		c.org.shown = true
		return s.rows(c, s.all(c))
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

func (s *Server) oneAsset(c *call) reply {
	h := s.pick(c, c.parts[2])
	switch {
	case uuid.Validate(c.parts[2]) != nil:
		return missing("Object")
	case h == nil:
		return missing(c.kind.title)
	}
	switch c.method {
	case http.MethodGet:
		row := s.show(c, h)
		row["accounts"] = h.accounts
		if h.accounts == nil {
			row["accounts"] = []any{}
		}
		if fields := c.query.Get("fields"); fields != "" {
			onlyThese(row, strings.Split(fields, ","))
		}
		return ok(row)
	case http.MethodDelete:
		h.home.remove(h.ID)
		return status(http.StatusNoContent)
	case http.MethodPatch, http.MethodPut:
		return s.updateOne(c, h)
	}
	return s.noMethod(c)
}

// updateOne: the asset's own id may be in the body, another crashes.
func (s *Server) updateOne(c *call, h *host) reply {
	row, isObject := c.body.(map[string]any)
	if id, has := row["id"]; !isObject || has && id != h.ID {
		return crash()
	}
	if answer, is := s.outsideAny(c, row); is {
		return answer
	}
	f, v := s.check(c, row, h, c.method == http.MethodPut, false)
	if answer, refused := v.refusal(); refused {
		return answer
	}
	s.update(c, h, f)
	return ok(s.show(c, h))
}

// outsideAny refuses what cannot be made in the all-zero organisation: labels and nodes. Other
// fields of an asset can be changed there, whatever its organisation is.
func (s *Server) outsideAny(c *call, row map[string]any) (answer reply, is bool) {
	const text = "Please save in a org"
	switch {
	case c.orgID != RootOrg:
		return reply{}, false
	case row["labels"] != nil:
		return bad(map[string]any{"labels": []string{text}}), true
	case row["nodes_display"] != nil:
		return bad([]string{text}), true
	}
	return reply{}, false
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
	s.put(h.home, h, f)
}

func (s *Server) createHost(c *call) reply {
	row, isObject := c.body.(map[string]any)
	if !isObject {
		return crash()
	}
	if s.full(c) {
		return bad(map[string]any{"error": limitText})
	}
	f, v := s.check(c, row, nil, true, false)
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
	h := s.create(c, f)
	return reply{status: http.StatusCreated, body: s.show(c, h)}
}

// deleteHosts deletes what a filter matches; without one, the only asset of the kind that there is.
func (s *Server) deleteHosts(c *call) reply {
	rows := s.all(c)
	switch spm := c.query.Get("spm"); {
	case c.query.Has("spm"):
		if uuid.Validate(spm) != nil {
			s.surprise("DELETE with spm %q", spm)
		}
		rows = s.underSPM(c, rows)
	default:
		s.surprise("DELETE %s?%s: not by spm", strings.TrimPrefix(c.r.URL.Path, "/api/v1"), c.r.URL.RawQuery)
		keep, failed := s.filter(c)
		if failed != nil {
			return *failed
		}
		if len(keep) == 0 && len(rows) != 1 {
			return status(http.StatusBadRequest)
		}
		rows = matching(rows, keep)
	}
	for _, h := range slices.Clone(rows) {
		h.home.remove(h.ID)
	}
	return status(http.StatusNoContent)
}
