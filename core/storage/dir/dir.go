// Package dir keeps objects as files below a folder of this machine. It is as strict as an
// object store: whole objects or none, and conditions that hold between processes.
package dir

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Open returns the bucket of a folder, without touching it. The folder is made by the first Put.
// Keys and links that lead out of it are refused. What is written belongs to the owner of the folder that it is put
// into, also where root writes it, so that an order that root gives is read by a service of another user; and to the
// folder's group too, where that may write in the folder.
func Open(folder string) storage.Bucket { return bucket{folder: filepath.Clean(folder)} }

// bucket implements storage.Bucket.
type bucket struct{ folder string }

// Get implements storage.Bucket. The ETag is the hash of the content.
func (b bucket) Get(ctx context.Context, key, _ string) (storage.Object, error) {
	root, err := b.openRoot(ctx, false)
	if err != nil {
		return storage.Object{}, err
	}
	defer func() { _ = root.Close() }() // it was only read
	data, err := b.readObject(root, key)
	if err != nil {
		return storage.Object{}, err
	}
	return storage.Object{Data: data, ETag: etagOf(data)}, nil
}

// Put implements storage.Bucket. The data is written beside the object, brought to the disk, and
// then takes its place in one step. All writers hold one lock, where the system has one.
func (b bucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	root, err := b.openRoot(ctx, true)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }() // the files are closed by then
	unlock, err := lockFolder(ctx, root)
	if err != nil {
		return "", b.classifyError(err, lockName)
	}
	defer unlock()
	if etag, asked := condition.IfMatchETag(); asked {
		now, err := b.readObject(root, key)
		if err != nil {
			return "", err
		}
		if etagOf(now) != etag {
			return "", newConflictError("the object is another one by now")
		}
	}
	folder := path.Dir(key)
	if err := makeFolders(root, folder); err != nil {
		return "", b.classifyError(err, folder)
	}
	beside := path.Join(folder, storage.ReservedPrefix+rand.Text())
	defer func() { _ = root.Remove(beside) }() // gone already where it took its place
	if err := writeFile(root, beside, data); err != nil {
		return "", b.classifyError(err, folder)
	}
	place := root.Rename
	if condition.IsCreateOnly() {
		place = root.Link // which never replaces
	}
	if err := place(beside, key); condition.IsCreateOnly() && errors.Is(err, fs.ErrExist) {
		return "", newConflictError("there is such an object")
	} else if err != nil {
		return "", b.classifyError(err, folder)
	}
	return etagOf(data), b.syncFolder(root, folder)
}

// List implements storage.Bucket. It reads the prefix's folder and what is below, and nothing beside it.
func (b bucket) List(ctx context.Context, prefix string) ([]string, error) {
	folder := path.Dir(prefix + "x")
	if !fs.ValidPath(folder) {
		return nil, nil // no key begins so
	}
	root, err := os.OpenRoot(b.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the first Put makes it
	}
	if err != nil {
		return nil, b.classifyError(err, "")
	}
	defer func() { _ = root.Close() }() // it was only read
	var keys []string
	at := folder
	err = fs.WalkDir(root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		at = name
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist): // what is not there, or went meanwhile, has no keys
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry != nil && entry.Type().IsRegular() && strings.HasPrefix(name, prefix):
			keys = append(keys, name)
		case entry != nil && entry.IsDir() && !mayHold(name, prefix):
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, b.classifyError(err, at)
	}
	return keys, nil
}

// mayHold reports whether a folder may hold keys with a prefix, or is one on the way to them.
func mayHold(folder, prefix string) bool {
	return folder == "." || strings.HasPrefix(folder+"/", prefix) || strings.HasPrefix(prefix, folder+"/")
}

// Delete implements storage.Bucket.
func (b bucket) Delete(ctx context.Context, key string) error {
	root, err := b.openRoot(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is open in it
	unlock, err := lockFolder(ctx, root)
	if err != nil {
		return b.classifyError(err, lockName)
	}
	defer unlock()
	info, err := root.Lstat(key)
	if err != nil {
		return b.classifyError(err, key)
	}
	if info.IsDir() {
		return newNotFoundError()
	}
	if err := root.Remove(key); err != nil {
		return b.classifyError(err, key)
	}
	return b.syncFolder(root, path.Dir(key))
}

// Capabilities implements storage.Bucket.
func (b bucket) Capabilities(context.Context) storage.Capabilities {
	return storage.Capabilities{CreateOnly: true, IfMatch: hasLocks}
}

// openRoot opens the folder, and creates it first where something is to be written.
func (b bucket) openRoot(ctx context.Context, create bool) (*os.Root, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(b.folder)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := makeStore(b.folder); err != nil {
			return nil, b.classifyError(err, "")
		}
		root, err = os.OpenRoot(b.folder)
	}
	if err != nil {
		return nil, b.classifyError(err, "")
	}
	return root, nil
}

func (b bucket) readObject(root *os.Root, key string) ([]byte, error) {
	file, err := root.Open(key)
	if err != nil {
		return nil, b.classifyError(err, key)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, b.classifyError(err, key)
	case info.IsDir():
		return nil, newNotFoundError()
	case !info.Mode().IsRegular():
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "it is no regular file"}
	}
	data, err := io.ReadAll(io.LimitReader(file, storage.MaxObjectSize+1))
	if err != nil {
		return nil, b.classifyError(err, key)
	}
	return data, nil
}

// writeFile creates a file whose content is on the disk when it returns.
func writeFile(root *os.Root, name string, data []byte) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, shareWith(root, path.Dir(name), file), file.Sync(), file.Close())
}

// syncFolder brings a folder's entries to the disk. A system that cannot do so is not at fault.
func (b bucket) syncFolder(root *os.Root, folder string) error {
	dir, err := root.Open(folder)
	if err != nil {
		return b.classifyError(err, folder)
	}
	err = dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	err = errors.Join(err, dir.Close())
	if err != nil {
		return b.classifyError(err, folder)
	}
	return nil
}

// etagOf returns the hash in quotes, as object stores write theirs.
func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func newNotFoundError() error {
	return &inventory.Error{Kind: inventory.NotFound, Message: "there is no such file"}
}

func newConflictError(text string) error {
	return &inventory.Error{Kind: inventory.Conflict, Message: text}
}

// classifyError returns an error of the system, about a name in the folder, with a kind. Its text names paths and
// users, which are no secrets.
func (b bucket) classifyError(err error, name string) error {
	kind := inventory.Temporary
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errNotMakeable):
		return &inventory.Error{Kind: inventory.Invalid, Err: err}
	case errors.Is(err, fs.ErrNotExist):
		return newNotFoundError()
	case errors.Is(err, fs.ErrPermission):
		if text, known := ownerText(b.folder, name); known {
			return &inventory.Error{Kind: inventory.Denied, Err: &language.Error{Text: text}}
		}
		kind = inventory.Denied
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = inventory.Denied
	case errors.Is(err, errors.ErrUnsupported):
		kind = inventory.Unsupported
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), isRootRefusal(err):
		kind = inventory.Invalid
	}
	return &inventory.Error{Kind: kind, Message: err.Error()}
}

// isRootRefusal reports whether os.Root refused a path that leads out of the folder, or a folder that is none: those
// refusals have no error values.
func isRootRefusal(err error) bool {
	var p *fs.PathError
	var l *os.LinkError
	text := ""
	if errors.As(err, &p) {
		text = p.Err.Error()
	} else if errors.As(err, &l) {
		text = l.Err.Error()
	}
	return strings.Contains(text, "escapes") || text == "not a directory"
}
