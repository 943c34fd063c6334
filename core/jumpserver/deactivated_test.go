package jumpserver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestDeactivated: one call shows the hosts of an account that were deactivated recently, even if a page does not
// show all that ever were: then it reports whether the page goes back far enough.
func TestDeactivated(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, version := range versions() {
		for name, test := range map[string]struct {
			cap, ago int // of a page; how many hours are asked for
			hide     bool
			found    int
			whole    bool
		}{
			"all on one page":                      {1000, 24, false, 10, true},
			"those of a day on one page":           {7, 4, false, 3, true},
			"only a part of them":                  {3, 24, false, 3, false},
			"its clock may differ by an hour":      {7, 17, false, 7, false},
			"nothing tells when they were written": {7, 4, true, 3, false},
		} {
			t.Run(fmt.Sprint(version, " ", name), func(t *testing.T) {
				t.Parallel()
				now := start
				s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t, PageCap: test.cap, Now: func() time.Time { return now }})
				put := func(name string, hours int, labels ...string) {
					now = start.Add(-time.Duration(hours) * time.Hour)
					gone := inventory.GoneLabel(now)
					s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: name, Address: "10.0.0.1", Labels: append(labels, gone.String())})
				}
				for n := range 10 { // one each three hours: the names' order is not that of the times
					put(fmt.Sprintf("h-%02d", (n*7)%10), 3*n, "jms-owner:42")
				}
				put("other", 1, "jms-owner:43")
				now = start
				if test.hide {
					s.Fail(jumpservertest.MatchRequest(http.MethodGet, "jms-gone"), -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
						return status, bytes.ReplaceAll(body, []byte("date_updated"), []byte("date_other"))
					}})
				}
				c := newClient(t, s)
				if _, err := c.ListPlatforms(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.ResetCounts()
				found, whole, err := c.ListDeactivated(t.Context(), start.Add(-time.Duration(test.ago)*time.Hour))
				if err != nil || whole != test.whole || len(found) != test.found || s.Requests() != 1 {
					t.Errorf("%d found, whole %t, %v, %v", len(found), whole, err, s.Calls())
				}
				if !slices.ContainsFunc(found, func(a inventory.Asset) bool { return a.Name == "other" }) {
					t.Errorf("those of another account are missing: %v", found)
				}
			})
		}
	}
}

// TestCountActive: one call and one row count the active hosts with some labels. If JumpServer does not apply the
// filter, or the labels cannot be filtered by, there is no number.
func TestCountActive(t *testing.T) {
	t.Parallel()
	want := []inventory.Label{{Name: inventory.LabelAccount, Value: "生产"}, {Name: inventory.LabelRegion, Value: "cn-beijing"}}
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		for n := range 9 {
			labels := []string{"jms-account:生产", "jms-region:cn-beijing"}
			if n%3 == 1 {
				labels[1] = "jms-region:cn-shanghai"
			}
			s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: fmt.Sprint("h-", n), Address: "10.0.0.1", Active: n%3 != 2 || n == 8, Labels: labels})
		}
		c := newClient(t, s)
		if n, err := c.CountActive(t.Context(), want); n != 4 || err != nil {
			t.Errorf("%s: %d, %v", version, n, err)
		}
		s.ResetCounts()
		if n, err := c.CountActive(t.Context(), []inventory.Label{{Name: inventory.LabelAccount, Value: "none"}}); n != 0 || err != nil || s.Requests() != 1 {
			t.Errorf("%s: %d, %v, %v", version, n, err, s.Calls())
		}
		if n, err := c.CountActive(t.Context(), []inventory.Label{{Name: inventory.LabelAccount, Value: "*"}}); n != 7 || err != nil {
			t.Errorf("%s, any account: %d, %v", version, n, err)
		}
		for _, value := range []string{"a,b", ""} {
			if _, err := c.CountActive(t.Context(), []inventory.Label{{Name: inventory.LabelAccount, Value: value}}); inventory.KindOf(err) != inventory.Invalid {
				t.Errorf("%s %q: %v", version, value, err)
			}
		}
		for was, is := range map[string]string{`"is_active":true`: `"is_active":false`, "cn-beijing": "cn-shanghai", `"count":4`: `"count":0`} {
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, "is_active=true"), 1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
				return status, bytes.ReplaceAll(body, []byte(was), []byte(is))
			}})
			if n, err := c.CountActive(t.Context(), want); inventory.KindOf(err) != inventory.Incomplete || n != 0 {
				t.Errorf("%s, %s for %s: %d, %v", version, is, was, n, err)
			}
		}
	}
}
