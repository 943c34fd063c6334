package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestPlan: the plan says what would be done, what would not, and why; nothing is written and nobody is notified.
func TestPlan(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing")
	d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "by hand", Address: "10.0.0.1", Comment: "instance_id: i-0000000000000001"})
	file := d.writeConfig()
	for _, args := range [][]string{{"-c", file, "plan"}, {"plan", "-c", file}, {"plan", "--config=" + file, "--no-log-file"}} {
		d.runRaw(t.Context(), exitDone, args...)
		d.wantPrinted("新增：2", "+ aliyun-prod/cn-beijing  web-00000  10.0.0.0  Linux  /DEFAULT/阿里云/aliyun-prod", "web-00001", "web-00002", "跳过：1", "已有资产 by hand 的备注写着该实例 ID", "演练")
		if strings.Count(d.stdout.String(), "云上新增的实例") != 2 {
			t.Errorf("%s", &d.stdout)
		}
	}
	if n := d.JMS.Writes() + d.Robot.Calls(); n > 0 || len(d.Hosts()) != 1 {
		t.Errorf("%d writes and cards", n)
	}
}

// TestNoPlan: where JumpServer cannot be read there is no plan, which must not look like an empty one; and a plan is not
// retried.
func TestNoPlan(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.JMS.Fail(jumpservertest.MatchRequest("GET", "/api/v1/assets/hosts/"), -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"no"}`})
	d.run(exitFailed, "plan", "-i", "0")
	d.wantPrinted("同步失败", "lacks a right")
	if strings.Contains(d.stdout.String(), "没有需要处理的资产") || d.JMS.Calls()["GET /api/v1/orgs/orgs/current/"] != 1 {
		t.Errorf("%s%v", &d.stdout, d.JMS.Calls())
	}
	d.wantCards(0)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.runRaw(t.Context(), exitDone, "version")
	if d.stdout.String() != "jms-sync "+version+"\n" || d.stderr.Len() > 0 {
		t.Errorf("%q %q", &d.stdout, &d.stderr)
	}
}

// TestPythonToolsOptions: a cron line of the Python tool works as it is.
func TestPythonToolsOptions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	file, log, results := d.writeConfig(), filepath.Join(d.dir, "other", "x.log"), filepath.Join(d.dir, "out.json")
	d.runRaw(t.Context(), exitDone, "-c", file, "-l", "DEBUG", "--log-file", log, "-r", "2", "-i", "10", "-o", results)
	if text := d.readFile(log); !strings.Contains(text, "level=DEBUG") || !strings.Contains(d.readFile(results), `"created": 1`) {
		t.Errorf("log %s", text)
	}
	d.runRaw(t.Context(), exitDone, "--config", file, "--log-level", "ERROR", "--no-log-file", "--retries", "1", "--interval", "1m", "--output", results)
	if d.stderr.Len() > 0 {
		t.Errorf("level ERROR prints %s", &d.stderr)
	}
	if _, err := os.Stat(d.readLog()); err == nil {
		t.Error("the configured log file was written in spite of --log-file and --no-log-file")
	}
}

// TestLogFiles: what the console shows goes to the file, and no progress line anywhere.
func TestLogFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.JMS.Fail(jumpservertest.MatchRequest("POST", "/api/v1/assets/hosts/"), 1, jumpservertest.Fault{Status: 400, Body: `{"address":["Not valid."]}`})
	d.run(exitPartial)
	all, failures := d.readFile(d.readLog()), d.readFile(filepath.Join(d.dir, "logs", "jms-sync.error.log"))
	if all != d.stderr.String() || !strings.Contains(all, "run finished") || !strings.Contains(all, "environment=DEVELOPMENT") {
		t.Errorf("log %s\nconsole %s", all, &d.stderr)
	}
	if !strings.Contains(failures, "Not valid.") || strings.Contains(failures, "level=INFO") {
		t.Errorf("error log %s", failures)
	}
	if strings.ContainsAny(d.stdout.String()+d.stderr.String(), "\r\033") {
		t.Errorf("a progress line without a terminal: %q", d.stderr.String())
	}
}

// TestProgressLine: on a terminal the line is overwritten, and gives way to log lines.
func TestProgressLine(t *testing.T) {
	t.Parallel()
	for lang, words := range map[language.Lang][2]string{language.Chinese: {"写入 …", "写入 1/2"}, language.English: {"applying …", "applying 1/2"}} {
		var out bytes.Buffer
		p := &progressLine{out: &out, terminal: true, lang: lang}
		p.showStage("apply")
		p.showCount(1, 2)
		if _, err := p.Write([]byte("log line\n")); err != nil {
			t.Fatal(err)
		}
		p.clearLine()
		const wipe = "\r\033[K"
		if want := wipe + words[0] + wipe + words[1] + wipe + "log line\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}
