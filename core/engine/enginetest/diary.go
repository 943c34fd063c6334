package enginetest

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Diary is what happened in a story and what went wrong in it. Everything that is written into it, or into its logger, is
// searched for secrets.
type Diary struct {
	// Secrets are what must be seen nowhere.
	Secrets []string

	mu         sync.Mutex
	lines      []string
	violations []string
	log        strings.Builder
}

// Note writes down what happens.
func (d *Diary) Note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, time.Now().Format("15:04:05.0 ")+fmt.Sprintf(format, args...))
}

// Errorf notes a violation. With Helper it makes a diary what emulators need of a test.
func (d *Diary) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.Note("WRONG: %s", text)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.violations = append(d.violations, text)
}

// Helper is that of a test.
func (d *Diary) Helper() {}

// Violations returns what went wrong.
func (d *Diary) Violations() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.violations)
}

// Text returns what happened.
func (d *Diary) Text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

// LogText returns what was logged.
func (d *Diary) LogText() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// SearchSecrets looks for secrets in what people and machines may read.
func (d *Diary) SearchSecrets(where, text string) {
	for _, private := range d.Secrets {
		if at := strings.Index(text, private); at >= 0 {
			d.Errorf("%s shows a secret: …%s…", where, text[max(0, at-80):min(len(text), at+60)])
		}
	}
}

// Logger returns a logger into the diary.
func (d *Diary) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(diaryLog{d}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type diaryLog struct{ diary *Diary }

// Write implements io.Writer.
func (l diaryLog) Write(p []byte) (int, error) {
	l.diary.SearchSecrets("the log", string(p))
	l.diary.mu.Lock()
	defer l.diary.mu.Unlock()
	return l.diary.log.Write(p)
}
