package jumpserver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestCountLabelled: one call and one row count the hosts of some owners and regions, active or not, and prove the
// organisation; without a row a second call does. A cold client needs no more.
func TestCountLabelled(t *testing.T) {
	t.Parallel()
	label := func(name, value string) inventory.Label { return inventory.Label{Name: name, Value: value} }
	want := []inventory.Label{label("jms-owner", "1"), label("jms-owner", "2"), label("jms-region", "a"), label("jms-region", "b")}
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		for n := range 12 {
			s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
				Name: fmt.Sprint("h-", n), Address: "10.0.0.1", Active: n%2 == 0,
				Labels: []string{fmt.Sprint("jms-owner:", 1+n%3), "jms-region:" + string("abc"[n/4])},
			})
		}
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "of people", Address: "10.0.0.1", Active: true, Labels: []string{"jms-region:a"}})
		c := newClient(t, s)
		if n, err := c.CountLabelled(t.Context(), want); n != 6 || err != nil || s.Requests() != 1 {
			t.Errorf("%s: %d, %v, %v", version, n, err, s.Calls())
		}
		s.ResetCounts()
		if n, err := c.CountLabelled(t.Context(), []inventory.Label{label("jms-owner", "9"), label("jms-region", "a")}); n != 0 || err != nil || s.Requests() != 2 {
			t.Errorf("%s, none: %d, %v, %v", version, n, err, s.Calls())
		}
		for text, kind := range map[[2]string]inventory.Kind{
			{"jms-owner", "team"}: inventory.Incomplete, {`"jms-region"`, `"region"`}: inventory.Incomplete, {`"count":6`, `"count":0`}: inventory.Incomplete,
			{jumpservertest.DefaultOrg, "11111111-2222-3333-4444-555555555555"}: inventory.Organisation,
		} {
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, "labels="), 1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
				return status, bytes.ReplaceAll(body, []byte(text[0]), []byte(text[1]))
			}})
			if n, err := c.CountLabelled(t.Context(), want); inventory.KindOf(err) != kind || n != 0 {
				t.Errorf("%s, %s: %d, %v", version, text, n, err)
			}
		}
	}
}
