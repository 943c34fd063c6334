package access

import (
	"cmp"
	"context"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// fakeServer is a JumpServer with nodes, rules on them and people.
type fakeServer struct {
	nodes   map[string]string                 // path → id
	rules   map[string][]inventory.AccessRule // by the id of the node that they name
	members map[string]inventory.AccessMembers
	fails   func(call string) error
	calls   []string
}

func (s *fakeServer) call(name string) error {
	s.calls = append(s.calls, name)
	if s.fails == nil {
		return nil
	}
	return s.fails(name)
}

func (s *fakeServer) FindNode(_ context.Context, path, _ string) (inventory.Node, error) {
	return inventory.Node{ID: s.nodes[path], Path: path}, s.call("find " + path)
}

// AccessRulesOfNode answers with the rules of the node and of its ancestors.
func (s *fakeServer) AccessRulesOfNode(ctx context.Context, nodeID string) ([]inventory.AccessRule, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var all []inventory.AccessRule
	for path, id := range s.nodes {
		for ; id == nodeID && path != ""; path = path[:strings.LastIndex(path, "/")] {
			all = append(all, s.rules[s.nodes[path]]...)
		}
	}
	return all, s.call("rules " + nodeID)
}

func (s *fakeServer) MembersOfAccessRule(_ context.Context, rule inventory.AccessRule) (inventory.AccessMembers, error) {
	return s.members[rule.ID], s.call("members " + rule.ID)
}

// AccessGrants answers with all rules.
func (s *fakeServer) AccessGrants(ctx context.Context) ([]inventory.AccessGrant, error) {
	var all []inventory.AccessGrant
	for node, rules := range s.rules {
		for _, r := range rules {
			all = append(all, inventory.AccessGrant{AccessRule: r, NodeIDs: []string{node}})
		}
	}
	return all, cmp.Or(ctx.Err(), s.call("grants"))
}

// grant adds a rule on a node for users, and groups written "group=member+member".
func (s *fakeServer) grant(node, rule string, people ...string) {
	r := inventory.AccessRule{ID: rule, Name: rule}
	var m inventory.AccessMembers
	for _, p := range people {
		group, members, is := strings.Cut(p, "=")
		if !is {
			r.Users++
			m.Users = append(m.Users, inventory.Member{ID: "id-" + p, Name: p})
			continue
		}
		r.Groups++
		m.Groups = append(m.Groups, inventory.Member{ID: "id-" + group, Name: group})
		for _, u := range strings.Split(members, "+") {
			m.Users = append(m.Users, inventory.Member{ID: "id-" + u, Name: u})
		}
	}
	s.rules[node], s.members[rule] = append(s.rules[node], r), m
}

func newServer() *fakeServer {
	s := &fakeServer{
		nodes: map[string]string{"/DEFAULT": "n-root", "/DEFAULT/prod": "n-prod", "/DEFAULT/prod/web": "n-web", "/DEFAULT/dev": "n-dev"},
		rules: map[string][]inventory.AccessRule{}, members: map[string]inventory.AccessMembers{},
	}
	s.grant("n-prod", "r-ops", "ops=bob+cat")
	s.grant("n-web", "r-web", "ann", "bob")
	s.grant("n-dev", "r-dev", "dan", "ann")
	return s
}
