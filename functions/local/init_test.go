package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/fakecloudtest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

const (
	opsOrg    = "33333333-3333-4333-8333-333333333333"
	fixedZone = "55555555-5555-4555-8555-555555555555"
)

// newBeginnerDesk returns a desk without a configuration, with the keys in variables.
func newBeginnerDesk(t *testing.T) (p *doctorDesk, file string) {
	t.Setenv("JMS_ACCESS_KEY_ID", jumpservertest.KeyID)
	t.Setenv("JMS_ACCESS_KEY_SECRET", jumpservertest.KeySecret)
	t.Setenv("MY_CLOUD_ID", functiontest.CloudKey)
	t.Setenv("MY_CLOUD_SECRET", functiontest.CloudSecret)
	p = newDoctorDesk(t)
	p.JMS.SetEnterprise(true)
	p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret}) // only a super user may list organisations
	p.JMS.AddOrg(opsOrg, "运维")
	p.fillInstances(3, "cn-beijing")
	return p, filepath.Join(p.dir, "new.yaml")
}

// wantWritten compares what init wrote with its golden files, and loads it as a run would.
func (p *doctorDesk) wantWritten(name, file string) config.Config {
	p.Helper()
	for _, f := range []string{file, filepath.Join(p.dir, ".env")} {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			p.Fatalf("%s: %v, %v; want mode 0600", f, info, err)
		}
		text := p.readFile(f)
		for _, hidden := range []string{jumpservertest.KeyID, jumpservertest.KeySecret, functiontest.CloudKey, functiontest.CloudSecret, functiontest.RobotToken, functiontest.RobotSecret} {
			if strings.Contains(text, hidden) {
				p.Errorf("%s holds the secret %s", f, hidden)
			}
		}
	}
	compareGolden(p.T, filepath.Join("testdata", "init", name+".yaml.golden"), p.stableText(p.readFile(file)))
	compareGolden(p.T, filepath.Join("testdata", "init", name+".env.golden"), p.readFile(filepath.Join(p.dir, ".env")))
	cfg, err := config.Load(p.Context(), config.Source{File: file, Env: os.Environ(), Clouds: session.Clouds()})
	if err != nil {
		p.Fatal(err)
	}
	if p.JMS.Writes() > 0 || p.Robot.Calls() > 0 {
		p.Errorf("%d writes to JumpServer, %d messages", p.JMS.Writes(), p.Robot.Calls())
	}
	return cfg
}

// TestInitAsks: a person answers every question, and gets a configuration, doctor's result and a plan.
func TestInitAsks(t *testing.T) {
	p, file := newBeginnerDesk(t)
	t.Setenv("DINGTALK_WEBHOOK", p.Webhook)
	t.Setenv("DINGTALK_SECRET", functiontest.RobotSecret)
	zone := p.JMS.SeedZone(opsOrg, "idc")
	p.stdin = strings.Join([]string{
		p.JumpServerURL, "2", "aliyun", "", "MY_CLOUD_ID", "MY_CLOUD_SECRET", "cn-beijing, cn-hangzhou", "idc",
		"y", "阿里云", `second "x": #1`, "a,b", "aliyun-prod", `second "x" #1`, "MY_CLOUD_ID", "MY_CLOUD_SECRET", "", "1", "n",
	}, "\n") + "\n"
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--cloud-endpoint", p.CloudURL)
	p.wantPrinted("云账号 aliyun-prod 可用：账号 1234567890123456，地域：cn-beijing、cn-hangzhou、cn-shanghai", "第一份计划（没有写入任何东西）",
		"已是另一个云账号的名称")
	if n := strings.Count(p.stdout.String(), "不能有冒号与逗号"); n != 2 {
		t.Errorf("a name that no configuration takes was refused %d times when it was asked for, want 2", n)
	}
	p.saveFile(filepath.Base(file), strings.Replace(p.readFile(file), zone, fixedZone, 1)) // the emulator chose it
	cfg := p.wantWritten("asked", file)
	if cfg.JumpServer.OrgID != opsOrg || len(cfg.Clouds) != 2 || cfg.Clouds[0].DomainID != fixedZone || cfg.Clouds[1].Name != `second "x" #1` ||
		len(cfg.Clouds[0].Regions) != 2 || len(cfg.Clouds[1].Regions) != 0 || cfg.Clouds[0].AccountID != "1234567890123456" ||
		!cfg.Notification.DingTalk.Enabled || cfg.Notification.DingTalk.Secret.Reveal() != functiontest.RobotSecret {
		t.Errorf("%+v", cfg)
	}
}

