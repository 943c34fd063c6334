package reconcile_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// TestThrottledEvent: an account that is throttled all the time leaves the events of another one two thirds of the time;
// its own events come again.
func TestThrottledEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := enginetest.NewEventWorld(t, nil)
		h.CloudRetries = &cloud.RetryPolicy{}
		creating("new")(h)
		h.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Throttled, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
		began := time.Now()
		throttled := enginetest.StateEventIn(enginetest.TestOwner, "cn-hangzhou", "i-t1 Running")
		out := h.HandleEventsFor(2*time.Minute, throttled, enginetest.StateEvent("i-new Running"))
		if took := time.Since(began); took < 5*time.Second || took > 45*time.Second {
			t.Errorf("it took %v", took)
		}
		if got := out.Results; got[0].Outcome != reconcile.EventFailed || got[1].Outcome != reconcile.EventDone || out.Created != 1 {
			t.Errorf("%+v", got)
		}
	})
}
