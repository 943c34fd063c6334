package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unit is a service of systemd, as far as it decides what a run is and what its end means.
type unit struct {
	args     []string
	env      []string
	credits  map[string]string // name → file on the machine
	success  []int
	variable string // the file of variables
}

// readUnit reads the shipped service. A line that may hide an error fails the test of package infra.
func readUnit(t *testing.T) unit {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "infra", "host", "jms-sync.service"))
	if err != nil {
		t.Fatal(err)
	}
	u := unit{credits: map[string]string{}, success: []int{0}}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z]\w+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		switch m[1] {
		case "ExecStart":
			u.args = strings.Fields(m[2])
		case "Environment":
			u.env = append(u.env, m[2])
		case "EnvironmentFile":
			u.variable = strings.TrimPrefix(m[2], "-")
		case "LoadCredential":
			name, file, _ := strings.Cut(m[2], ":")
			u.credits[name] = file
		case "SuccessExitStatus":
			code, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatal(err)
			}
			u.success = append(u.success, code)
		}
	}
	return u
}

// start carries out a unit in the desk's folder, in which /etc and /var/lib of the machine are, and returns the code and
// what the journal has.
func (d *desk) start(u unit) (code int, journal string) {
	d.Helper()
	credentials := filepath.Join(d.dir, "credentials")
	err := os.MkdirAll(credentials, 0o700)
	for name, file := range u.credits {
		text := d.readFile(filepath.Join(d.dir, file))
		err = errors.Join(err, os.WriteFile(filepath.Join(credentials, name), []byte(text), 0o600))
	}
	if err != nil {
		d.Fatal(err)
	}
	args := slices.Clone(u.args)
	for n := range args {
		args[n] = strings.ReplaceAll(args[n], "${CREDENTIALS_DIRECTORY}", credentials)
	}
	if args[0] != "/usr/local/bin/jms-sync" {
		d.Fatalf("the service starts %s", args[0])
	}
	cmd := exec.CommandContext(d.Context(), os.Args[0], args[1:]...) // the test's own program, see TestMain
	cmd.Dir, cmd.Env = filepath.Join(d.dir, "var/lib/jms-sync"), []string{"CREDENTIALS_DIRECTORY=" + credentials}
	for _, e := range u.env {
		cmd.Env = append(cmd.Env, strings.ReplaceAll(e, "/var/lib/", d.dir+"/var/lib/"))
	}
	variables, _ := os.ReadFile(filepath.Join(d.dir, u.variable))
	cmd.Env = append(cmd.Env, strings.Fields(string(variables))...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// install puts the desk's configuration where the host's units look for it.
func (d *desk) install() (file string) {
	d.Helper()
	file = filepath.Join(d.dir, "etc/jms-sync/config.yaml")
	text := d.readFile(d.writeConfig())
	err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.MkdirAll(filepath.Join(d.dir, "var/lib/jms-sync"), 0o700),
		os.MkdirAll(filepath.Join(d.dir, "var/log/jms-sync"), 0o700), os.WriteFile(file, []byte(text), 0o600))
	if err != nil {
		d.Fatal(err)
	}
	return file
}

// TestSomebodySeesAHostFail: a mistake in the configuration fails the unit, stands in the journal, and reaches people by a
// card, once an hour; so it does by cron. What is on hold is no failure. The mended configuration runs.
func TestSomebodySeesAHostFail(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(10, "cn-beijing")
	u := readUnit(t)
	d.more = "nonsense: true\n"
	d.install()
	for range 2 {
		code, journal := d.start(u)
		if code != exitUsage || slices.Contains(u.success, code) || !strings.Contains(journal, "nonsense") {
			t.Errorf("exit code %d, success is %v: %s", code, u.success, journal)
		}
	}
	if card := d.wantCards(1); !strings.Contains(card, "nonsense") || !strings.Contains(card, "/etc/jms-sync/environment") {
		t.Error(card)
	}
	d.runCron("nonsense")
	d.wantCards(1) // the same mistake, within the hour

	d.more = ""
	d.install()
	if code, journal := d.start(u); code != exitDone || len(d.Hosts()) != 10 {
		t.Errorf("mended: exit code %d, %d hosts: %s", code, len(d.Hosts()), journal)
	}
	d.releaseInstances(0, 8)
	if code, journal := d.start(u); code != exitPartial || !slices.Contains(u.success, code) {
		t.Errorf("on hold: exit code %d, success is %v: %s", code, u.success, journal)
	}
	d.keySecret = "wrong-secret-of-the-test"
	d.install()
	if code, journal := d.start(u); code != exitUsage || slices.Contains(u.success, code) {
		t.Errorf("a wrong key: exit code %d: %s", code, journal)
	}
	d.runCron("jms-sync")
}

// runCron carries out the shipped line of cron, and wants a text in the system's log.
func (d *desk) runCron(want string) {
	d.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "infra", "host", "jms-sync.cron"))
	if err != nil {
		d.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\*/5 \* \* \* \* jms-sync (.*)$`).FindStringSubmatch(string(text))
	if line == nil || !regexp.MustCompile(`(?m)^MAILTO=`).Match(text) {
		d.Fatal("no line for cron, or nobody whom it can mail to")
	}
	state := regexp.MustCompile(`(?m)^JMS_SYNC_STATE=.*$`).FindString(string(text))
	place := strings.NewReplacer("/usr/local/bin/jms-sync", os.Args[0], "/var/", d.dir+"/var/", "/etc/", d.dir+"/etc/")
	log := filepath.Join(d.dir, "syslog")
	stub := "#!/bin/sh\ncat >>'" + log + "'\n"
	err = errors.Join(os.MkdirAll(filepath.Join(d.dir, "bin"), 0o700), os.WriteFile(filepath.Join(d.dir, "bin/logger"), []byte(stub), 0o700)) //nolint:gosec // a program of the test's own
	if err != nil {
		d.Fatal(err)
	}
	cmd := exec.CommandContext(d.Context(), "/bin/sh", "-c", place.Replace(line[1]))
	cmd.Env = []string{"PATH=" + d.dir + "/bin:/usr/bin:/bin", place.Replace(state)}
	if said, err := cmd.CombinedOutput(); err != nil {
		d.Fatalf("%v: %s", err, said)
	}
	if logged := d.readFile(log); !strings.Contains(logged, want) {
		d.Errorf("the system's log has no %q: %s", want, logged)
	}
	if err := os.Remove(log); err != nil {
		d.Fatal(err)
	}
}