// TestInitByFlags: flags answer everything that matters, without a person.
func TestInitByFlags(t *testing.T) {
	p, file := newBeginnerDesk(t)
	args := []string{"-c", file, "--no-log-file", "init", "--url", p.JumpServerURL, "--org", "运维", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoint=" + p.CloudURL}
	p.runRaw(t.Context(), exitDone, append(args, "--no-plan")...)
	cfg := p.wantWritten("flags", file)
	if cfg.JumpServer.OrgID != opsOrg || len(cfg.Clouds) != 1 || cfg.Notification.DingTalk.Enabled {
		t.Errorf("%+v", cfg)
	}
	before := p.readFile(file)
	p.runRaw(t.Context(), exitUsage, args...)
	if !strings.Contains(p.stderr.String(), "已存在") || p.readFile(file) != before {
		t.Errorf("written over: %s", &p.stderr)
	}
	p.runRaw(t.Context(), exitDone, append(args, "--force", "--org", "DEFAULT")...)
	if p.readFile(file) == before {
		t.Error("--force did nothing")
	}
	p.wantPrinted("第一份计划（没有写入任何东西）")
}

// TestInitEndpoints: addresses of single services are used for the first questions, and written.
func TestInitEndpoints(t *testing.T) {
	p, file := newBeginnerDesk(t)
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--url", p.JumpServerURL, "--org", "运维", "--no-plan", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoints.ecs="+p.CloudURL+",endpoints.sts="+p.CloudURL)
	if text := p.readFile(file); !strings.Contains(text, "    endpoints:\n      \"ecs\": \""+p.CloudURL+"\"\n      \"sts\": \""+p.CloudURL+"\"\n") {
		t.Errorf("%s", text)
	}
	p.runRaw(t.Context(), exitDone, "-c", file, "doctor")
}

// TestInitBesideServerless: an s.yaml beside the configuration passes the variables that the configuration names,
// existing lines of .env stay, and what init wrote can be deployed once the values are there.
func TestInitBesideServerless(t *testing.T) {
	p, file := newBeginnerDesk(t)
	text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	serverless := p.saveFile("s.yaml", string(text))
	p.saveFile(".env", "JMS_SYNC_CONFIG=oss://mine/config.yaml?region=cn-hangzhou\nJMS_SYNC_STATE=oss://mine/state\nOTHER=kept")
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--url", p.JumpServerURL, "--org", "运维", "--no-plan", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoint="+p.CloudURL)
	dotenv := p.readFile(filepath.Join(p.dir, ".env"))
	if !strings.HasPrefix(dotenv, "JMS_SYNC_CONFIG=oss://mine/config.yaml?region=cn-hangzhou\nJMS_SYNC_STATE=oss://mine/state\nOTHER=kept\n") ||
		strings.Count(dotenv, "JMS_SYNC_CONFIG=") != 1 || !strings.Contains(dotenv, "\nMY_CLOUD_SECRET=\n") {
		t.Errorf("%s", dotenv)
	}
	if n := strings.Count(p.readFile(serverless), "MY_CLOUD_ID: ${env('MY_CLOUD_ID')}\n"); n != 1 { // the event's block is an alias of it
		t.Errorf("s.yaml passes the variable %d times:\n%s", n, p.readFile(serverless))
	}
	p.runRaw(t.Context(), exitDone, "-c", file, "doctor", "--deploy="+serverless)
	t.Setenv("MY_CLOUD_SECRET", "")
	p.runRaw(t.Context(), exitPartial, "-c", file, "doctor", "--deploy="+serverless)
}

