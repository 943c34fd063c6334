package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// seedHost puts a host into JumpServer as people or the Python tool created it.
func (d *desk) seedHost(name, address, comment string) {
	d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		Name: name, Address: address, Comment: comment, Active: true, Nodes: []string{"/DEFAULT/阿里云/aliyun-prod"}, Labels: []string{"team:shop"},
	})
}

// hostIDs returns the hosts' ids by name.
func (d *desk) hostIDs() map[string]string {
	out := map[string]string{}
	for _, h := range d.Hosts() {
		out[h.Name] = h.ID
	}
	return out
}

// TestMoveFromThePythonTool: through adopt, sync and release no host is deleted, duplicated or given another id.
func TestMoveFromThePythonTool(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(4, "cn-beijing")
	one, two, three := alibabatest.SampleInstance(0), alibabatest.SampleInstance(1), alibabatest.SampleInstance(2)
	d.seedHost("old-0", one.PrivateIPs[0], "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: "+one.ID+"\nregion: cn-beijing")
	byHand := two.HostName
	d.seedHost(byHand, two.PrivateIPs[0], "")
	d.seedHost("idc-oracle-db01", alibabatest.SampleInstance(3).PrivateIPs[0], "")
	d.seedHost("twin a", three.PrivateIPs[0], "")
	d.seedHost("twin b", three.PrivateIPs[0], "")
	before := d.Hosts()

	d.run(exitDone, "adopt")
	d.wantPrinted("认领：备注里有该实例 ID；备注后追加证明归属的几行", "资产 "+byHand+" 只有网域、地址与名称相同；确认是同一台之后加上 --by-address", "没有写入任何内容")
	d.run(exitDone, "adopt", "--by-address")
	d.wantPrinted("认领：备注里有该实例 ID；备注后追加证明归属的几行", "认领：网域、地址与名称相同，地址在资产与实例中都唯一；备注后追加证明归属的几行", "无法确定是哪一个（资产 twin a, twin b）",
		"名称不同，可能是另一台机器（资产 idc-oracle-db01）", alibabatest.SampleInstance(3).ID+" "+alibabatest.SampleInstance(3).Name, "没有写入任何内容")
	if d.JMS.Writes() > 0 || !reflect.DeepEqual(before, d.Hosts()) {
		t.Errorf("written without --apply: %v", d.JMS.Calls())
	}
	r := d.runSync(exitDone, report.OK, "adopt", "--by-address", "--apply")
	if r.Updated != 2 || r.Created+r.Deleted+r.Deactivated != 0 {
		t.Errorf("%+v", r)
	}
	d.wantCards(0)
	for _, h := range d.Hosts() {
		at := slices.IndexFunc(before, func(b jumpservertest.Host) bool { return b.ID == h.ID })
		own := slices.Contains(h.Labels, "jms-asset:"+h.ID)
		if adopted := h.Name == "old-0" || h.Name == byHand; adopted != own || !slices.Contains(h.Labels, "team:shop") {
			t.Errorf("%s: %v", h.Name, h.Labels)
		}
		if !strings.HasPrefix(h.Comment, before[at].Comment) || (h.Comment != before[at].Comment) != own {
			t.Errorf("%s: %q became %q", h.Name, before[at].Comment, h.Comment)
		}
		h.Comment = before[at].Comment
		h.Labels = before[at].Labels
		if !reflect.DeepEqual(h, before[at]) {
			t.Errorf("%+v became %+v", before[at], h)
		}
	}
	ids := d.hostIDs()
	if r := d.runSync(exitDone, report.OK); r.Created != 2 || r.Drifted != 2 || r.Updated != 0 || len(d.Hosts()) != 7 {
		t.Errorf("the sync after it: %+v", r)
	}
	d.run(exitDone, "adopt")
	d.wantPrinted("没有需要处理的资产。") // all have one now

	d.run(exitDone, "release")
	d.wantPrinted("没有写入任何内容")
	if r := d.runSync(exitDone, report.OK, "release", "--account", "aliyun-prod", "--apply"); r.Updated != 4 {
		t.Errorf("release: %+v", r)
	}
	for _, h := range d.Hosts() {
		if marked := slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, "jms-") && l != "jms-released:person" }); marked {
			t.Errorf("%s: %v", h.Name, h.Labels)
		}
	}
	if r := d.runSync(exitDone, report.OK); r.Skipped != 4 || r.Created+r.Updated+r.Deactivated != 0 || len(d.Hosts()) != 7 {
		t.Errorf("the sync after release: %+v", r)
	}
	for name, id := range ids {
		if d.hostIDs()[name] != id {
			t.Errorf("%s had the id %s", name, id)
		}
	}
}

