package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// regionsPerBench is over how many regions the instances of a part are spread.
const regionsPerBench = 5

// The parts, in the order in which they are measured and shown.
const allParts = "abcdefgh"

// bench measures jms-sync against emulators in another process, or on a real server.
type bench struct {
	exe          string // this program, which probes
	program      string // jms-sync, which is measured and which emulates
	version      string // what program says of itself
	out          io.Writer
	parts        string        // letters of allParts
	hosts        int           // a: of the first sync
	sizes        []int         // b: instances of the runs without changes
	listingSize  int           // c: instances that are listed
	limitedSize  int           // e: instances of the run whose memory must be below limitedSizeMiB
	largestSize  int           // e: instances of the biggest run, below largestSizeMiB; 0 = none
	ruledSize    int           // h: instances
	latency      time.Duration // of every answer, but for c
	cloudLatency time.Duration // c: of every answer of the cloud
	pause        time.Duration // c: of the baseline, between two pages
	runs         int
	timer        string // the functions' programs
	event        string
	lambda       string
	graph        string
	markdown     string // file; "" = none
	profile      string // folder; "" = none
	real         bool
	config       string // -c, for a real server
	writeTo      string // organisation of a real server; "" = nothing is written
	createHosts  int    // g: hosts of one measurement
	rounds       int    // g
	createIn     string // g: organisation of a real server
	yes          bool   // g: nobody is asked
	in           *bufio.Reader
}

func newCommand(stdout io.Writer) *cobra.Command {
	b := bench{out: stdout}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "测量：首次同步、没有变化的运行、读取云、事件、内存、启动与程序包，与基准在同一次运行里比较",
		Long: "在同一次运行里测量下列各项，并与基准比较；模拟器在另一个进程里，每个请求的耗时固定：\n" +
			"  a 首次同步：默认值与一个写入者相比\n" +
			"  b 没有变化的运行：有状态、无状态，与一次读取全部字段相比\n" +
			"  c 读取云：与每页 25 台、停顿 0.5 秒、地域依次读取相比\n" +
			"  d 从事件到资产\n" +
			"  e 内存峰值\n" +
			"  f 从启动到第一次向运行时取事件，以及程序与程序包的大小\n" +
			"  g 创建主机：与固定的 1、2、4、8 个写入者相比，耗时按真实服务器随并发的测量值\n" +
			"  h 映射规则：没有变化的运行，50 条规则与没有规则相比\n" +
			"--real 用配置（-c 或环境变量）里的真实服务器测量 b 与 c，只读；--write-to-organisation 还会在一个空的组织里做一次首次同步。\n" +
			"--create-in-organisation 在真实服务器上测量 g：先说明会写什么并询问，创建自己的主机，测完删除。",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.in = bufio.NewReader(cmd.InOrStdin())
			err := b.check()
			if err != nil {
				return err
			}
			b.exe, err = os.Executable()
			if err == nil {
				err = b.run(cmd.Context())
			}
			if err != nil {
				return failure{err}
			}
			return nil
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.PersistentFlags().StringVarP(&b.config, "config", "c", "", "配置文件（默认：环境变量 JMS_SYNC_CONFIG，再是 config.yaml，再是只用环境变量）")
	b.addFlags(cmd)
	cmd.AddCommand(probeCommand(&b.config, stdout))
	return cmd
}

