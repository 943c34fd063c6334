// Package logfile writes log files that are rotated by size, and joins them with the console. It stands apart from package
// logs, because functions have no files, and what it needs would make their programs 600 kB larger.
package logfile

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/DeRuina/timberjack"
	slogmulti "github.com/samber/slog-multi"

	"github.com/jms-sync/jms-sync/core/language"
)

// Open opens a file that is rotated before it grows beyond so many MB, and whose folder it makes; backups is how many
// rotated files are kept, 0 = all. It tries at once whether the file can be written, since timberjack opens it with the
// first line only: a mistake in a path is reported before a run begins, and not lost in it.
func Open(name string, maxSizeMB, backups int) (io.WriteCloser, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, &language.Error{Text: language.Newf("日志文件 %s 的目录建不了", "log file %s: its folder cannot be made", name), Err: err}
	}
	probe, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, &language.Error{Text: language.New("写不了日志文件", "log file cannot be written"), Err: err}
	}
	if err := probe.Close(); err != nil {
		return nil, &language.Error{Text: language.New("写不了日志文件", "log file cannot be written"), Err: err}
	}
	return &timberjack.Logger{Filename: name, MaxSize: maxSizeMB, MaxBackups: backups, LocalTime: true}, nil
}

// Fanout returns a handler that hands each line to all others, also where one of them fails.
func Fanout(handlers ...slog.Handler) slog.Handler { return slogmulti.Fanout(handlers...) }
