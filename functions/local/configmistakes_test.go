package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// TestMistakesBeforeTheRun: mistakes in the command line or the configuration are reported once, on standard error, and
// nobody is asked anything.
func TestMistakesBeforeTheRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml string // in place of the configuration; "" = the right one
		args []string
		says []string // one line each
	}{
		"missing file":      {args: []string{"-c", "/nonexistent/jms-sync.yaml"}, says: []string{"-c: 找不到文件 /nonexistent/jms-sync.yaml"}},
		"directory as file": {args: []string{"-c", "/"}, says: []string{"-c: 读不了 /"}},
		"unknown scheme":    {args: []string{"-c", "ftp://x/y"}, says: []string{"-c: 不认识 ftp://"}},
		"bad YAML":          {yaml: "jumpserver: {url: [\n", says: []string{"第 2 行"}},
		"no YAML at all":    {yaml: "\x00\x01\x02", says: []string{"config.yaml: "}},
		"wrong type":        {yaml: validConfig("sync: {writers: many, no_delete: 7}"), says: []string{"sync.writers: ", "sync.no_delete: "}},
		"unknown key":       {yaml: validConfig("sync: {no_delet: true}"), says: []string{"sync.no_delet: 没有这个配置项，是不是 no_delete"}},
		"out of range":      {yaml: validConfig("sync: {writers: 65}"), says: []string{"sync.writers: "}},
		"no cloud":          {yaml: strings.Split(validConfig(""), "clouds:")[0] + "log: {file: ''}", says: []string{"clouds: 至少要有一个启用的云账号"}},
		"English": {yaml: validConfig("language: en\nsync: {no_delet: true}"),
			says: []string{"sync.no_delet: there is no such setting, did you mean no_delete? (line "}},
		"unknown flag":        {args: []string{"--frobnicate"}, says: []string{"没有选项 --frobnicate"}},
		"unknown command":     {args: []string{"snyc"}, says: []string{`jms-sync 没有命令 "snyc"`}},
		"argument too many":   {args: []string{"plan", "now"}, says: []string{`jms-sync plan 不接受参数 "now"`}},
		"bad interval":        {args: []string{"-i", "soon"}, says: []string{`--interval: "soon" 不是秒数`}},
		"negative interval":   {args: []string{"--interval=-1s"}, says: []string{`--interval: "-1s"`}},
		"bad retries":         {args: []string{"-r", "0"}, says: []string{"--retries: 至少为 1"}},
		"retries are a count": {args: []string{"-r", "often"}, says: []string{`--retries: "often" 不对，应为整数`}},
		"bad log level":       {args: []string{"-l", "LOUD"}, says: []string{"LOUD"}},
		"log file in a file":  {args: []string{"--log-file", "/dev/null/x.log"}, says: []string{"日志文件 /dev/null/x.log 的目录建不了"}},
		"results in nowhere":  {args: []string{"-o", "/nonexistent/results.json"}, says: []string{"--output: "}},
		"results in a folder": {args: []string{"-o", "/"}, says: []string{"--output: / 是目录"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			args := append([]string{"-c", d.writeConfig()}, c.args...)
			if c.yaml != "" {
				args = append(args, "-c", d.saveFile("config.yaml", c.yaml))
			}
			d.runRaw(t.Context(), exitUsage, args...)
			lines := strings.Split(strings.TrimSuffix(d.stderr.String(), "\n"), "\n")
			if d.stdout.Len() > 0 || len(lines) != len(c.says)+1 {
				t.Fatalf("%d lines, want %d:\n%s%s", len(lines), len(c.says)+1, &d.stdout, &d.stderr)
			}
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "→ ") {
				t.Errorf("%q does not say what to do next", last)
			}
			for i, text := range c.says {
				if !strings.Contains(lines[i], text) {
					t.Errorf("line %d is %q, want %q", i, lines[i], text)
				}
			}
			if a, b, c := d.JMS.Requests(), d.ECS.Calls(""), d.Robot.Calls(); a+b+c > 0 {
				t.Errorf("%d requests to JumpServer, %d to the cloud, %d to the robot", a, b, c)
			}
		})
	}
}

