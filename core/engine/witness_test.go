package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestUntoldOwner: account_id is configured and the cloud does not tell whose key it is. What is released is closed
// while an instance is seen that the account is known to have; where none is, another account's key would look the same.
func TestUntoldOwner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		released          []string
		deactivated, held int
	}{
		"one of three": {[]string{"i-1"}, 1, 0},
		"all of them":  {[]string{"i-1", "i-2", "i-3"}, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, scenario{}, jumpservertest.V41019)
			w.accounts[0].Account = w.accounts[0].Owner
			w.changeSettings(map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100, "empty": "allow"}}})
			w.editCloud(cloudEdit{Put: []instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}, {ID: "i-3", Name: "c", IP: "10.0.0.3"}}})
			w.cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: "GetCallerIdentity"})
			if out, _ := w.runTimed(engine.Request{}, 0); out.Report.Created != 3 {
				t.Fatalf("%+v", out.Report)
			}
			w.editCloud(cloudEdit{Remove: test.released})
			out, _ := w.runTimed(engine.Request{}, 0)
			if r := out.Report; r.Deactivated != test.deactivated || r.Held != test.held {
				t.Errorf("%d deactivated, %d held: %+v %+v", r.Deactivated, r.Held, r.Changes, r.Errors)
			}
			w.expectQuietRun()
			w.close()
		})
	}
}
