//go:build !linux

package main

import "io"

// isJournal reports that a stream is not systemd's journal, which there is on Linux only.
func isJournal(io.Writer, string) bool { return false }