// TestInitStops: init stops at each mistake, with a text that helps, and without writing a file.
func TestInitStops(t *testing.T) {
	p, file := newBeginnerDesk(t)
	cloud := "type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,endpoint=" + p.CloudURL
	for want, args := range map[string][]string{
		"没有输入；不交互运行时请给出 --url":        {},
		"请先设置环境变量 NO_SUCH_KEY":        {"--url", p.JumpServerURL, "--key-id-env", "NO_SUCH_KEY"},
		"这里写变量名，不写密钥本身":               {"--url", p.JumpServerURL, "--key-secret-env", jumpservertest.KeyID},
		"cannot be reached":           {"--url", "http://127.0.0.1:1"},
		"--org: \"开发\" 不在其中":          {"--url", p.JumpServerURL, "--org", "开发", "--cloud", cloud},
		"不认识 \"regi…\"":               {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud + ",region=x"},
		"the services are ecs, sts":   {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud + ",endpoints.ec2=https://x.example.com"},
		"没有地域 \"cn-mars\"":            {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud + ",regions=cn-mars"},
		"--cloud zone=: \"dmz\" 不在其中": {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud + ",zone=dmz"},
		"不能有冒号与逗号":                    {"--url", p.JumpServerURL, "--org", "运维", "--cloud", strings.Replace(cloud, "name=prod", "name=a:b", 1)},
		"已是另一个云账号的名称":                 {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud, "--cloud", cloud},
		"不能含有 ${":                     {"--url", p.JumpServerURL, "--org", "运维", "--cloud", strings.Replace(cloud, "name=prod", "name=${HOME}", 1)},
		"要有 type= 与 name=":            {"--url", p.JumpServerURL, "--org", "运维", "--cloud", "type=aws"},
		"cloud ibm is not supported":  {"--url", p.JumpServerURL, "--org", "运维", "--cloud", "type=ibm,name=x"},
		"the access key is unknown":   {"--url", p.JumpServerURL, "--key-secret-env", "MY_CLOUD_SECRET"},
		"请先设置环境变量 NO_HOOK":            {"--url", p.JumpServerURL, "--org", "运维", "--cloud", cloud, "--dingtalk-webhook-env", "NO_HOOK"},
		"oss://b/c.yaml: init 只写本地文件": {"--url", p.JumpServerURL, "-c", "oss://b/c.yaml"},
	} {
		p.stdin = ""
		p.runRaw(t.Context(), exitUsage, append([]string{"-c", file, "--no-log-file", "init"}, args...)...)
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("%q: %s; want %q", args, &p.stderr, want)
		}
		if _, err := os.Stat(file); err == nil {
			t.Fatalf("%q: the file was written", args)
		}
	}
}

// TestSixthCloud: init's question offers each cloud of the list, in the order of the list, and takes the answer.
func TestSixthCloud(t *testing.T) {
	t.Parallel()
	if got := cloudQuestion(session.Clouds(), language.Chinese); !strings.HasPrefix(got, "云的类型（aliyun、huawei、aws、") {
		t.Errorf("it asks %q", got)
	}
	six := append(session.Clouds(), fakecloudtest.Provider(cloud.RetryPolicy{}).CloudInfo)
	if got := cloudQuestion(six, language.Chinese); !strings.HasSuffix(got, "、fakecloud）") {
		t.Errorf("it asks %q", got)
	}
	if got := six.Parse("fakecloud"); got != "fakecloud" {
		t.Errorf("the answer means %q", got)
	}
}
