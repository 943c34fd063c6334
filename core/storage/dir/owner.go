//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package dir

import (
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"syscall"
)

// ownerOf returns the ids of a file's user and group.
func ownerOf(info fs.FileInfo) (uid, gid int, known bool) {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}

// isSingleName reports whether a file has no other name, which could be that of a file elsewhere.
func isSingleName(info fs.FileInfo) bool {
	stat, is := info.Sys().(*syscall.Stat_t)
	return is && stat.Nlink == 1
}

func userName(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return fmt.Sprintf("uid %d", uid)
	}
	return fmt.Sprintf("%s (uid %d)", u.Username, uid)
}
