package jumpserver_test

import (
	"errors"
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

// ruledAsset is a host as rules want it: two nodes, a port of its own, two accounts.
func ruledAsset(t *testing.T, c *jumpserver.Client, n int, templates ...string) inventory.NewAsset {
	t.Helper()
	a := asset(n)
	a.Platform, a.Accounts = "Linux", templates
	a.NodePaths = []string{"/DEFAULT/云/应用", "/DEFAULT/团队/甲"}
	for _, path := range a.NodePaths {
		node, err := c.EnsureNode(t.Context(), path, "")
		if err != nil {
			t.Fatal(err)
		}
		a.NodeIDs = append(a.NodeIDs, node.ID)
	}
	a.Protocols = []inventory.Protocol{{Name: "ssh", Port: 2222}, {Name: "sftp", Port: 2222}}
	return a
}

func usernames(s *jumpservertest.Server, id string) string {
	var names []string
	for _, a := range s.AccountsOf(org, id) {
		names = append(names, a.Username)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestCreateByRules: nodes, ports and accounts go with the one request that makes the host, and no right is needed for
// accounts.
func TestCreateByRules(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		root := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root"})
		ops := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "ops", Username: "ops", SecretType: "ssh_key"})
		limitedKey(s)
		c := newClient(t, s, everyNeed)
		a := ruledAsset(t, c, 1, root, strings.ToUpper(ops))
		a.Inactive = true
		before := s.Writes()
		if existed, err := c.Create(t.Context(), a); existed || err != nil {
			t.Fatalf("%s: %v, %v", version, existed, err)
		}
		h := s.Hosts(org)[0]
		if !slices.Equal(h.Nodes, a.NodePaths) || fmt.Sprint(h.Protocols) != "[{ssh 2222} {sftp 2222}]" || h.Active || usernames(s, h.ID) != "ops root" {
			t.Errorf("%s: %+v with %s", version, h, usernames(s, h.ID))
		}
		if n := s.Writes() - before; n != 1 {
			t.Errorf("%s: %d writes", version, n)
		}
	}
}

// TestRefusedAccounts: a template that is gone, two of one login, and what is known to be wrong before it is sent.
func TestRefusedAccounts(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		root := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root"})
		other := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "other", Username: "root"})
		c := newClient(t, s, everyNeed)
		gone := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "gone", Username: "gone"})
		if _, _, err := c.ListTemplates(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.DeleteTemplate(org, gone)
		s.Seed(org, jumpservertest.Host{Name: "taken"})
		for name, test := range map[string]struct {
			change func(*inventory.NewAsset)
			want   error
			kind   inventory.Kind
			sent   bool
		}{
			"gone":          {func(a *inventory.NewAsset) { a.Accounts = []string{root, gone} }, inventory.ErrTemplateGone, inventory.Invalid, true},
			"one login":     {func(a *inventory.NewAsset) { a.Accounts = []string{root, other} }, inventory.ErrAccountsClash, inventory.Invalid, true},
			"twice":         {func(a *inventory.NewAsset) { a.Accounts = []string{root, root} }, inventory.ErrAccountsClash, inventory.Invalid, true},
			"no UUID":       {func(a *inventory.NewAsset) { a.Accounts = []string{"root"} }, nil, inventory.Invalid, false},
			"a node gone":   {func(a *inventory.NewAsset) { a.NodeIDs[1] = gone }, inventory.ErrNodeGone, inventory.Invalid, true},
			"no node":       {func(a *inventory.NewAsset) { a.NodeIDs = nil }, nil, inventory.Invalid, false},
			"no protocols":  {func(a *inventory.NewAsset) { a.Protocols = []inventory.Protocol{} }, nil, inventory.Invalid, false},
			"a wrong port":  {func(a *inventory.NewAsset) { a.Protocols[0].Port = 65536 }, nil, inventory.Invalid, false},
			"a port twice":  {func(a *inventory.NewAsset) { a.Protocols[1].Name = "ssh" }, nil, inventory.Invalid, false},
			"name is taken": {func(a *inventory.NewAsset) { a.Name = "taken" }, nil, inventory.NameTaken, true},
		} {
			a := ruledAsset(t, c, 1, root)
			test.change(&a)
			before := s.Writes()
			_, err := c.Create(t.Context(), a)
			if inventory.KindOf(err) != test.kind || test.want != nil && !errors.Is(err, test.want) || errors.Is(err, inventory.ErrNodeGone) != (name == "a node gone") {
				t.Errorf("%s, %s: %v", version, name, err)
			}
			if sent := s.Writes() > before; sent != test.sent || len(s.Hosts(org)) != 1 {
				t.Errorf("%s, %s: sent %t, %d hosts", version, name, sent, len(s.Hosts(org)))
			}
		}
		// The template that is gone is no longer among the known ones.
		if templates, _, err := c.ListTemplates(t.Context(), root); err != nil || len(templates) != 2 {
			t.Errorf("%s: %+v, %v", version, templates, err)
		}
	}
}

