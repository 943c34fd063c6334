package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestExpectCommand: an announced decommission goes through without approval and is shown; one removal too many is held.
func TestExpectCommand(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(40, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.run(exitDone, "expect")
	d.wantPrinted("没有宣布的下线。")

	here := []string{"--account", "aliyun-prod", "--region", "cn-beijing"}
	d.run(exitDone, append([]string{"expect", "--until", "4h", "--up-to", "30", "--reason", "旧集群"}, here...)...)
	d.wantPrinted("已宣布的下线：aliyun-prod/cn-beijing 到 ", "最多移除 30 个，还剩 30 个", "原因：旧集群", "JumpServer：")
	d.releaseInstances(0, 30)
	r := d.runSync(exitDone, report.OK)
	if r.Deactivated != 30 || d.activeHosts() != 50 || len(r.Expected) != 1 {
		t.Errorf("%+v", r)
	}
	d.wantPrinted("还剩 0 个")
	if card := d.wantCards(2); !strings.Contains(card, "已宣布的下线：aliyun-prod/cn-beijing") {
		t.Error(card)
	}
	d.run(exitDone, "status")
	d.wantPrinted("最多移除 30 个，还剩 0 个")
	d.run(exitDone, "status", "--json")
	var doc statusDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || len(doc.Expected) != 1 || doc.Expected[0].Left != 0 || doc.Expected[0].UpTo != 30 {
		t.Errorf("%v %+v", err, doc.Expected)
	}
	d.releaseInstances(30, 31)
	r = d.runSync(exitPartial, report.Held)
	if r.Held != 1 || d.activeHosts() != 50 {
		t.Errorf("%+v", r)
	}
	d.run(exitDone, append([]string{"expect", "--until", "4h", "--up-to", "1"}, here...)...)
	r = d.runSync(exitDone, report.OK)
	if r.Deactivated != 1 {
		t.Errorf("announced anew: %+v", r)
	}
	d.run(exitDone, append([]string{"expect", "--cancel"}, here...)...)
	d.wantPrinted("已取消")
	d.run(exitDone, append([]string{"expect", "--cancel"}, here...)...)
	d.wantPrinted("没有宣布过什么")
	d.run(exitDone, "expect")
	d.wantPrinted("没有宣布的下线。")
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(30))
	d.runSync(exitDone, report.OK)
}

// TestExpectMistakes: an incomplete announcement is refused.
func TestExpectMistakes(t *testing.T) {
	d := newDeskWithState(t)
	whole := map[string]string{"--account": "aliyun-prod", "--region": "cn-beijing", "--until": "4h", "--up-to": "3"}
	for _, c := range []struct{ flag, value string }{
		{"--account", ""}, {"--account", "prod"}, {"--region", ""}, {"--region", "cn-shanghai"}, {"--until", ""},
		{"--until", "soon"}, {"--until", "32d"}, {"--up-to", "0"}, {"--up-to", "-1"},
	} {
		args := []string{"expect"}
		for flag, value := range whole {
			if flag == c.flag {
				value = c.value
			}
			args = append(args, flag+"="+value)
		}
		d.run(exitUsage, args...)
		if d.stderr.Len() == 0 {
			t.Errorf("%q says nothing", args)
		}
	}
	d.run(exitUsage, "expect", "--reason", "x")
	d.run(exitUsage, "expect", "--cancel")
	d.run(exitDone, "expect")
	d.wantPrinted("没有宣布的下线。")
	t.Setenv("JMS_SYNC_STATE", "")
	d.run(exitUsage, "expect")
	if !strings.Contains(d.stderr.String(), "需要状态存储：没有设置 JMS_SYNC_STATE") {
		t.Error(d.stderr.String())
	}
}
