package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestPlanShowsValues: each changed field stands there as it is and as it will be, at the terminal and in the document.
func TestPlanShowsValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	d.run(exitDone)
	moved := alibabatest.SampleInstance(0)
	moved.PrivateIPs = []string{"10.0.9.9"}
	d.Account.Put("cn-beijing", moved)
	d.FillInstances(5, 1, "cn-hangzhou")
	d.run(exitDone, "plan")
	d.wantPrinted("更新（地址）：1", "地址 10.0.0.0 → 10.0.9.9")
	d.run(exitDone, "plan", "--json")
	var r report.Report
	if err := json.Unmarshal(d.stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	values := map[plan.Action][]plan.FieldChange{}
	for _, c := range r.Changes {
		values[c.Action] = c.Values
	}
	if want := []plan.FieldChange{{Field: "address", Before: "10.0.0.0", After: "10.0.9.9"}}; !slices.Equal(values[plan.Update], want) {
		t.Errorf("update: %+v", values[plan.Update])
	}
	if !slices.Contains(values[plan.Create], plan.FieldChange{Field: "node", After: "/DEFAULT/阿里云/aliyun-prod"}) {
		t.Errorf("create: %+v", values[plan.Create])
	}
	if text := d.runSync(exitDone, report.OK); text.Changes[0].Values != nil {
		t.Errorf("a run's document has values: %+v", text.Changes[0])
	}
}

// TestPlanNarrowed: regions and accounts narrow what is read, instances what is shown and put into the file.
func TestPlanNarrowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing", "cn-hangzhou")
	names := func() (names []string) {
		for line := range strings.Lines(d.stdout.String()) {
			if rest, is := strings.CutPrefix(line, "  + "); is {
				names = append(names, strings.Fields(rest)[0]+" "+strings.Fields(rest)[2])
			}
		}
		return names
	}
	d.run(exitDone, "plan", "--region", "cn-hangzhou")
	if got := names(); len(got) != 3 || !strings.HasPrefix(got[0], "aliyun-prod/cn-hangzhou") {
		t.Errorf("a region: %q", got)
	}
	d.run(exitDone, "plan", "--account", "aliyun-prod")
	if got := names(); len(got) != 6 {
		t.Errorf("an account: %q", got)
	}
	file := filepath.Join(d.dir, "one.json")
	d.run(exitDone, "plan", "--instance", "10.0.0.1", "--region", "cn-beijing", "-o", file)
	if got := names(); !slices.Equal(got, []string{"aliyun-prod/cn-beijing 10.0.0.1"}) {
		t.Errorf("an instance: %q", got)
	}
	d.run(exitPartial, "apply", file) // what is not in the file is listed
	if hosts := d.Hosts(); len(hosts) != 1 || hosts[0].Address != "10.0.0.1" {
		t.Errorf("apply of one: %+v", hosts)
	}
	for text, args := range map[string][]string{
		"配置中没有启用的账号：aliyun-prd": {"--account", "aliyun-prd"}, "选中的账号与区域都不在配置中": {"--region", "us-west-1"}, "没有找到 10.9.9.9": {"--instance", "10.9.9.9"},
	} {
		d.run(exitUsage, append([]string{"plan"}, args...)...)
		d.wantPrinted(text)
	}
}

// TestDetailedExitCode: scripts know by the exit code whether something would change, as Terraform's do; without the flag
// codes are what they were.
func TestDetailedExitCode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(10, "cn-beijing")
	d.run(exitChanges, "plan", "--detailed-exitcode")
	d.run(exitDone, "plan")
	d.run(exitDone)
	d.run(exitDone, "plan", "--detailed-exitcode")
	d.Account.Remove("cn-beijing")
	d.run(exitChanges, "plan", "--detailed-exitcode") // held
	d.run(exitPartial, "plan")
	for _, args := range [][]string{{"--no-such-flag"}, {"--account", "nobody"}, {"extra"}, {"-r", "0"}} {
		d.run(exitFailed, append([]string{"plan", "--detailed-exitcode"}, args...)...)
		d.run(exitUsage, append([]string{"plan"}, args...)...)
	}
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	d.run(exitFailed, "plan", "--detailed-exitcode")
	d.run(exitPartial, "plan")
}
