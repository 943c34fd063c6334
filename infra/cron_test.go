package infra

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cronLine is the command of the shipped line for cron.
func cronLine(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\*/5 \* \* \* \* jms-sync (.*)$`).FindStringSubmatch(string(readRepoFile(t, "host/jms-sync.cron")))
	if m == nil || strings.Contains(m[1], "%") { // cron would take it for the end of a line
		t.Fatal("no line for cron, or one with %")
	}
	return m[1]
}

// TestCronHidesNoError runs the shipped line by a shell: whatever the program says before it fails, and that it is not
// there at all, reaches the system's log. Nobody is bothered by a run that succeeds.
func TestCronHidesNoError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		program string // "" = it is not installed
		folder  bool
		want    string // in the system's log; "" = nothing at all
	}{
		"success":                {"echo done; echo logged >&2", true, ""},
		"a mistake, exit code 2": {"echo 'clouds: none' >&2; exit 2", true, "clouds: none"},
		"a failure on stdout":    {"echo failed; exit 1", true, "failed"},
		"in part, exit code 3":   {"echo held; exit 3", true, "held"},
		"killed":                 {"echo half; kill -9 $$", true, "half"},
		"not installed":          {"", true, "not found"},
		"no folder":              {"echo done", false, "cd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{"jms-sync": c.program, "logger": `{ echo "$@"; cat; } >>"` + dir + `/syslog"`} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			line := strings.ReplaceAll(cronLine(t), "/usr/local/bin/jms-sync", filepath.Join(dir, "jms-sync"))
			work := filepath.Join(dir, "work")
			if c.folder {
				if err := os.Mkdir(work, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			line = strings.ReplaceAll(line, "/var/lib/jms-sync", work)
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", line)
			cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "LC_ALL=C"}
			shown, _ := cmd.CombinedOutput()
			logged, _ := os.ReadFile(filepath.Join(dir, "syslog"))
			switch {
			case c.want == "" && len(shown)+len(logged) > 0:
				t.Errorf("printed %q, logged %q", shown, logged)
			case !strings.Contains(string(logged), c.want) || c.want != "" && !strings.HasPrefix(string(logged), "-s -t jms-sync -p cron.err\n"):
				t.Errorf("logged %q, want %q", logged, c.want)
			}
		})
	}
}

// TestServiceHidesNoError: what the service prints goes to the journal, and only the exit code of a run that was done in
// part counts as success.
func TestServiceHidesNoError(t *testing.T) {
	t.Parallel()
	service := string(readRepoFile(t, "host/jms-sync.service"))
	for _, m := range regexp.MustCompile(`(?m)^(StandardOutput|StandardError|SuccessExitStatus|ExecStart|LogLevelMax)=(.*)$`).FindAllStringSubmatch(service, -1) {
		switch {
		case m[1] == "ExecStart" && !strings.HasPrefix(m[2], "-") && !strings.Contains(m[2], ">"):
		case m[1] == "SuccessExitStatus" && m[2] == "3":
		default:
			t.Errorf("%s may hide an error", m[0])
		}
	}
}
