package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/storage"
)

// lockName is the file that all writers lock.
const lockName = storage.ReservedPrefix + "lock"

// errNotMakeable is the error of a path at which the system makes no folder.
var errNotMakeable = language.Errorf("那里建不了文件夹", "the folder cannot be made there")

// makeStore makes a folder and what is missing above it.
func makeStore(folder string) error {
	above := filepath.Dir(folder)
	for ; ; above = filepath.Dir(above) {
		if _, err := os.Stat(above); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is open in it
	below, err := filepath.Rel(above, folder)
	if err == nil {
		err = makeFolders(root, filepath.ToSlash(below))
	}
	if errors.Is(err, fs.ErrNotExist) { // above exists: the kernel's own file systems say so
		return fmt.Errorf("%s: %w", folder, errNotMakeable)
	}
	return err
}

// makeFolders makes a folder below root and what is missing above it. Each new one is shared as the one above it.
func makeFolders(root *os.Root, folder string) error {
	made := "."
	for part := range strings.SplitSeq(folder, "/") {
		above := made
		made = path.Join(made, part)
		if made == "." {
			continue
		}
		err := root.Mkdir(made, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = shareNewFolder(root, above, made)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func shareNewFolder(root *os.Root, above, made string) error {
	dir, err := root.Open(made)
	if err != nil {
		return err
	}
	return errors.Join(shareWith(root, above, dir), dir.Close())
}

// groupWrite is set in the mode of a folder in which its group may write.
const groupWrite fs.FileMode = 0o020

// shareWith makes a new file or folder the property of the owner of the folder in which it is, where we are root, and lets
// that folder's group write it, where the group may write there. Where the system does not let root do so, as on some
// network file systems, it stays as it is.
func shareWith(root *os.Root, folder string, file *os.File) error {
	above, err := root.Stat(folder)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		mode = 0o700 | above.Mode()&fs.ModeSetgid
	}
	uid, gid, known := ownerOf(above)
	if known && os.Geteuid() == 0 {
		err = file.Chown(uid, gid)
	}
	if err == nil && above.Mode()&groupWrite != 0 {
		err = file.Chmod(mode | mode>>3&0o070)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// ownerText says whose a file is that we must not read or write, and what to do. The file is the one of this name, or the
// first folder above it that can be seen.
func ownerText(folder, name string) (text language.Text, known bool) {
	wanted := filepath.Join(folder, filepath.FromSlash(name))
	file := wanted
	info, err := os.Lstat(file)
	for err != nil && file != filepath.Dir(file) {
		file = filepath.Dir(file)
		info, err = os.Lstat(file)
	}
	if err != nil {
		return text, false
	}
	uid, _, known := ownerOf(info)
	me := os.Geteuid()
	if !known || me < 0 {
		return text, false
	}
	subject := language.New(file, file)
	if file == wanted && info.Mode().IsRegular() && name != lockName {
		subject = language.New("它", "it") // the error names it
	}
	return language.New(
		fmt.Sprintf("%s属于 %s，权限 %04o，而本程序以 %s 运行：以文件主人的身份运行，或把整个状态交给它：chown -R %d %s",
			subject.ZH, userName(uid), info.Mode().Perm(), userName(me), me, folder),
		fmt.Sprintf("%s belongs to %s, mode %04o, and this program runs as %s; run it as the owner, or give it the store: chown -R %d %s",
			subject.EN, userName(uid), info.Mode().Perm(), userName(me), me, folder)), true
}
