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

// seed puts a host into JumpServer as people or the Python tool made it.
func (d *desk) seed(name, address, comment string) {
	d.jms.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		Name: name, Address: address, Comment: comment, Active: true, Nodes: []string{"/DEFAULT/阿里云/aliyun-prod"}, Labels: []string{"team:shop"},
	})
}

// ids gives the hosts' ids by name.
func (d *desk) ids() map[string]string {
	out := map[string]string{}
	for _, h := range d.hosts() {
		out[h.Name] = h.ID
	}
	return out
}

// TestMoveFromThePythonTool: adopt, sync, release: no host is deleted, doubled or given another id.
func TestMoveFromThePythonTool(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(4, "cn-beijing")
	one, two, three := alibabatest.Sample(0), alibabatest.Sample(1), alibabatest.Sample(2)
	d.seed("old-0", one.PrivateIPs[0], "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: "+one.ID+"\nregion: cn-beijing")
	d.seed("by hand", two.PrivateIPs[0], "")
	d.seed("twin a", three.PrivateIPs[0], "")
	d.seed("twin b", three.PrivateIPs[0], "")
	before := d.hosts()

	d.run(exitDone, "adopt")
	d.prints("认领：备注或标签里有该实例 ID", "认领：网域与地址相同", "无法确定是哪一个（资产 twin a, twin b）", "没有写入任何内容")
	if d.jms.Writes() > 0 || !reflect.DeepEqual(before, d.hosts()) {
		t.Errorf("written without --apply: %v", d.jms.Calls())
	}
	r := d.sync(exitDone, report.OK, "adopt", "--apply")
	if r.Updated != 2 || r.Created+r.Deleted+r.Deactivated != 0 {
		t.Errorf("%+v", r)
	}
	d.cards(0)
	for _, h := range d.hosts() {
		at := slices.IndexFunc(before, func(b jumpservertest.Host) bool { return b.ID == h.ID })
		own := slices.Contains(h.Labels, "jms-asset:"+h.ID)
		if adopted := h.Name == "old-0" || h.Name == "by hand"; adopted != own || !slices.Contains(h.Labels, "team:shop") {
			t.Errorf("%s: %v", h.Name, h.Labels)
		}
		if h.Labels = before[at].Labels; !reflect.DeepEqual(h, before[at]) {
			t.Errorf("%+v became %+v", before[at], h)
		}
	}
	ids := d.ids()
	if r := d.sync(exitDone, report.OK); r.Created != 2 || r.Drifted != 2 || r.Updated != 0 || len(d.hosts()) != 6 {
		t.Errorf("the sync after it: %+v", r)
	}
	d.run(exitDone, "adopt")
	d.prints("没有需要处理的资产。") // all have one now

	d.run(exitDone, "release")
	d.prints("没有写入任何内容")
	if r := d.sync(exitDone, report.OK, "release", "--account", "aliyun-prod", "--apply"); r.Updated != 4 {
		t.Errorf("release: %+v", r)
	}
	for _, h := range d.hosts() {
		if marked := slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, "jms-") }); marked != (h.Name == "by hand") {
			t.Errorf("%s: %v", h.Name, h.Labels)
		}
	}
	if r := d.sync(exitDone, report.OK); r.Skipped != 4 || r.Created+r.Updated+r.Deactivated != 0 || len(d.hosts()) != 6 {
		t.Errorf("the sync after release: %+v", r)
	}
	for name, id := range ids {
		if d.ids()[name] != id {
			t.Errorf("%s had the id %s", name, id)
		}
	}
}

// TestRetire: refused for what is configured, and told before it is done.
func TestRetire(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(2, "cn-beijing", "cn-hangzhou")
	d.sync(exitDone, report.OK)
	for _, args := range [][]string{{}, {"--account", "aliyun-prod"}, {"--account", "aliyun-prod", "--region", "cn-beijing"}} {
		d.run(exitUsage, append([]string{"retire"}, args...)...)
	}
	d.more = "environment: {type: TESTING}"
	d.dropRegion("cn-hangzhou")
	if r := d.sync(exitDone, report.OK); r.Orphans != 2 || r.Unchanged != 2 {
		t.Errorf("%+v", r)
	}
	if text := d.cards(2); !strings.Contains(text, "无人管理的资产") || !strings.Contains(text, "cn-hangzhou") {
		t.Error(text)
	}
	writes := d.jms.Writes()
	d.run(exitDone, "retire", "--account", "aliyun-prod", "--region", "cn-hangzhou")
	d.prints("没有写入任何内容", "停用资产 2")
	if d.jms.Writes() != writes {
		t.Error("written without --apply")
	}
	if r := d.sync(exitDone, report.OK, "retire", "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply"); r.Deactivated != 2 {
		t.Errorf("%+v", r)
	}
	active := 0
	for _, h := range d.hosts() {
		if h.Active {
			active++
		}
	}
	if active != 2 || len(d.hosts()) != 4 {
		t.Errorf("%d of %d hosts are active", active, len(d.hosts()))
	}
	if r := d.sync(exitDone, report.OK); r.Orphans != 0 || r.Deactivated+r.Deleted+r.Updated != 0 {
		t.Errorf("after it: %+v", r)
	}
}

// TestRetireDeletesWithoutGrace, as sync.removal says.
func TestRetireDeletesWithoutGrace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fill(2, "cn-beijing", "cn-hangzhou")
	d.sync(exitDone, report.OK)
	d.dropRegion("cn-hangzhou")
	d.more = "sync: {removal: {grace: 0s}}"
	if r := d.sync(exitDone, report.OK, "retire", "--account", "aliyun-prod", "--region", "cn-hangzhou", "--apply"); r.Deleted != 2 || len(d.hosts()) != 2 {
		t.Errorf("%+v", r)
	}
}

// TestErrandsInEnglish: words and hint.
func TestErrandsInEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "language: en"
	d.fill(1, "cn-beijing")
	d.seed("by hand", alibabatest.Sample(0).PrivateIPs[0], "")
	d.run(exitDone, "adopt")
	d.prints("Instance", "adopted: the same zone and address", "Nothing was written; --apply does it.")
	d.run(exitUsage, "retire", "--account", "aliyun-prod")
	if text := d.stderr.String(); !strings.Contains(text, "configured and enabled") {
		t.Error(text)
	}
	d.run(exitUsage, "retire", "--account", "gone", "-o", fmt.Sprint(d.dir, "/none/results.json"))
}
