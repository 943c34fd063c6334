package jumpserver_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// limited returns the access key of a user with only these permissions.
func limited(permissions ...string) jumpservertest.Key {
	return jumpservertest.Key{
		ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "sync", Permissions: permissions,
	}
}

// TestUndeletable: Read reports a right that is known to be missing; an unknown one
// counts as granted. Rights are asked once, and never for events.
func TestUndeletable(t *testing.T) {
	t.Parallel()
	reads := []string{inventory.ViewAssets, inventory.ViewNodes, inventory.ViewPlatform}
	reticent := limited(reads...)
	reticent.HidesPermissions = true
	for _, version := range versions() {
		for name, c := range map[string]struct {
			key  jumpservertest.Key
			want bool
		}{
			"an administrator":     {jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret}, false},
			"with the right":       {limited(append(slices.Clone(reads), inventory.DeleteAssets)...), false},
			"without the right":    {limited(reads...), true},
			"a server says little": {reticent, false},
		} {
			t.Run(string(version)+" "+name, func(t *testing.T) {
				t.Parallel()
				s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
				s.AddKey(c.key)
				client := newClient(t, s)
				if _, err := client.AssetsByID(t.Context(), []string{asset(0).ID}); err != nil {
					t.Fatal(err)
				}
				if n := s.Calls()["GET /api/v1/users/profile/"]; n != 0 {
					t.Errorf("an event's reading asks for rights: %d calls", n)
				}
				for range 2 {
					b, err := client.Read(t.Context())
					if err != nil || b.DeleteDenied != c.want {
						t.Errorf("undeletable %v, want %v: %v", b.DeleteDenied, c.want, err)
					}
				}
				if n := s.Calls()["GET /api/v1/users/profile/"]; n != 1 {
					t.Errorf("asked for the profile %d times, want once", n)
				}
			})
		}
	}
}

// TestRightsUnreadable: Read succeeds although nobody shows the rights.
func TestRightsUnreadable(t *testing.T) {
	t.Parallel()
	for _, fault := range []jumpservertest.Fault{{Status: 500}, {Status: 403}, {Status: 404}, {Cut: true}, {Edit: jumpservertest.TruncateJSON}} {
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		s.Fail(jumpservertest.MatchRequest(http.MethodGet, "/users/profile/"), -1, fault)
		if b, err := newClient(t, s).Read(t.Context()); err != nil || b.DeleteDenied {
			t.Errorf("%+v: undeletable %v: %v", fault, b.DeleteDenied, err)
		}
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			zone := s.SeedZone(jumpservertest.DefaultOrg, "idc")
			s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "h", Address: "10.0.0.1"})
			s.AddKey(limited(append([]string{"assets.view_domain", "assets.view_zone"}, inventory.ViewAssets, inventory.ViewNodes, inventory.ViewPlatform)...))
			client := newClient(t, s)
			r, err := client.Reach(t.Context())
			if err != nil || !r.DatabaseUp || !r.CacheUp || r.Licensed || !r.CertExpires.IsZero() {
				t.Errorf("%+v: %v", r, err)
			}
			zones, field, err := client.Zones(t.Context())
			if err != nil || len(zones) != 1 || zones[0].ID != zone || zones[0].Name != "idc" || (field == "domain") != (version == jumpservertest.V47) {
				t.Errorf("%+v, %s: %v", zones, field, err)
			}
			if root, err := client.RootNodeName(t.Context()); err != nil || root != "DEFAULT" {
				t.Errorf("root %q: %v", root, err)
			}
			if n, err := client.CountAssets(t.Context()); err != nil || n != 1 {
				t.Errorf("%d assets: %v", n, err)
			}
			if orgs, err := client.Organisations(t.Context()); inventory.KindOf(err) != inventory.Denied { // only a super user may
				t.Errorf("%+v: %v", orgs, err)
			}
			rights, err := client.Rights(t.Context())
			if err != nil || rights.User != "sync" || rights.Superuser || !rights.Lacks(inventory.DeleteAssets) ||
				rights.Lacks(inventory.ViewAssets) {
				t.Errorf("%+v: %v", rights, err)
			}
			s.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret})
			orgs, err := client.Organisations(t.Context())
			if err != nil || !slices.Contains(orgs, inventory.Org{ID: jumpservertest.DefaultOrg, Name: "DEFAULT"}) {
				t.Errorf("%+v: %v", orgs, err)
			}
			if s.Writes() != 0 {
				t.Errorf("%d writes", s.Writes())
			}
		})
	}
}

// TestReachIsUnsigned: a wrong key does not hide that the server is there.
func TestReachIsUnsigned(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	signed := 0
	s.OnRequest(func(r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			signed++
		}
	})
	if _, err := newClient(t, s).Reach(t.Context()); err != nil || signed > 0 {
		t.Errorf("%d signed requests: %v", signed, err)
	}
	s.Fail(jumpservertest.MatchRequest("", "/api/health/"), -1, jumpservertest.Fault{Status: 302, Location: "https://elsewhere.example/api/health/"})
	if _, err := newClient(t, s).Reach(t.Context()); inventory.AdviceOf(err) != inventory.OtherHost || !strings.Contains(err.Error(), "correct jumpserver.url: https://elsewhere.example") {
		t.Errorf("%v", err)
	}
}
