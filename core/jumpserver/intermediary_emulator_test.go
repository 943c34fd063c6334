package jumpserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// newBehindIntermediary returns a JumpServer with some hosts behind an intermediary.
func newBehindIntermediary(t *testing.T, hosts int) (*jumpservertest.Server, *jumpservertest.Intermediary, *jumpserver.Client) {
	t.Helper()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	for n := range hosts {
		a := asset(n)
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{ID: a.ID, Name: a.Name, Address: a.Address, Active: true})
	}
	f := jumpservertest.NewIntermediary(s)
	return s, f, newClient(t, s, func(o *jumpserver.Options) { o.Transport, o.Sleep = handlerTransport{f}, quick })
}

// addressChanges returns changes of address, with a name that a firewall may block.
func addressChanges(hosts int, odd map[int]string) []inventory.Patch {
	var patches []inventory.Patch
	for n := range hosts {
		address, name := fmt.Sprintf("192.0.2.%d", n), asset(n).Name+odd[n]
		patches = append(patches, inventory.Patch{ID: asset(n).ID, Address: &address, Name: &name})
	}
	return patches
}

func failures(errs []error) (failed []int) {
	for n, err := range errs {
		if err != nil {
			failed = append(failed, n)
		}
	}
	return failed
}

// TestLongLists: an intermediary that refuses long bodies gets shorter lists, and from then on only those.
func TestLongLists(t *testing.T) {
	t.Parallel()
	const hosts = 100
	_, front, c := newBehindIntermediary(t, hosts)
	front.LimitBody(3000) // of some 11,000 bytes
	if errs := c.Update(t.Context(), addressChanges(hosts, nil), nil); failures(errs) != nil {
		t.Error(errs)
	}
	kept := front.Intercepted()
	if kept == 0 || kept > 4 {
		t.Errorf("%d lists were refused", kept)
	}
	if errs := c.Update(t.Context(), addressChanges(hosts, map[int]string{0: "a"}), nil); failures(errs) != nil || front.Intercepted() != kept {
		t.Errorf("%d more lists were refused: %v", front.Intercepted()-kept, failures(errs))
	}
}

// TestLongRemovals: the same for ids that are parked to be deleted.
func TestLongRemovals(t *testing.T) {
	t.Parallel()
	const hosts = 100
	s, front, c := newBehindIntermediary(t, hosts+1)
	front.LimitBody(1500) // of some 4,000 bytes
	var ids []string
	for n := range hosts {
		ids = append(ids, asset(n).ID)
	}
	if errs := c.Remove(t.Context(), ids, nil); failures(errs) != nil || len(s.Hosts(jumpservertest.DefaultOrg)) != 1 || front.Intercepted() == 0 {
		t.Errorf("%d hosts are left, %d lists were refused: %v", len(s.Hosts(jumpservertest.DefaultOrg)), front.Intercepted(), failures(errs))
	}
	front.LimitBody(10) // not even one id passes
	if errs := c.Remove(t.Context(), []string{asset(hosts).ID}, nil); inventory.AdviceOf(errs[0]) != inventory.TooLarge || len(s.Hosts(jumpservertest.DefaultOrg)) != 1 {
		t.Error(errs)
	}
}

// TestDislikedRow: a firewall that blocks one row's content costs only that row.
func TestDislikedRow(t *testing.T) {
	t.Parallel()
	const hosts = 100
	s, front, c := newBehindIntermediary(t, hosts)
	front.Answer(jumpservertest.MatchBody("../etc/passwd"), -1, jumpservertest.RecordedPages()["Aliyun WAF 405"])
	errs := c.Update(t.Context(), addressChanges(hosts, map[int]string{37: " ../etc/passwd"}), nil)
	if got := failures(errs); len(got) != 1 || got[0] != 37 || inventory.AdviceOf(errs[37]) != inventory.Blocked {
		t.Errorf("failed: %v: %v", got, errs[37])
	}
	moved := 0
	for _, h := range s.Hosts(jumpservertest.DefaultOrg) {
		if strings.HasPrefix(h.Address, "192.0.2.") {
			moved++
		}
	}
	if moved != hosts-1 {
		t.Errorf("%d of %d were moved", moved, hosts)
	}
}

// TestMethodBlocked: many intermediaries pass only GET and POST. The client does not repeat the request a hundred times:
// firewalls lock such clients out.
func TestMethodBlocked(t *testing.T) {
	t.Parallel()
	const hosts = 300
	for name, most := range map[string]int{"Aliyun WAF 405": 15, "nginx 401, auth_basic": 1, "nginx 403": 15, "nginx 502": 8, "Kong 401": 1} {
		_, front, c := newBehindIntermediary(t, hosts)
		front.Answer(jumpservertest.MatchRequest(http.MethodPatch, ""), -1, jumpservertest.RecordedPages()[name])
		errs := c.Update(t.Context(), addressChanges(hosts, nil), nil)
		if got := failures(errs); len(got) != hosts || inventory.KindOf(errs[hosts-1]) != inventory.Front || front.Intercepted() > most {
			t.Errorf("%s: %d failed after %d requests: %v", name, len(got), front.Intercepted(), errs[hosts-1])
		}
	}
}

// TestOptionsKept: an intermediary that answers OPTIONS itself, as many do, does not prevent syncing.
func TestOptionsKept(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		zone := s.SeedZone(jumpservertest.DefaultOrg, "idc")
		f := jumpservertest.NewIntermediary(s)
		f.Answer(jumpservertest.MatchRequest(http.MethodOptions, ""), -1, jumpservertest.NginxPage(405, "Not Allowed"))
		c := newClient(t, s, func(o *jumpserver.Options) { o.Transport, o.Sleep = handlerTransport{f}, quick })
		a := asset(0)
		a.Zone = zone
		if existed, err := c.CreateWithNode(t.Context(), a); existed || err != nil {
			t.Errorf("%s: %v", version, err)
		}
		b, err := c.Read(t.Context())
		if err != nil || len(b.Assets) != 1 || b.Assets[0].Zone != zone {
			t.Errorf("%s: %+v: %v", version, b.Assets, err)
		}
	}
}

// TestIntermediaryRights: if somebody else answers in place of the pages about rights, these are unknown, and Read succeeds.
func TestIntermediaryRights(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx 403", "nginx 404", "login page, 200", "nginx 502"} {
		s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, TB: t})
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "h", Address: "10.0.0.1", Active: true})
		f := jumpservertest.NewIntermediary(s)
		f.Answer(jumpservertest.MatchRequest("", "/users/profile/"), -1, jumpservertest.RecordedPages()[name])
		b, err := newClient(t, s, func(o *jumpserver.Options) { o.Transport, o.Sleep = handlerTransport{f}, quick }).Read(t.Context())
		if err != nil || b.DeleteDenied || len(b.Assets) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
