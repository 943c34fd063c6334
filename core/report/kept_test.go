package report_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestKept: a report that was kept is told as if it had not been.
func TestKept(t *testing.T) {
	t.Parallel()
	r := report.Build(report.Input{
		Started: time.Date(2026, 11, 23, 1, 2, 3, 4, time.UTC), Environment: "PRODUCTION", Duration: time.Second,
		Listings: []inventory.Listing{{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r"}, Err: errors.New("no")}},
		Problems: []error{errors.New("odd"), &inventory.Error{Kind: inventory.Limit, Message: "nearly full"}},
		Notes:    []plan.Change{{Action: plan.Hold, Reason: plan.Because(plan.GuardNotAsked)}},
	})
	data, err := r.Keep()
	if err != nil {
		t.Fatal(err)
	}
	again, err := report.Kept(data)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("%v\n%+v\n%+v", err, again, r)
	}
	for _, bad := range []string{"", "{}", "[]", `{"report":{"outcome":"ok"}}`} {
		if _, err := report.Kept([]byte(bad)); inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
