package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo: the demonstration of the README succeeds, and no emulator got an unexpected request.
func TestDemo(t *testing.T) {
	t.Parallel()
	arguments := []string{"demo"}
	for flag, folder := range map[string]string{"--timer": "../fc-timer", "--event": "../fc-event"} {
		program := filepath.Join(t.TempDir(), "bootstrap")
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", program, folder)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		text, err := build.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		arguments = append(arguments, flag, program)
	}
	var stdout, stderr bytes.Buffer
	code := runCommandLine(t.Context(), arguments, strings.NewReader(""), &stdout, &stderr)
	if code != exitDone || !strings.Contains(stdout.String(), "没有收到任何意外的请求") {
		t.Errorf("exit code %d:\n%s\n%s", code, stdout.String(), stderr.String())
	}
}