// TestLostAnswerWithAccounts: the host is found with what it was to have, and not made twice.
func TestLostAnswerWithAccounts(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			root := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root"})
			c := newClient(t, s)
			a := ruledAsset(t, c, 1, root)
			s.Fail(jumpservertest.MatchRequest(http.MethodPost, "/hosts/"), 1, jumpservertest.Fault{Cut: true, After: true})
			existed, err := c.Create(t.Context(), a)
			if existed || err != nil || usernames(s, a.ID) != "root" || s.Calls()["POST /api/v1/assets/hosts/"] != 1 {
				t.Errorf("%s: %v, %v, %s, %v", version, existed, err, usernames(s, a.ID), s.Calls())
			}
		})
	}
}

// TestAttachAccounts: lists of hosts for each template; an account that is there keeps its secret; the outcome of each
// host is told although answers name hosts, in any order.
// Invariants: 21.
func TestAttachAccounts(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			root := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root", Secret: "of the template"})
			key := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "key", Username: "ops", SecretType: "ssh_key"})
			gone := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "gone", Username: "gone"})
			s.DeleteTemplate(org, gone)
			var hosts []string
			for n := range 5 {
				platform := "Linux"
				if n == 4 {
					platform = "Windows"
				}
				hosts = append(hosts, s.Seed(org, jumpservertest.Host{Name: fmt.Sprint("h-", n), Address: "10.0.0.1", Platform: platform}))
			}
			s.SeedAccount(org, hosts[0], jumpservertest.Account{Name: "mine", Username: "root", Secret: "rotated"})
			unknown := inventory.AssetID("aws", "x", "y")
			var wanted []inventory.NewAccount
			for _, id := range append(hosts, unknown) {
				wanted = append(wanted, inventory.NewAccount{AssetID: strings.ToUpper(id), TemplateID: root}, inventory.NewAccount{AssetID: id, TemplateID: key})
			}
			wanted = append(wanted, inventory.NewAccount{AssetID: hosts[1], TemplateID: gone}, inventory.NewAccount{AssetID: "h-1", TemplateID: root})
			limitedKey(s, inventory.AddAccounts)
			c := newClient(t, s)
			for n, err := range c.AttachAccounts(t.Context(), wanted) {
				want := map[int]inventory.Kind{9: inventory.Invalid, 10: inventory.NotFound, 11: inventory.NotFound, 12: inventory.Invalid, 13: inventory.Invalid}[n]
				if inventory.KindOf(err) != want || errors.Is(err, inventory.ErrTemplateGone) != (n == 12) {
					t.Errorf("%d: %v", n, err)
				}
			}
			for n, id := range hosts {
				want := "ops root"
				if n == 4 {
					want = "root"
				}
				if got := usernames(s, id); got != want {
					t.Errorf("%d: %s", n, got)
				}
			}
			if mine := s.AccountsOf(org, hosts[0]); !slices.ContainsFunc(mine, func(a jumpservertest.Account) bool { return a.Name == "mine" && a.Secret == "rotated" }) {
				t.Errorf("%+v", mine)
			}
			// Again, nothing changes.
			for n, err := range c.AttachAccounts(t.Context(), wanted[:8]) {
				if err != nil || usernames(s, hosts[n/2]) != "ops root" {
					t.Errorf("%d: %v", n, err)
				}
			}
			accounts, denied, err := newClient(t, s).AccountsOf(t.Context(), hosts[:1])
			if !denied || err != nil || accounts != nil {
				t.Error(accounts, denied, err)
			}
		})
	}
}

