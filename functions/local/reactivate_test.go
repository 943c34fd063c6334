package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// hostOfInstance returns the host of an instance, by its address.
func (d *desk) hostOfInstance(n int) jumpservertest.Host {
	d.Helper()
	for _, h := range d.Hosts() {
		if h.Address == alibabatest.SampleInstance(n).PrivateIPs[0] {
			return h
		}
	}
	d.Fatalf("instance %d has no host", n)
	return jumpservertest.Host{}
}

// hasLabel reports whether a host has a label with this name.
func hasLabel(h jumpservertest.Host, name string) bool {
	return slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, name+":") })
}

// runThatDeactivates makes a run that deactivates some of 20 assets, and returns its id.
func (d *desk) runThatDeactivates(released int) string {
	d.Helper()
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, released)
	r := d.runSync(exitDone, report.OK)
	if r.Deactivated != released || len(r.Undo) != 1 {
		d.Fatalf("%+v", r)
	}
	return r.Undo[0].Run
}

// TestReactivate: a run deactivates assets by mistake; its card says how to undo that; reactivate shows it first, then
// activates; the next run leaves the assets active and says so; when their instances are listed again the labels go.
func TestReactivate(t *testing.T) {
	d := newDeskWithState(t)
	run := d.runThatDeactivates(3)
	if card := d.wantCards(2); !strings.Contains(card, "jms-sync reactivate "+run) {
		t.Fatal(card)
	}
	d.wantPrinted("jms-sync reactivate " + run)
	d.run(exitDone, "status")
	d.wantPrinted(run, "停用 3，删除 0")
	writes, hosts := d.JMS.Writes(), len(d.Hosts())

	d.run(exitDone, "reactivate", run)
	d.wantPrinted(alibabatest.SampleInstance(0).ID, alibabatest.SampleInstance(1).ID, alibabatest.SampleInstance(2).ID, "没有写入任何内容")
	if d.JMS.Writes() != writes || d.activeHosts() != 17 {
		t.Fatal("written without --apply")
	}
	r := d.runSync(exitDone, report.OK, "reactivate", strings.ToLower(run), "--apply")
	if r.Updated != 3 || r.Skipped != 0 || d.activeHosts() != 20 || len(d.Hosts()) != hosts {
		t.Fatalf("%+v", r)
	}
	if card := d.wantCards(3); !strings.Contains(card, "更新资产") {
		t.Error(card)
	}
	for n := range 3 {
		if h := d.hostOfInstance(n); !hasLabel(h, inventory.LabelGone) || hasLabel(h, inventory.LabelDue) {
			t.Errorf("%s: %v", h.Name, h.Labels)
		}
	}
	if r := d.runSync(exitDone, report.OK); r.Deactivated+r.Deleted != 0 || d.activeHosts() != 20 || r.Skipped != 3 {
		t.Fatalf("the next run closes it, or does not say that it leaves it: %+v", r)
	}
	d.run(exitDone, "plan")
	if n := strings.Count(d.stdout.String(), "停用后又被人工启用"); n != 3+1 { // and once for all that stays open
		t.Errorf("the plan says it %d times:\n%s", n, &d.stdout)
	}
	d.runSync(exitDone, report.OK, "reactivate", run, "--apply") // once more: nothing is left to do
	if n := strings.Count(d.stdout.String(), "它已经是启用的"); n != 3 {
		t.Error(&d.stdout)
	}
	for n := range 3 {
		d.Account.Put("cn-beijing", alibabatest.SampleInstance(n))
	}
	d.runSync(exitDone, report.OK)
	for n := range 3 {
		if h := d.hostOfInstance(n); !h.Active || hasLabel(h, inventory.LabelGone) {
			t.Errorf("after its instance came back: %s %v", h.Name, h.Labels)
		}
	}
}

// TestReactivateOfAnApprovedSet: a hash that a person approved selects what that approval removed, and nothing else.
func TestReactivateOfAnApprovedSet(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(10, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 4)
	hash := d.runSync(exitPartial, report.Held).HeldSets[0].Hash
	d.run(exitUsage, "reactivate", hash) // nothing was closed by it
	d.run(exitDone, "approve", hash)
	d.Account.Remove("cn-hangzhou", alibabatest.SampleInstance(10).ID) // closed by the same run, by its own right
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 5 {
		t.Fatalf("%+v", r)
	}
	d.run(exitUsage, "reactivate", hash[:7])
	if r := d.runSync(exitDone, report.OK, "reactivate", hash[:8], "--apply"); r.Updated != 4 || d.activeHosts() != 19 || d.hostOfInstance(10).Active {
		t.Errorf("%+v", r)
	}
}

