package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/wait"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// options are the flags of all commands, the same as those of the Python tool.
type options struct {
	lang      language.Lang // of help and mistakes in usage, and of a configuration that names none
	config    string
	logLevel  string
	logFile   string
	noLogFile bool
	retries   int
	interval  string
	output    outputFile
	state     stateFlags
	verbose   bool
	noColor   bool

	runID string         // in every line of the log
	cfg   *config.Config // nil = it was not loaded, or not yet

	everyAccount bool // of a sync: query accounts in quarantine too
	partialOK    bool // of a sync: what was done in part ends with exit code 0
	remap        bool // of plan, and of apply for its file: mapping rules decide on existing assets too
}

func (o *options) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&o.config, "config", "c", "", o.lang.Text("配置文件（默认：环境变量 JMS_SYNC_CONFIG，再是 config.yaml，再是只用环境变量）", "configuration file (without it JMS_SYNC_CONFIG, then config.yaml, then variables alone)"))
	f.StringVarP(&o.logLevel, "log-level", "l", "", o.lang.Text("日志级别：DEBUG、INFO、WARNING、ERROR", "level of the log: DEBUG, INFO, WARNING, ERROR"))
	f.StringVar(&o.logFile, "log-file", "", o.lang.Text("日志文件", "log file"))
	f.BoolVar(&o.noLogFile, "no-log-file", false, o.lang.Text("不写日志文件", "write no log file"))
	f.IntVarP(&o.retries, "retries", "r", 3, o.lang.Text("失败的同步总共尝试几次", "how often a run that fails is tried in all"))
	f.StringVarP(&o.interval, "interval", "i", "5", o.lang.Text("两次尝试之间的间隔：秒数，或 10s、1m 这样的时长", "how long to wait between two tries: seconds, or a duration such as 10s, 1m"))
	f.BoolVarP(&o.verbose, "verbose", "v", false, o.lang.Text("终端上也显示 INFO 级的日志", "show the log from INFO on a terminal too"))
	f.BoolVar(&o.noColor, "no-color", false, o.lang.Text("终端上不用颜色（也可设置 NO_COLOR）", "no colours on a terminal (NO_COLOR says the same)"))
	f.StringVarP(&o.output.name, "output", "o", "", o.lang.Text("把结果（JSON）写到这个文件；report.html 这样的名字写成网页，用浏览器看；- 表示标准输出（给人看的内容改到标准错误）", "write the results (JSON) to this file; a name such as report.html gets a page for a browser; - is standard output (what people read then goes to standard error)"))
}

// runSync makes one run, retries it while it fails, and prints what was done.
func (o *options) runSync(ctx context.Context, stdout, stderr io.Writer) error {
	err := o.runWithRetries(ctx, stdout, stderr, func(ctx context.Context, s *terminalSession) engine.RunResult {
		return s.Sync(ctx, session.Request{IncludeQuarantined: o.everyAccount, PutsOff: isRetryable})
	}, false)
	var mistakes *config.Error
	if errors.As(err, &mistakes) && !mistakes.Missing && !isTerminal(stderr) {
		o.notifyUnready(ctx, mistakes, stderr)
	}
	var wanted *exitError
	if o.partialOK && errors.As(err, &wanted) && wanted.code == exitPartial && wanted.err == nil {
		return nil
	}
	return err
}

// notifyUnready sends a card about a configuration that cannot be used, once an hour for the same mistakes. Whoever types
// the command sees them, but a run of cron, systemd or a cluster would fail for days before somebody looks.
func (o *options) notifyUnready(ctx context.Context, mistakes *config.Error, stderr io.Writer) {
	environ := os.Environ()
	settings := config.FromEnvironment(environ)
	log, err := logs.NewConsole(logs.Settings{Level: settings.Log.Level, JSON: settings.Log.JSONFormat, Location: settings.Location(), Console: stderr})
	if err != nil {
		return // never: the level is one
	}
	wire.NewApp(leaseHolder(), nil, nil).WithEnvironment(environ).NotifyUnready(ctx, mistakes, log.With(logs.RunKey, o.runID))
}

// leaseHolder names the holder of the lease, for people.
func leaseHolder() string {
	host, _ := os.Hostname()
	return "jms-sync on " + host
}

// terminalSession is the session of a command, with its progress line and log.
type terminalSession struct {
	*session.Session
	progress *progressLine
	closeLog func()
}

func (s *terminalSession) close() {
	s.Close()
	s.closeLog()
}

