package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testShards splits one firing over four triggers, in two processes: together they remove no more than one run may, and
// share one card.
func testShards(w *world) {
	const secondKey, secondID = "LTAI5tWorldKey000002", "6543210987654321"
	second := w.ECS.AddAccount(alibabatest.Key{AccountID: secondID, AccessKeyID: secondKey, AccessKeySecret: cloudSecret})
	for name, value := range map[string]string{
		"CLOUDS_0_ACCOUNT_ID": cloudAccount, "STATE": "file://" + w.TempDir(), "SYNC_GUARD_PERCENT": "100", "SYNC_GUARD_FLEET_PERCENT": "100",
		"CLOUDS_1_TYPE": "阿里云", "CLOUDS_1_NAME": "aliyun-test", "CLOUDS_1_ACCOUNT_ID": secondID,
		"CLOUDS_1_ACCESS_KEY_ID": secondKey, "CLOUDS_1_ACCESS_KEY_SECRET": cloudSecret,
		"CLOUDS_1_REGIONS": w.Env["CLOUDS_0_REGIONS"], "CLOUDS_1_ENDPOINT": w.Env["CLOUDS_0_ENDPOINT"],
	} {
		w.Env[name] = value
	}
	regions := strings.Split(w.Env["CLOUDS_0_REGIONS"], ",")
	fill := func(n int) {
		for number, account := range []*alibabatest.Account{w.Account, w.Account, second, second} {
			region := regions[number%2]
			account.Remove(region)
			account.Fill(region, n, func(k int) alibabatest.Instance { return alibabatest.SampleInstance(1000*number + k) })
		}
	}
	runtimes := make([]*runtimetest.Runtime, 2)
	for n := range runtimes {
		w.Start()
		runtimes[n] = w.Runtime
	}
	at := time.Now().Add(-time.Minute)
	tick := func() (sum report.Report) {
		at = at.Add(time.Minute)
		reports := make([]report.Report, 4)
		var all sync.WaitGroup
		for number, account := range []string{"aliyun-prod", "aliyun-prod", "aliyun-test", "aliyun-test"} {
			all.Go(func() {
				payload := fmt.Sprintf(`{"clouds":[%q],"regions":[%q],"part":"%d/4"}`, account, regions[number%2], number+1)
				answer, err := runtimes[number%2].Invoke(w.Context(), newTimerEvent(at, payload), runtimetest.Options{})
				if err != nil || !answer.OK || json.Unmarshal(answer.Body, &reports[number]) != nil {
					w.Errorf("%v %s", err, answer.ErrorMessage)
				}
			})
		}
		all.Wait()
		return report.Merge(reports)
	}
	fill(20)
	if sum := tick(); sum.Created != 80 || sum.Outcome != report.OK {
		w.Errorf("%+v", sum)
	}
	fill(5)
	sum := tick()
	removed := w.JMS.CountInactive(jumpservertest.DefaultOrg)
	if sum.Deactivated != 45 || removed != 45 || sum.Held != 15 || sum.Outcome != report.Held {
		w.Errorf("%d deactivated of 60, %d assets are off, %d held: %s", sum.Deactivated, removed, sum.Held, sum.Outcome)
	}
	cards := w.Robot.Messages()
	if len(cards) != 2 || !strings.Contains(cards[0].Text, "| 新增资产 | 80 |") || !strings.Contains(cards[1].Text, "| 停用资产 | 45 |") {
		w.Errorf("%d cards: %+v", len(cards), cards)
	}
	w.WantError(w.Send(newTimerEvent(time.Now(), `{"part":"1/4"}`), runtimetest.Options{}), "without clouds or regions")
}
