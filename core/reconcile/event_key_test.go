package reconcile_test

import (
	"context"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// keyChangingClouds call change before each proof of absence.
type keyChangingClouds struct {
	engine.EventClouds
	change func()
}

func (c keyChangingClouds) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	c.change()
	return c.EventClouds.FindVerified(ctx, at, ids)
}

// TestReleaseWithAnotherKey: to the key of another cloud account each instance seems to be gone. An event that says so, be it
// wrong or late, closes nothing, whether that key was put in place before the event or while it is worked on, and whether the
// cloud tells whose it is or account_id alone says it (found by make chaos, seeds 706376 and 8849928056567642860).
// Invariants: 4.
func TestReleaseWithAnotherKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile, untold bool
		want              string
	}{
		"before, and nobody tells whose it is": {untold: true, want: "later: 只有 account_id"},
		"before":                               {want: "failed: account aliyun-prod: the key belongs to account"},
		"meanwhile":                            {meanwhile: true, want: "failed: account aliyun-prod: the key belongs to account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			before := h.CountInactive()
			h.NewEngine().Run(t.Context(), engine.Request{})
			swap := func() {
				h.Cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: enginetest.AccessKeyOf("aliyun-prod"), AccessKeySecret: enginetest.CloudSecret})
			}
			v := h.NewEventHandler()
			if test.meanwhile {
				v.Clouds = keyChangingClouds{v.Clouds, swap}
			} else {
				swap()
				h.Identities = cloud.NewOwnerCache() // as a new process would
				v = h.NewEventHandler()
			}
			if test.untold {
				h.InjectCloudFault(enginetest.CloudFault{Action: alibabatest.GetCallerIdentity, Kind: alibabatest.Forbidden})
			}
			h.ExpectEvents(v.Run(t.Context(), enginetest.ParseEvents(enginetest.StateEvent("i-b1 Deleted"))), test.want)
			if n := h.CountInactive() - before; n != 0 {
				t.Errorf("%d assets of living instances are closed", n)
			}
		})
	}
}
