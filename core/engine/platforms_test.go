package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// New hosts of an account get the platform that is named for their system, with its ports; hosts that are there
// keep theirs, whatever is configured later.
func TestNamedPlatforms(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		w.runFull(false)
		w.expectPlatform("i-b1", "Linux", "ssh 22, sftp 22")
		w.JumpServer.AddPlatform("Linux-2222", "linux", 2222)
		w.JumpServer.AddPlatform("Win-Fleet", "windows", 22)
		w.Account("").Platforms = map[string]any{"linux": "Linux-2222"}
		w.ChangeSettings(map[string]any{"platforms": map[string]any{"windows": "Win-Fleet", "linux": "nobody takes it"}})
		linux := w.addInstance()
		w.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-w", Name: "win", IP: "10.0.1.1", OSType: "windows"}}})
		out := w.runFull(false)
		if out.Report.Created != 2 || out.Report.Updated > 0 || out.Report.Drifted > 0 {
			t.Errorf("%s", enginetest.Describe(out.Report))
		}
		w.expectPlatform("i-b1", "Linux", "ssh 22, sftp 22")
		w.expectPlatform(linux, "Linux-2222", "ssh 2222")
		w.expectPlatform("i-w", "Win-Fleet", "ssh 22")
		event := w.addInstance()
		w.newProcess()
		w.handleEvent(event)
		w.expectPlatform(event, "Linux-2222", "ssh 2222")
		// The account's platform changes its type's name: what is there stays, and is told as drift.
		w.Account("").Platforms = map[string]any{"linux": "Win-Fleet"}
		w.newProcess()
		out = w.runFull(false)
		if out.Report.Drifted != 3 || out.Report.Updated > 0 || !strings.Contains(enginetest.Describe(out.Report), "platform Linux-2222 ≠ Win-Fleet") {
			t.Errorf("%s", enginetest.Describe(out.Report))
		}
		w.expectPlatform(linux, "Linux-2222", "ssh 2222")
	})
}

// A platform that is missing: the hosts of that account fail with words, in plans too, and none is made with
// another; a platform that a person makes then is found without a new process.
func TestPlatformIsMissing(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		w.Account("").Platforms = map[string]any{"linux": "Linux-2222"}
		w.AddAccount(enginetest.AccountSpec{Name: "aliyun-test", Owner: enginetest.TestOwner, Account: enginetest.TestOwner})
		w.EditClouds(enginetest.CloudEdit{Account: "aliyun-test", Put: []enginetest.Instance{{ID: "i-t1", Name: "test", IP: "10.2.0.1"}}})
		for _, dry := range []bool{true, false} {
			out := w.NewEngine().Run(t.Context(), engine.Request{DryRun: dry})
			if out.Report.Outcome != report.Partial || out.Report.Created != 1 || out.Report.Failures != 1 {
				t.Errorf("dry %t: %s", dry, enginetest.Describe(out.Report))
			}
			if text := enginetest.Describe(out.Report); !strings.Contains(text, "账号 aliyun-prod：JumpServer 里没有平台 Linux-2222") {
				t.Errorf("dry %t: %s", dry, text)
			}
		}
		if hosts := w.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != 1 || hosts[0].Name != "test" {
			t.Errorf("%+v", hosts)
		}
		w.expectNoNode(nodePath)
		w.JumpServer.AddPlatform("Linux-2222", "linux", 2222)
		w.BastionClock.Advance(2 * time.Minute)
		w.runFull(false)
		w.expectPlatform("i-b1", "Linux-2222", "ssh 2222")
	})
}

func (w *nodeWorld) expectPlatform(id, platform, want string) {
	w.T.Helper()
	h, there := w.FindHost(w.AssetOf(id))
	if !there || h.Platform != platform || enginetest.Ports(h) != want {
		w.T.Errorf("%s (there: %t) is %s with %s, want %s with %s", id, there, h.Platform, enginetest.Ports(h), platform, want)
	}
}
