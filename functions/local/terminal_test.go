package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/report"
)

// atTerminal is the built command at a pseudo terminal, where a person types.
type atTerminal struct {
	env    []string
	typed  []answer
	stdout io.Writer // nil = the terminal
	code   int
}

// answer is what a person types once a text stands on the terminal.
type answer struct{ after, typed string }

// run starts the command in a folder, and returns what the terminal shows.
func (a *atTerminal) run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...) // see TestMain
	cmd.Dir, cmd.Env = dir, append(os.Environ(), append([]string{"TERM=xterm"}, a.env...)...)
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	if a.stdout != nil {
		cmd.Stdout = a.stdout
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	shown := a.converse(t, screen)
	_ = cmd.Wait()
	a.code = cmd.ProcessState.ExitCode()
	return shown
}

// converse types the answers and returns all that the terminal shows, until the program is gone.
func (a *atTerminal) converse(t *testing.T, screen *os.File) string {
	var shown bytes.Buffer
	left, from := a.typed, 0
	for chunk := make([]byte, 4096); ; {
		n, err := screen.Read(chunk)
		shown.Write(chunk[:n])
		for len(left) > 0 {
			at := strings.Index(shown.String()[from:], left[0].after)
			if at < 0 {
				break
			}
			from += at + len(left[0].after)
			time.Sleep(20 * time.Millisecond) // the program may switch echo off right behind its question
			if _, err := io.WriteString(screen, left[0].typed); err != nil {
				t.Error(err)
			}
			left = left[1:]
		}
		if err != nil { // EIO: nobody has the terminal open any more
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("%q was never shown:\n%s", left[0].after, shown.String())
	}
	return shown.String()
}

// TestLogOnATerminal: a person sees warnings and the table, unless a level was asked for; the file has everything.
func TestLogOnATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more string
		args []string
		info bool
	}{
		"default":              {},
		"verbose":              {args: []string{"-v"}, info: true},
		"asked for by flag":    {args: []string{"-l", "INFO"}, info: true},
		"asked for by setting": {more: "log: {level: INFO}", info: true},
		"verbose, over errors": {more: "log: {level: ERROR}", args: []string{"--verbose"}, info: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fillInstances(1, "cn-beijing")
			d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
			file := d.writeConfig()
			if c.more != "" {
				d.saveFile("config.yaml", strings.Replace(d.readFile(file), "log: {", strings.TrimSuffix(c.more, "}")+", ", 1))
			}
			a := &atTerminal{}
			shown := a.run(t, d.dir, append([]string{"-c", file, "-r", "1"}, c.args...)...)
			if a.code != exitPartial || !strings.Contains(shown, "level=ERROR") || !strings.Contains(shown, "新增资产 1") {
				t.Errorf("exit code %d:\n%s", a.code, shown)
			}
			if strings.Contains(shown, "level=INFO") != c.info {
				t.Errorf("INFO is wanted: %v\n%s", c.info, shown)
			}
			if text := d.readFile(d.readLog()); c.more != "log: {level: ERROR}" && !strings.Contains(text, "level=INFO") {
				t.Errorf("the file holds %s", text)
			}
		})
	}
}

// TestEveryLineNamesItsRun: all lines of a run have one id and the configured time zone; another run has another id.
func TestEveryLineNamesItsRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "timezone: America/St_Johns"
	d.fillInstances(2, "cn-beijing")
	seen := map[string]bool{}
	for range 2 {
		d.run(exitDone, "-l", "DEBUG")
		ids := map[string]bool{}
		for line := range strings.Lines(d.stderr.String()) {
			_, rest, _ := strings.Cut(line, " run=")
			id, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			ids[id], seen[id] = true, true
			if !strings.Contains(line, "-02:30 level=") && !strings.Contains(line, "-03:30 level=") {
				t.Errorf("another time zone: %s", line)
			}
		}
		if len(ids) != 1 || ids[""] {
			t.Errorf("ids %v:\n%s", ids, &d.stderr)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%v", seen)
	}
}

// TestFailedScopesAreErrors: the error log names a scope that could not be read.
func TestFailedScopesAreErrors(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	d.run(exitPartial)
	failures := d.readFile(d.readErrorLog())
	if !strings.Contains(failures, `msg="not listed"`) || !strings.Contains(failures, "region=cn-hangzhou") || strings.Contains(failures, "cn-beijing") {
		t.Errorf("%s", failures)
	}
	d.wantPrinted("→ 给账号 aliyun-prod 的密钥补上权限")
}

func (d *desk) readErrorLog() string { return filepath.Join(d.dir, "logs", "jms-sync.error.log") }

// TestMistakesAreInTheErrorLog: what keeps runs from beginning stands in the log that people watch: that which the
// configuration names, or the variables.
func TestMistakesAreInTheErrorLog(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = "sync: {no_delet: true, writers: many}"
	d.run(exitUsage)
	text := d.readFile(d.readErrorLog())
	if strings.Count(text, "level=ERROR") != 2 || !strings.Contains(text, "there is no such setting, did you mean no_delete?") || !strings.Contains(text, " run=") {
		t.Errorf("%s", text)
	}
	d.more = ""
	d.run(exitUsage, "--interval", "soon")
	if text := d.readFile(d.readErrorLog()); strings.Count(text, "level=ERROR") != 2 {
		t.Errorf("no configuration was read, and the log is not known: %s", text)
	}
	d.run(exitUsage, "retire")
	if text := d.readFile(d.readErrorLog()); strings.Count(text, "level=ERROR") != 3 || !strings.Contains(text, "--account") {
		t.Errorf("%s", text)
	}
}

