package jumpservertest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// The pages of this file say who has a host, and which hosts somebody has. No careful client decides by them: the first
// counts rules that are not in force, and the count of the second is late.

// countLag is how long a user's number of hosts stays as it was: it was still wrong after twelve seconds.
const countLag = 15 * time.Second

// lateCount is a user's number of hosts as it was shown.
type lateCount struct {
	hosts int
	at    time.Time
}

// routePermUsers routes /assets/assets/{id}/perm-users/ and perm-user-groups/, and the rules by which one of them has the
// host. Rules that are switched off or expired are among them.
func (s *Server) routePermUsers(c *call) reply {
	h := c.org.findAsset(c.parts[2])
	switch {
	case h == nil:
		return notFoundReply("Asset")
	case c.method != http.MethodGet:
		return s.unknownMethod(c)
	}
	s.recordUnexpected("%s was asked, which counts rules that are not in force", c.r.URL.Path)
	people, idsOf := s.people, func(r *accessRule) []string { return s.usersOf(c.org, r) }
	if c.parts[3] == "perm-user-groups" {
		people, idsOf = c.org.groups, func(r *accessRule) []string { return r.groups }
	}
	var rules []*accessRule
	var ids []string
	for _, r := range c.org.rules {
		if !c.org.reachesHost(r, h, true) {
			continue
		}
		ids = append(ids, idsOf(r)...)
		if len(c.parts) == 6 && slices.Contains(idsOf(r), c.parts[4]) {
			rules = append(rules, r)
		}
	}
	if len(c.parts) == 6 && c.parts[5] == "permissions" {
		return pageOf(s, c, rules, func(r *accessRule) any { return c.fieldsOf(s.showRule(c.org, r, true)) })
	}
	slices.SortFunc(ids, func(x, y string) int { return strings.Compare(nameIn(people, x)+x, nameIn(people, y)+y) })
	return pageOf(s, c, slices.Compact(ids), func(id string) any { return c.fieldsOf(showPerson(id, nameIn(people, id))) })
}

func showPerson(id, name string) map[string]any {
	return map[string]any{
		"id": id, "name": name, "username": name, "email": name + "@example.com", "source": map[string]any{"value": "local", "label": "Local"},
		"labels": []any{}, "is_valid": true, "is_expired": false, "is_active": true, "created_by": "System", "updated_by": "System", "comment": nil,
	}
}

// routeHostsOf routes /perms/users/{id}/assets/ ("self" is the key's own user) and /perms/user-groups/{id}/assets/: the
// hosts that rules in force give, those that are switched off among them.
func (s *Server) routeHostsOf(c *call) reply {
	if len(c.parts) != 4 || c.parts[3] != "assets" || c.method != http.MethodGet {
		return s.unknownPath(c)
	}
	id, now := c.parts[2], s.options.Now()
	has := func(r *accessRule) bool { return slices.Contains(s.usersOf(c.org, r), id) }
	switch {
	case c.parts[1] == "user-groups":
		has = func(r *accessRule) bool { return slices.Contains(r.groups, id) }
	case id == "self":
		at := slices.IndexFunc(s.people, func(p person) bool { return p.name == c.user })
		if at >= 0 {
			id = s.people[at].id
		}
	}
	reached := func(h *host) bool {
		return slices.ContainsFunc(c.org.rules, func(r *accessRule) bool { return r.isValid(now) && has(r) && c.org.reachesHost(r, h, true) })
	}
	hosts := filterRows(c.org.listAssets(), []func(*host) bool{reached})
	answer := pageOf(s, c, hosts, func(h *host) any {
		row := map[string]any{}
		for _, name := range []string{"id", "name", "address", "is_active"} {
			row[name] = s.columns[name](h)
		}
		return c.fieldsOf(row)
	})
	if page, is := answer.body.(map[string]any); is {
		late, known := s.counts[id]
		if !known || now.Sub(late.at) > countLag {
			late = lateCount{len(hosts), now}
			s.counts[id] = late
		}
		page["count"] = late.hosts
	}
	return answer
}
