package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
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
		w.jumpserver.AddPlatform("Linux-2222", "linux", 2222)
		w.jumpserver.AddPlatform("Win-Fleet", "windows", 22)
		w.account("").Platforms = map[string]any{"linux": "Linux-2222"}
		w.changeSettings(map[string]any{"platforms": map[string]any{"windows": "Win-Fleet", "linux": "nobody takes it"}})
		linux := w.addInstance()
		w.editClouds(cloudEdit{Put: []instance{{ID: "i-w", Name: "win", IP: "10.0.1.1", OSType: "windows"}}})
		out := w.runFull(false)
		if out.Report.Created != 2 || out.Report.Updated > 0 || out.Report.Drifted > 0 {
			t.Errorf("%s", describe(out.Report))
		}
		w.expectPlatform("i-b1", "Linux", "ssh 22, sftp 22")
		w.expectPlatform(linux, "Linux-2222", "ssh 2222")
		w.expectPlatform("i-w", "Win-Fleet", "ssh 22")
		event := w.addInstance()
		w.newProcess()
		w.handleEvent(event)
		w.expectPlatform(event, "Linux-2222", "ssh 2222")
		// The account's platform changes its type's name: what is there stays, and is told as drift.
		w.account("").Platforms = map[string]any{"linux": "Win-Fleet"}
		w.newProcess()
		if out = w.runFull(false); out.Report.Drifted != 3 || out.Report.Updated > 0 || !strings.Contains(describe(out.Report), "platform Linux-2222 ≠ Win-Fleet") {
			t.Errorf("%s", describe(out.Report))
		}
		w.expectPlatform(linux, "Linux-2222", "ssh 2222")
	})
}

// A platform that is missing: the hosts of that account fail with words, in plans too, and none is made with
// another; a platform that a person makes then is found without a new process.
func TestPlatformIsMissing(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		w.account("").Platforms = map[string]any{"linux": "Linux-2222"}
		w.addAccount(accountSpec{Name: "aliyun-test", Owner: testOwner, Account: testOwner})
		w.editClouds(cloudEdit{Account: "aliyun-test", Put: []instance{{ID: "i-t1", Name: "test", IP: "10.2.0.1"}}})
		for _, dry := range []bool{true, false} {
			out := w.newEngine().Run(t.Context(), engine.Request{DryRun: dry})
			if out.Report.Outcome != report.Partial || out.Report.Created != 1 || out.Report.Failures != 1 {
				t.Errorf("dry %t: %s", dry, describe(out.Report))
			}
			if text := describe(out.Report); !strings.Contains(text, "账号 aliyun-prod：JumpServer 里没有平台 Linux-2222") {
				t.Errorf("dry %t: %s", dry, text)
			}
		}
		if hosts := w.jumpserver.Hosts(jumpservertest.DefaultOrg); len(hosts) != 1 || hosts[0].Name != "test" {
			t.Errorf("%+v", hosts)
		}
		w.expectNoNode(nodePath)
		w.jumpserver.AddPlatform("Linux-2222", "linux", 2222)
		w.bastionClock.advance(2 * time.Minute)
		w.runFull(false)
		w.expectPlatform("i-b1", "Linux-2222", "ssh 2222")
	})
}

func (w *nodeWorld) expectPlatform(id, platform, want string) {
	w.t.Helper()
	h, there := w.findHost(w.assetOf(id))
	if !there || h.Platform != platform || ports(h) != want {
		w.t.Errorf("%s (there: %t) is %s with %s, want %s with %s", id, there, h.Platform, ports(h), platform, want)
	}
}
