package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

func demoCommand(stdout io.Writer) *cobra.Command {
	var timer, event string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "用内置的 JumpServer、五朵云、钉钉模拟器演示主要流程（真实的 SDK 与函数程序，不需要任何配置）",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := runDemo(cmd.Context(), stdout, timer, event); err != nil {
				return &exitError{exitFailed, fmt.Errorf("demo: %w", err)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&timer, "timer", "dist/fc-timer/bootstrap", "定时函数的程序（make build 生成）")
	cmd.Flags().StringVar(&event, "event", "dist/fc-event/bootstrap", "事件函数的程序（make build 生成）")
	return cmd
}

// runDemo drives the functions' programs through Function Compute's runtime API, against emulators.
func runDemo(ctx context.Context, out io.Writer, timer, event string) error {
	w, err := newDemoWorld()
	if err != nil {
		return err
	}
	defer w.close()
	d := &demonstration{out: out, world: w}
	for _, f := range []struct {
		program string
		into    **demoFunction
	}{{timer, &d.timer}, {event, &d.event}} {
		*f.into, err = startFunction(ctx, f.program, w.environment())
		if err != nil {
			return err
		}
		defer (*f.into).runtime.Close()
	}
	started := time.Now()
	d.showOpening()
	for _, chapter := range []func(context.Context) error{
		d.showFirstSync, d.showSecondSync, d.showAdopt, d.showRegionFailure, d.releaseInstance, d.showCreateEvent, d.showReleaseEvent, d.showGuard, d.showFiveClouds,
	} {
		if err := chapter(ctx); err != nil {
			return fmt.Errorf("%w\n函数的输出：\n%s%s", err, d.timer.process.Output(), d.event.process.Output())
		}
	}
	return d.showClosing(time.Since(started))
}

// demoFunction is one function's program at its runtime API.
type demoFunction struct {
	program string
	runtime *runtimetest.Runtime
	process *runtimetest.Process
}

func startFunction(ctx context.Context, bootstrap string, env []string) (*demoFunction, error) {
	if _, err := os.Stat(bootstrap); err != nil {
		return nil, fmt.Errorf("没有函数程序 %s，请先执行 make build：%w", bootstrap, err)
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
	out     io.Writer
	world   *demoWorld
	timer   *demoFunction
	event   *demoFunction
	chapter int
}

func (d *demonstration) printf(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demonstration) heading(title string) {
	d.chapter++
	d.printf("\n── %d. %s %s", d.chapter, title, strings.Repeat("─", 20))
}

func (d *demonstration) showOpening() {
	d.printf("jms-sync 演示：一切都在本机回环地址上，没有任何真实的云或 JumpServer 参与。")
	d.printf("  JumpServer %s 模拟器  %s", jumpservertest.V410, d.world.jumpserverURL)
	d.printf("  阿里云 ECS/STS 模拟器    %s", d.world.cloudURL)
	d.printf("  钉钉机器人模拟器         %s", d.world.robotURL)
	d.printf("  函数程序（真实的 SDK）    %s", d.timer.program)
	d.printf("                           %s", d.event.program)
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
	d.printf("结果 %s：共 %d 台，新增 %d，更新 %d，停用 %d，删除 %d，不变 %d，跳过 %d，暂缓 %d，失败 %d（%.2f 秒，JumpServer 请求 %d 次，其中写入 %d 次）",
		r.Outcome, r.Total, r.Created, r.Updated, r.Deactivated, r.Deleted, r.Unchanged, r.Skipped, r.Held, r.Failures,
		r.Duration, d.world.jumpserver.Requests(), d.world.jumpserver.Writes())
	for _, c := range r.Changes {
		d.printf("  %-10s %-12s %-22s %-14s %s", c.Action, c.Region, c.Name, c.Address, c.Reason)
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			d.printf("  读取失败   %s %s：%s", s.Account, s.Region, s.Error.Message)
		}
	}
}

// printCard prints the last card that people got.
func (d *demonstration) printCard() error {
	messages := d.world.robot.Messages()
	if len(messages) == 0 {
		return fmt.Errorf("钉钉没有收到消息")
	}
	m := messages[len(messages)-1]
	d.printf("钉钉卡片《%s》：", m.Title)
	for line := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n") {
		if strings.TrimSpace(line) != "" {
			d.printf("  │ %s", strings.TrimRight(line, " "))
		}
	}
	return nil
}

func (d *demonstration) showFirstSync(ctx context.Context) error {
	d.heading("第一次同步")
	d.printf("云上两个区域共 7 台；JumpServer 里已有一台 Python 工具留下的资产和一台人工创建的主机。")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Created != 6 || r.Skipped != 1 {
		return fmt.Errorf("应新增 6 台、跳过 1 台，实际 %d、%d", r.Created, r.Skipped)
	}
	return d.printCard()
}

func (d *demonstration) showSecondSync(ctx context.Context) error {
	d.heading("再同步一次：没有变化，什么都不写")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Unchanged != 6 || d.world.jumpserver.Writes() != 0 {
		return fmt.Errorf("应为 6 台不变、0 次写入，实际 %d、%d", r.Unchanged, d.world.jumpserver.Writes())
	}
	return nil
}

func (d *demonstration) showRegionFailure(ctx context.Context) error {
	d.heading("一个区域读取失败：那里的资产一台都不动")
	d.printf("cn-shanghai 拒绝读取；同时 cn-beijing 的 web-1 改名为 web-1-new。")
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
		return fmt.Errorf("应为 partial、只更新 1 台，实际 %s", r.Outcome)
	}
	return d.printCard()
}

func (d *demonstration) releaseInstance(ctx context.Context) error {
	d.heading("释放一台：先停用，宽限期（7 天）后才删除")
	d.world.account.Remove("cn-shanghai", "i-sh0003")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Deactivated != 1 || r.Deleted != 0 {
		return fmt.Errorf("应停用 1 台，实际停用 %d、删除 %d", r.Deactivated, r.Deleted)
	}
	return d.printCard()
}

func (d *demonstration) showGuard(ctx context.Context) error {
	d.heading("守卫：一个区域忽然空了，全部移除暂缓，等人确认")
	d.world.account.Remove("cn-beijing")
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Outcome != report.Held || r.Held != 3 || d.world.jumpserver.Writes() != 0 {
		return fmt.Errorf("应暂缓 3 台、0 次写入，实际 %s %d", r.Outcome, r.Held)
	}
	return d.printCard()
}

// showClosing prints JumpServer's hosts. It fails if any emulator got a request that no careful client sends.
func (d *demonstration) showClosing(elapsed time.Duration) error {
	d.heading("JumpServer 里最后的主机")
	for _, h := range d.world.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		state := "启用"
		if !h.Active {
			state = "停用"
		}
		d.printf("  %-22s %-14s %-8s %s  %s", h.Name, h.Address, h.Platform, state, strings.Join(h.Nodes, " "))
	}
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
		return fmt.Errorf("模拟器收到了意外的请求：%s", strings.Join(unexpected, "; "))
	}
	d.printf("\n演示完成，用时 %.1f 秒；模拟器没有收到任何意外的请求。", elapsed.Seconds())
	return nil
}
