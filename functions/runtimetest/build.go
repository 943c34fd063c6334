package runtimetest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Flags are added to those that every function is built with.
type Flags struct {
	Tags    []string
	LDFlags []string // e.g. "-X main.version=1.2.3"
}

// Build compiles the function in package pkg into dir, as production does, and returns the program's path. The program
// is static, for linux/amd64, stripped, and without net/rpc and the text/template that it brings. Compiling takes about
// a second, so one test builds and its subtests share.
func Build(ctx context.Context, dir, pkg string, f Flags) (string, error) {
	program := filepath.Join(dir, "bootstrap")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath",
		"-tags", strings.Join(append([]string{"lambda.norpc"}, f.Tags...), ","),
		"-ldflags", strings.Join(append([]string{"-s", "-w"}, f.LDFlags...), " "),
		"-o", program, pkg)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", pkg, err, strings.TrimSpace(string(out)))
	}
	return program, nil
}
