package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReportPage: -o report.html gets a page of a run, of a plan, and of a run that could not begin, in the configured
// language and zone; a plan's page is no file that could be applied.
func TestReportPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	file := filepath.Join(d.dir, "Report.HTML")
	wantPage := func(parts ...string) {
		t.Helper()
		text := d.readFile(file)
		for _, part := range append(parts, "<!doctype html>", "</html>", `"lang":"zh","zone":"Asia/Shanghai"`) {
			if !strings.Contains(text, part) {
				t.Errorf("the page has no %s", part)
			}
		}
	}
	d.run(exitDone, "plan", "-o", file)
	wantPage(`"dry_run":true`, `["create",0,0,`)
	d.run(exitUsage, "apply", file)
	d.run(exitDone, "-o", file)
	wantPage(`"dry_run":false`, `"created":2`, `["name","","`, `{"name":"apply","start_seconds":`, `"calls":`)
	d.run(exitUsage, "-o", file, "--config", filepath.Join(d.dir, "missing.yaml"))
	text := d.readFile(file)
	if !strings.Contains(text, "<!doctype html>") || strings.Contains(text, `"created":2`) {
		t.Error("the page of an earlier run outlives one that could not begin")
	}
}
