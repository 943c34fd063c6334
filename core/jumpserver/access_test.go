package jumpserver_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// accessWorld has a rule of each kind: on a node, on its ancestor by a group, without accounts, off, expired, on a host.
func accessWorld(t *testing.T, version jumpservertest.Version) (s *jumpservertest.Server, host string) {
	t.Helper()
	s = jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
	ann, bob, cat := s.SeedUser("", "ann"), s.SeedUser("", "bob"), s.SeedUser("", "cat")
	team := s.SeedGroup(org, "team", bob, cat)
	host = s.Seed(org, jumpservertest.Host{Name: "h", Nodes: []string{"/DEFAULT/a/b"}})
	for _, r := range []jumpservertest.AccessRule{
		{Name: "node", Users: []string{ann}, Nodes: []string{"/DEFAULT/a/b"}},
		{Name: "ancestor", Users: []string{bob}, Groups: []string{team}, Nodes: []string{"/DEFAULT/a"}},
		{Name: "no login", Users: []string{cat}, Nodes: []string{"/DEFAULT/a/b"}, Accounts: []string{}},
		{Name: "off", Users: []string{cat}, Nodes: []string{"/DEFAULT/a/b"}, Inactive: true},
		{Name: "expired", Users: []string{cat}, Nodes: []string{"/DEFAULT/a/b"}, Expired: true},
		{Name: "elsewhere", Users: []string{cat}, Nodes: []string{"/DEFAULT/a/c"}},
		{Name: "host", Users: []string{ann}, Assets: []string{host}},
	} {
		s.SeedRule(org, r)
	}
	return s, host
}

func ruleText(r inventory.AccessRule) string {
	return fmt.Sprint(r.Name, r.Users, r.Groups, r.LoginDenied)
}

// TestAccessRules: who reaches a node, or a host, in one call and one or two for each rule.
func TestAccessRules(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s, host := accessWorld(t, version)
		limitedKey(s, inventory.ViewAccessRules)
		c := newClient(t, s)
		for what, want := range map[string]string{
			"/DEFAULT/a/b": "ancestor1 1 false,no login1 0 true,node1 0 false,", "/DEFAULT/a": "ancestor1 1 false,", "/DEFAULT": "",
			"host": "ancestor1 1 false,host1 0 false,no login1 0 true,node1 0 false,",
		} {
			rules, err := c.AccessRulesOfNode(t.Context(), s.NodeAt(org, what))
			if what == "host" {
				rules, err = c.AccessRulesOfAsset(t.Context(), host)
			}
			got := ""
			for _, r := range rules {
				got += ruleText(r) + ","
			}
			if got != want || err != nil {
				t.Errorf("%s, %s: %s, want %s; %v", version, what, got, want, err)
			}
		}
		if rules, err := c.AccessRulesOfNode(t.Context(), inventory.AssetID("aws", "x", "y")); len(rules) != 0 || err != nil {
			t.Errorf("%s, unknown node: %v, %v", version, rules, err)
		}
		rules, err := c.AccessRulesOfNode(t.Context(), s.NodeAt(org, "/DEFAULT/a/b"))
		if err != nil {
			t.Fatal(err)
		}
		for n, want := range []struct {
			users, groups int
			calls         int
		}{{2, 1, 2}, {1, 0, 1}, {1, 0, 1}} {
			s.ResetCounts()
			members, err := c.MembersOfAccessRule(t.Context(), rules[n])
			if err != nil || len(members.Users) != want.users || len(members.Groups) != want.groups || s.Requests() != want.calls {
				t.Errorf("%s, %s: %+v, %v, %d calls", version, rules[n].Name, members, err, s.Requests())
			}
		}
	}
}

// TestAccessGrants: all rules in five lists, whatever their number.
func TestAccessGrants(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s, host := accessWorld(t, version)
		c := newClient(t, s)
		if _, err := c.ListPlatforms(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.ResetCounts()
		grants, err := c.AccessGrants(t.Context())
		if err != nil || s.Requests() != 5 {
			t.Fatalf("%s: %v, %d requests", version, err, s.Requests())
		}
		got := ""
		for _, g := range grants {
			got += fmt.Sprintf("%s: %d users %d groups %d nodes %d hosts; ", g.Name, len(g.Members.Users), len(g.Members.Groups), len(g.NodeIDs), len(g.AssetIDs))
			if g.Name == "host" && g.AssetIDs[0] != host || g.Name == "node" && g.NodeIDs[0] != s.NodeAt(org, "/DEFAULT/a/b") {
				t.Errorf("%s: %+v", version, g)
			}
		}
		const want = "ancestor: 1 users 1 groups 1 nodes 0 hosts; elsewhere: 1 users 0 groups 1 nodes 0 hosts; host: 1 users 0 groups 0 nodes 1 hosts; " +
			"no login: 1 users 0 groups 1 nodes 0 hosts; node: 1 users 0 groups 1 nodes 0 hosts; "
		if got != want {
			t.Errorf("%s: %s", version, got)
		}
	}
}

// TestAccessRulesRefused: the documented role may not read rules; a server that ignores the filter is not believed.
func TestAccessRulesRefused(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s, host := accessWorld(t, version)
		limitedKey(s)
		c := newClient(t, s)
		_, grants := c.AccessGrants(t.Context())
		_, node := c.AccessRulesOfNode(t.Context(), s.NodeAt(org, "/DEFAULT/a"))
		_, asset := c.AccessRulesOfAsset(t.Context(), host)
		for _, err := range []error{grants, node, asset} {
			if inventory.KindOf(err) != inventory.Denied {
				t.Errorf("%s: %v", version, err)
			}
		}
		limitedKey(s, inventory.ViewAccessRules)
		if _, err := c.MembersOfAccessRule(t.Context(), inventory.AccessRule{ID: "node"}); inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("%s: %v", version, err)
		}
		s.Fail(jumpservertest.MatchRequest(http.MethodGet, "asset-permissions/?"), -1, jumpservertest.Fault{Edit: func(int, []byte) (int, []byte) {
			return 200, []byte(`{"count":1,"next":null,"previous":null,"results":[{"id":"` + host + `","name":"off","org_id":"` + org + `","accounts":[],"is_valid":false}]}`)
		}})
		if _, err := c.AccessRulesOfAsset(t.Context(), host); inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v", version, err)
		}
	}
}
