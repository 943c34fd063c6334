package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jms-sync/jms-sync/core/report"
)

// serviceUser runs the service of these tests; it needs no account.
const serviceUser = 64321

// service is jms-sync as a service of its own user.
type service struct {
	*desk
	program, state string
}

// newService returns a service whose folders belong to its user. Only root can start one.
func newService(t *testing.T) service {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start processes of other users")
	}
	d := newDesk(t)
	s := service{desk: d, program: filepath.Join(d.dir, "jms-sync"), state: filepath.Join(d.dir, "state")}
	self, err := os.Open(os.Args[0]) // which stands for the program, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	program, err := os.OpenFile(s.program, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // others start it
	if err == nil {
		_, err = io.Copy(program, self)
	}
	err = errors.Join(err, program.Close(), os.Chmod(filepath.Dir(d.dir), 0o755), os.Mkdir(s.state, 0o700)) //nolint:gosec // likewise
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("JMS_SYNC_STATE", "file://"+s.state)
	for _, folder := range []string{d.dir, s.state} {
		if err := os.Chown(folder, serviceUser, serviceUser); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// sync makes one run as the service.
func (s service) sync(want report.Outcome) report.Report {
	s.Helper()
	file := s.writeConfig()
	if err := os.Chown(file, serviceUser, serviceUser); err != nil {
		s.Fatal(err)
	}
	run := exec.CommandContext(s.Context(), s.program, "-c", file, "-r", "1", "-o", filepath.Join(s.dir, "results.json"))
	run.Env, run.Dir = []string{"JMS_SYNC_STATE=file://" + s.state}, s.dir
	run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: serviceUser, Gid: serviceUser}}
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err := run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal([]byte(s.readFile(filepath.Join(s.dir, "results.json"))), &r); err != nil {
		s.Fatal(err)
	}
	if r.Outcome != want {
		s.Errorf("outcome %s, want %s: %s", r.Outcome, want, &out)
	}
	return r
}

// TestRootApprovesForAService: what root orders on the machine of a service of another user takes effect, and the service
// goes on as before.
func TestRootApprovesForAService(t *testing.T) {
	s := newService(t)
	s.fillInstances(10, "cn-beijing")
	s.sync(report.OK)
	s.releaseInstances(0, 4)
	r := s.sync(report.Held)
	s.runBare(exitDone, "pause", "--removals")
	s.runBare(exitDone, "approve", r.HeldSets[0].Hash)
	if r := s.sync(report.Held); r.Deactivated != 0 {
		t.Errorf("root's pause: %+v", r)
	}
	s.runBare(exitDone, "resume")
	if r := s.sync(report.OK); r.Deactivated != 4 || len(r.Errors) > 0 || s.activeHosts() != 6 {
		t.Errorf("root's approval: %+v", r)
	}
	s.run(exitDone) // root runs it once by hand
	s.fillInstances(11, "cn-beijing")
	if r := s.sync(report.OK); len(r.Errors) > 0 {
		t.Errorf("after a run of root: %+v", r)
	}
}

// TestAnothersFilesPauseRemovals: where root's files of an earlier version are in the way, nothing is removed, and card and
// results say whose file it is and what to do.
func TestAnothersFilesPauseRemovals(t *testing.T) {
	s := newService(t)
	s.fillInstances(10, "cn-beijing")
	s.sync(report.OK)
	s.releaseInstances(0, 1)
	servers, err := filepath.Glob(filepath.Join(s.state, "servers", "*"))
	if err != nil || len(servers) != 1 {
		t.Fatalf("%q %v", servers, err)
	}
	pause := filepath.Join(servers[0], "pause.json")
	if err := os.WriteFile(pause, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := s.sync(report.Partial)
	if r.Deactivated != 0 || s.activeHosts() != 10 || len(r.Errors) == 0 || !strings.Contains(r.Errors[0].Message, "get pause.json: 它属于 root (uid 0)") {
		t.Errorf("%+v", r)
	}
	if card := s.wantCards(2); !strings.Contains(card, "状态存储不能用") || !strings.Contains(card, "它属于 root") {
		t.Error(card)
	}
}

// TestStoreThatIsNowhere: a bucket or folder that does not exist, and cannot be made, is told on card and output, and is
// no other run at work.
func TestStoreThatIsNowhere(t *testing.T) {
	for _, place := range []string{"file:///proc/no/such/place", "file:///dev/null/state"} {
		t.Setenv("JMS_SYNC_STATE", place)
		d := newDesk(t)
		d.fillInstances(2, "cn-beijing")
		r := d.runSync(exitPartial, report.Partial)
		if r.Created != 2 || len(r.Errors) != 1 || !strings.Contains(r.Errors[0].Message, "状态存储不能用") {
			t.Errorf("%s: %+v", place, r)
		}
		if strings.Contains(d.stdout.String(), "另一次同步") || !strings.Contains(d.stdout.String(), "状态存储不能用") {
			t.Errorf("%s: %s", place, &d.stdout)
		}
		if card := d.wantCards(1); !strings.Contains(card, "状态存储不能用") {
			t.Errorf("%s: %s", place, card)
		}
	}
}