func (b *bench) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&b.parts, "only", "", "只测这些部分，如 b 或 acf（默认：全部；--real 时为 bc）")
	f.IntVar(&b.hosts, "hosts", 1000, "a：首次同步的主机数")
	f.IntSliceVar(&b.sizes, "sizes", []int{5000, 50000}, "b：实例数，分布在 5 个地域；第一个数也对 v4.7.0 测量")
	f.IntVar(&b.listingSize, "listed", 2000, "c：实例数，分布在 5 个地域（文档里的数字用 10000，基准约需 4 分钟）")
	f.IntVar(&b.limitedSize, "instances", 10000, "e：内存不得超过 128 MiB 的那次运行的实例数")
	f.IntVar(&b.largestSize, "most", 100000, "e：内存不得超过 256 MiB 的最大一次运行的实例数，分布在 5 个账号、每个 10 个地域；0 表示不测")
	f.IntVar(&b.ruledSize, "ruled", 100000, "h：实例数，分布在 5 个账号、每个 10 个地域；内存不得超过 256 MiB，时间不得超过没有规则的 1.3 倍")
	f.DurationVar(&b.latency, "latency", 20*time.Millisecond, "服务端每个请求的耗时（c 除外）")
	f.DurationVar(&b.cloudLatency, "cloud-latency", 100*time.Millisecond, "c：云 API 每个请求的耗时")
	f.DurationVar(&b.pause, "pause", 500*time.Millisecond, "c：基准在两页之间的停顿")
	f.IntVar(&b.runs, "runs", 3, "每项测量几次，取中位数")
	f.StringVar(&b.program, "program", "bin/jms-sync", "被测量的 jms-sync（make build 生成）；模拟器也由它启动")
	f.StringVar(&b.timer, "timer", "dist/fc-timer/bootstrap", "定时函数的程序（make build 生成）")
	f.StringVar(&b.event, "event", "dist/fc-event/bootstrap", "事件函数的程序（make build 生成）")
	f.StringVar(&b.lambda, "lambda", "dist/lambda/bootstrap", "f：AWS Lambda 函数的程序（make build 生成）")
	f.StringVar(&b.graph, "functiongraph", "dist/functiongraph/bootstrap", "f：华为云 FunctionGraph 函数的程序（make build 生成）")
	f.StringVar(&b.markdown, "markdown", "", "把表格写进这个 Markdown 文件，把图（SVG）写在它旁边")
	f.StringVar(&b.profile, "profile", "", "b：另做一次运行，把 pprof 文件（cpu、allocs）写到这个目录")
	f.BoolVar(&b.real, "real", false, "测量配置里的真实服务器，只读（b 与 c）")
	f.IntVar(&b.createHosts, "creates", 100, "g：每次测量创建的主机数")
	f.IntVar(&b.rounds, "rounds", 5, "g：轮数，取中位数")
	f.StringVar(&b.createIn, "create-in-organisation", "", "与 --real 同用：在这个组织（须与配置相同）里测量 g；创建名为 jms-sync-bench-… 的主机并删除")
	f.BoolVar(&b.yes, "yes", false, "g：不询问，直接写入（用于脚本）")
	f.StringVar(&b.writeTo, "write-to-organisation", "", "与 --real 同用：在这个组织（须与配置相同，且没有任何资产）里做一次首次同步；不删除任何资产")
}

// check refuses what cannot be measured, and fills in the parts.
func (b *bench) check() error {
	known, byDefault := allParts, allParts
	switch {
	case b.real && b.createIn != "":
		known, byDefault = "bcg", "g"
	case b.real:
		known, byDefault = "bc", "bc"
	}
	if b.parts == "" {
		b.parts = byDefault
	}
	if at := strings.IndexFunc(b.parts, func(r rune) bool { return !strings.ContainsRune(known, r) }); at >= 0 {
		return fmt.Errorf("--only: %q：只能是 %s 中的字母 (letters of %s)", b.parts, known, known)
	}
	switch {
	case b.hosts < 1 || b.runs < 1 || b.latency < 0 || b.cloudLatency < 0 || b.pause < 0:
		return errors.New("--hosts、--runs 至少为 1，时长不能为负 (at least 1; not negative)")
	case len(b.sizes) == 0 || slices.ContainsFunc(append([]int{b.listingSize, b.limitedSize}, b.sizes...), isUneven):
		return fmt.Errorf("--sizes、--listed、--instances: 应为 %d 的倍数 (multiples of it)", regionsPerBench)
	case b.largestSize < 0 || b.largestSize%(manyAccounts*manyRegions) != 0:
		return fmt.Errorf("--most: 应为 %d 的倍数或 0 (a multiple of it, or 0)", manyAccounts*manyRegions)
	case b.ruledSize < manyAccounts*manyRegions || b.ruledSize%(manyAccounts*manyRegions) != 0:
		return fmt.Errorf("--ruled: 应为 %d 的倍数 (a multiple of it)", manyAccounts*manyRegions)
	case b.createHosts < 1 || b.createHosts > 99999 || b.rounds < 1:
		return errors.New("--creates、--rounds: 至少为 1，最多 99999 台 (at least 1; 99,999 hosts at most)")
	case b.createIn != "" && !b.real:
		return errors.New("--create-in-organisation: 只与 --real 同用 (only with --real)")
	case b.writeTo != "" && !b.real:
		return errors.New("--write-to-organisation: 只与 --real 同用 (only with --real)")
	case b.markdown != "" && (b.real || b.parts != allParts):
		return errors.New("--markdown: 只在模拟器上测量全部部分时使用 (only with all parts, on emulators)")
	}
	return nil
}

