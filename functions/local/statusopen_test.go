package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestStatusListsWhatStaysOpen: an instance is gone and a person keeps its asset; the run, its card and status say so
// until the asset is closed.
func TestStatusListsWhatStaysOpen(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(4, "cn-beijing")
	d.runSync(exitDone, report.OK)
	gone := alibabatest.SampleInstance(1)
	var name string
	for _, h := range d.Hosts() {
		if strings.Contains(h.Comment, gone.ID) {
			name = h.Name
			d.JMS.Edit(jumpservertest.DefaultOrg, h.ID, func(h *jumpservertest.Host) { h.Labels = append(h.Labels, "jms-keep:audit") })
		}
	}
	d.run(exitDone, "status")
	if text := d.stdout.String(); strings.Contains(text, "仍开放的资产") {
		t.Error(text)
	}
	d.releaseInstances(1, 2)
	r := d.runSync(exitDone, report.OK)
	d.wantPrinted("仍开放：1 个资产（" + name + "）：保留：标签 jms-keep:audit")
	if len(r.StaysOpen) != 1 || r.StaysOpen[0].Code != "kept_by_label" || r.StaysOpen[0].Assets != 1 {
		t.Errorf("%+v", r.StaysOpen)
	}
	d.runSync(exitDone, report.OK) // compares nothing, as nothing changed
	d.run(exitDone, "status")
	d.wantPrinted("仍开放的资产：1 个", gone.ID)
	if n := strings.Count(d.stdout.String(), "保留：标签 jms-keep:audit"); n != 2 || strings.Count(d.stdout.String(), name) != 2 { // among what lasts, too
		t.Errorf("%d lines:\n%s", n, &d.stdout)
	}
	d.run(exitDone, "status", "--json")
	var doc statusDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &doc); err != nil || len(doc.StaysOpen) != 1 {
		t.Fatalf("%v\n%s", err, &d.stdout)
	}
	if row := doc.StaysOpen[0]; row.Name != name || row.InstanceID != gone.ID || row.Action != "skip" || row.Code != "kept_by_label" || row.At.IsZero() {
		t.Errorf("%+v", row)
	}
	d.JMS.Edit(jumpservertest.DefaultOrg, doc.StaysOpen[0].Asset, func(h *jumpservertest.Host) { h.Labels = h.Labels[:len(h.Labels)-1] })
	d.more = "sync: {protected_names: [nothing]}" // another configuration: all is compared
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 1 || len(r.StaysOpen) != 0 {
		t.Errorf("%+v", r)
	}
	d.run(exitDone, "status")
	if text := d.stdout.String(); strings.Contains(text, "仍开放的资产") {
		t.Error(text)
	}
}