// TestAttachToRenamed: somebody renames hosts between the reading of their names and the request.
func TestAttachToRenamed(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		root := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "root", Username: "root"})
		var wanted []inventory.NewAccount
		for n := range 4 {
			id := s.Seed(org, jumpservertest.Host{Name: fmt.Sprint("h-", n)})
			wanted = append(wanted, inventory.NewAccount{AssetID: id, TemplateID: root})
		}
		s.OnRequest(func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/bulk/") {
				s.Edit(org, wanted[2].AssetID, func(h *jumpservertest.Host) { h.Name = "renamed" })
			}
		})
		for n, err := range newClient(t, s).AttachAccounts(t.Context(), wanted) {
			if err != nil || usernames(s, wanted[n].AssetID) != "root" {
				t.Errorf("%s, %d: %v", version, n, err)
			}
		}
		if n := s.Calls()["POST /api/v1/accounts/accounts/bulk/"]; n != 2 {
			t.Errorf("%s: %d requests, want the list and the renamed host", version, n)
		}
	}
}

// TestAttachStops: without the right, and after a lost answer, nothing more is sent.
func TestAttachStops(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			var wanted []inventory.NewAccount
			host := s.Seed(org, jumpservertest.Host{Name: "h"})
			for _, name := range []string{"a", "b"} {
				wanted = append(wanted, inventory.NewAccount{AssetID: host, TemplateID: s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: name, Username: name})})
			}
			s.Fail(jumpservertest.MatchRequest(http.MethodPost, "/bulk/"), 1, jumpservertest.Fault{Cut: true, After: true})
			errs := newClient(t, s).AttachAccounts(t.Context(), wanted)
			if inventory.KindOf(errs[0]) != inventory.Unanswered || inventory.KindOf(errs[1]) != inventory.Temporary || usernames(s, host) != "a" {
				t.Errorf("%s: %v, %s", version, errs, usernames(s, host))
			}
			limitedKey(s)
			s.ResetCounts()
			for _, err := range newClient(t, s).AttachAccounts(t.Context(), wanted) {
				if inventory.KindOf(err) != inventory.Denied {
					t.Errorf("%s: %v", version, err)
				}
			}
			if n := s.Calls()["POST /api/v1/accounts/accounts/bulk/"]; n != 1 {
				t.Errorf("%s: %d requests", version, n)
			}
			ended, cancel := contextThatEnds(t, time.Millisecond)
			defer cancel()
			time.Sleep(time.Second)
			if err := newClient(t, s).AttachAccounts(ended, wanted)[0]; inventory.KindOf(err) != inventory.Deadline {
				t.Errorf("%s: %v", version, err)
			}
		})
	}
}

// TestAccountsOf: one call a host; what does not exist has none.
func TestAccountsOf(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		template := s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "key", Username: "ops", SecretType: "ssh_key"})
		one, none := s.Seed(org, jumpservertest.Host{Name: "one"}), s.Seed(org, jumpservertest.Host{Name: "none"})
		s.SeedAccount(org, one, jumpservertest.Account{Template: template})
		s.SeedAccount(org, one, jumpservertest.Account{Name: "hand", Username: "hand"})
		c := newClient(t, s)
		got, denied, err := c.AccountsOf(t.Context(), []string{one, none, inventory.AssetID("aws", "x", "y")})
		if denied || err != nil || len(got[one]) != 2 || len(got[none]) != 0 || !slices.Contains(got[one], inventory.Account{Username: "ops", SecretType: "ssh_key", TemplateID: template}) ||
			!slices.Contains(got[one], inventory.Account{Username: "hand", SecretType: "password"}) {
			t.Errorf("%s: %+v, %v, %v", version, got, denied, err)
		}
		if _, _, err := c.AccountsOf(t.Context(), []string{"one"}); inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("%s: %v", version, err)
		}
	}
}
