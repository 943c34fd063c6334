package dir_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

func openBucket(folder string) storage.Bucket {
	return storage.Checked("file://"+folder, dir.Open(folder), storagetest.InstantRetries())
}

// TestNothingEscapes: neither a key nor a link leads out of the folder.
func TestNothingEscapes(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	secret := filepath.Join(top, "outside.txt")
	if err := os.WriteFile(secret, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(top, "in")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"up": "..", "file": "../outside.txt", "far": "/"} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	b := openBucket(folder)
	for _, key := range []string{"up/outside.txt", "file", "far/etc/hostname", "../outside.txt"} {
		_, err := b.Get(t.Context(), key, "")
		storagetest.WantKind(t, err, key, inventory.Invalid)
	}
	_, err := b.Put(t.Context(), "up/outside.txt", []byte("in"), storage.Always())
	storagetest.WantKind(t, err, "up/outside.txt", inventory.Invalid)
	_, err = b.Put(t.Context(), "file", []byte("in"), storage.Always())
	if err != nil {
		t.Errorf("a link is not replaced: %v", err)
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "outside" {
		t.Errorf("outside is %q, error %v", text, err)
	}
	if keys, err := b.List(t.Context(), ""); err != nil || strings.Join(keys, " ") != "file" {
		t.Errorf("keys %q, error %v", keys, err)
	}
}

// TestOnlyObjects: what a dead writer left behind and the lock are no objects, and nothing but
// the object stays of a write.
func TestOnlyObjects(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := openBucket(folder)
	if _, err := b.Put(t.Context(), "a/k", []byte("x"), storage.CreateOnly()); err != nil {
		t.Fatal(err)
	}
	_, err := b.Put(t.Context(), "a/k", []byte("x"), storage.CreateOnly())
	storagetest.WantKind(t, err, "a/k", inventory.Conflict)
	if left, err := os.ReadDir(filepath.Join(folder, "a")); err != nil || len(left) != 1 {
		t.Errorf("left %v, error %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a", ".jms-sync-DEAD"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err := b.List(t.Context(), ""); err != nil || strings.Join(keys, " ") != "a/k" {
		t.Errorf("keys %q, error %v", keys, err)
	}
	_, err = b.Get(t.Context(), "a/.jms-sync-DEAD", "")
	storagetest.WantKind(t, err, ".jms-sync-DEAD", inventory.Invalid)
	info, err := os.Stat(filepath.Join(folder, "a", "k"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v; want 0600, as state and configuration are nobody else's", info.Mode(), err)
	}
}

// TestNoFiles: folders, and things in the way, are no objects.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := openBucket(folder)
	if _, err := b.Put(t.Context(), "a/k", []byte("x"), storage.Always()); err != nil {
		t.Fatal(err)
	}
	_, err := b.Get(t.Context(), "a", "")
	storagetest.WantKind(t, err, "a", inventory.NotFound)
	if err := b.Delete(t.Context(), "a"); err != nil {
		t.Errorf("delete what is no object: %v", err)
	}
	_, err = b.Put(t.Context(), "a/k/below", []byte("x"), storage.Always())
	storagetest.WantKind(t, err, "a/k/below", inventory.Invalid)
	_, err = b.Put(t.Context(), "a", []byte("x"), storage.Always())
	storagetest.WantKind(t, err, "a", inventory.Invalid)
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = openBucket(filepath.Join(folder, "file")).List(t.Context(), "")
	storagetest.WantKind(t, err, "file", inventory.Invalid)
}

// TestDeletesWait: a delete and an unconditional write do not come between the look and the write
// of IfMatch: of a write, a delete and a match, the last object is one that some order explains.
func TestDeletesWait(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for range 30 {
		b := openBucket(folder)
		etag, err := b.Put(t.Context(), "k", []byte("one"), storage.Always())
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		var matched error
		group.Go(func() {
			_, matched = openBucket(folder).Put(t.Context(), "k", []byte("match"), storage.IfMatch(etag))
		})
		group.Go(func() {
			if _, err := openBucket(folder).Put(t.Context(), "k", []byte("plain"), storage.Always()); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		object, err := b.Get(t.Context(), "k", "")
		if err != nil || string(object.Data) != "plain" {
			t.Fatalf("%q, error %v, match said %v: the plain write is lost", object.Data, err, matched)
		}
	}
}
