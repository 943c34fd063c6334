package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestPauseCommand: sync, apply, retire and event see a pause; it is on the card, on standard output and in status; an
// approval does not lift it; resume ends it.
func TestPauseCommand(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(20, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.run(exitDone, "resume")
	d.wantPrinted("没有暂停。")

	d.releaseInstances(0, 2)
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(900))
	d.run(exitDone, "pause", "--until", "4h", "--reason", "换数据库")
	d.wantPrinted("已暂停全部写入（", "原因：换数据库", "JumpServer：")
	writes := d.JMS.Writes()
	r := d.runSync(exitPartial, report.Held)
	if d.JMS.Writes() != writes || r.Held != 3 || r.Pause == nil || !r.Pause.All {
		t.Errorf("%d writes, %+v", d.JMS.Writes()-writes, r)
	}
	d.wantPrinted("原因：换数据库）：只查询、计划和通知，JumpServer 里什么都不改；jms-sync resume 恢复\n总计")
	card := d.wantCards(2)
	if _, after, _ := strings.Cut(card, "\n\n"); !strings.HasPrefix(after, "**已暂停全部写入（") || !strings.Contains(card, "暂缓的变更（写入已暂停）") || !strings.Contains(card, "换数据库") {
		t.Error(card)
	}
	d.run(exitDone, "status")
	d.wantPrinted("\n已暂停全部写入（", "原因：换数据库）：只查询", "仍开放的资产：2 个")
	file := filepath.Join(d.dir, "plan.json")
	d.run(exitDone, "plan", "-o", file)
	d.wantPrinted("已暂停全部写入（")
	d.run(exitPartial, "apply", file)
	if d.JMS.Writes() != writes {
		t.Error("apply wrote")
	}

	d.run(exitDone, "pause", "--removals")
	d.wantPrinted("替换了之前的暂停——已暂停全部写入（", "\n已暂停移除（", "直到 resume")
	r = d.runSync(exitPartial, report.Held)
	if r.Created != 1 || r.Held != 2 || r.Deactivated != 0 {
		t.Errorf("%+v", r)
	}
	d.dropRegion("cn-hangzhou")
	for n := range 20 {
		d.Account.Remove("cn-hangzhou", alibabatest.SampleInstance(20+n).ID)
	}
	d.run(exitPartial, "retire", "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply", "--yes-remove", "20")
	if d.activeHosts() != 41 {
		t.Errorf("%d active", d.activeHosts())
	}
	d.without = ""
	for n := range 20 {
		d.Account.Put("cn-hangzhou", alibabatest.SampleInstance(20+n))
	}
	d.run(exitDone, "status", "--json")
	var doc statusDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || doc.Pause == nil || doc.Pause.Kind != "removals" || !doc.Pause.Stands || doc.Pause.Until != nil {
		t.Errorf("%v %+v", err, doc.Pause)
	}
	d.run(exitDone, "resume")
	d.wantPrinted("已恢复")
	r = d.runSync(exitDone, report.OK)
	if r.Deactivated != 2 || r.Pause != nil {
		t.Errorf("%+v", r)
	}
}

// TestPauseMistakes: an incomplete pause is refused.
func TestPauseMistakes(t *testing.T) {
	d := newDeskWithState(t)
	for _, args := range [][]string{
		{"pause"}, {"pause", "--until", "soon"}, {"pause", "--until", "4"}, {"pause", "--until", "-4h"},
		{"pause", "--until", "2020-01-01T00:00:00Z"}, {"pause", "--until", "9000h"}, {"pause", "now"},
		{"pause", "--removals", "--reason", strings.Repeat("长", maxReasonLength+1)},
	} {
		d.run(exitUsage, args...)
		if d.stderr.Len() == 0 {
			t.Errorf("%q says nothing", args)
		}
	}
	d.run(exitDone, "status", "--json")
	if !strings.Contains(d.stdout.String(), `"pause": null`) {
		t.Error(d.stdout.String())
	}
	t.Setenv("JMS_SYNC_STATE", "")
	for _, args := range [][]string{{"pause", "--removals"}, {"resume"}} {
		d.run(exitUsage, args...)
		if !strings.Contains(d.stderr.String(), "需要状态存储：没有设置 JMS_SYNC_STATE") {
			t.Errorf("%q: %s", args, d.stderr.String())
		}
	}
}

// TestParseUntil: --until accepts what people write.
func TestParseUntil(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	now := time.Date(2026, 11, 28, 15, 30, 20, 500, zone)
	for text, want := range map[string]string{
		"2026-11-29T01:00:00Z": "2026-11-29T09:00:00+08:00", "15:31": "2026-11-28T15:31:00+08:00", "15:30": "2026-11-29T15:30:00+08:00",
		"4h": "2026-11-28T19:30:20+08:00", "1d12h": "2026-11-30T03:30:20+08:00", " 7d ": "2026-12-05T15:30:20+08:00",
		"": "", "soon": "", "4": "", "24:00": "", "0h": "", "-4h": "", "2026-11-28T15:30:20+08:00": "", "367d": "",
	} {
		got, err := parseUntil(text, now, zone, language.Chinese)
		if want == "" != (err != nil) || err == nil && got.In(zone).Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %v; want %q", text, got, err, want)
		}
	}
}

// TestPauseAndLabels: during a pause labels clean shows its table and deletes nothing.
func TestPauseAndLabels(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(3, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.run(exitDone, "pause", "--removals")
	d.run(exitPartial, "labels", "clean", "--apply")
	if !strings.Contains(d.stderr.String(), "没有做完：暂缓（有人暂停了）：已暂停移除") {
		t.Error(d.stderr.String())
	}
}
