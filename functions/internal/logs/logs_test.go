package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/logs/logfile"
)

func readLog(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestConsoleFileAndErrors(t *testing.T) {
	t.Parallel()
	var console bytes.Buffer
	file := filepath.Join(t.TempDir(), "deep", "jms-sync.log")
	log, closer, err := New(Settings{Level: "info", Console: &console, File: file, OpenFile: logfile.Open, Fanout: logfile.Fanout, MaxSizeMB: 1, SeparateErrorLog: true})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("too quiet")
	log.Info("created", "account", "prod")
	log.Error("refused", "region", "cn-beijing")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	all := readLog(t, file)
	if all != console.String() || strings.Contains(all, "too quiet") || !strings.Contains(all, "msg=created account=prod") {
		t.Errorf("file %q, console %q", all, console.String())
	}
	failures := readLog(t, filepath.Join(filepath.Dir(file), "jms-sync.error.log"))
	if strings.Contains(failures, "created") || !strings.Contains(failures, "msg=refused region=cn-beijing") {
		t.Errorf("errors %q", failures)
	}
}

func TestJSONAndSource(t *testing.T) {
	t.Parallel()
	var console bytes.Buffer
	log, _, err := New(Settings{Console: &console, JSON: true, Detailed: true})
	if err != nil {
		t.Fatal(err)
	}
	log.Warn("hello", "n", 3)
	var line map[string]any
	if err := json.Unmarshal(console.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	source, _ := line["source"].(string)
	if line["msg"] != "hello" || line["n"] != 3.0 || !strings.HasPrefix(source, "logs_test.go:") {
		t.Errorf("line %v", line)
	}
	if _, err := time.Parse(time.RFC3339, line["time"].(string)); err != nil {
		t.Error(err)
	}
}

func TestSecretsAreNeverWritten(t *testing.T) {
	t.Parallel()
	type hidden struct{ s secret.Value }
	for _, asJSON := range []bool{false, true} {
		var console bytes.Buffer
		log, err := NewConsole(Settings{JSON: asJSON, Console: &console})
		if err != nil {
			t.Fatal(err)
		}
		v := secret.New("hush")
		log.Info("value", "plain", v, "pointer", &v, "list", []secret.Value{v},
			"struct", struct{ S secret.Value }{v}, "field", hidden{v}, "text", fmt.Sprintf("%v %+v %#v %q %x", v, v, v, v, v))
		for _, key := range []string{
			"secret", "AccessKeySecret", "access_key_id", "AccessKeyId", "X-Access-Key", "security token", "Password",
			"Signature", "sign", "webhook", "Authorization", "api_key", "sk",
		} {
			log.Info("key", key, "hush")
			log.Info("key", key, []byte("hush"))
			log.With(key, "hush").Info("with")
			log.WithGroup(key).Info("group", "x", "hush")
			log.Info("group", slog.Group(key, "x", errors.New("hush")), slog.Group("g", key, 4711))
		}
		if text := console.String(); strings.Contains(text, "hush") || strings.Contains(text, "4711") || !strings.Contains(text, secret.Redacted) {
			t.Errorf("a secret was written: %s", text)
		}
	}
}

func TestOrdinaryKeysAreWritten(t *testing.T) {
	t.Parallel()
	var console bytes.Buffer
	log, err := NewConsole(Settings{Level: "debug", Console: &console, Location: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("run", "account", "prod", "key", "a", "design", "b", "asset", "c", "task", "d", "fired", time.Unix(0, 0).UTC())
	for _, want := range []string{"account=prod", "key=a", "design=b", "asset=c", "task=d", "fired=1970-01-01T00:00:00"} {
		if !strings.Contains(console.String(), want) {
			t.Errorf("%s is missing in %s", want, console.String())
		}
	}
}

// TestRotation is not parallel, so that no other test's goroutines are counted.
func TestRotation(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.log")
	log, closer, err := New(Settings{File: file, OpenFile: logfile.Open, Fanout: logfile.Fanout, MaxSizeMB: 1, BackupCount: 2, SeparateErrorLog: true})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 1000)
	for range 5000 { // 5 MB in each
		log.Error(text)
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"a.log", "a-*.log", "a.error.log", "a.error-*.log"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		want := 1
		if strings.Contains(pattern, "*") {
			want = 2
		}
		if err != nil || len(found) != want {
			t.Errorf("%s: %q %v, want %d", pattern, found, err, want)
		}
		for _, name := range found {
			if info, err := os.Stat(name); err != nil || info.Size() > 1<<20 || info.Size() == 0 {
				t.Errorf("%s: %v %v", name, info, err)
			}
		}
	}
	for wait := 0; runtime.NumGoroutine() > before && wait < 3000; wait++ {
		time.Sleep(10 * time.Millisecond) // a goroutine may end a moment after it was waited for
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func TestFilesAreContinued(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.log")
	for _, line := range []string{"first", "second"} {
		log, closer, err := New(Settings{File: file, OpenFile: logfile.Open, Fanout: logfile.Fanout})
		if err != nil {
			t.Fatal(err)
		}
		log.Info(line)
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
		log.Info("after the end of " + line) // must not fail the program
	}
	if text := readLog(t, file); !strings.Contains(text, "msg=first") || !strings.Contains(text, "msg=second") {
		t.Errorf("file %q", text)
	}
}

// brokenWriter is a console that is gone.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestOneSinkDoesNotHinderAnother(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.log")
	log, closer, err := New(Settings{Console: brokenWriter{}, File: file, OpenFile: logfile.Open, Fanout: logfile.Fanout})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("heard")
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(readLog(t, file), "msg=heard") {
		t.Error("the file has no line")
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]slog.Level{
		"": slog.LevelInfo, "debug": slog.LevelDebug, " Info ": slog.LevelInfo, "warn": slog.LevelWarn,
		"WARNING": slog.LevelWarn, "error": slog.LevelError, "CRITICAL": slog.LevelError,
	} {
		log, err := NewConsole(Settings{Level: text, Console: &bytes.Buffer{}})
		if err != nil || !log.Enabled(t.Context(), want) || log.Enabled(t.Context(), want-1) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, "a.error.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]Settings{
		`log level "LOUD": choose DEBUG, INFO, WARNING or ERROR`: {Level: "LOUD"},
		"its folder cannot be made":                              {File: filepath.Join(blocked, "a.log"), OpenFile: logfile.Open, Fanout: logfile.Fanout},
		"log file cannot be written: open " + taken:              {File: taken, OpenFile: logfile.Open, Fanout: logfile.Fanout},
		filepath.Join(taken, "a.error.log"):                      {File: filepath.Join(taken, "a.log"), OpenFile: logfile.Open, Fanout: logfile.Fanout, SeparateErrorLog: true},
		"negative":                                               {MaxSizeMB: -1},
	} {
		if _, _, err := New(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
}

// TestNothingHeavyIsLinked keeps out the packages that switch off the linker's dead code removal.
func TestNothingHeavyIsLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "log/slog") {
		t.Fatalf("not a list of packages: %.200s", out)
	}
	for _, heavy := range []string{"text/template", "html/template", "net/rpc"} {
		if slices.Contains(deps, heavy) {
			t.Errorf("%s is linked", heavy)
		}
	}
}
