//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package dir

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// hasLocks is true, as this system has locks that end with the process that holds them.
const hasLocks = true

// lockFolder waits for the folder's lock until ctx ends. A process that dies lets go of it. The file
// stays, as removing it would let two hold "the" lock.
func lockFolder(ctx context.Context, root *os.Root) (unlock func(), err error) {
	file, err := openLock(root)
	if err != nil {
		return nil, err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil // which unlocks
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, file.Close())
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(ctx.Err(), file.Close())
		}
	}
}

// openLock opens the lock's file. Root's own one, which an earlier version left, becomes the owner's of the folder.
func openLock(root *os.Root) (*os.File, error) {
	file, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	uid, _, known := 0, 0, false
	if err == nil {
		uid, _, known = ownerOf(info)
	}
	if known && uid == os.Geteuid() && info.Mode().IsRegular() && isSingleName(info) {
		err = shareWith(root, ".", file)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
