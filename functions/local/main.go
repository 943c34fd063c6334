// Command jms-sync runs the synchronisation on a host or a laptop. Without a subcommand it synchronises; plan only shows
// what would be done; demo needs no settings at all.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/language"
)

// version is stamped in by the linker.
var version = "dev"

// The exit codes, as cron and CI see them.
const (
	exitDone    = 0
	exitFailed  = 1 // nothing useful was done
	exitUsage   = 2 // bad configuration or usage, wrong key or organisation of JumpServer
	exitPartial = 3 // done in part: a scope or an item failed, or removals are held
)

// gcPercent bounds how far the heap grows between two collections, in percent of what is live. Measured with 100,000
// instances: resident memory peaks at 190 to 200 MiB instead of 230 to 260 with Go's 100, for 12 to 16 % more CPU time;
// with 10,000 instances the time is the same.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" { // otherwise the user has chosen
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	quiet := context.AfterFunc(ctx, func() {
		printStopping(os.Stderr, context.Cause(ctx), language.Of(os.Getenv))
	})
	code := runCommandLine(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	quiet()
	stop()
	os.Exit(code)
}

// printStopping reports a signal at once: a write under way is finished, no further one begins, and report and card
// still go out.
func printStopping(stderr io.Writer, cause error, lang language.Lang) {
	fmt.Fprintln(stderr, lang.Textf("收到终止信号：不再开始新的写入，报告与通知随后发出（%v）", "told to stop: no further write begins, report and card still go out (%v)", cause))
}

// exitError carries an exit code through cobra, with a message for people or none.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// runCommandLine executes the command line and returns the exit code.
func runCommandLine(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := newOptions(stdout)
	root := rootCommand(o, stdout, stderr)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	o.output.replaceEarlier(cmd, args, err, time.Now())
	if text := language.ErrorText(err, o.language(err)); text != "" {
		o.logEnd(err)
		o.printError(stderr, text)
		printNextStep(stderr, o.endingStep(cmd, err), o.language(err))
	}
	var wanted *exitError
	if errors.As(err, &wanted) {
		return detailedCode(args, wanted.code, err)
	}
	return detailedCode(args, exitUsage, err) // cobra's own errors: unknown flag or command
}

// rootCommand returns the tree of all commands.
func rootCommand(o *options, program, stderr io.Writer) *cobra.Command {
	stdout, showVersion := screen{program, stderr, &o.output}, false
	root := &cobra.Command{
		Use:   "jms-sync",
		Short: o.lang.Text("把云上的主机同步到 JumpServer（不带子命令即执行一次同步）", "Sync the clouds' hosts into JumpServer (without a command: make one run)"),
		Long: o.lang.Text("jms-sync 读取各云账号的实例，与 JumpServer 的资产比较，写入差异，并通知钉钉。\n"+
			"读取失败的区域不会移除任何资产；移除之前必须按实例 ID 逐个证实。\n\n"+
			"退出码：0 完成；1 失败；2 配置或用法有误、JumpServer 的地址、密钥或组织不对；3 部分完成或有变更被暂缓。",
			"jms-sync lists the instances of all accounts, compares them with JumpServer's assets, writes what differs, and tells DingTalk.\n"+
				"A region that cannot be read loses no asset; before a removal its instance is proved to be gone, by its id.\n"+
				"\n"+
				"Exit codes: 0 done; 1 failed; 2 a mistake in configuration or usage, wrong address, key or organisation of JumpServer; 3 done in part, or changes are on hold."),
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(stdout, false)
			}
			return o.runSync(cmd.Context(), stdout, stderr)
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	o.addFlags(root)
	root.Flags().BoolVar(&o.everyAccount, "every-account", false, o.lang.Text("也查询隔离中的账号（权限已修好而密钥未换时用）", "ask accounts in quarantine too (for rights that were mended without a new key)"))
	root.Flags().BoolVar(&o.partialOK, "partial-ok", false, o.lang.Text("部分完成或有变更被暂缓时退出码也为 0（通知照发）：给会因此告警的调度器用", "exit code 0 also where a run was done in part or changes are on hold (cards go out as ever): for schedulers that would raise an alarm"))
	root.Flags().BoolVar(&showVersion, "version", false, o.lang.Text("显示版本", "show the version"))
	root.AddCommand(planCommand(o, stdout, stderr), explainCommand(o, stdout, stderr), doctorCommand(o, stdout), initCommand(o, stdout, stderr),
		eventCommand(o, stdout, stderr), listenCommand(o, stderr), splitCommand(o, stdout, stderr),
		adoptCommand(o, stdout, stderr), releaseCommand(o, stdout, stderr), retireCommand(o, stdout, stderr), labelsCommand(o, stdout, stderr),
		statusCommand(o, stdout, stderr), historyCommand(o, stdout), metricsCommand(o, stdout), heldCommand(o, stdout, stderr), approveCommand(o, stdout, stderr), rejectCommand(o, stdout, stderr), applyCommand(o, stdout, stderr), ownerCommand(o, stdout, stderr),
		pauseCommand(o, stdout), resumeCommand(o, stdout), expectCommand(o, stdout, stderr), reactivateCommand(o, stdout, stderr),
		serveCommand(o, stdout, stderr), configCommand(o, stdout), rulesCommand(o, stdout, stderr), demoCommand(o, stdout), emulateCommand(o, stdout), versionCommand(o, stdout),
		completionCommand(o, program), manualCommand(o))
	markResults(root)
	usageText{o.lang}.localize(root)
	o.completeValues(root)
	return root
}
