package dir_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// The users of these tests need no account.
const (
	serviceUser = 64321
	otherUser   = 64322
)

// childVariable holds what a process of another user is to do: an operation, a folder and a key.
const childVariable = "JMS_SYNC_TEST_CHILD"

// TestChild is the process of another user: it makes one call of a bucket and prints what comes of it.
func TestChild(t *testing.T) {
	operation := strings.Fields(os.Getenv(childVariable))
	if len(operation) != 3 {
		t.Skip("not started by another test")
	}
	b, key := openBucket(operation[1]), operation[2]
	var text string
	var err error
	switch operation[0] {
	case "get":
		var object storage.Object
		object, err = b.Get(t.Context(), key, "")
		text = string(object.Data)
	case "put":
		_, err = b.Put(t.Context(), key, []byte("the service's"), storage.Always())
	case "list":
		var keys []string
		keys, err = b.List(t.Context(), key)
		text = strings.Join(keys, " ")
	}
	fmt.Printf("RESULT %s|%s|%v\n", text, inventory.KindOf(err), err)
}

// users is a folder in which several users work.
type users struct {
	*testing.T
	program, folder string
}

// newUsers returns a folder of the service's user. It needs root, who may start processes of other users.
func newUsers(t *testing.T) users {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can start processes of other users")
	}
	top := t.TempDir()
	if err := os.Chmod(filepath.Dir(top), 0o755); err != nil { //nolint:gosec // others must reach it
		t.Fatal(err)
	}
	u := users{T: t, program: filepath.Join(top, "program"), folder: filepath.Join(top, "state")}
	self, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	copied, err := os.OpenFile(u.program, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // others start it
	if err == nil {
		_, err = io.Copy(copied, self)
	}
	if err != nil || copied.Close() != nil || os.Mkdir(u.folder, 0o700) != nil || os.Chown(u.folder, serviceUser, serviceUser) != nil {
		t.Fatal(err)
	}
	return u
}

// as makes a call as a user, and returns its result, the kind of its error and the error.
func (u users) as(uid uint32, operation, key string) (text, kind, failure string) {
	u.Helper()
	child := exec.CommandContext(u.Context(), u.program, "-test.run=^TestChild$")
	child.Env, child.Dir = []string{childVariable + "=" + operation + " " + u.folder + " " + key}, "/"
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := child.CombinedOutput()
	_, result, found := strings.Cut(string(out), "RESULT ")
	if err != nil || !found {
		u.Fatalf("%s as %d: %v\n%s", operation, uid, err, out)
	}
	parts := strings.SplitN(strings.SplitN(result, "\n", 2)[0], "|", 3)
	return parts[0], parts[1], parts[2]
}

// wantWorks wants that a user can read, list and write everything.
func (u users) wantWorks(uid uint32, key, text string) {
	u.Helper()
	if got, _, failure := u.as(uid, "get", key); got != text {
		u.Errorf("as %d: %q, error %s", uid, got, failure)
	}
	if got, _, failure := u.as(uid, "list", filepath.Dir(key)+"/"); !strings.Contains(got, key) {
		u.Errorf("as %d: keys %q, error %s", uid, got, failure)
	}
	if _, kind, failure := u.as(uid, "put", key+".service"); kind != "" {
		u.Errorf("as %d: %s", uid, failure)
	}
}

// TestRootWritesForTheOwner: what root writes into the folder of a service, new folders, lock and all, the service can
// read, list and replace.
func TestRootWritesForTheOwner(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	b := openBucket(u.folder)
	if _, err := b.Put(t.Context(), "servers/one/approvals/a.json", []byte("root's"), storage.CreateOnly()); err != nil {
		t.Fatal(err)
	}
	u.wantWorks(serviceUser, "servers/one/approvals/a.json", "root's")
	if _, err := b.Put(t.Context(), "servers/one/approvals/a.json.service", []byte("root's again"), storage.Always()); err != nil {
		t.Fatal(err)
	}
	u.wantWorks(serviceUser, "servers/one/approvals/a.json.service", "root's again")
}

