//go:build !linux

package runtimetest

import "os/exec"

// dieWithParent works on Linux only.
func dieWithParent(*exec.Cmd) {}
