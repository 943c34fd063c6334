package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

func demoCommand(o *options, stdout io.Writer) *cobra.Command {
	var d demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: o.lang.Text("用内置的 JumpServer、五朵云、钉钉模拟器演示主要流程（真实的 SDK 与函数程序，不需要任何配置）", "Show the main job against built-in emulators of JumpServer, five clouds and DingTalk (real SDKs and function programs, no settings needed)"),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := runDemo(cmd.Context(), o.lang, stdout, d); err != nil {
				return &exitError{exitFailed, fmt.Errorf("demo: %w", err)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&d.timer, "timer", "dist/fc-timer/bootstrap", o.lang.Text("定时函数的程序（make build 生成）", "program of the timer function (made by make build)"))
	cmd.Flags().StringVar(&d.event, "event", "dist/fc-event/bootstrap", o.lang.Text("事件函数的程序（make build 生成）", "program of the event function (made by make build)"))
	cmd.Flags().BoolVar(&d.serve, "serve", false, o.lang.Text("演示之后启动控制台，在浏览器里看演示留下的一切", "start the console afterwards, for a browser to see all that the demo left"))
	return cmd
}

// demoOptions are the flags of demo.
type demoOptions struct {
	timer, event string // programs
	serve        bool
}

// runDemo drives the functions' programs through Function Compute's runtime API, against emulators.
func runDemo(ctx context.Context, lang language.Lang, out io.Writer, o demoOptions) error {
	w, err := newDemoWorld(lang)
	if err != nil {
		return err
	}
	w.hasState = o.serve
	defer w.close()
	d := &demonstration{lang: lang, out: out, world: w}
	for _, f := range []struct {
		program string
		into    **demoFunction
	}{{o.timer, &d.timer}, {o.event, &d.event}} {
		*f.into, err = startFunction(ctx, f.program, w.environment(), lang)
		if err != nil {
			return err
		}
		defer (*f.into).runtime.Close()
	}
	started := time.Now()
	d.showOpening()
	for _, chapter := range []func(context.Context) error{
		d.showFirstSync, d.showSecondSync, d.showAdopt, d.showRegionFailure, d.releaseInstance, d.showCreateEvent, d.showReleaseEvent, d.showRules, d.showGuard, d.showFiveClouds,
	} {
		if err := chapter(ctx); err != nil {
			return fmt.Errorf("%w\n%s\n%s%s", err, lang.Text("函数的输出：", "Output of the functions:"), d.timer.process.Output(), d.event.process.Output())
		}
	}
	if err := d.showClosing(time.Since(started)); err != nil || !o.serve {
		return err
	}
	return d.serveConsole(ctx)
}

// serveConsole serves a console of the demo's world until it is told to stop.
func (d *demonstration) serveConsole(ctx context.Context) error {
	c := &consoleServer{source: session.ConfigSource{File: d.world.config, Environ: d.world.environment(), Language: d.lang}, log: slog.New(slog.DiscardHandler)}
	var err error
	c.cfg, err = c.source.Load(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	return c.run(ctx, defaultListen, d.out)
}

// demoFunction is one function's program at its runtime API.
type demoFunction struct {
	program string
	runtime *runtimetest.Runtime
	process *runtimetest.Process
}

func startFunction(ctx context.Context, bootstrap string, env []string, lang language.Lang) (*demoFunction, error) {
	if _, err := os.Stat(bootstrap); err != nil {
		return nil, fmt.Errorf("%s: %w", lang.Textf("没有函数程序 %s，请先执行 make build", "there is no program %s, make build makes it", bootstrap), err)
	}
	program, err := filepath.Abs(bootstrap)
	if err != nil {
		return nil, err
	}
	f := &demoFunction{program: program}
	f.runtime, err = runtimetest.NewFC(nil)
	if err != nil {
		return nil, err
	}
	f.process, err = f.runtime.Start(ctx, program, env)
	if err != nil {
		f.runtime.Close()
		return nil, err
	}
	return f, nil
}

type demonstration struct {
	lang    language.Lang
	out     io.Writer
	world   *demoWorld
	timer   *demoFunction
	event   *demoFunction
	chapter int
}

func (d *demonstration) text(zh, en string, args ...any) string { return d.lang.Textf(zh, en, args...) }

func (d *demonstration) printLine(zh, en string, args ...any) {
	fmt.Fprintln(d.out, d.text(zh, en, args...))
}

func (d *demonstration) heading(title string) {
	d.chapter++
	fmt.Fprintf(d.out, "\n── %d. %s %s\n", d.chapter, title, strings.Repeat("─", 20))
}

func (d *demonstration) showOpening() {
	d.printLine("jms-sync 演示：一切都在本机回环地址上，没有任何真实的云或 JumpServer 参与。",
		"jms-sync demo: all of it is on loopback, no real cloud and no real JumpServer take part.")
	fmt.Fprint(d.out, report.FormatColumns("  ", [][]string{
		{d.text("JumpServer %s 模拟器", "JumpServer %s, emulated", jumpservertest.V410), d.world.jumpserverURL},
		{d.text("阿里云 ECS/STS 模拟器", "Alibaba Cloud ECS/STS, emulated"), d.world.cloudURL},
		{d.text("钉钉机器人模拟器", "DingTalk robot, emulated"), d.world.robotURL},
		{d.text("函数程序（真实的 SDK）", "function programs (real SDKs)"), d.timer.program},
		{"", d.event.program},
	}))
}

// invoke sends a firing as the timer trigger does, and returns the results document.
func (d *demonstration) invoke(ctx context.Context, payload string) (report.Report, error) {
	d.world.jumpserver.ResetCounts()
	event, err := json.Marshal(map[string]string{
		"triggerTime": time.Now().UTC().Format(time.RFC3339), "triggerName": "demo", "payload": payload,
	})
	if err != nil {
		return report.Report{}, err
	}
	answer, err := d.timer.runtime.Invoke(ctx, event, runtimetest.Options{Timeout: time.Minute})
	if err != nil {
		return report.Report{}, err
	}
	if !answer.OK {
		return report.Report{}, fmt.Errorf("%s: %s", answer.ErrorType, answer.ErrorMessage)
	}
	var r report.Report
	if err := json.Unmarshal(answer.Body, &r); err != nil {
		return report.Report{}, err
	}
	d.printResult(r)
	return r, nil
}

// printResult prints the results document in lines.
func (d *demonstration) printResult(r report.Report) {
	d.printLine("结果 %s：共 %d 台，新增 %d，更新 %d，停用 %d，删除 %d，不变 %d，跳过 %d，暂缓 %d，失败 %d（%.2f 秒，JumpServer 请求 %d 次，其中写入 %d 次）",
		"Result %s: %d in all, %d created, %d updated, %d deactivated, %d deleted, %d unchanged, %d skipped, %d on hold, %d failed (%.2f s, %d requests to JumpServer, %d of them writes)",
		r.Outcome, r.Total, r.Created, r.Updated, r.Deactivated, r.Deleted, r.Unchanged, r.Skipped, r.Held, r.Failures,
		r.Duration, d.world.jumpserver.Requests(), d.world.jumpserver.Writes())
	var rows [][]string
	for _, c := range r.Changes {
		rows = append(rows, []string{string(c.Action), c.Region, c.Name, c.Address, c.Reason})
	}
	fmt.Fprint(d.out, report.FormatColumns("  ", rows))
	for _, s := range r.Scopes {
		if !s.Complete {
			d.printLine("  读取失败   %s %s：%s", "  not listed %s %s: %s", s.Account, s.Region, s.Error.Message)
		}
	}
}

// printCard prints the last card that people got.
func (d *demonstration) printCard() error {
	messages := d.world.robot.Messages()
	if len(messages) == 0 {
		return errors.New(d.text("钉钉没有收到消息", "DingTalk got no message"))
	}
	m := messages[len(messages)-1]
	d.printLine("钉钉卡片《%s》：", "Card in DingTalk, “%s”:", m.Title)
	for line := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n") {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(d.out, "  │ %s\n", strings.TrimRight(line, " "))
		}
	}
	return nil
}

