package main

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

// emulateClient holds both ends of an emulate command that runs in this process.
type emulateClient struct {
	t     *testing.T
	in    *io.PipeWriter
	lines *bufio.Reader
	ended chan error
}

func startEmulate(t *testing.T, args ...string) *emulateClient {
	t.Helper()
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	cmd := emulateCommand(&options{}, stdout)
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	s := &emulateClient{t: t, in: in, lines: bufio.NewReader(out), ended: make(chan error, 1)}
	go func() {
		err := cmd.ExecuteContext(t.Context())
		stdout.CloseWithError(err)
		s.ended <- err
	}()
	return s
}

func (s *emulateClient) readLine(into any) {
	s.t.Helper()
	line, err := s.lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		s.t.Fatalf("%v in %q", err, line)
	}
}

func (s *emulateClient) sendLine(line string, into any) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
	s.readLine(into)
}

func (s *emulateClient) close() {
	s.t.Helper()
	if err := s.in.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err := <-s.ended; err != nil {
		s.t.Errorf("emulate ended with %v", err)
	}
}

// TestEmulateIsSyncedAndCounts: the announced environment is all that a run needs, and stats count the run's requests.
func TestEmulateIsSyncedAndCounts(t *testing.T) {
	t.Parallel()
	s := startEmulate(t, "--hosts", "2", "--regions", "2", "--accounts", "2", "--version", "v4.10.16")
	var where sessiontest.Announcement
	s.readLine(&where)
	rep, err := where.Sync(t.Context())
	if err != nil || rep.Outcome != report.OK || rep.Created != 8 || len(rep.Scopes) != 4 {
		t.Fatalf("%v: %+v", err, rep)
	}
	var c sessiontest.CallCounts
	s.sendLine("stats", &c)
	for what, right := range map[string]bool{
		"creates":  c.JumpServer.Calls["POST /api/v1/assets/hosts/"] == 8,
		"requests": c.JumpServer.Requests > c.JumpServer.Writes, "writes": c.JumpServer.Writes >= 8,
		"mean": c.JumpServer.MeanMS["POST"] > 0, "listings": c.Alibaba.Calls["DescribeInstances"] >= 4,
		"robot": c.DingTalk.Requests == 1, "unexpected": len(c.Unexpected) == 0,
	} {
		if !right {
			t.Errorf("%s: %+v", what, c)
		}
	}
	s.resetCounts()
	var refusal map[string]string
	s.sendLine("nonsense", &refusal)
	if refusal["error"] == "" {
		t.Errorf("an unknown line is answered %v", refusal)
	}
	s.close()
}

func (s *emulateClient) resetCounts() {
	s.t.Helper()
	var done map[string]bool
	s.sendLine("reset", &done)
	var c sessiontest.CallCounts
	s.sendLine("stats", &c)
	sum := c.JumpServer.Requests + c.JumpServer.Writes + c.Alibaba.Requests + c.DingTalk.Requests +
		len(c.JumpServer.Calls) + len(c.JumpServer.MeanMS) + c.Alibaba.Calls["DescribeInstances"]
	if !done["reset"] || sum != 0 {
		s.t.Errorf("%v, after reset: %+v", done, c)
	}
}

// TestEmulateSeeded: the seed is what a sync creates, so the next sync has nothing to do. The counts begin with it.
func TestEmulateSeeded(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v4.7.0", "v4.10.16", "v4.10.19"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := startEmulate(t, "--seeded", "--hosts", "3", "--regions", "2", "--version", version, "--throttle", "50", "--at-once", "2")
			var where sessiontest.Announcement
			s.readLine(&where)
			var c sessiontest.CallCounts
			s.sendLine("stats", &c)
			if c.JumpServer.Requests+c.Alibaba.Requests != 0 {
				t.Errorf("seeding was counted: %+v", c)
			}
			rep, err := where.Sync(t.Context())
			if err != nil || rep.Outcome != report.OK || rep.Unchanged != 6 || rep.HasChanges() {
				t.Errorf("%v: %+v", err, rep)
			}
			s.sendLine("stats", &c)
			if c.JumpServer.Writes != 0 || c.JumpServer.Requests == 0 {
				t.Errorf("stats: %+v", c)
			}
			s.close()
		})
	}
}

// TestEmulateRules: with --rules the seed is what a run with these rules creates; such a run has nothing to do, nor has one
// without any rules; the guard holds one with another rule.
func TestEmulateRules(t *testing.T) {
	t.Parallel()
	s := startEmulate(t, "--seeded", "--hosts", "20", "--version", "v4.10.16", "--rules", "50")
	var where sessiontest.Announcement
	s.readLine(&where)
	rules := where.Configuration
	if strings.Count(rules, "when:") != 50 {
		t.Errorf("the configuration is\n%s", rules)
	}
	elsewhere := rules[:strings.Index(rules, "  - ")] + "  - {set: {node: /DEFAULT/elsewhere}}\n"
	for configuration, held := range map[string]int{rules: 0, "": 0, elsewhere: 20} {
		where.Configuration = configuration
		rep, err := where.Sync(t.Context())
		if err != nil || rep.Held != held || rep.Unchanged != 20-held || rep.Created+rep.Updated != 0 {
			t.Errorf("%d held moves: %v: %+v", held, err, rep)
		}
	}
	s.close()
}

// TestEmulateMeasured: with --measured the emulator is as slow as a real server: each create takes at least half of its
// time.
func TestEmulateMeasured(t *testing.T) {
	t.Parallel()
	s := startEmulate(t, "--hosts", "3", "--version", "v4.10.19", "--measured", "--throttle", "-1")
	var where sessiontest.Announcement
	s.readLine(&where)
	rep, err := where.Sync(t.Context())
	if err != nil || rep.Outcome != report.OK || rep.Created != 3 {
		t.Fatalf("%v: %+v", err, rep)
	}
	var c sessiontest.CallCounts
	s.sendLine("stats", &c)
	if ms := c.JumpServer.MeanMS["POST"]; ms < 60+55/2 {
		t.Errorf("%v ms a POST", ms)
	}
	s.close()
}

func TestEmulateRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--version", "v3"}, {"--hosts", "-1"}, {"--regions", "0"}, {"--accounts", "0"}, {"--hosts", "20000000"},
		{"--rules", "-1"}, {"--rules", "5", "--crowd"}, {"--database", "oracle"}, {"--at-once", "-1"}, {"--throttle", "-2"}, {"--jumpserver-latency", "-1s"}, {"--cloud-latency", "-1s"},
	} {
		var out, said strings.Builder
		if code := runCommandLine(t.Context(), append([]string{"emulate"}, args...), strings.NewReader(""), &out, &said); code != exitUsage || said.String() == "" || out.String() != "" {
			t.Errorf("%v: exit code %d, %q, %q", args, code, said.String(), out.String())
		}
	}
}
