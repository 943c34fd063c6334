package main

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestClockOfTheMachine: the command compares its clock with the cloud's, and removes nothing while the clock is off.
func TestClockOfTheMachine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(10, "cn-beijing", "cn-hangzhou")
	d.run(exitDone)
	d.Account.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
	d.ECS.SetDateAhead(-8 * 24 * time.Hour)
	d.run(exitPartial)
	if n := d.JMS.CountInactive(jumpservertest.DefaultOrg); n > 0 {
		t.Errorf("%d were closed by a clock that is 8 days ahead", n)
	}
	d.ECS.SetDateAhead(0)
	d.run(exitDone)
	if n := d.JMS.CountInactive(jumpservertest.DefaultOrg); n != 1 {
		t.Errorf("%d closed with the clock mended, want 1", n)
	}
}
