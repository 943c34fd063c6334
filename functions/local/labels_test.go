package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// labelRows returns the rows of the desk's label page as texts.
func (d *desk) labelRows() []string {
	var out []string
	for _, r := range d.JMS.LabelRows(jumpservertest.DefaultOrg) {
		out = append(out, r.Name+":"+r.Value)
	}
	return out
}

// labelDesk returns a desk whose label page has rows that assets had, have and never had.
func labelDesk(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.seedHost("web", "10.0.0.1", "")
	gone := d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "gone", Address: "10.0.0.2", Labels: []string{"jms-instance:i-gone", "team:shop"}})
	d.JMS.DeleteAsset(jumpservertest.DefaultOrg, gone)
	d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "used", Address: "10.0.0.3", Labels: []string{"jms-instance:i-used"}})
	for _, text := range []string{"jms-gone:20250101T0000Z", "jms-gone:2025-01-02T03:04:05Z", "jms-gone:soon", "jms-due:never", "jms-keep:why", "jms-due:29990101T0000Z"} {
		d.JMS.SeedLabel(jumpservertest.DefaultOrg, text)
	}
	return d
}

// TestLabelsClean: a table comes first, and --apply does just what it says.
func TestLabelsClean(t *testing.T) {
	t.Parallel()
	d := labelDesk(t)
	before := d.labelRows()
	d.run(exitDone, "labels", "clean")
	d.wantPrinted("i-gone", "20250101T0000Z", "2025-01-02T03:04:05Z", "soon", "看不懂", "可以删除 3 行，保留 4 行。", "没有写入任何内容")
	if d.JMS.Writes() > 0 || !slices.Equal(before, d.labelRows()) {
		t.Errorf("written without --apply: %v", d.JMS.Calls())
	}
	file := filepath.Join(d.dir, "labels.json")
	d.run(exitDone, "labels", "clean", "--apply", "-o", file)
	d.wantPrinted("i-gone", "已删除 3 行，保留 4 行，失败 0 行，没有轮到 0 行。")
	want := []string{"jms-due:29990101T0000Z", "jms-due:never", "jms-gone:soon", "jms-instance:i-used", "jms-keep:why", "team:shop"}
	if got := d.labelRows(); !slices.Equal(got, want) {
		t.Errorf("left are %q", got)
	}
	var doc struct {
		DryRun        bool `json:"dry_run"`
		Removed, Kept int
		Rows          []struct{ Action, ID, Name, Value, Reason string }
	}
	if err := json.Unmarshal([]byte(d.readFile(file)), &doc); err != nil || doc.DryRun || doc.Removed != 3 || doc.Kept != 4 || len(doc.Rows) != 7 || doc.Rows[0].ID == "" {
		t.Errorf("%+v %v", doc, err)
	}
	d.wantCards(0)
	d.run(exitDone, "labels", "clean")
	d.wantPrinted("可以删除 0 行，保留 4 行。")
	d.run(exitUsage, "labels")
	d.run(exitUsage, "labels", "tidy")
	d.run(exitUsage, "labels", "clean", "-o", fmt.Sprint(d.dir, "/none/results.json"))
}

// TestLabelsCleanInEnglish: English texts, and an empty page.
func TestLabelsCleanInEnglish(t *testing.T) {
	t.Parallel()
	d := labelDesk(t)
	d.more = "language: en"
	d.run(exitDone, "labels", "clean")
	d.wantPrinted("Reason", "kept: assets have it", "3 rows can be removed, 4 are kept.", "Nothing was written; --apply does it.")
	d = newDesk(t)
	d.more = "language: en"
	d.run(exitDone, "labels", "clean", "--apply")
	d.wantPrinted("The label page has no row of", "0 rows were removed")
}

// TestLabelsCleanFails: exit codes, the missing right, and what was not reached.
func TestLabelsCleanFails(t *testing.T) {
	t.Parallel()
	refused := jumpservertest.Fault{Status: 403, Body: `{"detail":"You do not have permission to perform this action.","code":"permission_denied"}`}
	d := labelDesk(t)
	d.JMS.Fail(jumpservertest.MatchRequest(http.MethodGet, "/labels/labels/"), -1, refused)
	d.run(exitFailed, "labels", "clean", "--apply")
	if text := d.stderr.String(); !strings.Contains(text, "labels.view_label") || d.stdout.Len() > 0 {
		t.Errorf("%s\n%s", &d.stdout, text)
	}
	d = labelDesk(t)
	d.JMS.Fail(jumpservertest.MatchRequest(http.MethodDelete, "/labels/labels/"), -1, refused)
	d.run(exitFailed, "labels", "clean", "--apply")
	if text := d.stderr.String(); !strings.Contains(text, "labels.delete_label") || !strings.Contains(d.stdout.String(), "已删除 0 行") {
		t.Errorf("%s\n%s", &d.stdout, text)
	}
	d = labelDesk(t)
	d.JMS.Fail(jumpservertest.MatchRequest(http.MethodDelete, "/labels/labels/"), 1, jumpservertest.Fault{Status: 400, Body: `{"detail":"no","code":"error"}`})
	d.run(exitPartial, "labels", "clean", "--apply")
	d.wantPrinted("已删除 2 行，保留 4 行，失败 1 行，没有轮到 0 行。")
	d = labelDesk(t)
	d.keySecret = "wrong-wrong-wrong-wrong"
	d.run(exitUsage, "labels", "clean")
}

// TestLabelsCleanRights: the rights of a plan and three more are enough, and each missing one is named.
func TestLabelsCleanRights(t *testing.T) {
	t.Parallel()
	rights := []string{inventory.ViewAssets, inventory.ViewPlatform, inventory.ViewLabels, inventory.ViewLabelHolders, inventory.DeleteLabels}
	for _, version := range jumpservertest.Versions() {
		for _, missing := range append([]string{""}, rights[2:]...) {
			d := newDesk(t)
			d.JMS = jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			d.JumpServerURL = d.Serve(d.JMS)
			d.JMS.AddKey(jumpservertest.Key{
				ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "tidy",
				Permissions: slices.DeleteFunc(slices.Clone(rights), func(r string) bool { return r == missing }),
			})
			d.JMS.DeleteAsset(jumpservertest.DefaultOrg, d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "x", Address: "10.0.0.2", Labels: []string{"jms-instance:i-gone"}}))
			code, remaining := exitDone, 0
			if missing != "" {
				code, remaining = exitFailed, 1
			}
			d.run(code, "labels", "clean", "--apply")
			if len(d.labelRows()) != remaining || missing != "" && !strings.Contains(d.stderr.String(), missing) {
				t.Errorf("%s without %q: left %q\n%s", version, missing, d.labelRows(), &d.stderr)
			}
		}
	}
}