// isUneven reports whether instances cannot be spread evenly over the regions.
func isUneven(n int) bool { return n < regionsPerBench || n%regionsPerBench != 0 }

// run measures and prints, part by part. What a part finds wrong becomes an error after everything is printed. A
// document is written only where nothing is wrong.
func (b *bench) run(ctx context.Context) error {
	err := b.findProgram(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(b.out, b.settingText().english())
	if b.writeTo != "" {
		err = b.measureRealFirst(ctx)
		if err != nil {
			return err
		}
	}
	measure := map[rune]func(context.Context) (*figure, error){
		'a': b.measureFirstSync, 'b': b.measureUnchanged, 'c': b.measureListing, 'd': b.measureEvents, 'e': b.measureMemory, 'f': b.measureStarts, 'g': b.measureCreates, 'h': b.measureRules,
	}
	if b.real {
		measure = map[rune]func(context.Context) (*figure, error){'b': b.measureRealUnchanged, 'c': b.measureRealListing, 'g': b.measureRealCreates}
	}
	var figures []*figure
	var errs []error
	for _, part := range allParts {
		if !strings.ContainsRune(b.parts, part) {
			continue
		}
		f, err := measure[part](ctx)
		errs = append(errs, err)
		if f != nil {
			f.part = string(part)
			errs = append(errs, f.print(b.out))
			figures = append(figures, f)
		}
	}
	err = errors.Join(errs...)
	if err != nil || b.markdown == "" {
		return err
	}
	return b.writeDocument(figures)
}

// findProgram finds jms-sync and asks it for its version.
func (b *bench) findProgram(ctx context.Context) error {
	program, err := builtProgram(b.program)
	if err != nil {
		return err
	}
	b.program = program
	out, err := exec.CommandContext(ctx, b.program, "version").Output()
	if err != nil {
		return fmt.Errorf("bench: %s version: %w", b.program, err)
	}
	b.version = strings.TrimSpace(strings.TrimPrefix(string(out), "jms-sync "))
	return nil
}

// builtProgram returns the absolute path of a program that make build makes.
func builtProgram(path string) (string, error) {
	_, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("没有程序 %s，请先执行 make build (no such program, run make build): %w", path, err)
	}
	return filepath.Abs(path)
}

// settingText says what was measured, when, on which machine, and how.
func (b *bench) settingText() bilingual {
	machine := fmt.Sprintf("%s/%s, %s, %d CPUs (%s)", runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU(), processorName())
	today := time.Now().Format(time.DateOnly)
	if b.real {
		return bilingual{en: fmt.Sprintf("jms-sync %s, %s, %s; a real server; medians of %d runs, their range in brackets.", b.version, today, machine, b.runs)}
	}
	return bilingual{
		fmt.Sprintf("jms-sync %s，%s，%s；每项 %d 次的中位数，括号里是范围。\n"+
			"jms-sync 与模拟器是同一台机器上的两个进程，只经过回环地址，共用这些 CPU：只有比值有意义，真实服务器会慢得多。", b.version, today, machine, b.runs),
		fmt.Sprintf("jms-sync %s, %s, %s; medians of %d runs, their range in brackets.\n"+
			"jms-sync and the emulators are two processes of one machine on loopback and share these CPUs: only ratios mean anything, "+
			"real servers are much slower.", b.version, today, machine, b.runs),
	}
}

// processorName returns the name of the CPU where Linux says it.
func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "CPU unknown"
}
