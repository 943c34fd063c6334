package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// TestInitAsksAgain: no wrong answer ends init, and none of the earlier answers is lost.
func TestInitAsksAgain(t *testing.T) {
	p, file := newBeginnerDesk(t)
	p.JMS.SeedZone(opsOrg, "idc")
	p.stdin = strings.Join([]string{
		"jms.example.com", "http://127.0.0.1:1", p.JumpServerURL, // no address, nobody there, JumpServer
		"运维部", "9", "2", // organisations
		"ibm", "aliyun", "a:b", "prod",
		"not/a/name==", "NO_SUCH_KEY", "MY_CLOUD_ID", "MY_CLOUD_SECRET",
		"cn-mars", "cn-beijing", "dmz", "idc", "maybe", "n",
	}, "\n") + "\n"
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--cloud-endpoint", p.CloudURL, "--no-plan")
	for _, text := range []string{
		"应为 https:// 或 http:// 开头的地址", "cannot be reached", `"运维部" 不在其中`, `"9" 不在其中`, "不认识这个云",
		"不能有冒号与逗号", "这里写变量名，不写密钥本身", "请先设置环境变量 NO_SUCH_KEY", `没有地域 "cn-mars"`, `"dmz" 不在其中`, "请回答 y 或 n",
	} {
		p.wantPrinted(text)
	}
	if text := p.stdout.String(); strings.Contains(text, "not/a/name") {
		t.Errorf("an answer that may be a secret is repeated:\n%s", text)
	}
	if text := p.readFile(file); !strings.Contains(text, "cn-beijing") || !strings.Contains(text, "prod") {
		t.Errorf("%s", text)
	}
}

// TestInitEndsWithItsInput: a script that answers wrongly at its end gets an error, and no loop.
func TestInitEndsWithItsInput(t *testing.T) {
	p, file := newBeginnerDesk(t)
	for _, lines := range [][]string{{"nonsense"}, {"nonsense", "nonsense"}, {p.JumpServerURL, "9"}, {p.JumpServerURL, "2", "ibm"}} {
		for _, end := range []string{"", "\n"} {
			p.stdin = strings.Join(lines, "\n") + end
			p.runRaw(t.Context(), exitUsage, "-c", file, "--no-log-file", "init")
			if _, err := os.Stat(file); err == nil {
				t.Fatal("a file was written")
			}
		}
	}
}

// TestInitNeverShowsASecret: at a terminal a secret may be typed; it is not shown, a wrong one is asked for again, one that
// was pasted in the wrong place is wiped and not repeated, and no file gets one.
func TestInitNeverShowsASecret(t *testing.T) {
	p, file := newBeginnerDesk(t)
	const wrong = "never-the-right-secret"
	enter := func(text string) string { return text + "\r" }
	a := &atTerminal{
		env: []string{"JMS_ACCESS_KEY_ID=", "JMS_ACCESS_KEY_SECRET=", "MY_CLOUD_SECRET=", "JMS_SYNC_LANGUAGE=en"},
		typed: []answer{
			{"JumpServer's address", enter(p.JumpServerURL)},
			{"JMS_ACCESS_KEY_ID is not set", enter(jumpservertest.KeyID)},
			{"JMS_ACCESS_KEY_SECRET is not set", enter(wrong)},
			{"JMS_ACCESS_KEY_ID is not set", enter(jumpservertest.KeyID)},
			{"JMS_ACCESS_KEY_SECRET is not set", enter(jumpservertest.KeySecret)},
			{"Organisation", enter("2")},
			{"Type of the cloud", enter("aliyun")},
			{"Name of the account", enter("")},
			{"Variable that holds the key's id", enter(functiontest.CloudKey)},
			{"Variable that holds the key's id", enter("MY_CLOUD_ID")},
			{"Variable that holds the key's secret", enter("MY_CLOUD_SECRET")},
			{"MY_CLOUD_SECRET is not set", enter(functiontest.CloudSecret)},
			{"Regions to sync", enter("")},
			{"Another account", enter("n")},
		},
	}
	shown := a.run(t, p.dir, "-c", file, "--no-log-file", "init", "--cloud-endpoint", p.CloudURL)
	if a.code != exitDone || !strings.Contains(shown, "The first plan") {
		t.Errorf("exit code %d:\n%s", a.code, shown)
	}
	for _, hidden := range []string{wrong, jumpservertest.KeySecret, functiontest.CloudSecret} {
		if strings.Contains(shown, hidden) {
			t.Errorf("%s is shown:\n%s", hidden, shown)
		}
	}
	pasted := strings.Count(shown, functiontest.CloudKey) // by the terminal itself, as it was typed
	if pasted > 1 || pasted == 1 && !strings.Contains(shown, functiontest.CloudKey+"\r\n\033[1A\r\033[2K") {
		t.Errorf("a secret that was pasted in the wrong place stays:\n%q", shown)
	}
	for _, name := range []string{file, filepath.Join(p.dir, ".env")} {
		text := p.readFile(name)
		for _, hidden := range []string{jumpservertest.KeyID, jumpservertest.KeySecret, functiontest.CloudSecret, functiontest.CloudKey} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s holds a secret:\n%s", name, text)
			}
		}
	}
}

func TestShownVariable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"JMS_ACCESS_KEY_SECRET": "JMS_ACCESS_KEY_SECRET", "ALIYUN": "ALIYUN", "LTAI5tSomebodysKey01": "…", "AKIAIOSFODNN7EXAMPLE": "…",
	} {
		if got := shownVariable(name); got != want {
			t.Errorf("%s is shown as %s", name, got)
		}
	}
	if got := cutSecret("regions"); got != "regi…" {
		t.Error(got)
	}
	if got := cutSecret("cloud-secret-of-somebody"); got != "…" {
		t.Error(got)
	}
}