func (d *demonstration) showFirstSync(ctx context.Context) error {
	d.heading(d.lang.Text("第一次同步", "The first sync"))
	d.printLine("云上两个区域共 7 台；JumpServer 里已有一台 Python 工具留下的资产和一台人工创建的主机。",
		"Two regions have 7 machines; JumpServer has an asset that the Python tool left, and a host that a person made.")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Created != 6 || r.Skipped != 1 {
		return errors.New(d.text("应新增 6 台、跳过 1 台，实际 %d、%d", "6 should be created and 1 skipped, not %d and %d", r.Created, r.Skipped))
	}
	return d.printCard()
}

func (d *demonstration) showSecondSync(ctx context.Context) error {
	d.heading(d.lang.Text("再同步一次：没有变化，什么都不写", "Once more: nothing changed, nothing is written"))
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Unchanged != 6 || d.world.jumpserver.Writes() != 0 {
		return errors.New(d.text("应为 6 台不变、0 次写入，实际 %d、%d", "6 should be unchanged with 0 writes, not %d and %d", r.Unchanged, d.world.jumpserver.Writes()))
	}
	return nil
}

func (d *demonstration) showRegionFailure(ctx context.Context) error {
	d.heading(d.lang.Text("一个区域读取失败：那里的资产一台都不动", "One region cannot be listed: none of its assets is touched"))
	d.printLine("cn-shanghai 拒绝读取；同时 cn-beijing 的 web-1 改名为 web-1-new。",
		"cn-shanghai refuses; at the same time web-1 of cn-beijing becomes web-1-new.")
	repair := d.world.cloud.Break(alibabatest.Fault{
		Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-shanghai",
	})
	defer repair()
	d.world.renameInstance("cn-beijing", "i-bj0001", "web-1-new")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Outcome != report.Partial || r.Deactivated+r.Deleted != 0 || r.Updated != 1 {
		return errors.New(d.text("应为 partial、只更新 1 台，实际 %s", "it should be partial and update just 1, not %s", r.Outcome))
	}
	return d.printCard()
}

