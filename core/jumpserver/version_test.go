package jumpserver_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestLabelForm: the versions as they were recorded, to a key without any right; and servers that do not say.
func TestLabelForm(t *testing.T) {
	t.Parallel()
	for version, want := range map[jumpservertest.Version]inventory.LabelForm{
		jumpservertest.V47: inventory.LabelFormFree, jumpservertest.V410: inventory.LabelFormFree, jumpservertest.V41019: inventory.LabelFormChecked,
	} {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		s.AddKey(limited("assets.view_node"))
		if got, err := newClient(t, s).LabelForm(t.Context()); got != want || err != nil {
			t.Errorf("%s: %q, want %q: %v", version, got, want, err)
		}
		if n := s.Calls()["OPTIONS /api/v1/assets/hosts/"]; n != 1 || s.Requests() != 1 {
			t.Errorf("%s: %v", version, s.Calls())
		}
	}
	denied := `{"detail":"You do not have permission to perform this action.","code":"permission_denied"}`
	for name, test := range map[string]struct {
		fault jumpservertest.Fault
		kind  inventory.Kind
	}{
		"405 page":        {jumpservertest.Fault{Status: 405}, ""},
		"403":             {jumpservertest.Fault{Status: 403, Body: denied}, ""},
		"no actions":      {jumpservertest.Fault{Status: 200, Body: `{"name":"Host List"}`}, ""},
		"another shape":   {jumpservertest.Fault{Status: 200, Body: `{"actions":{"POST":{"protocols":{"required":"yes"}}}}`}, ""},
		"no such field":   {jumpservertest.Fault{Status: 200, Body: `{"actions":{"POST":{"name":{"required":true}}}}`}, ""},
		"a wrong key":     {jumpservertest.Fault{Status: 401, Body: `{"detail":"x","code":"authentication_failed"}`}, inventory.BadCredentials},
		"no answer":       {jumpservertest.Fault{Cut: true}, inventory.Temporary},
		"redirect":        {jumpservertest.Fault{Status: 301, Location: "https://jms.example/elsewhere/"}, inventory.Front},
		"not JSON at all": {jumpservertest.Fault{Status: 200, Body: `{"actions":`}, inventory.Temporary},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{TB: t})
			s.Fail(jumpservertest.MatchRequest(http.MethodOptions, ""), -1, test.fault)
			if got, err := newClient(t, s).LabelForm(t.Context()); got != inventory.LabelFormUnknown || inventory.KindOf(err) != test.kind {
				t.Errorf("%s: %q %v", name, got, err)
			}
		})
	}
}
