package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
)

// bulkWrite is a list of hosts that is validated before any of it is written.
type bulkWrite struct {
	all      []rowFields
	targets  []*host // of updates
	verdicts []any
	failed   bool
	crashed  bool
	missing  string
}

func (l *bulkWrite) addRow(db Database, f rowFields, v validation, target *host) {
	for _, other := range l.all {
		l.crashed = l.crashed || f.name != nil && other.name != nil && db.SameText(*f.name, *other.name)
	}
	l.all, l.targets = append(l.all, f), append(l.targets, target)
	l.verdicts = append(l.verdicts, mistakesOf(v))
	l.failed = l.failed || len(v.mistakes) > 0
	l.crashed = l.crashed || v.crash || v.refusedByDatabase
	l.missing = cmp.Or(l.missing, v.missing)
}

func (l *bulkWrite) refuseRow(what any) {
	l.all, l.targets = append(l.all, rowFields{}), append(l.targets, nil)
	l.verdicts, l.failed = append(l.verdicts, what), true
}

func (s *Server) createHosts(c *call) reply {
	rows, isList := c.body.([]any)
	if !isList {
		return s.createHost(c)
	}
	if len(rows) > 1 {
		s.recordUnexpected("a list create of %d hosts loses their protocols", len(rows))
	}
	if s.isLimitReached(c) && len(rows) > 0 {
		return badRequestReply(map[string]any{"error": limitText})
	}
	if answer, refused := s.refuseListedAccounts(rows, true); refused {
		return answer
	}
	var l bulkWrite
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		f, v := s.validateRow(c, row, nil, true, true)
		if answer, refused := s.validateAccounts(c, row, &f); refused {
			return answer
		}
		l.addRow(c.org.db, f, v, nil)
	}
	switch {
	case l.missing != "":
		return notFoundReply(l.missing)
	case l.failed:
		return badRequestReply(l.verdicts)
	case l.crashed:
		return crashReply()
	}
	made := make([]*host, 0, len(rows))
	for _, f := range l.all {
		made = append(made, s.createAsset(c, f))
	}
	dropProtocols(made, func(int) bool { return true })
	return reply{status: http.StatusCreated, body: s.showAll(c, made)}
}

func (s *Server) showAll(c *call, hosts []*host) []any {
	out := make([]any, 0, len(hosts))
	for _, h := range hosts {
		out = append(out, s.showAsset(c, h))
	}
	return out
}

// dropProtocols imitates the bug of every list form: the rows that sent protocols lose them,
// except the last row of the list.
func dropProtocols(rows []*host, sent func(int) bool) {
	for n, h := range rows[:max(len(rows)-1, 0)] {
		if sent(n) {
			h.Protocols = nil
		}
	}
}

func mistakesOf(v validation) any {
	if v.mistakes == nil {
		return map[string]any{}
	}
	return v.mistakes
}

func (s *Server) updateHosts(c *call) reply {
	rows, isList := c.body.([]any)
	if !isList {
		return crashReply()
	}
	if answer, refused := s.refuseListedAccounts(rows, false); refused {
		return answer
	}
	var l bulkWrite
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		if answer, is := s.refuseInRootOrg(c, row); is {
			return answer
		}
		id, given := row["id"].(string)
		h := s.findPageAsset(c, id)
		switch {
		case !given:
			l.refuseRow([]string{"id or pk not in data"})
		case h == nil:
			l.refuseRow(c.kind.title + " matching query does not exist.")
		default:
			f, v := s.validateRow(c, row, h, c.method == http.MethodPut, true)
			if answer, refused := s.validateAccounts(c, row, &f); refused {
				return answer
			}
			l.addRow(c.org.db, f, v, h)
		}
	}
	sent := func(f rowFields) bool { return f.protocolsGiven }
	some := slices.ContainsFunc(l.all, sent)
	switch {
	case l.missing != "":
		return notFoundReply(l.missing)
	case l.failed:
		return badRequestReply(l.verdicts)
	case l.crashed, some && !sent(l.all[len(l.all)-1]):
		return crashReply()
	}
	if some && len(rows) > 1 && c.method == http.MethodPatch {
		s.recordUnexpected("a list PATCH with protocols loses them")
	}
	return okReply(s.updateAll(c, l))
}

func (s *Server) updateAll(c *call, l bulkWrite) []any {
	var done []*host
	for n, h := range l.targets {
		p := l.all[n].platform
		if p != nil && p.Type != s.platformByName(h.Platform).Type && !s.options.Version.isSince(V41019) {
			continue // another type: skipped in silence
		}
		s.applyUpdate(c, h, l.all[n])
		done = append(done, h)
	}
	if len(done) == len(l.targets) {
		dropProtocols(done, func(n int) bool { return l.all[n].protocolsGiven })
	}
	return s.showAll(c, done)
}
