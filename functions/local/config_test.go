package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigCheck: each mistake is a line that editors and CI understand; nothing is asked of anybody.
func TestConfigCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more string
		args []string
		code int
		says []string // the lines; {file} is the configuration's
	}{
		"fine": {code: exitDone, says: []string{"没有错误（云账号 1，规则 0）"}},
		"rules": {more: "rules:\n  - {name: a, when: {os: windows}, set: {port: 3390}}\n  - set: {node: '/DEFAULT/{tag.app|x}'}\n", code: exitDone,
			says: []string{"没有错误（云账号 1，规则 2）"}},
		"mistakes": {more: "language: en\nrules:\n  - {when: {regoin: x}, set: {port: 70000}}\n", code: exitUsage, says: []string{
			`{file}:6:13: rules[0].when.regoin: "regoin" is unknown; is it region?`,
			"{file}:6:37: rules[0].set.port: must be a whole number from 1 to 65535", "mistakes: 2"}},
		"warning": {more: "language: en\nrules:\n  - stop: yes\n  - set: {port: 22}\n", code: exitDone, says: []string{
			"warning: {file}:7:5: rules[1]: is never looked at: rule 1 is for all instances, and stops", "no mistakes (accounts: 1, rules: 2)"}},
		"no YAML":   {more: "language: en\nrules: [\n", code: exitUsage, says: []string{"{file}:7: 不是正确的 YAML：这里缺少值", "错误：1"}},
		"unset":     {more: "language: en\nproxy: ${JMS_TEST_NOWHERE}\n", code: exitUsage, says: []string{"{file}:5:8: proxy: environment variable JMS_TEST_NOWHERE is not set and has no default (${NAME:default})", "mistakes: 1"}},
		"forgiven":  {more: "language: en\nproxy: ${JMS_TEST_NOWHERE}\n", args: []string{"--allow-unset"}, code: exitDone, says: []string{"warning: {file}:5:8: proxy: environment variable JMS_TEST_NOWHERE is not set and has no default (${NAME:default})", "no mistakes"}},
		"not both":  {more: "language: en\nproxy: ${JMS_TEST_NOWHERE}\nlgo: {}\n", args: []string{"--allow-unset"}, code: exitUsage, says: []string{"{file}:6:1: lgo: there is no such setting, did you mean log?", "warning: {file}:5:8: proxy: environment variable JMS_TEST_NOWHERE is not set and has no default (${NAME:default})", "mistakes: 1"}},
		"two files": {args: []string{"another.yaml"}, code: exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			file := d.saveFile("any.yaml", validConfig(c.more))
			d.runRaw(t.Context(), c.code, append([]string{"config", "check", file}, c.args...)...)
			want := strings.ReplaceAll(strings.Join(c.says, "\n"), "{file}", file)
			if got := strings.TrimSuffix(d.stdout.String(), "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if d.stderr.Len() > 0 && c.says != nil {
				t.Errorf("standard error has %s", &d.stderr)
			}
			if n := d.JMS.Requests() + d.ECS.Calls(""); n > 0 {
				t.Errorf("%d requests", n)
			}
			if left, err := os.ReadDir(d.dir); err != nil || len(left) != 1 {
				t.Errorf("%v %v", left, err)
			}
		})
	}
}

// TestConfigCheckJSON: programs read the same.
func TestConfigCheckJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.saveFile("any.yaml", validConfig("language: en\nrules:\n  - stop: yes\n  - set: {port: 0}\n"))
	d.runRaw(t.Context(), exitUsage, "config", "check", "--json", file)
	var got configDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := configFinding{Setting: "rules[1].set.port", File: file, Line: 7, Column: 17, Text: "must be a whole number from 1 to 65535"}
	if got.Valid || len(got.Mistakes) != 1 || got.Mistakes[0] != want || got.Warnings == nil {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestConfigCheckFinds: without FILE it checks what other commands read, and says where nothing is.
func TestConfigCheckFinds(t *testing.T) { // not parallel: it changes the folder of the process
	d := newDesk(t)
	t.Chdir(d.dir)
	d.runRaw(t.Context(), exitUsage, "config", "check")
	if !strings.Contains(d.stderr.String(), "这里没有 config.yaml") {
		t.Error(d.stderr.String())
	}
	d.saveFile("config.yaml", validConfig("sync: {writers: 0}"))
	d.runRaw(t.Context(), exitUsage, "config", "check")
	d.wantPrinted("config.yaml:4:17: sync.writers: ")
	d.runRaw(t.Context(), exitUsage, "config")
	if !strings.Contains(d.stderr.String(), "config check") {
		t.Error(d.stderr.String())
	}
}

// TestConfigCheckOnline: what rules name of JumpServer is compared with what it has; nothing is written.
func TestConfigCheckOnline(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zone := d.JMS.SeedZone(d.org, "idc-beijing")
	d.more = `language: en
platforms: {other: Unix}
rules:
  - {when: {vpc: vpc-1}, set: {zone: ` + zone + `, platform: Linux}}
  - {when: {vpc: vpc-2}, set: {zone: idc-bejing, platform: linux}}
  - {when: {vpc: vpc-3}, set: {zone: idc-beijing, accounts: [root, nobody]}}
`
	d.run(exitUsage, "config", "check", "--online")
	file := filepath.Join(d.dir, "config.yaml")
	lines := strings.Split(strings.TrimSuffix(d.stdout.String(), "\n"), "\n")
	for n, want := range []string{
		file + ":11:38: rules[1].set.zone: there is no such zone in this organisation of JumpServer: idc-bejing, did you mean idc-beijing?",
		file + ":11:60: rules[1].set.platform: there is no such platform for hosts in this organisation of JumpServer: linux, did you mean Linux?",
		file + ":12:62: rules[2].set.accounts[0]: there is no such account template in this organisation of JumpServer: root",
		file + ":12:68: rules[2].set.accounts[1]: there is no such account template in this organisation of JumpServer: nobody",
		"mistakes: 4",
	} {
		if n >= len(lines) || lines[n] != want {
			t.Errorf("line %d of\n%s\nis not\n%s", n, &d.stdout, want)
		}
	}
	if d.JMS.Writes() > 0 {
		t.Errorf("%d writes", d.JMS.Writes())
	}
	d.more = ""
	d.run(exitDone, "config", "check", "--online")
	d.keySecret = "another-word-0123456789"
	d.run(exitUsage, "config", "check", "--online")
}

// TestConfigCheckMayNotLook: what the key's user may not see is a warning.
func TestConfigCheckMayNotLook(t *testing.T) {
	t.Parallel()
	d := newDoctorDesk(t)
	d.syncUser() // who may not view account templates
	d.more = "language: en\nrules:\n  - set: {accounts: nobody}\n"
	d.run(exitDone, "config", "check", "--online")
	d.wantPrinted("config.yaml:9:21: rules[0].set.accounts[0]: was not compared: the key's user may not see what this is: account template", "no mistakes (accounts: 1, rules: 1)")
}

// TestConfigSchema: the command prints what the documents publish.
func TestConfigSchema(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.runRaw(t.Context(), exitDone, "config", "schema")
	published, err := os.ReadFile(filepath.Join(repository, "docs", "config.schema.json"))
	if err != nil || d.stdout.String() != string(published) {
		t.Errorf("docs/config.schema.json is not what the command prints: %v", err)
	}
}
