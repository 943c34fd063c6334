package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletion: each shell gets its script, and a shell that is here reads it without complaint.
func TestCompletion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for shell, want := range map[string]string{
		"bash": "complete -o default", "zsh": "#compdef jms-sync", "fish": "complete -c jms-sync", "powershell": "Register-ArgumentCompleter",
	} {
		d.runRaw(t.Context(), exitDone, "completion", shell)
		if !strings.Contains(d.stdout.String(), want) || d.stderr.Len() > 0 {
			t.Errorf("%s: %.300s%s", shell, &d.stdout, &d.stderr)
		}
		program, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), program, "-n", d.saveFile("script", d.stdout.String())).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", shell, err, out)
		}
	}
	d.runRaw(t.Context(), exitUsage, "completion", "tcsh")
	d.runRaw(t.Context(), exitUsage, "completion")
}

// TestCompletedValues: commands, flags, levels and names of accounts are completed.
func TestCompletedValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.writeConfig()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"reac"}, "reactivate\t"},
		{[]string{"status", "--al"}, "--alarm\t"},
		{[]string{"--log-level", ""}, "WARNING\n"},
		{[]string{"-c", file, "retire", "--account", ""}, "aliyun-prod\n"},
		{[]string{"-c", "/nowhere", "retire", "--account", ""}, ":4\n"},
		{[]string{"completion", ""}, "powershell\n"},
	} {
		d.runRaw(t.Context(), exitDone, append([]string{"__complete"}, c.args...)...)
		if !strings.Contains(d.stdout.String(), c.want) {
			t.Errorf("%q: %s", c.args, &d.stdout)
		}
	}
}

func TestVersionInAllForms(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, args := range [][]string{{"version"}, {"--version"}} {
		d.runRaw(t.Context(), exitDone, args...)
		if d.stdout.String() != "jms-sync "+version+"\n" || d.stderr.Len() > 0 {
			t.Errorf("%v: %q %q", args, &d.stdout, &d.stderr)
		}
	}
	d.runRaw(t.Context(), exitDone, "version", "--json")
	var shown struct{ Version, Go, Platform string }
	if err := json.Unmarshal(d.stdout.Bytes(), &shown); err != nil || shown.Version != version || shown.Go == "" || shown.Platform == "" {
		t.Errorf("%v %+v", err, shown)
	}
}

// TestJSONOfReadingCommands: what reads prints a document and nothing else, where it succeeds and where it finds faults.
func TestJSONOfReadingCommands(t *testing.T) { // not parallel: it sets a variable of the process
	d := newDesk(t)
	t.Setenv("JMS_SYNC_STATE", "file://"+t.TempDir())
	d.fillInstances(2, "cn-beijing")
	d.run(exitDone)
	for _, c := range []struct {
		args []string
		keys string // all of them stand in the document
	}{
		{[]string{"plan", "--json"}, "outcome scopes plan"},
		{[]string{"status", "--json"}, "scopes held"},
		{[]string{"held", "--json"}, "held"},
		{[]string{"owner", "--json"}, "accounts"},
		{[]string{"doctor", "--json"}, "sections ok warnings failures"},
		{[]string{"labels", "clean", "--json"}, "rows dry_run"},
		{[]string{"adopt", "--json"}, "outcome changes"},
		{[]string{"release", "--json"}, "outcome changes"},
		{[]string{"retire", "--adopted", "--json"}, "outcome changes"},
		{[]string{"version", "--json"}, "version"},
	} {
		d.runRaw(t.Context(), exitDone, append([]string{"-c", d.writeConfig()}, c.args...)...)
		var shown map[string]any
		if err := json.Unmarshal(d.stdout.Bytes(), &shown); err != nil {
			t.Errorf("%v: %v\n%s", c.args, err, &d.stdout)
		}
		for key := range strings.FieldsSeq(c.keys) {
			if _, found := shown[key]; !found {
				t.Errorf("%v: no %s:\n%s", c.args, key, &d.stdout)
			}
		}
	}
	d.run(exitUsage, "plan", "--json", "-o", filepath.Join(d.dir, "x.json"))
	if !strings.Contains(d.stderr.String(), "--json 与 -o 只能给一个") {
		t.Errorf("%s", &d.stderr)
	}
	var owners struct{ Accounts []ownerRow }
	d.run(exitDone, "owner", "--json")
	if err := json.Unmarshal(d.stdout.Bytes(), &owners); err != nil || len(owners.Accounts) != 1 ||
		owners.Accounts[0].Owner != "1234567890123456" || owners.Accounts[0].Remembered != "1234567890123456" || owners.Accounts[0].Since == nil {
		t.Errorf("%v %+v", err, owners)
	}
}
