package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestUntoldOwner: account_id is configured and the cloud does not tell whose key it is. What is released is closed
// while an instance is seen that the account is known to have; where none is, another account's key would look the same, and
// the region fails: else that account's hosts would be made, and vouch for their key in the next run.
func TestUntoldOwner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		released    []string
		deactivated int
		failed      inventory.Kind
	}{
		"one of three": {released: []string{"i-1"}, deactivated: 1},
		"all of them":  {released: []string{"i-1", "i-2", "i-3"}, failed: inventory.OtherAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V41019)
			w.Accounts[0].Account = w.Accounts[0].Owner
			w.ChangeSettings(map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100, "empty": "allow"}}})
			w.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}, {ID: "i-3", Name: "c", IP: "10.0.0.3"}}})
			w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.NoPermission, Action: "GetCallerIdentity"})
			if out, _ := runTimed(w, engine.Request{}, 0); out.Report.Created != 3 {
				t.Fatalf("%+v", out.Report)
			}
			w.EditCloud(enginetest.CloudEdit{Remove: test.released})
			out, _ := runTimed(w, engine.Request{}, 0)
			if r := out.Report; r.Deactivated != test.deactivated || r.Held != 0 || r.Scopes[0].Error.Kind != test.failed {
				t.Errorf("%d deactivated, %d held: %+v %+v", r.Deactivated, r.Held, r.Changes, r.Scopes)
			}
			if test.failed == "" {
				expectQuietRun(w)
			}
			w.Close()
		})
	}
}

// TestUntoldOwnerOfAProof: the list was read with the account's own key and the proof with another's, and the cloud tells of
// neither whose it is: that the proof does not show the witness either says so.
func TestUntoldOwnerOfAProof(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.Accounts[0].Regions = []string{"cn-beijing"}
	o.Accounts[0].Account = o.Accounts[0].Owner
	o.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
	o.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.GetCallerIdentity})
	if out, _ := runTimed(o.World, engine.Request{}, 0); out.Report.Created != 2 {
		t.Fatalf("%+v", out.Report)
	}
	o.Accounts[0].Cloud.Hide("cn-beijing", "i-1") // the list lacks it, and it runs
	e := o.NewEngine()
	e.Clouds = keyChangingClouds{e.Clouds, func() {
		o.Cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: enginetest.AccessKeyOf(o.Accounts[0].Name), AccessKeySecret: enginetest.CloudSecret})
	}}
	rep := e.Run(t.Context(), engine.Request{}).Report
	if rep.Deactivated+rep.Deleted != 0 || rep.Held != 1 || o.CountInactive() > 0 {
		t.Errorf("%d deactivated, %d deleted, %d held: %+v", rep.Deactivated, rep.Deleted, rep.Held, rep.Changes)
	}
}
