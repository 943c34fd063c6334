package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	runstate "github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// ageHeartbeats makes the store of a desk say that the last complete run was long ago.
func (d *desk) ageHeartbeats(ago time.Duration) {
	d.Helper()
	store, err := session.OpenStore(config.Config{JumpServer: config.JumpServer{URL: d.JumpServerURL, OrgID: config.DefaultOrgID}}, session.Role{}, os.Environ())
	if err == nil { // and no run has said since that it failed
		err = store.UpdateConditions(d.Context(), func(known []runstate.Condition) ([]runstate.Condition, bool) {
			for n := range known {
				known[n].SeenAt = time.Now().Add(-ago)
			}
			return known, true
		})
	}
	if err == nil {
		err = store.RecordHeartbeat(d.Context(), "run", []inventory.Scope{
			{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing"},
			{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-hangzhou"},
		}, time.Now().Add(-ago))
	}
	if err != nil {
		d.Fatal(err)
	}
}

// TestStatus: fresh, quarantined, held, approved and late scopes; the alarm only goes out where asked for, and once.
func TestStatus(t *testing.T) {
	d := newDeskWithState(t)
	d.run(exitDone, "status")
	d.wantPrinted("还没有一次完整同步。")
	d.fillInstances(10, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.run(exitDone, "status")
	d.wantPrinted("aliyun-prod/cn-beijing", "aliyun-prod/cn-hangzhou", "没有被暂缓的移除。")

	d.releaseInstances(0, 4)
	r := d.runSync(exitPartial, report.Held)
	d.run(exitDone, "approve", r.HeldSets[0].Hash)
	d.Account.SetSecret("another-secret")
	d.runSync(exitFailed, report.Failed, "-r", "1")
	d.run(exitDone, "status")
	d.wantPrinted("隔离中：账号 aliyun-prod", "批准："+r.HeldSets[0].Hash, "持续中：", "移除暂缓")
	if n := strings.Count(d.stdout.String(), "最近通知 "); n != 3 { // two regions and what is held
		t.Errorf("%d conditions:\n%s", n, &d.stdout)
	}
	d.ageHeartbeats(31 * time.Minute)
	cards := len(d.Robot.Messages())
	d.run(exitPartial, "status")
	d.wantCards(cards)
	for range 2 {
		d.run(exitPartial, "status", "--alarm")
		d.wantPrinted("超过 30m0s 没有一次完整同步！", "告警已发出")
		if card := d.wantCards(cards + 1); !strings.Contains(card, "超过 30m0s 没有一次完整同步") {
			t.Error(card)
		}
	}
	d.more = "language: en"
	d.run(exitPartial, "status", "--json")
	var doc statusDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || !doc.Late || doc.AlarmedAt == nil || len(doc.Scopes) != 2 ||
		!doc.Scopes[0].Stale || len(doc.Quarantines) != 1 || len(doc.Held) != 1 || len(doc.Approvals) != 1 || doc.Approvals[0].Left != 4 {
		t.Errorf("%v\n%s", err, &d.stdout)
	}
	d.run(exitPartial, "status")
	d.wantPrinted("In quarantine: account aliyun-prod", "The alarm was raised")
	d.Account.SetSecret(functiontest.CloudSecret)
	if r := d.runSync(exitDone, report.OK, "--every-account"); r.Deactivated != 4 {
		t.Errorf("%+v", r)
	}
	if card := d.wantCards(cards + 2); !strings.Contains(card, "### Back to normal") { // no card of its own says it once more
		t.Error(card)
	}
	d.run(exitDone, "status")
	d.wantPrinted("No removals are on hold.")
}

// TestStatusNeedsAStore: without a store status fails, and says so.
func TestStatusNeedsAStore(t *testing.T) {
	t.Setenv("JMS_SYNC_STATE", "")
	d := newDesk(t)
	d.run(exitUsage, "status")
	if !strings.Contains(d.stderr.String(), "JMS_SYNC_STATE") {
		t.Error(d.stderr.String())
	}
}
