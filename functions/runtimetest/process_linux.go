package runtimetest

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel kill the program if this process dies without stopping it, by a panic or a time-out of
// the test. Otherwise the program would poll a closed port for ever.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
