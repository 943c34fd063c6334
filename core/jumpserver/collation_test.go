package jumpserver_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// mariadb is a server as JumpServer's installer sets it up.
func mariadb(t *testing.T) *jumpservertest.Server {
	t.Helper()
	return jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, Database: jumpservertest.MariaDB, TB: t})
}

// TestOtherSpellings: what JumpServer has in another spelling counts as what was asked for: a node, labels in creates and
// updates. A name in another spelling is taken.
func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	s := mariadb(t)
	s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "Other", Nodes: []string{"/DEFAULT/阿里云/Prod-1", "/DEFAULT/Aliyun/prod-0"}})
	s.SeedLabel(jumpservertest.DefaultOrg, "JMS-Cloud:Alibaba")
	c := newClient(t, s)
	a := asset(1)
	if existed, err := c.CreateWithNode(t.Context(), a); err != nil || existed {
		t.Fatalf("create: %v, existed %t", err, existed)
	}
	h := s.Hosts(jumpservertest.DefaultOrg)[1]
	if h.Nodes[0] != "/DEFAULT/阿里云/Prod-1" || h.Labels[0] != "JMS-Cloud:Alibaba" {
		t.Errorf("the host is %+v", h)
	}
	if calls := s.Calls(); calls["POST /api/v1/assets/nodes/"] != 0 { // it was listed
		t.Errorf("%v", calls)
	}
	labels := append(a.Labels, inventory.Label{Name: "jms-gone", Value: "x"})
	other := asset(2)
	other.NodePaths = []string{"/DEFAULT/aliyun/prod-0"} // another spelling of its parent: JumpServer is asked to create it
	if _, err := c.CreateWithNode(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if got := s.Hosts(jumpservertest.DefaultOrg)[2].Nodes[0]; got != "/DEFAULT/Aliyun/prod-0" || s.Calls()["POST /api/v1/assets/nodes/"] != 1 {
		t.Errorf("the second host is under %s, %v", got, s.Calls())
	}
	for _, err := range c.Update(t.Context(), []inventory.Patch{{ID: a.ID, Labels: labels}, {ID: other.ID, Name: new("WEB-I-2")}}, nil) {
		if err != nil {
			t.Error(err)
		}
	}
	third := asset(3)
	third.Name = "wéb-i-2"
	_, err := c.CreateWithNode(t.Context(), third)
	wantFault(t, err, inventory.NameTaken, "wéb-i-2")
	wantFault(t, c.Update(t.Context(), []inventory.Patch{{ID: a.ID, Name: new("Web-i-2")}}, nil)[0], inventory.NameTaken)
}

// TestOtherLabels: labels that differ in more than their spelling are other labels.
func TestOtherLabels(t *testing.T) {
	t.Parallel()
	s := mariadb(t)
	a := asset(1)
	s.Fail(jumpservertest.MatchRequest("POST", "/assets/hosts/"), 1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
		return status, []byte(`{"id":"` + a.ID + `","name":"` + a.Name + `","address":"` + a.Address + `","is_active":true,"labels":[` +
			`{"name":"jms-cloud","value":"aws"},{"name":"jms-instance","value":"i-0001"}]}`)
	}})
	_, err := newClient(t, s).CreateWithNode(t.Context(), a)
	wantFault(t, err, inventory.Invalid, "labels")
}

// TestNameOfAnotherKind: JumpServer answers 500 to a name that a database has. The client looks up who has the name, and
// does not try again.
func TestNameOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		for _, database := range jumpservertest.Databases() {
			s := jumpservertest.New(jumpservertest.Options{Version: version, Database: database, TB: t})
			s.SeedOther(jumpservertest.DefaultOrg, "orders", "database")
			c := newClient(t, s)
			a, other := asset(1), asset(2)
			a.Name = "orders"
			_, err := c.CreateWithNode(t.Context(), a)
			wantFault(t, err, inventory.NameTaken, "orders")
			if _, err := c.CreateWithNode(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			wantFault(t, c.Update(t.Context(), []inventory.Patch{{ID: other.ID, Name: new("orders")}}, nil)[0], inventory.NameTaken, "orders")
			if calls := s.Calls(); calls["POST /api/v1/assets/hosts/"] != 2 || calls["PATCH /api/v1/assets/hosts/{id}/"] != 1 {
				t.Errorf("%s %s: %v", version, database, calls)
			}
		}
	}
}

