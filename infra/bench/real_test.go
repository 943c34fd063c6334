package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

// realServer returns emulators that stand for a real server, and a configuration file that points at them.
func realServer(t *testing.T) (*sessiontest.Emulators, string) {
	t.Helper()
	e, err := sessiontest.World{Hosts: 3, Regions: 2, Accounts: 1, Version: jumpservertest.V410}.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	env := e.Announced.Environment
	file := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`jumpserver: {url: %q, access_key_id: %q, access_key_secret: %q}
clouds: [{type: aliyun, name: prod, access_key_id: %q, access_key_secret: %q, regions: [cn-region-1, cn-region-2], endpoint: %q}]
notification: {dingtalk: {enabled: true, webhook: %q, secret: %q}}
`, e.Announced.JumpServer, jumpservertest.KeyID, jumpservertest.KeySecret, env["JMS_SYNC_CLOUDS_0_ACCESS_KEY_ID"],
		env["JMS_SYNC_CLOUDS_0_ACCESS_KEY_SECRET"], e.Announced.Alibaba,
		env["JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK"], env["JMS_SYNC_NOTIFICATION_DINGTALK_SECRET"])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return e, file
}

func realBench(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	var o, s strings.Builder
	code = runCommandLine(t.Context(), append([]string{"--program", jmsSync(t), "--real", "--runs", "1", "--pause", "1ms"}, args...), strings.NewReader(""), &o, &s)
	return code, o.String(), s.String()
}

// TestBenchRealOnlyReads: a real server is only read, and no card is sent.
func TestBenchRealOnlyReads(t *testing.T) {
	t.Parallel()
	e, file := realServer(t)
	code, out, said := realBench(t, "-c", file)
	if code != exitDone || said != "" {
		t.Fatalf("%d, %s\n%s", code, said, out)
	}
	for _, want := range []string{"a real server", "jms-sync plan   6 ", "regions in turn (1 run)   6 "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if c := e.Counts(); c.JumpServer.Writes+c.DingTalk.Requests+len(c.Unexpected) != 0 || c.JumpServer.Requests == 0 || c.Alibaba.Requests == 0 {
		t.Errorf("%+v", c)
	}
}

// TestBenchRealFirstSync: a first sync needs the configured organisation, named once more, without any asset in it.
func TestBenchRealFirstSync(t *testing.T) {
	t.Parallel()
	e, file := realServer(t)
	wrong := "00000000-0000-0000-0000-000000000003"
	if code, out, said := realBench(t, "-c", file, "--write-to-organisation", wrong); code != exitFailed || !strings.Contains(said, wrong) {
		t.Errorf("another organisation: %d, %s%s", code, out, said)
	}
	if n := e.JumpServer.Writes(); n != 0 {
		t.Fatalf("%d writes", n)
	}
	code, out, said := realBench(t, "-c", file, "--only", "c", "--write-to-organisation", jumpservertest.DefaultOrg)
	if code != exitDone || !strings.Contains(out, "Left in organisation "+jumpservertest.DefaultOrg+": 6 hosts") || e.Robot.Calls() != 0 {
		t.Fatalf("%d, %s%s", code, out, said)
	}
	e.JumpServer.ResetCounts()
	code, out, said = realBench(t, "-c", file, "--write-to-organisation", jumpservertest.DefaultOrg)
	if code != exitFailed || !strings.Contains(said, "6") || e.JumpServer.Writes() != 0 || strings.Contains(out, "First sync") {
		t.Errorf("an organisation with assets: %d, %d writes, %s%s", code, e.JumpServer.Writes(), out, said)
	}
	if len(e.JumpServer.Hosts(jumpservertest.DefaultOrg)) != 6 {
		t.Error("hosts are missing")
	}
}
