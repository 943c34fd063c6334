package jumpservertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// routeAssets routes /assets/hosts/ and /assets/hosts/{id}/, and those of other kinds.
func (s *Server) routeAssets(c *call) reply {
	c.kind = s.kinds[c.parts[1]]
	switch len(c.parts) {
	case 2:
	case 3:
		return s.routeAsset(c)
	default:
		if strings.HasPrefix(c.parts[3], "perm-user") {
			return s.routePermUsers(c)
		}
		return s.unknownPath(c)
	}
	if c.method != http.MethodGet {
		if answer, is := s.refusedByPage(c); is {
			return answer
		}
	}
	switch c.method {
	case http.MethodGet:
		c.org.shown = true
		return s.listRows(c, s.pageAssets(c))
	case http.MethodOptions:
		return s.hostOptions()
	case http.MethodPost:
		return s.createHosts(c)
	case http.MethodPatch, http.MethodPut:
		return s.updateHosts(c)
	case http.MethodDelete:
		return s.deleteHosts(c)
	}
	return s.unknownMethod(c)
}

func (s *Server) routeAsset(c *call) reply {
	h := s.findPageAsset(c, c.parts[2])
	switch {
	case uuid.Validate(c.parts[2]) != nil:
		return notFoundReply("Object")
	case h == nil:
		return notFoundReply(c.kind.title)
	}
	switch c.method {
	case http.MethodGet:
		row := s.showAsset(c, h)
		row["accounts"] = accountsInDetail(h)
		if fields := c.query.Get("fields"); fields != "" {
			keepColumns(row, strings.Split(fields, ","))
		}
		return okReply(row)
	case http.MethodDelete:
		h.org.removeAsset(h.ID)
		return statusReply(http.StatusNoContent)
	case http.MethodPatch, http.MethodPut:
		return s.updateAsset(c, h)
	}
	return s.unknownMethod(c)
}

// updateAsset updates one asset. Its own id may be in the body; another id crashes.
func (s *Server) updateAsset(c *call, h *host) reply {
	row, isObject := c.body.(map[string]any)
	if id, has := row["id"]; !isObject || has && id != h.ID {
		return crashReply()
	}
	if answer, is := s.refuseInRootOrg(c, row); is {
		return answer
	}
	f, v := s.validateRow(c, row, h, c.method == http.MethodPut, false)
	if answer, refused := v.refusalReply(); refused {
		return answer
	}
	if row["accounts"] != nil {
		s.recordUnexpected("%s of a host with accounts", c.method)
	}
	if s.options.Version.isSince(V41019) {
		if answer, refused := s.validateAccounts(c, row, &f); refused {
			return answer
		}
	}
	s.applyUpdate(c, h, f)
	return okReply(s.showAsset(c, h))
}

// refuseInRootOrg refuses what cannot be written in the all-zero organisation: labels and nodes. Other
// fields of an asset can be changed there, whatever its organisation is.
func (s *Server) refuseInRootOrg(c *call, row map[string]any) (answer reply, is bool) {
	const text = "Please save in a org"
	switch {
	case c.orgID != RootOrg:
		return reply{}, false
	case row["labels"] != nil:
		return badRequestReply(map[string]any{"labels": []string{text}}), true
	case row["nodes_display"] != nil:
		return badRequestReply([]string{text}), true
	}
	return reply{}, false
}

// applyUpdate writes one host; a PUT resets omitted fields to their defaults.
func (s *Server) applyUpdate(c *call, h *host, f rowFields) {
	if c.method == http.MethodPut {
		if f.active == nil {
			f.active = new(true)
		}
		if f.nodes == nil && f.paths == nil {
			f.nodes = []string{}
		}
	}
	s.applyFields(h.org, h, f)
	s.addAccounts(h, f.accounts)
}

func (s *Server) createHost(c *call) reply {
	row, isObject := c.body.(map[string]any)
	if !isObject {
		return crashReply()
	}
	if s.isLimitReached(c) {
		return badRequestReply(map[string]any{"error": limitText})
	}
	f, v := s.validateRow(c, row, nil, true, false)
	v.crash = v.crash || c.pending.lostRace
	if answer, refused := v.refusalReply(); refused {
		return answer
	}
	if answer, refused := s.validateAccounts(c, row, &f); refused {
		return answer
	}
	if s.isDeadlocked(c.org, f) {
		return crashReply()
	}
	h := s.createAsset(c, f)
	return reply{status: http.StatusCreated, body: s.showAsset(c, h)}
}

// deleteHosts deletes what a filter matches; without one, the asset of the kind if there is only one.
func (s *Server) deleteHosts(c *call) reply {
	rows := s.pageAssets(c)
	spm := c.query.Get("spm")
	switch {
	case c.query.Has("spm"):
		if uuid.Validate(spm) != nil {
			s.recordUnexpected("DELETE with spm %q", spm)
		}
		rows = s.parkedRows(c, rows)
	default:
		s.recordUnexpected("DELETE %s?%s: not by spm", strings.TrimPrefix(c.r.URL.Path, "/api/v1"), c.r.URL.RawQuery)
		keep, failed := s.buildFilters(c)
		if failed != nil {
			return *failed
		}
		if len(keep) == 0 && len(rows) != 1 {
			return statusReply(http.StatusBadRequest)
		}
		rows = filterRows(rows, keep)
	}
	for _, h := range slices.Clone(rows) {
		h.org.removeAsset(h.ID)
	}
	return statusReply(http.StatusNoContent)
}