// TestRetire: what is configured is refused, and a table comes before the action.
func TestRetire(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	for _, args := range [][]string{{}, {"--account", "aliyun-prod"}, {"--account", "aliyun-prod", "--region", "cn-beijing"},
		{"--account", "aliyun-prod", "--cloud", "aliyun"}, {"--account", "aliyun-prod", "--cloud", "nowhere"}} {
		d.run(exitUsage, append([]string{"retire"}, args...)...)
	}
	d.run(exitDone, "retire", "--account", "aliyun-prod", "--cloud", "aws") // no asset is of that cloud
	d.more = "environment: {type: TESTING}"
	d.dropRegion("cn-hangzhou")
	if r := d.runSync(exitDone, report.OK); r.Orphans != 2 || r.Unchanged != 2 {
		t.Errorf("%+v", r)
	}
	if text := d.wantCards(2); !strings.Contains(text, "无人管理的资产") || !strings.Contains(text, "cn-hangzhou") {
		t.Error(text)
	}
	writes, cards := d.JMS.Writes(), 2
	retire := []string{"retire", "--account", "aliyun-prod", "--region", "cn-hangzhou"}
	d.run(exitPartial, retire...) // they run
	d.wantPrinted("2 个资产的实例还在，不处理")
	if r := d.runSync(exitPartial, report.OK, append(retire, "--apply")...); r.Skipped != 2 || r.Deactivated != 0 || d.JMS.Writes() != writes {
		t.Errorf("they run: %+v", r)
	}
	cards++ // it was reported
	for n := range 2 {
		d.Account.Remove("cn-hangzhou", alibabatest.SampleInstance(2+n).ID)
	}
	d.run(exitPartial, retire...) // a small scope has become empty
	d.wantPrinted("停用资产 0", "有 2 个移除被暂缓；确认要移除这 2 个资产：--apply --yes-remove 2")
	for _, wrong := range []string{"1", "3", "20"} {
		d.run(exitFailed, append(retire, "--apply", "--yes-remove", wrong)...)
	}
	d.run(exitUsage, append(retire, "--apply", "--yes-remove", "-2")...)
	if d.JMS.Writes() != writes {
		t.Error("written without --apply, or with a wrong number")
	}
	d.wantCards(cards)
	if r := d.runSync(exitDone, report.OK, append(retire, "--apply", "--yes-remove", "2")...); r.Deactivated != 2 {
		t.Errorf("%+v", r)
	}
	if text := d.wantCards(cards + 1); !strings.Contains(text, "停用资产") {
		t.Error(text)
	}
	if d.activeHosts() != 2 || len(d.Hosts()) != 4 {
		t.Errorf("%d of %d hosts are active", d.activeHosts(), len(d.Hosts()))
	}
	if r := d.runSync(exitDone, report.OK); r.Orphans != 0 || r.Deactivated+r.Deleted+r.Updated != 0 {
		t.Errorf("after it: %+v", r)
	}
}

// configSwitchedOff writes the configuration with its account switched off, or without its key, and returns its path.
func (d *desk) configSwitchedOff(key bool) string {
	name := "aliyun-prod"
	if !key {
		name = "other"
	}
	live := fmt.Sprintf("{type: 阿里云, name: live, access_key_id: LTAI5tLiveLiveLiveLive00, access_key_secret: liveliveliveliveliveliveliveli, regions: [cn-shanghai], endpoint: %q}\n  - ", d.CloudURL)
	text := strings.Replace(d.readFile(d.writeConfig()), "{type: 阿里云, name: aliyun-prod", live+"{enabled: false, type: 阿里云, name: "+name, 1)
	return d.saveFile("off.yaml", text)
}

// TestRetireOfWhatRuns: an account is switched off while its 40 instances run, without a grace period. With its key they
// are refused, whatever number is typed; without one they are deactivated, and only with the right number.
func TestRetireOfWhatRuns(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.ECS.AddAccount(alibabatest.Key{AccountID: "9999999999999999", AccessKeyID: "LTAI5tLiveLiveLiveLive00", AccessKeySecret: "liveliveliveliveliveliveliveli"})
	d.fillInstances(40, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.more = "sync: {removal: {grace: 0s}}"
	writes := d.JMS.Writes()
	retire := func(key bool, code int, args ...string) {
		t.Helper()
		d.runRaw(t.Context(), code, append([]string{"-c", d.configSwitchedOff(key), "retire", "--account", "aliyun-prod", "--apply"}, args...)...)
	}
	retire(true, exitPartial)
	d.wantPrinted("40 个资产的实例还在，不处理")
	retire(true, exitFailed, "--yes-remove", "40")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.NoPermission})
	retire(true, exitFailed)
	retire(true, exitFailed, "--yes-remove", "40")
	d.ECS.Repair()
	retire(false, exitPartial)
	if d.JMS.Writes() != writes || d.activeHosts() != 40 {
		t.Fatalf("%d active: %v", d.activeHosts(), d.JMS.Calls())
	}
	retire(false, exitDone, "--yes-remove", "40")
	if d.activeHosts() != 0 || len(d.Hosts()) != 40 {
		t.Errorf("%d of %d are active", d.activeHosts(), len(d.Hosts()))
	}
}

