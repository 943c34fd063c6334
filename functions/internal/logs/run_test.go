package logs

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/functions/internal/logs/logfile"
)

// TestRunInEveryLine: each line names its run once, by its logger or by its context.
func TestRunInEveryLine(t *testing.T) {
	t.Parallel()
	var console bytes.Buffer
	log, err := NewConsole(Settings{Console: &console})
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithRun(t.Context(), "req-1")
	log.InfoContext(ctx, "by context")
	log.With(RunKey, "req-1").InfoContext(ctx, "by both")
	log.With(RunKey, "req-1").WithGroup("g").Info("by logger")
	log.With("account", "a").InfoContext(ctx, "by context too")
	for line := range strings.Lines(console.String()) {
		if strings.Count(line, "run=req-1") != 1 {
			t.Errorf("%q", line)
		}
	}
	console.Reset()
	log.InfoContext(t.Context(), "no run")
	if strings.Contains(console.String(), "run=") {
		t.Errorf("%q", console.String())
	}
}

// TestTimesInOneZone: the line's own time and all times in it are shown in the configured time zone.
func TestTimesInOneZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 8*3600)
	for _, asJSON := range []bool{false, true} {
		var console bytes.Buffer
		log, err := NewConsole(Settings{Console: &console, JSON: asJSON, Location: zone})
		if err != nil {
			t.Fatal(err)
		}
		log.Info("x", "until", time.Unix(0, 0).UTC())
		text := console.String()
		if strings.Count(text, "+08:00") != 2 || !strings.Contains(text, "1970-01-01T08:00:00") {
			t.Errorf("%s", text)
		}
	}
}

// TestConsoleLevel: the console may show less than the file.
func TestConsoleLevel(t *testing.T) {
	t.Parallel()
	var console bytes.Buffer
	file := t.TempDir() + "/a.log"
	log, closer, err := New(Settings{Console: &console, ConsoleLevel: "WARNING", File: file, OpenFile: logfile.Open, Fanout: logfile.Fanout})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.Warn("loud")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if text := readLog(t, file); !strings.Contains(text, "quiet") || !strings.Contains(text, "loud") {
		t.Errorf("file %q", text)
	}
	if text := console.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "loud") {
		t.Errorf("console %q", text)
	}
	if _, _, err := New(Settings{ConsoleLevel: "LOUD"}); err == nil {
		t.Error("no such level")
	}
}
