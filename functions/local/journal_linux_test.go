package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// TestJournal: in systemd's journal every line has its priority, so that errors are found by it; elsewhere none has.
func TestJournal(t *testing.T) { // not parallel: it sets a variable of the process
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	file, err := os.Create(filepath.Join(d.dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	at := info.Sys().(*syscall.Stat_t)
	name := fmt.Sprintf("%d:%d", at.Dev, at.Ino)
	for stream, journal := range map[string]bool{name: true, "1:2": false, "": false} {
		t.Setenv("JOURNAL_STREAM", stream)
		if err := file.Truncate(0); err != nil {
			t.Fatal(err)
		}
		runCommandLine(t.Context(), []string{"-c", d.writeConfig()}, strings.NewReader(""), &d.stdout, file)
		runCommandLine(t.Context(), []string{"-c", "/nowhere"}, strings.NewReader(""), &d.stdout, file)
		text := d.readFile(file.Name())
		for want, n := range map[string]int{`<3>time=`: 1, `<6>time=`: 1, "<3>-c: 找不到文件": 1} {
			if got := strings.Count(text, want); (got >= n) != journal {
				t.Errorf("JOURNAL_STREAM=%s: %q stands there %d times:\n%s", stream, want, got, text)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "<") && strings.Contains(line, "level=ERROR") != strings.HasPrefix(line, "<3>time") && strings.Contains(line, "level=") {
				t.Errorf("%s", line)
			}
		}
	}
}
