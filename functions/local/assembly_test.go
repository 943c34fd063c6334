package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// TestApplyKeepsQuarantine: apply queries an account in quarantine no more than a sync does.
func TestApplyKeepsQuarantine(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(3, "cn-beijing")
	file := filepath.Join(d.dir, "plan.json")
	d.run(exitDone, "plan", "-o", file)
	d.Account.SetSecret("another-secret")
	for range 2 {
		d.runSync(exitFailed, report.Failed, "-r", "1")
	}
	calls := d.ECS.Calls("")
	r := d.runSync(exitFailed, report.Failed, "-r", "1", "apply", file)
	if len(r.Scopes) != 2 || !strings.Contains(r.Scopes[0].Error.Message, "账号隔离中") || d.ECS.Calls("") != calls {
		t.Errorf("%d calls of the cloud, %+v", d.ECS.Calls("")-calls, r.Scopes)
	}
}

// TestEventSharesTheWindow: cards of jms-sync event wait in the store like those of the functions, until a full run.
func TestEventSharesTheWindow(t *testing.T) {
	d := newDeskWithState(t)
	d.more = "sync: {full_every: 1h}"
	d.fillInstances(3, "cn-beijing")
	for n := range 3 {
		expectEvent(t, d.runEvent(exitDone, newStateEvent(alibabatest.SampleInstance(n).ID, "Running")), reconcile.EventDone, "")
	}
	d.wantCards(1)
	d.runSync(exitDone, report.OK)
	d.wantCards(3) // that of the window, and that of the run
}

// TestEventRaisesTheAlarm: jms-sync event notices, like the functions, that complete runs have stopped.
func TestEventRaisesTheAlarm(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(1, "cn-beijing")
	d.ageHeartbeats(31 * time.Minute)
	event := newStateEvent(alibabatest.SampleInstance(0).ID, "Running")
	expectEvent(t, d.runEvent(exitDone, event), reconcile.EventDone, "")
	if card := d.wantCards(2); !strings.Contains(card, "超过 30m0s 没有一次完整同步") {
		t.Error(card)
	}
	d.runEvent(exitDone, event)
	d.wantCards(2)
}

// TestOperatorActionsWaitForARun: while a run holds the lease no operator action writes; one that only shows needs no lease.
func TestOperatorActionsWaitForARun(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(2, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.dropRegion("cn-hangzhou")
	store, err := session.OpenStore(config.Config{JumpServer: config.JumpServer{URL: d.JumpServerURL, OrgID: config.DefaultOrgID}}, session.Role{}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	lease, err := store.AcquireLease(t.Context(), "run", time.Minute, "a run of this test")
	if err != nil {
		t.Fatal(err)
	}
	orders := [][]string{{"adopt"}, {"retire", "--adopted"}, {"release", "--account", "aliyun-prod"}, {"labels", "clean"}}
	for _, order := range orders {
		before := d.JMS.Requests()
		d.run(exitFailed, append(order, "--apply")...)
		if !strings.Contains(d.stderr.String(), "a run of this test") || d.JMS.Requests() != before {
			t.Errorf("%q: %d requests, %s", order, d.JMS.Requests()-before, &d.stderr)
		}
		d.run(exitDone, order...)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, order := range orders {
		d.run(exitDone, append(order, "--apply")...)
	}
}
