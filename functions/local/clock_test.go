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
	for _, h := range d.JMS.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			t.Errorf("%s was closed by a clock that is 8 days ahead", h.Name)
		}
	}
	d.ECS.SetDateAhead(0)
	d.run(exitDone)
	closed := 0
	for _, h := range d.JMS.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			closed++
		}
	}
	if closed != 1 {
		t.Errorf("%d closed with the clock mended, want 1", closed)
	}
}
