//go:build !linux

package runtimetest

import "os/exec"

// dieWithParent is only to be had on Linux.
func dieWithParent(*exec.Cmd) {}
