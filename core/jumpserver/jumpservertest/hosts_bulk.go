package jumpservertest

import (
	"cmp"
	"net/http"
	"slices"
)

// list is a list of hosts that is checked before any of it is written.
type list struct {
	all      []fields
	targets  []*host // of updates
	verdicts []any
	failed   bool
	crashed  bool
	missing  string
}

func (l *list) add(db Database, f fields, v verdict, target *host) {
	for _, other := range l.all {
		l.crashed = l.crashed || f.name != nil && other.name != nil && db.Same(*f.name, *other.name)
	}
	l.all, l.targets = append(l.all, f), append(l.targets, target)
	l.verdicts = append(l.verdicts, mistakesOf(v))
	l.failed = l.failed || len(v.mistakes) > 0
	l.crashed = l.crashed || v.crash || v.late
	l.missing = cmp.Or(l.missing, v.missing)
}

func (l *list) refuse(what any) {
	l.all, l.targets = append(l.all, fields{}), append(l.targets, nil)
	l.verdicts, l.failed = append(l.verdicts, what), true
}

func (s *Server) createHosts(c *call) reply {
	rows, isList := c.body.([]any)
	if !isList {
		return s.createHost(c)
	}
	if len(rows) > 1 {
		s.surprise("a list create of %d hosts loses their protocols", len(rows))
	}
	if s.full(c) && len(rows) > 0 {
		return bad(map[string]any{"error": limitText})
	}
	var l list
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		if _, has := row["accounts"]; has {
			return bad(map[string]any{"asset": "This field is required."})
		}
		f, v := s.check(c, row, nil, true, true)
		l.add(c.org.db, f, v, nil)
	}
	switch {
	case l.missing != "":
		return missing(l.missing)
	case l.failed:
		return bad(l.verdicts)
	case l.crashed:
		return crash()
	}
	made := make([]*host, 0, len(rows))
	for _, f := range l.all {
		made = append(made, s.create(c, f))
	}
	loseProtocols(made, func(int) bool { return true })
	return reply{status: http.StatusCreated, body: s.showAll(c, made)}
}

func (s *Server) showAll(c *call, hosts []*host) []any {
	out := make([]any, 0, len(hosts))
	for _, h := range hosts {
		out = append(out, s.show(c, h))
	}
	return out
}

// loseProtocols imitates the fault of every list form: the rows that sent protocols lose them,
// all but the last row of the list.
func loseProtocols(rows []*host, sent func(int) bool) {
	for n, h := range rows[:max(len(rows)-1, 0)] {
		if sent(n) {
			h.Protocols = nil
		}
	}
}

func mistakesOf(v verdict) any {
	if v.mistakes == nil {
		return map[string]any{}
	}
	return v.mistakes
}

func (s *Server) updateHosts(c *call) reply {
	rows, isList := c.body.([]any)
	if !isList {
		return crash()
	}
	var l list
	for _, raw := range rows {
		row, _ := raw.(map[string]any)
		if answer, is := s.outsideAny(c, row); is {
			return answer
		}
		id, given := row["id"].(string)
		h := s.pick(c, id)
		switch {
		case !given:
			l.refuse([]string{"id or pk not in data"})
		case h == nil:
			l.refuse(c.kind.title + " matching query does not exist.")
		default:
			f, v := s.check(c, row, h, c.method == http.MethodPut, true)
			l.add(c.org.db, f, v, h)
		}
	}
	sent := func(f fields) bool { return f.given }
	some := slices.ContainsFunc(l.all, sent)
	switch {
	case l.missing != "":
		return missing(l.missing)
	case l.failed:
		return bad(l.verdicts)
	case l.crashed, some && !sent(l.all[len(l.all)-1]):
		return crash()
	}
	if some && len(rows) > 1 && c.method == http.MethodPatch {
		s.surprise("a list PATCH with protocols loses them")
	}
	return ok(s.updateAll(c, l))
}

func (s *Server) updateAll(c *call, l list) []any {
	var done []*host
	for n, h := range l.targets {
		p := l.all[n].platform
		if p != nil && p.Type != s.platformByName(h.Platform).Type && !s.o.Version.since(V41019) {
			continue // another type: skipped in silence
		}
		s.update(c, h, l.all[n])
		done = append(done, h)
	}
	if len(done) == len(l.targets) {
		loseProtocols(done, func(n int) bool { return l.all[n].given })
	}
	return s.showAll(c, done)
}