func (d *demonstration) releaseInstance(ctx context.Context) error {
	d.heading(d.lang.Text("释放一台：先停用，宽限期（7 天）后才删除", "One is released: deactivated first, deleted only after the grace (7 days)"))
	d.world.account.Remove("cn-shanghai", "i-sh0003")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Deactivated != 1 || r.Deleted != 0 {
		return errors.New(d.text("应停用 1 台，实际停用 %d、删除 %d", "1 should be deactivated, not %d, and %d deleted", r.Deactivated, r.Deleted))
	}
	return d.printCard()
}

func (d *demonstration) showGuard(ctx context.Context) error {
	d.heading(d.lang.Text("守卫：一个区域忽然空了，全部移除暂缓，等人确认", "The guard: a region is empty all of a sudden, all removals wait for a person"))
	d.world.account.Remove("cn-beijing")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Outcome != report.Held || r.Held != 3 || d.world.jumpserver.Writes() != 0 {
		return errors.New(d.text("应暂缓 3 台、0 次写入，实际 %s %d", "3 should be on hold with 0 writes, not %s %d", r.Outcome, r.Held))
	}
	return d.printCard()
}

// showClosing prints JumpServer's hosts. It fails if any emulator got a request that no careful client sends.
func (d *demonstration) showClosing(elapsed time.Duration) error {
	d.heading(d.lang.Text("JumpServer 里最后的主机", "The hosts in JumpServer at the end"))
	var rows [][]string
	for _, h := range d.world.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		state := d.lang.Text("启用", "active")
		if !h.Active {
			state = d.lang.Text("停用", "inactive")
		}
		rows = append(rows, []string{h.Name, h.Address, fmt.Sprint(h.Platform), state, strings.Join(h.Nodes, " ")})
	}
	fmt.Fprint(d.out, report.FormatColumns("  ", rows))
	var unexpected []string
	unexpected = append(unexpected, d.world.jumpserver.Unexpected()...)
	unexpected = append(unexpected, d.world.cloud.Unexpected()...)
	for _, ground := range d.world.clouds.emulators() {
		unexpected = append(unexpected, ground.Unexpected()...)
	}
	unexpected = append(unexpected, d.world.robot.Unexpected()...)
	unexpected = append(unexpected, d.timer.runtime.Unexpected()...)
	unexpected = append(unexpected, d.event.runtime.Unexpected()...)
	if len(unexpected) > 0 {
		return errors.New(d.text("模拟器收到了意外的请求：%s", "the emulators got unexpected requests: %s", strings.Join(unexpected, "; ")))
	}
	d.printLine("\n演示完成，用时 %.1f 秒；模拟器没有收到任何意外的请求。", "\nDone in %.1f s; the emulators got no unexpected request.", elapsed.Seconds())
	return nil
}