// TestRetireDeletesWithoutGrace: what is proved to be gone is deleted, as sync.removal says.
func TestRetireDeletesWithoutGrace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.dropRegion("cn-hangzhou")
	for n := range 2 {
		d.Account.Remove("cn-hangzhou", alibabatest.SampleInstance(2+n).ID)
	}
	d.more = "sync: {removal: {grace: 0s}}"
	retire := []string{"retire", "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply", "--yes-remove", "2"}
	if r := d.runSync(exitDone, report.OK, retire...); r.Deleted != 2 || len(d.Hosts()) != 2 {
		t.Errorf("%+v", r)
	}
}

// TestRetireCanBeUndone: what retire deactivates is in the history like the removals of a run: card and status name it, and
// reactivate undoes it.
func TestRetireCanBeUndone(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(2, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.dropRegion("cn-hangzhou")
	for n := range 2 {
		d.Account.Remove("cn-hangzhou", alibabatest.SampleInstance(2+n).ID)
	}
	r := d.runSync(exitDone, report.OK, "retire", "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply", "--yes-remove", "2")
	if r.Deactivated != 2 || len(r.Undo) != 1 || r.Undo[0].Run == "" {
		t.Fatalf("%+v", r)
	}
	run := r.Undo[0].Run
	if card := d.wantCards(2); !strings.Contains(card, "jms-sync reactivate "+run) {
		t.Error(card)
	}
	d.run(exitDone, "status")
	d.wantPrinted(run, "停用 2，删除 0")
	d.run(exitDone, "reactivate", run, "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply")
	if d.activeHosts() != 4 {
		t.Errorf("%d active", d.activeHosts())
	}
}

// TestRetireAdopted: no run deletes an adopted asset, however long ago it was deactivated; an operator does, with proof
// and within the run's limits.
func TestRetireAdopted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing")
	const id = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a11"
	d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		ID: id, Name: "by hand", Address: "10.9.9.9", Comment: "instance_id: " + alibabatest.SampleInstance(50).ID, Nodes: []string{"/DEFAULT/阿里云/aliyun-prod"}, Labels: []string{
			"jms-cloud:alibaba", "jms-account:aliyun-prod", "jms-owner:1234567890123456", "jms-region:cn-beijing",
			"jms-instance:" + alibabatest.SampleInstance(50).ID, "jms-asset:" + id, "jms-gone:20250101T0000Z", "jms-due:20250108T0000Z",
		},
	})
	d.runSync(exitDone, report.OK)
	if r := d.runSync(exitDone, report.OK); r.Deleted != 0 || len(d.Hosts()) != 4 {
		t.Fatalf("%+v", r)
	}
	writes := d.JMS.Writes()
	d.run(exitDone, "retire", "--adopted")
	d.wantPrinted("by hand", "删除资产 1", "没有写入任何内容")
	d.run(exitUsage, "retire", "--adopted", "--account", "other", "--apply") // no such account
	d.run(exitFailed, "retire", "--adopted", "--apply", "--yes-remove", "2")
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(50)) // it is back
	d.run(exitDone, "retire", "--adopted", "--apply")
	d.wantPrinted("没有需要处理的资产。")
	if d.JMS.Writes() != writes || len(d.Hosts()) != 4 {
		t.Fatalf("%d hosts, %d writes", len(d.Hosts()), d.JMS.Writes())
	}
	d.Account.Remove("cn-beijing", alibabatest.SampleInstance(50).ID)
	if r := d.runSync(exitDone, report.OK, "retire", "--adopted", "--apply"); r.Deleted != 1 || len(d.Hosts()) != 3 {
		t.Errorf("%+v", r)
	}
}

// TestKeptByAnySpelling: instances are released, and a person has labelled their assets with jms-keep in some spelling.
// Even without a grace period they stay as they are.
func TestKeptByAnySpelling(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "sync: {removal: {grace: 0s}}"
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	spellings := []string{"JMS-Keep:db", "jms-keep :db", "jms_keep:db"}
	for n, label := range spellings {
		found := d.JMS.Edit(jumpservertest.DefaultOrg, d.hostIDs()[alibabatest.SampleInstance(n).Name], func(h *jumpservertest.Host) {
			h.Labels = append(h.Labels, label)
		})
		if !found {
			t.Fatal("no such host")
		}
	}
	d.releaseInstances(0, 4) // the fourth has no label
	if r := d.runSync(exitDone, report.OK); r.Deleted != 1 || r.Deactivated != 0 || r.Skipped != 3 || len(d.Hosts()) != 19 || d.activeHosts() != 19 {
		t.Errorf("%+v", r)
	}
}

// TestOperatorCommandsInEnglish: English texts and hint.
func TestOperatorCommandsInEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "language: en"
	d.fillInstances(1, "cn-beijing")
	d.seedHost("WEB-00000", alibabatest.SampleInstance(0).PrivateIPs[0], "")
	d.run(exitDone, "adopt", "--by-address")
	d.wantPrinted("Instance", "adopted: the same zone, address and name", "Nothing was written; --apply does it.")
	d.run(exitUsage, "retire", "--account", "aliyun-prod")
	if text := d.stderr.String(); !strings.Contains(text, "configured and enabled") {
		t.Error(text)
	}
	d.run(exitUsage, "retire", "--account", "gone", "-o", fmt.Sprint(d.dir, "/none/results.json"))
}