// runWithRetries makes a run and tries it again while it fails, within timeout.run in all, and prints what was done.
func (o *options) runWithRetries(ctx context.Context, stdout, stderr io.Writer, once func(context.Context, *terminalSession) engine.RunResult, dry bool) error {
	interval, err := o.retryInterval()
	if err == nil {
		err = o.output.checkWritable(o.lang)
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	ctx, cancel := s.WithRunTimeout(ctx)
	defer cancel()
	var out engine.RunResult
	for try := 1; ; try++ {
		out = once(ctx, s)
		if !isRetryable(out.Report, out.Err) || dry || try >= o.retries || !leavesTimeForTry(ctx, interval) || wait.For(ctx, interval) != nil {
			break
		}
		s.Log().Warn("run failed, trying again", "try", try+1, "of", o.retries)
	}
	if out.Deliver != nil { // one card for all tries
		out.Report = out.Deliver(ctx)
	}
	s.progress.clearLine()
	o.printSummary(stdout, out.Report, s.Language())
	printRunStep(ctx, stdout, out, s.Language())
	if err := o.output.write(o.newOutputDocument(s, out)); err != nil {
		return &exitError{exitFailed, err}
	}
	if out.Review != nil && !o.output.isStandardOutput() {
		fmt.Fprintln(stdout, fileHeldText(o.output.name, out.Review, s.Language()))
	}
	return runExitError(out)
}

// minTryTime is what must be left for a further try: a shorter one would fail, and say less than the one before.
const minTryTime = 30 * time.Second

// leavesTimeForTry reports whether there is time for a try after a wait.
func leavesTimeForTry(ctx context.Context, interval time.Duration) bool {
	end, bounded := ctx.Deadline()
	return !bounded || time.Until(end) >= interval+minTryTime
}

// newOutputDocument returns the document of -o: the results, and for a plan also what apply reads.
func (o *options) newOutputDocument(s *terminalSession, out engine.RunResult) document {
	if out.Review == nil {
		return out.Report
	}
	return newPlanFile(s.Config().JumpServer, out, o.remap, s.Now())
}

// configSource returns where the configuration comes from.
func (o *options) configSource() session.ConfigSource {
	return session.ConfigSource{File: o.config, Environ: os.Environ(), Language: o.lang}
}

// openSession loads the configuration and opens its session. Its errors are mistakes of the user.
func (o *options) openSession(ctx context.Context, stderr io.Writer) (*terminalSession, error) {
	cfg, err := o.loadConfig(ctx)
	if err != nil {
		return nil, err
	}
	o.output.page = page.Options{Lang: language.Lang(cfg.Language), Location: cfg.Location()}
	p := newProgressLine(stderr, language.Lang(cfg.Language))
	log, closer, err := o.newLogger(cfg, p)
	if err != nil {
		return nil, err
	}
	s, err := session.Open(session.Options{
		Config: cfg, Environ: os.Environ(), RequireState: true, Remap: o.remap, Log: log.With("environment", cfg.Environment.Type, logs.RunKey, o.runID),
		Hooks: session.Hooks{Stage: p.showStage, Progress: p.showCount}, Holder: leaseHolder(),
	})
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return &terminalSession{Session: s, progress: p, closeLog: func() {
		_ = closer.Close()
	}}, nil
}

// isRetryable reports whether a run may succeed when tried again. It cannot where a person must correct something first.
// The card of such a run is put off: people are notified once, after the last try.
func isRetryable(rep report.Report, stopped error) bool {
	return rep.Outcome == report.Failed && !needsCorrection(stopped)
}

// needsCorrection reports whether a person must correct something first: JumpServer refused the key, another
// organisation answered, or the answer shows that a setting is wrong.
func needsCorrection(err error) bool {
	switch inventory.AdviceOf(err) {
	case inventory.WriteHTTPS, inventory.WriteHTTP, inventory.OtherHost, inventory.OtherPath, inventory.ProxyLogin:
		return true
	}
	if namesNothing(err) {
		return true
	}
	kind := inventory.KindOf(err)
	return kind == inventory.BadCredentials || kind == inventory.Organisation
}

// namesNothing reports whether a person named an account, a region or an asset that nobody knows.
func namesNothing(err error) bool {
	var t *reason.RunError
	return errors.As(err, &t) && slices.Contains([]reason.Code{reason.NoSuchAccount, reason.AccountsUnknown, reason.NothingSelected, reason.NothingMeant}, t.Reason.Code)
}

// runExitError returns the exit code of a run. The summary has given the reason already.
func runExitError(out engine.RunResult) error {
	switch out.Report.Outcome {
	case report.Failed:
		if needsCorrection(out.Err) {
			return &exitError{code: exitUsage}
		}
		return &exitError{code: exitFailed}
	case report.Partial, report.Held:
		return &exitError{code: exitPartial}
	}
	return nil
}

// retryInterval parses --interval: seconds, or a duration.
func (o *options) retryInterval() (time.Duration, error) {
	if o.retries < 1 {
		return 0, errors.New(o.lang.Text("--retries: 至少为 1", "--retries: at least 1"))
	}
	if n, err := strconv.Atoi(o.interval); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(o.interval)
	if err != nil || d < 0 {
		return 0, errors.New(o.lang.Textf("--interval: %q 不是秒数，也不是 10s、1m 这样的时长", "--interval: %q is neither seconds nor a duration such as 10s, 1m", o.interval))
	}
	return d, nil
}
