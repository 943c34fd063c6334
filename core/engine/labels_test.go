package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestFewLabelRows: rows of JumpServer's label page stay for ever. A thousand hosts in two regions leave no
// more than eight, and a run's releases two, whatever their number.
func TestFewLabelRows(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			const each = 500
			w := enginetest.NewWorld(t, enginetest.Setup{}, version)
			w.EditCloud(enginetest.CloudEdit{Fill: each})
			var more []enginetest.Instance
			for n := range each {
				more = append(more, enginetest.Instance{ID: fmt.Sprintf("i-s%03d", n), Name: fmt.Sprintf("app-%03d", n), IP: fmt.Sprintf("10.7.%d.%d", n/250, n%250)})
			}
			w.EditCloud(enginetest.CloudEdit{Region: "cn-shanghai", Put: more})
			if out, _ := runTimed(w, engine.Request{}, 0); out.Report.Created != 2*each {
				t.Fatalf("%d created: %+v", out.Report.Created, out.Report.Errors)
			}
			made := w.JumpServer.LabelRows(jumpservertest.DefaultOrg)
			if len(made) > 8 {
				t.Errorf("%d rows: %v", len(made), made)
			}
			var ids []string
			for n := range 40 {
				ids = append(ids, fmt.Sprintf("i-%016x", n))
			}
			w.EditCloud(enginetest.CloudEdit{Remove: ids})
			if out, _ := runTimed(w, engine.Request{}, 0); out.Report.Deactivated != len(ids) {
				t.Fatalf("%d deactivated: %+v", out.Report.Deactivated, out.Report.Errors)
			}
			if rows := w.JumpServer.LabelRows(jumpservertest.DefaultOrg); len(rows) > len(made)+2 {
				t.Errorf("%d rows after the releases: %v", len(rows), rows)
			}
			expectQuietRun(w)
			w.Close()
		})
	}
}

// TestBothForms: assets of an earlier version, marked by five labels, stay ours and are not rewritten;
// those that are made now live beside them, and all of them come and go alike.
func TestBothForms(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			w := enginetest.NewWorld(t, enginetest.Setup{}, version)
			w.EditCloud(enginetest.CloudEdit{Fill: 20})
			runTimed(w, engine.Request{}, 0)
			var old []string
			for n, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
				if n%2 == 0 {
					w.JumpServer.Edit(jumpservertest.DefaultOrg, h.ID, func(h *jumpservertest.Host) {
						expectUnchangedHosts(h)
						old = append(old, h.ID)
					})
				}
			}
			was := w.JumpServer.Hosts(jumpservertest.DefaultOrg)
			out, _ := runTimed(w, engine.Request{}, 0)
			if r := out.Report; r.Outcome != report.OK || r.Unchanged != 20 || w.JumpServer.Writes() > 0 || len(old) != 10 {
				t.Fatalf("%+v, %d writes", r, w.JumpServer.Writes())
			}
			w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-0000000000000000", "i-0000000000000001"}})
			out, _ = runTimed(w, engine.Request{}, 0)
			if out.Report.Deactivated != 2 {
				t.Errorf("%d deactivated: %+v", out.Report.Deactivated, out.Report.Errors)
			}
			for n, h := range w.JumpServer.Hosts(jumpservertest.DefaultOrg) {
				labels := slices.DeleteFunc(slices.Clone(h.Labels), func(l string) bool {
					return strings.HasPrefix(l, inventory.LabelGone) || strings.HasPrefix(l, inventory.LabelDue)
				})
				slices.Sort(labels)
				slices.Sort(was[n].Labels)
				if !slices.Equal(labels, was[n].Labels) || h.Comment != was[n].Comment {
					t.Errorf("%s: %v %q, was %v %q", h.Name, h.Labels, h.Comment, was[n].Labels, was[n].Comment)
				}
			}
			expectQuietRun(w)
			w.Close()
		})
	}
}

// expectUnchangedHosts makes of a host one such as earlier versions made.
func expectUnchangedHosts(h *jumpservertest.Host) {
	before, after, _ := strings.Cut(h.Comment, "account_id: ")
	_, rest, _ := strings.Cut(after, "\n")
	h.Comment = before + rest
	_, id, _ := strings.Cut(before, "instance_id: ")
	h.Labels = append(h.Labels, inventory.LabelInstance+":"+strings.TrimSpace(id))
}
