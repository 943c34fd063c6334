package reconcile_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

// TestReleaseWithAnUnconfirmedKey: the account's key is replaced by another cloud account's, whose identity may not be asked,
// so that account_id alone says whose it is. Each of the account's instances seems to be gone; an event that says so, be it
// wrong or late, closes nothing (found by make chaos, seed 706376).
// Invariants: 4.
func TestReleaseWithAnUnconfirmedKey(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	before := h.CountInactive()
	h.NewEngine().Run(t.Context(), engine.Request{})
	h.Cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: enginetest.AccessKeyOf("aliyun-prod"), AccessKeySecret: enginetest.CloudSecret})
	h.InjectCloudFault(enginetest.CloudFault{Action: alibabatest.GetCallerIdentity, Kind: "forbidden"})
	h.Identities = cloud.NewOwnerCache() // as a new process would
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-b1 Deleted")), "later: 只有 account_id")
	if n := h.CountInactive() - before; n != 0 {
		t.Errorf("%d assets of living instances are closed", n)
	}
}
