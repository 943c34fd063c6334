package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestDemo: the demonstration of the README goes through, and no emulator saw a request that nobody should send.
func TestDemo(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := runCommandLine(t.Context(), []string{"demo"}, strings.NewReader(""), &stdout, &stderr)
	if code != exitDone || !strings.Contains(stdout.String(), "没有收到任何意外的请求") {
		t.Errorf("exit code %d:\n%s\n%s", code, stdout.String(), stderr.String())
	}
}
