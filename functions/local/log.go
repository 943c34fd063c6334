package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
	"github.com/jms-sync/jms-sync/functions/internal/logs/logfile"
)

// journalVariable is set by systemd where a stream is its journal.
const journalVariable = "JOURNAL_STREAM"

// newOptions returns the options of one command line.
func newOptions(stdout io.Writer) *options {
	return &options{lang: language.Of(os.Getenv), output: outputFile{stdout: stdout}, runID: strings.ToLower(rand.Text()[:8])}
}

// loadConfig loads the configuration. Its errors are mistakes of the user.
func (o *options) loadConfig(ctx context.Context) (config.Config, error) {
	cfg, err := o.configSource().Load(ctx)
	var mistakes *config.Error
	switch {
	case errors.As(err, &mistakes) && mistakes.Missing:
		return config.Config{}, &missingConfigError{mistakes}
	case err != nil:
		return config.Config{}, err
	}
	o.cfg = &cfg
	return cfg, nil
}

// missingConfigError says that there is no configuration, and how to get one, in place of a list of all that is missing.
type missingConfigError struct{ mistakes *config.Error }

// Error implements error.
func (e *missingConfigError) Error() string {
	return e.mistakes.Lang.Textf("这里没有 %s：运行 jms-sync init 生成，或用 -c FILE（%s）指定", "no %s here: jms-sync init, or -c FILE (%s)", config.DefaultFile, config.EnvConfig)
}

// Unwrap returns what is missing.
func (e *missingConfigError) Unwrap() error { return e.mistakes }

// newLogger returns the logger of a host: console and, unless switched off, files. Flags override the configuration.
func (o *options) newLogger(cfg config.Config, console *progressLine) (*slog.Logger, io.Closer, error) {
	s := o.logFiles(cfg)
	s.Console, s.ConsoleLevel, s.Journal = console, o.consoleLevel(cfg, console.terminal), isJournal(console.out, os.Getenv(journalVariable))
	return logs.New(s)
}

// logFiles returns what the log files hold, and where they are.
func (o *options) logFiles(cfg config.Config) logs.Settings {
	s := logs.Settings{
		Level: cfg.Log.Level, File: cfg.Log.File, OpenFile: logfile.Open, Fanout: logfile.Fanout, MaxSizeMB: cfg.Log.MaxSize, Location: cfg.Location(),
		BackupCount: cfg.Log.BackupCount, JSON: cfg.Log.JSONFormat, Detailed: cfg.Log.Detailed,
		SeparateErrorLog: cfg.Log.SeparateErrorLog,
	}
	if o.logLevel != "" {
		s.Level = o.logLevel
	}
	if o.logFile != "" {
		s.File = o.logFile
	}
	if o.noLogFile {
		s.File = ""
	}
	return s
}

// consoleLevel returns the level of the console; "" = that of the files. On a terminal a person reads the table, and the
// log only where something is wrong, unless a level was asked for.
func (o *options) consoleLevel(cfg config.Config, terminal bool) string {
	switch {
	case o.logLevel != "":
		return ""
	case o.verbose && cfg.Log.Level != "DEBUG":
		return "INFO"
	case o.verbose, cfg.Log.LevelIsSet, !terminal:
		return ""
	}
	return "WARNING"
}

// logEnd logs the error that ended a command, and that nobody logged, in the files of the log: whoever watches them must
// see that runs no longer begin. Standard error has it already. Before the configuration could be read, the files are
// those that it names as far as it could be read, otherwise those of the environment and the flags.
func (o *options) logEnd(why error) {
	cfg, named := o.logConfig(why)
	s := o.logFiles(cfg)
	if s.File == "" || !named && o.logFile == "" && !hasFolder(s.File) {
		return
	}
	log, closer, err := logs.New(s)
	if err != nil {
		return // it is the mistake itself, or one more of its kind
	}
	log = log.With("environment", cfg.Environment.Type, logs.RunKey, o.runID)
	for _, line := range errorLines(why) {
		log.Error("the command ended", "error", line)
	}
	_ = closer.Close()
}

// printError prints the error that ended a command.
func (o *options) printError(stderr io.Writer, text string) {
	prefix := ""
	if isJournal(stderr, os.Getenv(journalVariable)) {
		prefix = logs.JournalPriority(slog.LevelError)
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(stderr, prefix+o.paint(stderr, red, strings.TrimSuffix(line, "\n")))
	}
}

// logConfig returns the configuration by which an error is logged. named says that somebody chose its files: otherwise a
// command that is typed in any folder makes no folder in it.
func (o *options) logConfig(why error) (cfg config.Config, named bool) {
	if o.cfg != nil {
		return *o.cfg, true
	}
	var mistakes *config.Error
	if errors.As(why, &mistakes) && mistakes.Loggable != nil {
		return *mistakes.Loggable, true
	}
	cfg = config.FromEnvironment(os.Environ())
	return cfg, cfg.Log.File != config.Default().Log.File
}

// hasFolder reports whether the folder of a file is there.
func hasFolder(file string) bool {
	info, err := os.Stat(filepath.Dir(file))
	return err == nil && info.IsDir()
}

// errorLines returns the lines of an error, in English where it has them.
func errorLines(why error) []string {
	text := why.Error()
	var mistakes *config.Error
	if errors.As(why, &mistakes) && !mistakes.Missing {
		text = mistakes.Text(language.English)
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}