// TestRootRepairsItsLock: a lock that an earlier version left as root's becomes the service's.
func TestRootRepairsItsLock(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	lock := filepath.Join(u.folder, ".jms-sync-lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, kind, failure := u.as(serviceUser, "put", "k"); kind != string(inventory.Denied) || !strings.Contains(failure, lock+" belongs to root (uid 0)") {
		t.Errorf("%s %s", kind, failure)
	}
	if _, err := openBucket(u.folder).Put(t.Context(), "by-root", []byte("x"), storage.Always()); err != nil {
		t.Fatal(err)
	}
	if _, kind, failure := u.as(serviceUser, "put", "k"); kind != "" {
		t.Error(failure)
	}
}

// TestLockOfAnotherFile: root gives no file away that has a name elsewhere.
func TestLockOfAnotherFile(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	foreign := filepath.Join(filepath.Dir(u.folder), "foreign")
	if err := os.WriteFile(foreign, []byte("root's own"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(foreign, filepath.Join(u.folder, ".jms-sync-lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := openBucket(u.folder).Put(t.Context(), "k", []byte("x"), storage.Always()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(foreign)
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a file from elsewhere was given away: %v", err)
	}
}

// TestAnothersFilesAreNamed: who may not read a file learns whose it is and what to do; files beside the prefix disturb no
// listing.
func TestAnothersFilesAreNamed(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	if _, _, failure := u.as(otherUser, "get", "k"); !strings.Contains(failure, fmt.Sprintf("%s belongs to uid %d", u.folder, serviceUser)) ||
		!strings.Contains(failure, fmt.Sprintf("chown -R %d %s", otherUser, u.folder)) {
		t.Error(failure)
	}
	roots := filepath.Join(u.folder, "lost+found")
	if err := os.Mkdir(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, kind, failure := u.as(serviceUser, "put", "runs/k"); kind != "" {
		t.Error(failure)
	}
	if got, kind, failure := u.as(serviceUser, "list", "runs/"); kind != "" || got != "runs/k" {
		t.Errorf("%q %s", got, failure)
	}
	if _, kind, failure := u.as(serviceUser, "list", "lost+found/"); kind != string(inventory.Denied) || !strings.Contains(failure, roots+" belongs to root") {
		t.Errorf("%s %s", kind, failure)
	}
}

// TestGroupShares: in a folder in which a group may write, its members share what any of them writes.
func TestGroupShares(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	const group = otherUser
	if os.Chown(u.folder, serviceUser, group) != nil || os.Chmod(u.folder, 0o770|os.ModeSetgid) != nil {
		t.Fatal("the folder is not shared")
	}
	if _, kind, failure := u.as(otherUser, "put", "a/b"); kind != "" {
		t.Fatal(failure)
	}
	for _, name := range []string{"a", "a/b", ".jms-sync-lock"} {
		info, err := os.Stat(filepath.Join(u.folder, name))
		if err != nil || info.Sys().(*syscall.Stat_t).Gid != group || info.Mode()&0o020 == 0 || info.Mode()&0o007 != 0 {
			t.Errorf("%s: %v, error %v", name, info.Mode(), err)
		}
	}
}

// TestImpossiblePlaces: where no folder can be made the error says so, and a write is no conflict with another's.
func TestImpossiblePlaces(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"/proc/no/such/place", "/dev/null/state"} {
		_, err := openBucket(folder).Put(t.Context(), "k", []byte("x"), storage.CreateOnly())
		if kind := inventory.KindOf(err); kind != inventory.Invalid || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %s %v", folder, kind, err)
		}
	}
}

// TestFullDisk: that the disk is full is said at once, without trying again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("a small disk cannot be made: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	waits := 0
	policy := storage.RetryPolicy{Sleep: func(context.Context, time.Duration) error {
		waits++
		return nil
	}}
	_, err := storage.Checked("file://"+folder, dir.Open(folder), policy).Put(t.Context(), "k", make([]byte, 1<<20), storage.Always())
	if kind := inventory.KindOf(err); kind != inventory.Denied || !strings.Contains(err.Error(), "no space left") || waits > 0 {
		t.Errorf("%s, waited %d times: %v", kind, waits, err)
	}
}