// validConfig returns a configuration without mistakes, with what is appended to it.
func validConfig(more string) string {
	return `jumpserver: {url: http://127.0.0.1:9, access_key_id: ` + jumpservertest.KeyID + `, access_key_secret: hush-hush}
clouds: [{type: aliyun, name: a, access_key_id: LTAI5tNobody, access_key_secret: hush-hush, regions: [cn-beijing]}]
log: {file: ""}
` + more + "\n"
}

// TestNothingConfigured: without any file and any variable the command says how to get a configuration, and leaves
// nothing in the folder.
func TestNothingConfigured(t *testing.T) { // not parallel: it sets variables of the process
	for lang, want := range map[string]string{
		"zh": "这里没有 config.yaml：运行 jms-sync init 生成，或用 -c FILE（JMS_SYNC_CONFIG）指定\n",
		"en": "no config.yaml here: jms-sync init, or -c FILE (JMS_SYNC_CONFIG)\n",
	} {
		d := newDesk(t)
		t.Chdir(d.dir)
		t.Setenv("JMS_SYNC_LANGUAGE", lang)
		t.Setenv("JMS_SYNC_STATE", "file://"+d.dir)
		for _, args := range [][]string{{}, {"plan"}, {"doctor"}, {"expect"}} {
			d.runRaw(t.Context(), exitUsage, args...)
			if d.stderr.String() != want || d.stdout.Len() > 0 {
				t.Errorf("%q: %s%s", args, &d.stdout, &d.stderr)
			}
		}
		if left, err := os.ReadDir(d.dir); err != nil || len(left) > 0 {
			t.Errorf("%v %v", left, err)
		}
	}
}

// TestConfiguredByVariablesAlone: where variables are the configuration, what they lack is listed.
func TestConfiguredByVariablesAlone(t *testing.T) { // not parallel: it sets variables of the process
	d := newDesk(t)
	t.Chdir(d.dir)
	t.Setenv("JMS_SYNC_JUMPSERVER_URL", d.JumpServerURL)
	d.runRaw(t.Context(), exitUsage)
	for _, path := range []string{"jumpserver.access_key_id", "jumpserver.access_key_secret", "clouds"} {
		if strings.Count(d.stderr.String(), path+": ") != 1 {
			t.Errorf("%s is not said to be missing:\n%s", path, &d.stderr)
		}
	}
}

// TestJumpServerOutOfReach: an unreachable JumpServer is a failure and no mistake in the configuration.
func TestJumpServerOutOfReach(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.JumpServerURL = "http://127.0.0.1:9"
	d.run(exitFailed, "-r", "1")
	d.wantPrinted("同步失败", "http://127.0.0.1:9 cannot be reached")
	if text := d.wantCards(1); !strings.Contains(text, "cannot be reached") {
		t.Error(text)
	}
	for _, file := range []string{d.readLog(), filepath.Join(d.dir, "logs", "jms-sync.error.log")} {
		if text := d.readFile(file); !strings.Contains(text, "cannot be reached") {
			t.Errorf("%s does not say why: %q", file, text)
		}
	}
	if n := d.ECS.Calls(""); n > 0 {
		t.Errorf("the cloud was asked %d times", n)
	}
}

// TestMistakesThatJumpServerFinds: such mistakes end the run at once, because a retry would not help.
func TestMistakesThatJumpServerFinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrong func(*desk)
		says  string
	}{
		"key":          {func(d *desk) { d.keySecret = "another-word-0123456789" }, "the access key is unknown or switched off"},
		"organisation": {func(d *desk) { d.org = "99999999-0000-4000-8000-000000000001" }, "99999999-0000-4000-8000-000000000001 is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fillInstances(1, "cn-beijing")
			c.wrong(d)
			d.run(exitUsage, "-i", "0")
			d.wantPrinted(c.says)
			d.wantCards(1)
			if n := d.JMS.Calls()["GET /api/v1/orgs/orgs/current/"]; n != 1 || d.JMS.Writes() > 0 || d.ECS.Calls("") > 0 {
				t.Errorf("tried %d times; JumpServer %v, %d calls to the cloud", n, d.JMS.Calls(), d.ECS.Calls(""))
			}
			if strings.Contains(d.stdout.String()+d.stderr.String(), "another-word") {
				t.Error("the secret is printed")
			}
		})
	}
}
