// Package logs builds the logger of a program and keeps secrets out of it. A host logs to the console, a rotating file
// and a file of errors; a function logs to its console only.
package logs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Settings are what is logged, and where.
type Settings struct {
	Level        string         // DEBUG, INFO, WARNING, ERROR or CRITICAL; case does not count; "" = INFO
	Console      io.Writer      // nil = none
	ConsoleLevel string         // "" = Level
	Journal      bool           // the console is systemd's journal: each line begins with its priority
	Location     *time.Location // of all times; nil = that of the machine
	File         string         // "" = none
	// OpenFile opens a file that is rotated: logfile.Open, where File names one.
	OpenFile func(name string, maxSizeMB, backups int) (io.WriteCloser, error)
	// Fanout joins the handlers of console and files: logfile.Fanout, where File names one.
	Fanout           func(...slog.Handler) slog.Handler
	MaxSizeMB        int // a file is rotated before it grows beyond this; 0 = 100
	BackupCount      int // rotated files that are kept; 0 = all
	JSON             bool
	Detailed         bool // adds the place in the source
	SeparateErrorLog bool // ERROR and above also go to "<name>.error<ext>" beside File
}

// NewConsole returns the logger of a function: one writer and never a file.
func NewConsole(s Settings) (*slog.Logger, error) {
	s.File = ""
	log, _, err := New(s)
	return log, err
}

// New returns the logger. A sink that fails later, such as a full disk, does not keep lines from the others. The closer
// closes the files and ends their goroutines; without files it does nothing.
func New(s Settings) (*slog.Logger, io.Closer, error) {
	level, err := parseLevel(s.Level)
	if err != nil {
		return nil, nil, err
	}
	consoleLevel, err := parseLevel(cmp.Or(s.ConsoleLevel, s.Level))
	if err != nil {
		return nil, nil, err
	}
	if s.MaxSizeMB < 0 || s.BackupCount < 0 {
		return nil, nil, language.Errorf("日志文件：大小 %d MB、备份 %d 个：都不能是负数", "log file: size %d MB with %d backups: neither may be negative", s.MaxSizeMB, s.BackupCount)
	}
	var handlers []slog.Handler
	if s.Console != nil {
		handlers = append(handlers, s.newConsoleHandler(consoleLevel))
	}
	var open fileClosers
	if s.File != "" {
		file, err := s.OpenFile(s.File, s.MaxSizeMB, s.BackupCount)
		if err != nil {
			return nil, nil, err
		}
		open = append(open, file)
		handlers = append(handlers, s.newHandler(file, level))
	}
	if s.File != "" && s.SeparateErrorLog {
		file, err := s.OpenFile(errorFileName(s.File), s.MaxSizeMB, s.BackupCount)
		if err != nil {
			return nil, nil, errors.Join(err, open.Close())
		}
		open = append(open, file)
		handlers = append(handlers, s.newHandler(file, slog.LevelError))
	}
	return slog.New(runHandler{Handler: s.handlerOf(handlers)}), open, nil
}

// handlerOf returns one handler for all. A function's logger has but one, and needs nothing that joins several.
func (s Settings) handlerOf(all []slog.Handler) slog.Handler {
	switch len(all) {
	case 0:
		return slog.DiscardHandler
	case 1:
		return all[0]
	}
	return s.Fanout(all...)
}

// parseLevel accepts the level names of the Python tool too.
func parseLevel(text string) (slog.Level, error) {
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "DEBUG":
		return slog.LevelDebug, nil
	case "", "INFO":
		return slog.LevelInfo, nil
	case "WARN", "WARNING":
		return slog.LevelWarn, nil
	case "ERROR", "CRITICAL":
		return slog.LevelError, nil
	}
	return 0, language.Errorf("日志级别 %q：应为 DEBUG、INFO、WARNING 或 ERROR", "log level %q: choose DEBUG, INFO, WARNING or ERROR", text)
}

func (s Settings) newHandler(w io.Writer, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level, AddSource: s.Detailed, ReplaceAttr: s.replaceAttr}
	if s.JSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// replaceAttr shows times in one time zone, and shortens source files. It hides what is named like a secret, or is in a group that is, whatever
// its type. This is a second line of defence: secrets have a type that cannot be printed.
func (s Settings) replaceAttr(groups []string, a slog.Attr) slog.Attr {
	if isSecretKey(a.Key) || slices.ContainsFunc(groups, isSecretKey) {
		return slog.String(a.Key, secret.Redacted)
	}
	switch v := a.Value.Any().(type) {
	case time.Time:
		at := v.In(cmp.Or(s.Location, time.Local))
		if a.Key == slog.TimeKey {
			return slog.String(a.Key, at.Format("2006-01-02T15:04:05.000Z07:00")) // RFC 3339
		}
		return slog.Time(a.Key, at)
	case *slog.Source:
		return slog.String(a.Key, fmt.Sprintf("%s:%d", filepath.Base(v.File), v.Line))
	}
	return a
}

// isSecretKey reports whether a key names a secret, in any style: access_key_id, AccessKeyId, X-Access-Key.
func isSecretKey(key string) bool {
	key = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, key)
	switch key {
	case "sign", "ak", "sk", "pwd", "cookie":
		return true
	}
	for _, word := range []string{
		"secret", "token", "password", "passwd", "signature", "accesskey", "apikey", "privatekey",
		"credential", "webhook", "authorization",
	} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// errorFileName returns "logs/jms-sync.error.log" for "logs/jms-sync.log".
func errorFileName(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + ".error" + ext
}

// fileClosers are files that are closed together.
type fileClosers []io.Closer

// Close closes all files, even where closing one fails.
func (f fileClosers) Close() error {
	var errs []error
	for _, file := range f {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