// TestUnreadableConfiguration: the log is where the variables, the flags or an earlier run say.
func TestUnreadableConfiguration(t *testing.T) { // not parallel: it sets variables of the process
	d := newDesk(t)
	t.Chdir(d.dir)
	broken := d.saveFile("broken.yaml", "jumpserver: [\n")
	d.runRaw(t.Context(), exitUsage, "-c", broken)
	if _, err := os.Stat("logs"); err == nil {
		t.Error("a folder was made that nobody asked for")
	}
	if err := os.Mkdir("logs", 0o755); err != nil {
		t.Fatal(err)
	}
	d.runRaw(t.Context(), exitUsage, "-c", broken)
	d.runRaw(t.Context(), exitUsage, "-c", broken, "--log-file", "flag.log")
	t.Setenv("JMS_SYNC_LOG_FILE", "var.log")
	t.Setenv("JMS_SYNC_TIMEZONE", "UTC")
	d.runRaw(t.Context(), exitUsage, "-c", broken)
	for _, file := range []string{"logs/jms-sync.error.log", "flag.error.log", "var.error.log"} {
		if text := d.readFile(file); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "broken.yaml") {
			t.Errorf("%s: %s", file, text)
		}
	}
	if text := d.readFile("var.log"); !strings.Contains(text, "Z level=ERROR") {
		t.Errorf("not in the time zone of the variables: %s", text)
	}
}

// TestDetailedLog: each line names its place in the source.
func TestDetailedLog(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	file := d.writeConfig()
	d.saveFile("config.yaml", strings.Replace(d.readFile(file), "log: {", "log: {detailed: true, ", 1))
	d.runRaw(t.Context(), exitDone, "-c", file)
	for line := range strings.Lines(d.stderr.String()) {
		if !strings.Contains(line, " source=") || !strings.Contains(line, ".go:") {
			t.Errorf("%s", line)
		}
	}
	if d.stderr.Len() == 0 {
		t.Error("no line at all")
	}
}

// TestEarlierResultsDoNotStay: a command that fails before it has results replaces those of an earlier run.
func TestEarlierResultsDoNotStay(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"mistake":          {"-c", "broken.yaml"},
		"no configuration": {"-c", "nowhere.yaml"},
		"bad retries":      {"-r", "0"},
		"unknown flag":     {"--frobnicate"},
		"a plan":           {"plan", "--interval", "soon"},
		"too much":         {"plan", "now"},
		"a plan file":      {"apply", "nowhere.json"},
		"retire":           {"retire"},
		"event":            {"event", "nowhere.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			file := d.saveFile("results.json", `{"outcome": "ok"}`)
			d.saveFile("broken.yaml", "jumpserver: {url: [\n")
			for n, arg := range args {
				if arg == "broken.yaml" {
					args[n] = filepath.Join(d.dir, arg)
				}
			}
			d.run(exitUsage, append(args, "-o", file)...)
			r := d.readResults(report.Failed)
			if len(r.Errors) != 1 || r.Errors[0].Kind != "not_started" || r.Errors[0].Message == "" {
				t.Errorf("%+v", r.Errors)
			}
			left, err := filepath.Glob(filepath.Join(d.dir, ".jms-sync-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%v %v", left, err)
			}
		})
	}
}

// TestOtherDocuments: rows of labels go, and what -o names for a command that writes no results is left alone.
func TestOtherDocuments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rows := d.saveFile("rows.json", "{}")
	d.run(exitUsage, "labels", "clean", "--frobnicate", "-o", rows)
	if _, err := os.Stat(rows); err == nil {
		t.Error("rows of an earlier run are left")
	}
	folder := filepath.Join(d.dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	d.run(exitUsage, "-o", folder)
	if _, err := os.Stat(folder); err != nil {
		t.Error("a folder that -o names by mistake is gone")
	}
	file := d.saveFile("triggers.yaml", "mine")
	d.run(exitUsage, "split", "-o", file, "--cron", "x")
	if text := d.readFile(file); text != "mine" {
		t.Errorf("%s", text)
	}
}

// TestResultsOnStandardOutput: -o - writes the document there and nothing else; people read standard error.
func TestResultsOnStandardOutput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(2, "cn-beijing")
	for _, args := range [][]string{{"plan", "-o", "-"}, {"-o", "-"}, {"--output=-"}} {
		d.run(exitDone, args...)
		var r report.Report
		if err := json.Unmarshal(d.stdout.Bytes(), &r); err != nil || r.Total != 2 {
			t.Errorf("%v: %v\n%s", args, err, &d.stdout)
		}
		if !strings.Contains(d.stderr.String(), "总计资产 2") {
			t.Errorf("%v: %s", args, &d.stderr)
		}
	}
	d.run(exitUsage, "-o", "-", "-r", "0")
	var r report.Report
	if err := json.Unmarshal(d.stdout.Bytes(), &r); err != nil || r.Outcome != report.Failed {
		t.Errorf("%v\n%s", err, &d.stdout)
	}
}
