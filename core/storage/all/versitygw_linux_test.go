package all_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/all"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// varVersitygw names the program whose signatures are checked; the Makefile sets it.
const varVersitygw = "JMS_SYNC_TEST_VERSITYGW"

// A user of the server who has no right to any bucket.
const strangerID, strangerSecret = "STRANGEREXAMPLE", "strangers/secret+key"

// TestVersitygw runs the contract on a server that checks every signature, and the body that it
// covers: https://github.com/versity/versitygw, with its posix backend.
func TestVersitygw(t *testing.T) {
	t.Parallel()
	program := os.Getenv(varVersitygw)
	if program == "" {
		t.Skip("skipped: make test-versitygw")
	}
	gateway := startVersitygw(t, program)
	t.Run("contract", func(t *testing.T) {
		t.Parallel()
		storagetest.Run(t, storagetest.Harness{
			Abilities: storage.Capabilities{CreateOnly: true, IfMatch: true}, Links: true,
			New: func(t testing.TB) storagetest.World {
				ref := gateway.newBucket(t)
				return storagetest.World{Open: func(t testing.TB, policy storage.RetryPolicy) storage.Bucket {
					return openAs(t, ref, storagetest.GoodID, storagetest.GoodSecret, policy)
				}}
			},
		})
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		gateway.testRefused(t)
	})
}

// testRefused: what is said to those who may not. The object is there, so that it is no answer
// to "not found".
func (v *versitygw) testRefused(t *testing.T) {
	ref := v.newBucket(t)
	good := openAs(t, ref, storagetest.GoodID, storagetest.GoodSecret, storagetest.InstantRetries())
	if _, err := good.Put(t.Context(), "key", []byte("mine"), storage.Always()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		id, secret string
		want       inventory.Kind
	}{
		"unknown key":      {"AKIDUNKNOWN", storagetest.GoodSecret, inventory.BadCredentials},
		"wrong secret":     {storagetest.GoodID, "another", inventory.BadCredentials},
		"another's secret": {storagetest.GoodID, strangerSecret, inventory.BadCredentials},
		"no right":         {strangerID, strangerSecret, inventory.Denied},
	} {
		b := openAs(t, ref, c.id, c.secret, storagetest.InstantRetries())
		_, err := b.Get(t.Context(), "key", "")
		wantRefused(t, name+": get", err, c.want)
		_, err = b.Put(t.Context(), "key", []byte("theirs"), storage.Always())
		wantRefused(t, name+": put", err, c.want)
		_, err = b.List(t.Context(), "key")
		wantRefused(t, name+": list", err, c.want)
		wantRefused(t, name+": delete", b.Delete(t.Context(), "key"), c.want)
		if able := b.Capabilities(t.Context()); able != (storage.Capabilities{}) {
			t.Errorf("%s: abilities %+v of a store that answers nothing", name, able)
		}
	}
	if object, err := good.Get(t.Context(), "key", ""); err != nil || string(object.Data) != "mine" {
		t.Errorf("after all that: %q, error %v", object.Data, err)
	}
}

func wantRefused(t *testing.T, name string, err error, want inventory.Kind) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: was let in", name)
		return
	}
	storagetest.WantKind(t, err, "key", want)
	if strings.Contains(err.Error(), strangerSecret) || strings.Contains(err.Error(), strangerID) {
		t.Errorf("%s: the error shows who asked", name)
	}
}

func openAs(t testing.TB, text, id, key string, policy storage.RetryPolicy) storage.Bucket {
	t.Helper()
	ref, err := storage.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	credentials := storage.Credentials{ID: secret.New(id), Secret: secret.New(key)}
	b, _, err := all.Open(ref, credentials, all.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// versitygw is a running server.
type versitygw struct{ root, endpoint string }

// newBucket makes an empty bucket, which is a folder, and returns the reference of a key in it.
func (v *versitygw) newBucket(t testing.TB) string {
	t.Helper()
	bucket := "b-" + strings.ToLower(rand.Text())
	if err := os.Mkdir(filepath.Join(v.root, bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	return refAt(v.endpoint, bucket)
}

// startVersitygw starts the server, which ends with the test. Its port is one that was free a
// moment ago, so that another may be tried.
func startVersitygw(t *testing.T, program string) *versitygw {
	t.Helper()
	var errs error
	for range 3 {
		v, err := launchVersitygw(t, program)
		if err == nil {
			return v
		}
		errs = errors.Join(errs, err)
	}
	t.Fatal(errs)
	return nil
}

func launchVersitygw(t *testing.T, program string) (*versitygw, error) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	top := t.TempDir()
	v := &versitygw{root: top + "/root", endpoint: "http://" + port}
	users := `{"accessAccounts":{"` + strangerID + `":{"access":"` + strangerID + `","secret":"` + strangerSecret + `","role":"user"}}}`
	if err := errors.Join(os.Mkdir(v.root, 0o700), os.Mkdir(top+"/iam", 0o700),
		os.WriteFile(top+"/iam/users.json", []byte(users), 0o600)); err != nil {
		return nil, err
	}
	// ETags stand in extended attributes, which the folder's file system must have. With --sidecar
	// versitygw reads an object and its ETag from two files, so that a reader may get the old data with
	// the new ETag: then "nothing lost" rightly fails, and such a store is not fit for this program.
	//nolint:gosec // the program is what the Makefile built
	command := exec.CommandContext(t.Context(), program, "--quiet", "--port", port, "--region", "us-east-1",
		"--iam-dir", top+"/iam", "posix", v.root)
	command.Env = []string{"ROOT_ACCESS_KEY=" + storagetest.GoodID, "ROOT_SECRET_KEY=" + storagetest.GoodSecret, "HOME=" + top}
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed at the end
		close(ended)
	}()
	t.Cleanup(func() { <-ended })
	if err := v.waitReady(t, ended); err != nil {
		_ = command.Process.Kill()
		<-ended
		return nil, errors.New(err.Error() + ": " + said.String())
	}
	return v, nil
}

// waitReady waits until the server lists an empty bucket to one whom it knows, which no other
// program on this port does.
func (v *versitygw) waitReady(t *testing.T, ended <-chan struct{}) error {
	t.Helper()
	b := openAs(t, v.newBucket(t), storagetest.GoodID, storagetest.GoodSecret, storagetest.InstantRetries())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		_, err := b.List(ctx, "")
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("versitygw has ended")
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
