package jumpserver

import (
	"net/http"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestRightsPages: on v4.7.0 the profile shows everything, also for a user without an
// organisation's console, like the documented role: nobody asks for a page that does not exist.
func TestRightsPages(t *testing.T) {
	t.Parallel()
	const perms, consoles = `"perms":["assets.view_asset"]`, `"console_orgs":[]`
	notThere := answer(404, `{"error":"Not found"}`)
	for name, test := range map[string]struct {
		profile string
		more    http.HandlerFunc
		known   bool
		calls   int
	}{
		"v4.7.0, the documented role": {`{"username":"rec-sync",` + consoles + `,"audit_orgs":[],` + perms + `}`, nil, true, 1},
		"v4.7.0, an administrator":    {`{"username":"a","console_orgs":[{"id":"o"}],` + perms + `}`, nil, true, 1},
		"v4.7.0, no permission":       {`{"username":"a",` + consoles + `,"perms":[]}`, nil, true, 1},
		"v4.10":                       {`{"username":"a"}`, answer(200, `{"username":"a",`+consoles+`,`+perms+`}`), true, 2},
		"v4.10, null":                 {`{"username":"a","perms":null}`, answer(200, `{`+perms+`}`), true, 2},
		"not told":                    {`{"username":"a"}`, notThere, false, 2},
		"not told, another page":      {`{"username":"a"}`, answer(200, `{"username":"a"}`), false, 2},
		"a front's page":              {`{"username":"a"}`, page(403, nginx405), false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.json("GET "+apiProfile, 200, test.profile)
			if test.more != nil {
				s.on("GET "+apiPermissions, test.more)
			}
			r, err := s.client().Rights(t.Context())
			if err != nil || r.HasPermissions() != test.known {
				t.Errorf("%+v: %v", r, err)
			}
			if got := s.requests("GET /api/v1/users/profile/"); len(got) != test.calls {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestNoZoneRight: the documented role without the right to view zones reads, creates and updates, on every
// version, with no call for zones.
func TestNoZoneRight(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		s.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "sync", Permissions: []string{
			inventory.ViewAssets, inventory.AddAssets, inventory.ChangeAssets, inventory.ViewNodes, inventory.AddNodes, inventory.ViewPlatform,
		}})
		c := newStub(t).client(func(o *Options) {
			o.Transport = plain{s}
			o.KeyID, o.Secret = emulatedKey()
		})
		a := inventory.NewAsset{ID: testID(1), Name: "a", Address: "10.0.0.1", Platform: "Linux", NodePaths: []string{"/DEFAULT/a"}}
		if _, err := c.CreateWithNode(t.Context(), a); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		address := "10.0.0.2"
		if err := c.Update(t.Context(), []inventory.Patch{{ID: a.ID, Address: &address}}, nil)[0]; err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if b, err := c.Read(t.Context()); err != nil || len(b.Assets) != 1 {
			t.Errorf("%s: %+v: %v", version, b, err)
		}
		calls := s.Calls()
		if calls["GET /api/v1/assets/zones/"]+calls["GET /api/v1/assets/domains/"] > 0 || calls["OPTIONS /api/v1/assets/hosts/"] > 0 {
			t.Errorf("%s: %v", version, calls)
		}
		_, field, err := c.Zones(t.Context())
		want := "zone"
		if version == jumpservertest.V47 {
			want = "domain"
		}
		if inventory.KindOf(err) != inventory.Denied || field != want {
			t.Errorf("%s: %q, %v", version, field, err)
		}
	}
}

func emulatedKey() (id, key secret.Value) {
	return secret.New(jumpservertest.KeyID), secret.New(jumpservertest.KeySecret)
}
