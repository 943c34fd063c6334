package functiontest

import (
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testQuarantine: an account without any right is left alone after two tries, reported once, and removes nothing.
func testQuarantine(w *World) {
	w.FillInstances(0, 3, "cn-beijing")
	w.Env["NOTIFICATION_ON"] = "failure"
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards about the new node", n)
	}
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden})
	for range 2 {
		w.WantError(w.Invoke("", runtimetest.Options{}), "sync failed", "denied")
	}
	w.ECS.Repair()
	w.WantError(w.Invoke("", runtimetest.Options{}), "账号隔离中", "Forbidden")
	if n := len(w.Robot.Messages()) - 1; n != 1 || len(w.Hosts()) != 3 {
		w.Errorf("%d cards, %d hosts", n, len(w.Hosts()))
	}
	if r := w.Run(`{"dry_run":true}`, report.OK, runtimetest.Options{}); r.Total != 3 {
		w.Errorf("a dry run asks: %+v", r)
	}
}

// testStalenessTimer: a second, slower timer raises one alarm while the first one is silent and runs nothing; the next
// complete run reports that it is over.
func testStalenessTimer(w *World) {
	w.FillInstances(0, 3, "cn-beijing")
	folder := w.TempDir()
	w.Env["STATE"] = "file://" + folder
	w.Start()
	const watch = `{"watch":true}`
	w.Run(watch, report.OK, runtimetest.Options{})
	w.Run("", report.OK, runtimetest.Options{})
	w.Run(watch, report.OK, runtimetest.Options{})
	before := len(w.Robot.Messages())
	store, err := state.New(dir.Open(folder), "", state.Options{})
	if err == nil {
		server := strings.TrimPrefix(w.Env["JUMPSERVER_URL"], "http://")
		err = store.ForInstallation(server, jumpservertest.DefaultOrg).RecordHeartbeat(w.Context(), "run", []inventory.Scope{
			{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing"},
			{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-hangzhou"},
		}, time.Now().Add(-31*time.Minute))
	}
	if err != nil {
		w.Fatal(err)
	}
	requests := w.JMS.Requests()
	for range 3 {
		if r := w.Run(watch, report.Partial, runtimetest.Options{}); r.Total != 0 || len(r.Errors) != 1 || w.JMS.Requests() != requests {
			w.Errorf("%+v", r)
		}
	}
	cards := w.Robot.Messages()[before:]
	if len(cards) != 1 || !strings.Contains(cards[0].Text, "没有一次完整同步") || !strings.Contains(cards[0].Text, "cn-beijing") {
		w.Errorf("%+v", cards)
	}
	w.Run("", report.OK, runtimetest.Options{})
	cards = w.Robot.Messages()[before:]
	if len(cards) != 2 || !strings.Contains(cards[1].Text, "已恢复完整同步") {
		w.Errorf("%+v", cards)
	}
	w.Run(watch, report.OK, runtimetest.Options{})
}
