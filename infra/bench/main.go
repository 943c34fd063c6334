// Command bench measures jms-sync: full runs, runs without changes, listings, events, memory, starts and creates, each
// against a baseline in the same run. What is measured are the programs of make build, in processes of their own,
// against emulators in another process; or, with --real, the servers of a configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The exit codes, as those of jms-sync.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// gcPercent is that of jms-sync, so that what probes measure compares with it.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" { // else the user has chosen
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	quiet := context.AfterFunc(ctx, func() { printStopping(os.Stderr) })
	code := runCommandLine(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	quiet()
	stop()
	os.Exit(code)
}

// printStopping says at once that a signal was received: deleting hosts may take a while.
func printStopping(stderr io.Writer) {
	fmt.Fprintln(stderr, "收到终止信号：不再测量，自己创建的主机随后删除 / told to stop: nothing more is measured, the hosts that bench made are deleted")
}

// failure is an error of measuring. All others are mistakes in the command line or the configuration.
type failure struct{ error }

func (e failure) Unwrap() error { return e.error }

// runCommandLine executes the command line and returns the exit code.
func runCommandLine(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newCommand(stdout)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(stderr, err)
	var failed failure
	if errors.As(err, &failed) {
		return exitFailed
	}
	return exitUsage // cobra's own errors too: unknown flag or command
}