// TestDeadlock: on MariaDB the first creates with new labels may deadlock: a 500 that the next try does not get.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, Database: jumpservertest.MariaDB, Deadlocks: 1, TB: t})
		c := newClient(t, s)
		if existed, err := c.CreateWithNode(t.Context(), asset(1)); err != nil || existed {
			t.Errorf("%v, existed %t", err, existed)
		}
		if calls := s.Calls(); calls["POST /api/v1/assets/hosts/"] != 2 {
			t.Errorf("%v", calls)
		}
	})
}

// TestUTF8MB3: the client asks once whether the database can store characters of four bytes, and each answers correctly; where
// it cannot, a write with such a character is tried once.
func TestUTF8MB3(t *testing.T) {
	t.Parallel()
	for _, database := range jumpservertest.Databases() {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, Database: database, TB: t})
		c := newClient(t, s)
		for range 2 {
			if narrow, err := c.UsesUTF8MB3(t.Context()); err != nil || narrow != (database == jumpservertest.MariaDB) {
				t.Errorf("%s: %t, %v", database, narrow, err)
			}
		}
		if calls := s.Calls()["GET /api/v1/assets/hosts/"]; calls > 2 {
			t.Errorf("%s: %d questions", database, calls)
		}
	}
	s := mariadb(t)
	c := newClient(t, s)
	for name, edit := range map[string]func(*inventory.NewAsset){
		"name":    func(a *inventory.NewAsset) { a.Name = "emoji-😀" },
		"comment": func(a *inventory.NewAsset) { a.Comment = "𠮷" },
		"label":   func(a *inventory.NewAsset) { a.Labels[0].Value = "😀" },
		"node":    func(a *inventory.NewAsset) { a.NodePaths = []string{"/DEFAULT/prod-😀"} },
	} {
		s.ResetCounts()
		a := asset(7)
		edit(&a)
		_, err := c.CreateWithNode(t.Context(), a)
		wantFault(t, err, inventory.Invalid, "four bytes")
		if n := s.Writes(); n > 2 { // the node and the host
			t.Errorf("%s: %d writes: %v", name, n, s.Calls())
		}
	}
	a := asset(8)
	if _, err := c.CreateWithNode(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	s.ResetCounts()
	wantFault(t, c.Update(t.Context(), []inventory.Patch{{ID: a.ID, Name: new("🚀")}}, nil)[0], inventory.Invalid, "four bytes")
	if n := s.Writes(); n != 1 {
		t.Errorf("%d writes", n)
	}
}

// TestUTF8MB3IsNotKnown: a server that answers 500 to everything has no known database.
func TestUTF8MB3IsNotKnown(t *testing.T) {
	t.Parallel()
	s := mariadb(t)
	c := newClient(t, s)
	if _, err := c.ListPlatforms(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Fail(jumpservertest.MatchRequest("GET", "/assets/hosts/"), 2, jumpservertest.Fault{Status: 500, Body: `{"error":"Server internal error"}`})
	_, err := c.UsesUTF8MB3(t.Context())
	wantFault(t, err, inventory.Temporary)
	if narrow, err := c.UsesUTF8MB3(t.Context()); err != nil || !narrow {
		t.Errorf("asked again: %t, %v", narrow, err)
	}
}

func wantFault(t *testing.T, err error, kind inventory.Kind, words ...string) {
	t.Helper()
	if got := inventory.KindOf(err); got != kind {
		t.Errorf("kind %q, want %q: %v", got, kind, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}