// TestReactivateByLabels: without a state store the card names the time, and the labels on the assets are the record.
func TestReactivateByLabels(t *testing.T) {
	t.Setenv(config.EnvState, "")
	d := newDesk(t)
	d.more = "language: en"
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 2)
	undo := d.runSync(exitDone, report.OK).Undo
	if len(undo) != 1 || undo[0].Account != "aliyun-prod" || !strings.Contains(d.wantCards(2), undo[0].Command()) {
		t.Fatalf("%+v\n%s", undo, d.wantCards(2))
	}
	command := strings.Fields(strings.TrimPrefix(undo[0].Command(), "jms-sync "))
	for _, wrong := range [][]string{
		{"reactivate"}, {"reactivate", "20261128T143507Z"}, {"reactivate", "--since", "2h"}, {"reactivate", "--account", "aliyun-prod", "--since", "lately"},
		{"reactivate", "20261128T143507Z", "--since", "2h"}, {"reactivate", "20261128T143507Z", "--until", "2h"},
	} {
		d.run(exitUsage, wrong...)
	}
	d.run(exitUsage, "reactivate", "--account", "another", "--since", "2h")
	d.run(exitDone, append(command, "--region", "cn-hangzhou")...)
	d.wantPrinted("Nothing was written")
	if r := d.runSync(exitDone, report.OK, append(command, "--apply")...); r.Updated != 2 || d.activeHosts() != 20 {
		t.Errorf("%+v", r)
	}
}

// TestReactivateLeavesWhatPeopleChanged: assets that people changed stay as they are, and deleted ones are reported as
// lost.
func TestReactivateLeavesWhatPeopleChanged(t *testing.T) {
	d := newDeskWithState(t)
	run := d.runThatDeactivates(4)
	lost := d.hostOfInstance(0)
	d.JMS.DeleteAsset(jumpservertest.DefaultOrg, lost.ID)
	d.more = "sync: {protected_names: [" + d.hostOfInstance(1).Name + "]}"
	r := d.runSync(exitDone, report.OK, "reactivate", run, "--apply")
	d.wantPrinted("无法恢复", lost.Name, "名称受 protected_names 保护")
	if r.Updated != 2 || r.Skipped != 2 || d.hostOfInstance(1).Active || d.activeHosts() != 18 {
		t.Errorf("%+v", r)
	}
}

// TestReactivateOfAnUnknownRun: the error lists the known runs.
func TestReactivateOfAnUnknownRun(t *testing.T) {
	d := newDeskWithState(t)
	d.run(exitUsage, "reactivate", "20200101T000000Z")
	run := d.runThatDeactivates(2)
	started, err := report.ParseRunID(run)
	if err != nil {
		t.Fatal(err)
	}
	before := report.RunID(started.Add(-time.Second))
	for _, name := range []string{"20200101T000000Z", before, "0123456789", "web-0"} {
		d.run(exitUsage, "reactivate", name)
		if text := d.stderr.String(); !strings.Contains(text, run) || !strings.Contains(text, "停用 2，删除 0") {
			t.Errorf("%s: %s", name, text)
		}
	}
	d.run(exitDone, "status", "--json")
	var doc statusDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || len(doc.Closings) != 1 || doc.Closings[0].Run != run || doc.Closings[0].Deactivated != 2 {
		t.Errorf("%v\n%s", err, &d.stdout)
	}
}

// TestReactivateWaitsForARun: while a run holds the lease nothing is written; showing needs no lease.
func TestReactivateWaitsForARun(t *testing.T) {
	d := newDeskWithState(t)
	run := d.runThatDeactivates(2)
	store, err := session.OpenStore(config.Config{JumpServer: config.JumpServer{URL: d.JumpServerURL, OrgID: config.DefaultOrgID}}, session.Role{}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	lease, err := store.AcquireLease(t.Context(), "run", time.Minute, "a run of this test")
	if err != nil {
		t.Fatal(err)
	}
	d.run(exitDone, "reactivate", run)
	d.run(exitFailed, "reactivate", run, "--apply")
	if text := d.stderr.String(); !strings.Contains(text, "a run of this test") || d.activeHosts() != 18 {
		t.Error(text)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.run(exitDone, "reactivate", run, "--apply")
	if d.activeHosts() != 20 {
		t.Error("not switched on")
	}
}

// TestReactivateSaysWhatIsLost: what a run deleted is listed by name, and its card promises nothing.
func TestReactivateSaysWhatIsLost(t *testing.T) {
	d := newDeskWithState(t)
	d.more = "language: en\nsync: {removal: {mode: delete, grace: 0s}}"
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	name := d.hostOfInstance(0).Name
	d.releaseInstances(0, 1)
	r := d.runSync(exitDone, report.OK)
	if r.Deleted != 1 || len(r.Undo) > 0 || strings.Contains(d.wantCards(2), "reactivate") {
		t.Fatalf("%+v\n%s", r, d.wantCards(2))
	}
	d.run(exitDone, "status")
	d.wantPrinted("0 deactivated, 1 deleted")
	writes := d.JMS.Writes()
	d.run(exitDone, "reactivate", r.StartedAt, "--apply")
	d.wantPrinted("cannot be brought back: it was deleted, and with it its accounts", name)
	if d.JMS.Writes() != writes {
		t.Error("written")
	}
}
