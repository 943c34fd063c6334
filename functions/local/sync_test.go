package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// readResults returns the document that -o wrote.
func (d *desk) readResults(want report.Outcome) report.Report {
	d.Helper()
	var r report.Report
	if err := json.Unmarshal([]byte(d.readFile(filepath.Join(d.dir, "results.json"))), &r); err != nil {
		d.Fatal(err)
	}
	if r.Outcome != want {
		d.Errorf("outcome %s, want %s: %+v", r.Outcome, want, r)
	}
	return r
}

// runSync runs with -o and returns the document.
func (d *desk) runSync(code int, want report.Outcome, args ...string) report.Report {
	d.Helper()
	d.run(code, append([]string{"-o", filepath.Join(d.dir, "results.json")}, args...)...)
	return d.readResults(want)
}

func TestSync(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing", "cn-hangzhou")
	if r := d.runSync(exitDone, report.OK); r.Created != 6 || r.Total != 6 || len(r.Changes) != 6 {
		t.Errorf("%+v", r)
	}
	d.wantPrinted("新增资产 6", "区域：2 个完整，0 个失败")
	if r := d.runSync(exitDone, report.OK); r.Created+r.Updated != 0 || r.Unchanged != 6 {
		t.Errorf("second: %+v", r)
	}
	if text := d.wantCards(2); len(d.Hosts()) != 6 || !strings.Contains(text, "同步结果") {
		t.Errorf("%d hosts, card %s", len(d.Hosts()), text)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("configuration, results and logs are wanted: %v %v", entries, err)
	}
}

// TestPartialOK: a run that was done in part, or holds removals, ends with 0 where that was asked for; a failure never does.
func TestPartialOK(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 8)
	d.runSync(exitPartial, report.Held)
	d.runSync(exitDone, report.Held, "--partial-ok")
	d.keySecret = "wrong-secret-of-the-test"
	d.run(exitUsage, "--partial-ok", "-r", "1")
}

func TestResultsThroughAPipe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	d.run(exitDone, "-o", fmt.Sprintf("/dev/fd/%d", out.Fd()))
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.NewDecoder(in).Decode(&r); err != nil || r.Created != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if rest, err := io.ReadAll(in); err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Errorf("%v %q", err, rest)
	}
}

// TestResultsBehindALink: the file is replaced, not the link to it.
func TestResultsBehindALink(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.saveFile("real.json", "old")
	if err := os.Symlink(file, filepath.Join(d.dir, "results.json")); err != nil {
		t.Fatal(err)
	}
	d.runSync(exitDone, report.OK)
	if !strings.HasPrefix(d.readFile(file), "{") {
		t.Errorf("the file still holds %q", d.readFile(file))
	}
}

func TestOneScopeFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing", "cn-hangzhou")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	if r := d.runSync(exitPartial, report.Partial); r.Created != 2 {
		t.Errorf("%+v", r)
	}
	d.wantPrinted("部分", "aliyun-prod/cn-beijing：")
	if text := d.wantCards(1); !strings.Contains(text, "cn-beijing") { // one: it was not tried again
		t.Error(text)
	}
}

func TestRemovalsAreHeld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.Account.Remove("cn-beijing")
	if r := d.runSync(exitPartial, report.Held); r.Held != 10 || r.Deactivated+r.Deleted != 0 {
		t.Errorf("%+v", r)
	}
	if n := d.JMS.CountInactive(jumpservertest.DefaultOrg); n > 0 {
		t.Errorf("%d were switched off", n)
	}
	d.wantCards(2)
}

