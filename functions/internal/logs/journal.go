package logs

import (
	"context"
	"io"
	"log/slog"
)

// JournalPriority returns what systemd's journal takes for the priority of a line that begins with it, so that
// journalctl -p err finds errors (https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html).
func JournalPriority(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "<3>"
	case level >= slog.LevelWarn:
		return "<4>"
	case level >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}

func (s Settings) newConsoleHandler(level slog.Level) slog.Handler {
	if !s.Journal {
		return s.newHandler(s.Console, level)
	}
	all := journalHandler{}
	for _, at := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		priority := JournalPriority(at)
		all[priority] = s.newHandler(prefixWriter{s.Console, priority}, level)
	}
	return all
}

// journalHandler has a handler for each priority.
type journalHandler map[string]slog.Handler

// Enabled implements slog.Handler.
func (h journalHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h[JournalPriority(level)].Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h journalHandler) Handle(ctx context.Context, line slog.Record) error {
	return h[JournalPriority(line.Level)].Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.derive(func(one slog.Handler) slog.Handler { return one.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h journalHandler) WithGroup(name string) slog.Handler {
	return h.derive(func(one slog.Handler) slog.Handler { return one.WithGroup(name) })
}

func (h journalHandler) derive(change func(slog.Handler) slog.Handler) slog.Handler {
	all := journalHandler{}
	for priority, one := range h {
		all[priority] = change(one)
	}
	return all
}

// prefixWriter writes each line behind a prefix.
type prefixWriter struct {
	to     io.Writer
	prefix string
}

// Write implements io.Writer.
func (w prefixWriter) Write(line []byte) (int, error) {
	n, err := w.to.Write(append([]byte(w.prefix), line...))
	return max(0, n-len(w.prefix)), err
}
