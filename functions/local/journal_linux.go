package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// isJournal reports whether a stream is systemd's journal, which names it so to a service
// (https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html, $JOURNAL_STREAM).
func isJournal(stream io.Writer, name string) bool {
	file, ok := stream.(*os.File)
	if !ok || name == "" {
		return false
	}
	info, err := file.Stat()
	if err != nil {
		return false
	}
	at, ok := info.Sys().(*syscall.Stat_t)
	return ok && name == fmt.Sprintf("%d:%d", at.Dev, at.Ino)
}