// TestEveryScopeFails: such a run is retried, as often as -r says, and people are notified once, after the last try.
func TestEveryScopeFails(t *testing.T) {
	t.Parallel()
	for tries, args := range map[int][]string{3: {"-i", "0"}, 2: {"-r", "2", "-i", "0s"}, 1: {"-r", "1"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fillInstances(2, "cn-beijing")
			d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances})
			r := d.runSync(exitFailed, report.Failed, args...)
			if len(r.Scopes) != 2 || r.Scopes[0].Error.Kind == "" || r.Scopes[0].Error.Kind != "denied" || d.JMS.Writes() > 0 {
				t.Errorf("%+v", r)
			}
			d.wantCards(1)
			d.wantPrinted("同步失败", "aliyun-prod/cn-beijing：")
			if n := strings.Count(d.stderr.String(), "trying again"); n != tries-1 {
				t.Errorf("%d lines tell of another try:\n%s", n, &d.stderr)
			}
		})
	}
}

// TestTryingAgainHelps: a run that failed first and then succeeded is a success.
func TestTryingAgainHelps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.GetCallerIdentity, Times: 1})
	if r := d.runSync(exitDone, report.OK, "-i", "0"); r.Created != 2 {
		t.Errorf("%+v", r)
	}
	d.wantCards(1)
}

// TestInterruptBetweenTries: a run whose card was put off is told although its command ends before the next try.
func TestInterruptBetweenTries(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances})
	ctx, interrupt := context.WithCancel(t.Context())
	defer time.AfterFunc(2*time.Second, interrupt).Stop()
	d.runRaw(ctx, exitFailed, "-c", d.writeConfig(), "-i", "1h")
	if card := d.wantCards(1); !strings.Contains(card, "2 个区域读取失败") {
		t.Error(card)
	}
}

// TestInterrupt: Ctrl-C in the middle of the writes ends them; report and card still go out.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(40, "cn-beijing", "cn-hangzhou")
	d.JMS.SetLatency(5 * time.Millisecond)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	seen := make(chan struct{}, 1000)
	d.JMS.OnRequest(func(r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/v1/assets/hosts/" {
			if seen <- struct{}{}; len(seen) == 20 {
				interrupt()
			}
		}
	})
	d.runRaw(ctx, exitPartial, "-c", d.writeConfig(), "-i", "0", "-o", filepath.Join(d.dir, "results.json"))
	r := d.readResults(report.Partial)
	if r.Created == 0 || r.Skipped == 0 || r.Created+r.Skipped+r.Unknown != 80 || len(d.Hosts()) < r.Created {
		t.Errorf("created %d, skipped %d, unknown %d, failed %d, %d hosts", r.Created, r.Skipped, r.Unknown, r.Failures, len(d.Hosts()))
	}
	if len(seen) > 30 {
		t.Errorf("%d hosts were asked for, the interrupt came at 20", len(seen))
	}
	d.wantPrinted("部分", "被中断（收到终止信号）：处理了")
	d.wantCards(1)
}

// TestInterruptWhileReading: nothing useful was done, and the run is not retried.
func TestInterruptWhileReading(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	d.JMS.OnRequest(func(*http.Request) {
		interrupt()
	})
	d.runRaw(ctx, exitFailed, "-c", d.writeConfig(), "-i", "0", "-o", filepath.Join(d.dir, "results.json"))
	if r := d.readResults(report.Failed); len(r.Errors) != 1 || r.Errors[0].Kind != "deadline" {
		t.Errorf("%+v", r.Errors)
	}
	d.wantCards(1)
	if d.JMS.Writes() > 0 || d.JMS.Requests() != 1 {
		t.Errorf("%v", d.JMS.Calls())
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "language: en"
	d.fillInstances(1, "cn-beijing")
	r := d.runSync(exitDone, report.OK)
	d.wantPrinted("Created 1", "Scopes: 2 complete, 0 failed")
	text := d.stdout.String() + d.wantCards(1) + r.Changes[0].Reason
	text = strings.ReplaceAll(text, "/DEFAULT/阿里云/", "") // the node's path, as the configuration writes it
	if at := strings.IndexFunc(text, func(c rune) bool { return c > 0x2E80 }); at >= 0 {
		t.Errorf("Chinese in %q", text[at:])
	}
	d.run(exitDone, "plan")
	d.wantPrinted("Nothing to be done.")
}
