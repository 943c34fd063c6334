package jumpserver_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// everyNeed is what a sync reads whose rules use everything.
func everyNeed(o *jumpserver.Options) {
	o.Needs = inventory.Needs{Zones: true, Templates: true, Nodes: true, Protocols: true, Accounts: true}
}

// limitedKey limits the emulator's key to the rights that every sync needs, and some more.
func limitedKey(s *jumpservertest.Server, more ...string) {
	s.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "sync", Permissions: append([]string{
		inventory.ViewAssets, inventory.AddAssets, inventory.ChangeAssets, inventory.ViewNodes, inventory.AddNodes, inventory.ViewPlatform,
	}, more...)})
}

// TestReadForRules: what rules need is read with the rest, and only where it is needed.
func TestReadForRules(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, RootNode: "总部"})
			zone := s.SeedZone(org, "华东")
			template := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "linux root", Username: "root", Secret: "s"})
			host := s.Seed(org, jumpservertest.Host{Name: "h", Nodes: []string{"/总部/a/b", "/总部/c"}, Protocols: []jumpservertest.Protocol{{Name: "ssh", Port: 2222}}})
			s.SeedAccount(org, host, jumpservertest.Account{Template: template})
			plain, err := newClient(t, s).Read(t.Context())
			if err != nil || plain.Zones != nil || plain.Templates != nil || plain.Nodes != nil || plain.Assets[0].Protocols != nil || plain.Assets[0].Accounts != nil {
				t.Errorf("without needs: %+v, %v", plain, err)
			}
			for path := range s.Calls() {
				if strings.Contains(path, "accounts") || strings.Contains(path, "/nodes/") || strings.Contains(path, "zones/") || strings.Contains(path, "domains/") {
					t.Errorf("%s was read without need", path)
				}
			}
			b, err := newClient(t, s, everyNeed).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(b.Zones, b.Templates, b.Assets[0].Protocols, b.Assets[0].Accounts)
			want := fmt.Sprint([]inventory.Zone{{ID: zone, Name: "华东"}}, []inventory.AccountTemplate{{ID: template, Name: "linux root", Username: "root", SecretType: "password"}},
				[]inventory.Protocol{{Name: "ssh", Port: 2222}}, []inventory.Account{{Username: "root", SecretType: "password", TemplateID: template}})
			if got != want || b.ZonesDenied || b.TemplatesDenied || b.AccountsUnread {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, path := range []string{"", "/a", "/a/b", "/c"} {
				n := slices.IndexFunc(b.Nodes, func(n inventory.Node) bool { return n.Path == "/DEFAULT"+path })
				if n < 0 || b.Nodes[n].ID != s.NodeAt(org, "/总部"+path) {
					t.Errorf("%s is not among %+v", path, b.Nodes)
				}
			}
		})
	}
}

// TestFreshServerHasARoot: a server whose tree nobody has asked for lists no nodes.
func TestFreshServerHasARoot(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, RootNode: "总部"})
		nodes, err := newClient(t, s).ListNodes(t.Context())
		if err != nil || len(nodes) != 1 || nodes[0] != (inventory.Node{ID: s.NodeAt(org, "/总部"), Path: "/DEFAULT"}) {
			t.Errorf("%s: %+v, %v", version, nodes, err)
		}
	}
}

// TestRulesWithoutRights: who may not look at zones, templates or accounts reads everything else.
func TestRulesWithoutRights(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		s.Seed(org, jumpservertest.Host{Name: "h"})
		limitedKey(s)
		c := newClient(t, s, everyNeed)
		b, err := c.Read(t.Context())
		if err != nil || !b.ZonesDenied || !b.TemplatesDenied || !b.AccountsUnread || len(b.Assets) != 1 || len(b.Nodes) == 0 {
			t.Errorf("%s: %+v, %v", version, b, err)
		}
		if _, denied, err := c.AccountsOf(t.Context(), []string{b.Assets[0].ID}); !denied || err != nil {
			t.Errorf("%s: accounts: %v, %v", version, denied, err)
		}
		limitedKey(s, inventory.ViewZones, inventory.ViewDomains, inventory.ViewTemplates, inventory.ViewAccounts)
		b, err = c.Read(t.Context())
		if err != nil || b.ZonesDenied || b.TemplatesDenied || b.AccountsUnread {
			t.Errorf("%s, with these rights: %+v, %v", version, b, err)
		}
	}
}

// TestListsOfRulesAreKept: events that follow each other ask once, and again for a name that a person may just have made.
func TestListsOfRulesAreKept(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		now := time.Unix(1.8e9, 0)
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "one", Username: "u"})
		c := newClient(t, s, func(o *jumpserver.Options) { o.Now = func() time.Time { return now } })
		calls := func(wanted ...string) int {
			before := s.Calls()["GET /api/v1/accounts/account-templates/"]
			if _, _, err := c.ListTemplates(t.Context(), wanted...); err != nil {
				t.Fatal(err)
			}
			return s.Calls()["GET /api/v1/accounts/account-templates/"] - before
		}
		for n, step := range []struct {
			later time.Duration
			name  string
			calls int
		}{
			{0, "one", 1}, {10 * time.Minute, "one", 0}, {0, "two", 1}, {30 * time.Second, "two", 0}, {31 * time.Second, "two", 1}, {61 * time.Minute, "one", 1},
		} {
			now = now.Add(step.later)
			if got := calls(step.name); got != step.calls {
				t.Errorf("%s, step %d: %d calls, want %d", version, n, got, step.calls)
			}
		}
		s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "two", Username: "u"})
		now = now.Add(time.Minute)
		templates, _, err := c.ListTemplates(t.Context(), "two")
		if err != nil || len(templates) != 2 {
			t.Errorf("%s: %+v, %v", version, templates, err)
		}
	}
}

// TestManyAccounts: accounts are read page by page; a list that is not whole leaves them unknown, and the run goes on.
func TestManyAccounts(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, PageCap: 3})
			template := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root"})
			for n := range 5 {
				id := s.Seed(org, jumpservertest.Host{Name: fmt.Sprint("h-", n)})
				s.SeedAccount(org, id, jumpservertest.Account{Template: template})
				s.SeedAccount(org, id, jumpservertest.Account{Name: "own", Username: fmt.Sprint("own-", n)})
			}
			c := newClient(t, s, everyNeed)
			b, err := c.Read(t.Context())
			if err != nil || b.AccountsUnread {
				t.Fatal(version, err)
			}
			for n, a := range b.Assets {
				if len(a.Accounts) != 2 || !slices.Contains(a.Accounts, inventory.Account{Username: fmt.Sprint("own-", n), SecretType: "password"}) {
					t.Errorf("%s: %+v", version, a)
				}
			}
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, "/accounts/accounts/"), -1, jumpservertest.Fault{Edit: jumpservertest.DropLastRow})
			b, err = c.Read(t.Context())
			if err != nil || !b.AccountsUnread || len(b.Assets) != 5 || b.Assets[0].Accounts != nil {
				t.Errorf("%s: %v, %t", version, err, b.AccountsUnread)
			}
		})
	}
}
