package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/pause"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// options are the command line's, as the Python tool has them.
type options struct {
	config    string
	logLevel  string
	logFile   string
	noLogFile bool
	retries   int
	interval  string
	output    outputFile

	everyAccount bool // of a sync: also those in quarantine
}

func (o *options) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&o.config, "config", "c", "", "配置文件（默认：环境变量 JMS_SYNC_CONFIG，再是 config.yaml，再是只用环境变量）")
	f.StringVarP(&o.logLevel, "log-level", "l", "", "日志级别：DEBUG、INFO、WARNING、ERROR")
	f.StringVar(&o.logFile, "log-file", "", "日志文件")
	f.BoolVar(&o.noLogFile, "no-log-file", false, "不写日志文件")
	f.IntVarP(&o.retries, "retries", "r", 3, "失败的同步总共尝试几次")
	f.StringVarP(&o.interval, "interval", "i", "5", "两次尝试之间的间隔：秒数，或 10s、1m 这样的时长")
	f.StringVarP((*string)(&o.output), "output", "o", "", "把结果（JSON）写到这个文件")
}

// runSync makes one run, again while it fails, and prints what was done.
func (o *options) runSync(ctx context.Context, stdout, stderr io.Writer) error {
	return o.runWithRetries(ctx, stdout, stderr, func(s *terminalSession) engine.RunResult {
		return s.Sync(ctx, session.Request{IncludeQuarantined: o.everyAccount})
	}, false)
}

// holderHere names who holds the lease, for people.
func holderHere() string {
	host, _ := os.Hostname()
	return "jms-sync on " + host
}

// runPlan makes one run that writes nothing and tells nobody but the terminal. What -o writes can be applied.
func (o *options) runPlan(ctx context.Context, stdout, stderr io.Writer) error {
	return o.runWithRetries(ctx, stdout, stderr, func(s *terminalSession) engine.RunResult {
		out := s.Plan(ctx, o.output != "")
		s.printPlan(stdout, out)
		return out
	}, true)
}

// printPlan shows the lines of a run, if there is a plan: none is not an empty one.
func (s *terminalSession) printPlan(stdout io.Writer, out engine.RunResult) {
	s.progress.clearLine()
	if out.Err != nil {
		return
	}
	if err := report.WritePlanTable(stdout, out.PlanLines, s.Language()); err != nil {
		s.Log().Error("the plan was not printed", "error", err)
	}
}

// terminalSession is a session of a command, and what shows it at a terminal.
type terminalSession struct {
	*session.Session
	progress *progressLine
	closeLog func()
}

func (s *terminalSession) close() {
	s.Close()
	s.closeLog()
}

func (o *options) runWithRetries(ctx context.Context, stdout, stderr io.Writer, once func(*terminalSession) engine.RunResult, dry bool) error {
	wait, err := o.retryInterval()
	if err == nil {
		err = o.output.checkWritable()
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	var out engine.RunResult
	for try := 1; ; try++ {
		out = once(s)
		if !isRetryable(out) || dry || try >= o.retries || pause.For(ctx, wait) != nil {
			break
		}
		s.Log().Warn("run failed, trying again", "try", try+1, "of", o.retries)
	}
	s.progress.clearLine()
	fmt.Fprint(stdout, report.Summary(out.Report, s.Language()))
	if err := o.output.write(documentOf(s, out)); err != nil {
		return &exitError{exitFailed, err}
	}
	if out.Review != nil {
		fmt.Fprintln(stdout, fileHeldText(string(o.output), out.Review, s.Language()))
	}
	return exitErrorOf(out)
}

// documentOf gives the document of -o: the results, of a plan with what apply takes.
func documentOf(s *terminalSession, out engine.RunResult) document {
	if out.Review == nil {
		return out.Report
	}
	return newPlanFile(s.Config().JumpServer, out, s.Now())
}

// openSession reads the configuration and opens its session. Its errors are mistakes of the user.
func (o *options) openSession(ctx context.Context, stderr io.Writer) (*terminalSession, error) {
	cfg, err := wire.ConfigLoader(o.config)(ctx)
	if err != nil {
		return nil, err
	}
	p := newProgressLine(stderr, plan.Lang(cfg.Language))
	log, closer, err := o.newLogger(cfg, p)
	if err != nil {
		return nil, err
	}
	s, err := session.Open(session.Options{
		Config: cfg, Environ: os.Environ(), RequireState: true, Log: log.With("environment", cfg.Environment.Type),
		Hooks: session.Hooks{Stage: p.showStage, Progress: p.showCount}, Holder: holderHere(),
	})
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return &terminalSession{Session: s, progress: p, closeLog: func() { _ = closer.Close() }}, nil
}

// newLogger builds the logger of a host: console and, unless it is switched off, files. What the
// command line says goes first.
func (o *options) newLogger(cfg config.Config, console io.Writer) (*slog.Logger, io.Closer, error) {
	s := logs.Settings{
		Level: cfg.Log.Level, Console: console, File: cfg.Log.File, MaxSizeMB: cfg.Log.MaxSize,
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
	return logs.New(s)
}

// isRetryable tells whether trying once more may help: not where a person must mend something first.
func isRetryable(out engine.RunResult) bool {
	return out.Report.Outcome == report.Failed && !isMistake(out.Err)
}

// isMistake reports whether JumpServer refused the key, another organisation answered, or what answered says
// that a setting has to be changed.
func isMistake(err error) bool {
	switch inventory.AdviceOf(err) {
	case inventory.WriteHTTPS, inventory.WriteHTTP, inventory.OtherHost, inventory.OtherPath, inventory.ProxyLogin:
		return true
	}
	kind := inventory.KindOf(err)
	return kind == inventory.BadCredentials || kind == inventory.Organisation
}

// exitErrorOf gives the exit code of a run. The summary has said why already.
func exitErrorOf(out engine.RunResult) error {
	switch out.Report.Outcome {
	case report.Failed:
		if isMistake(out.Err) {
			return &exitError{code: exitUsage}
		}
		return &exitError{code: exitFailed}
	case report.Partial, report.Held:
		return &exitError{code: exitPartial}
	}
	return nil
}

// retryInterval reads the interval: seconds, or a duration.
func (o *options) retryInterval() (time.Duration, error) {
	if o.retries < 1 {
		return 0, fmt.Errorf("--retries: 至少为 1 (at least 1)")
	}
	if n, err := strconv.Atoi(o.interval); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(o.interval)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("--interval: %q 不是秒数，也不是 10s、1m 这样的时长 (neither seconds nor a duration)", o.interval)
	}
	return d, nil
}
