package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// pauseOptions are the flags of pause.
type pauseOptions struct {
	until, reason string
	removals      bool
}

func pauseCommand(o *options, stdout io.Writer) *cobra.Command {
	var p pauseOptions
	cmd := &cobra.Command{
		Use:   "pause",
		Short: o.lang.Text("暂停：--until 之前 JumpServer 里什么都不写；--removals 只暂停移除（需要状态存储）", "Pause: nothing is written to JumpServer before --until; --removals pauses just removals (needs a state store)"),
		Long: o.lang.Text("写在状态存储里，用同一个状态存储的每一次同步都看得到：定时函数、事件函数、命令行的同步、apply、retire、adopt、release、reactivate、labels clean。\n"+
			"每次运行开始时读一次，停用之前、删除之前各再读一次：正在运行的同步也不再开始移除（已经发出的那一批会做完）。\n"+
			"  jms-sync pause --until 4h        全部写入暂停：只查询、计划和通知\n"+
			"  jms-sync pause --removals        只暂停移除，照常新增和更新；直到 resume，或加上 --until\n"+
			"批准（approve）不解除暂停。暂停写在每张卡片的第一行、日志、结果与 status 里，至少每天通知一次；到期后在下一张卡片上说一次。\n"+
			"再次执行则替换之前的暂停。TIME："+untilHelp().ZH+"。",
			"It is written to the state store, where everything that uses the store sees it: timer and event functions, syncs of the command, apply,\n"+
				"retire, adopt, release, reactivate, labels clean.\n"+
				"A run reads it at its beginning, and again before it deactivates and before it deletes: one that is at work begins no removal any more\n"+
				"(a batch that was sent is finished).\n"+
				"  jms-sync pause --until 4h        all writes are paused: runs list, plan and tell\n"+
				"  jms-sync pause --removals        just removals are paused, assets are made and updated; until resume, or with --until\n"+
				"An approval does not pass a pause. Every card's first line, the log, the results and status show it, people are told at least daily, and\n"+
				"once more when it is over. Another pause replaces it. TIME: "+untilHelp().EN+"."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.withStateStore(cmd.Context(), func(ctx context.Context, d stateSession) error { return d.startPause(ctx, p, stdout) })
		},
	}
	cmd.Flags().StringVar(&p.until, "until", "", o.lang.Text("到什么时候为止；不加 --removals 时必填", "until when; required without --removals"))
	cmd.Flags().BoolVar(&p.removals, "removals", false, o.lang.Text("只暂停移除（停用与删除）", "pause just removals (deactivations and deletions)"))
	cmd.Flags().StringVar(&p.reason, "reason", "", o.lang.Text("原因，写在卡片上", "the reason, which cards show"))
	return o.addStateFlags(cmd)
}

func resumeCommand(o *options, stdout io.Writer) *cobra.Command {
	return o.addStateFlags(&cobra.Command{
		Use:   "resume",
		Short: o.lang.Text("结束暂停；读不了的暂停状态也一并清除", "End a pause, one that cannot be read too"),
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.withStateStore(cmd.Context(), func(ctx context.Context, d stateSession) error { return d.endPause(ctx, stdout) })
		},
	})
}

// withStateStore opens the state store for pause and resume. It fails where no store is named, and says what is missing.
func (o *options) withStateStore(ctx context.Context, do func(context.Context, stateSession) error) error {
	d, err := o.openState(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	return d.withOrders(ctx, do)
}

// withOrders calls do where a store is named.
func (d stateSession) withOrders(ctx context.Context, do func(context.Context, stateSession) error) error {
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text(
			"需要状态存储：没有设置 %s，各处的同步看不到这个命令",
			"a state store is needed: %s is not set, and no other run would see this order", config.EnvState))}
	}
	return do(ctx, d)
}

// startPause stores a pause and prints what it does.
func (d stateSession) startPause(ctx context.Context, o pauseOptions, to io.Writer) error {
	p := runstate.Pause{Removals: o.removals, Since: d.now, By: operatorName(), Reason: stripControls(o.reason)}
	err := checkReason(o.reason, d.lang())
	if err == nil && o.until == "" && !o.removals {
		err = errors.New(d.text("--until: 必填（只暂停移除时用 --removals）", "--until: required (--removals pauses just removals)"))
	}
	if err == nil && o.until != "" {
		p.Until, err = parseUntil(o.until, d.now, d.cfg.Location(), d.lang())
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	previous, readErr := d.store.LoadPause(ctx)
	if err := d.store.SavePause(ctx, p); err != nil {
		return &exitError{exitFailed, err}
	}
	if readErr == nil && previous.IsActive(d.now) {
		fmt.Fprintln(to, d.text("替换了之前的暂停——%s", "in place of the pause so far: %s", d.pauseText(previous)))
	}
	fmt.Fprintln(to, d.pauseText(p))
	fmt.Fprintln(to, d.text("每一次新的运行都照此执行；正在运行的不再开始停用或删除，其它写入到它结束为止。",
		"Every run that begins from now on keeps to it; one that is at work begins no deactivation or deletion any more, and makes its other changes."))
	fmt.Fprintln(to, d.installationText())
	return nil
}

// endPause ends a pause.
func (d stateSession) endPause(ctx context.Context, to io.Writer) error {
	previous, readErr := d.store.LoadPause(ctx)
	if err := d.store.Resume(ctx); err != nil {
		return &exitError{exitFailed, err}
	}
	switch {
	case readErr != nil:
		fmt.Fprintln(to, d.text("已清除读不了的暂停状态（%s）", "what could not be read is cleared (%s)", readErr))
	case !previous.Exists():
		fmt.Fprintln(to, d.text("没有暂停。", "Nothing is paused."))
	case !previous.IsActive(d.now):
		fmt.Fprintln(to, d.text("暂停已在 %s 到期。", "The pause ended at %s.", d.formatTime(previous.Until)))
	default:
		fmt.Fprintln(to, d.text("已恢复，下一次运行起照常写入。结束的是：%s", "resumed: runs write again from the next one on. It was: %s", d.pauseText(previous)))
	}
	fmt.Fprintln(to, d.installationText())
	return nil
}

// pauseText words a pause as cards do.
func (d stateSession) pauseText(p runstate.Pause) string {
	return stripControls(plan.NewPause(!p.Removals, p.By, p.Since, p.Until, p.Reason).Why.Text(d.lang()))
}

// isPauseError reports whether a command was refused because of a pause.
func isPauseError(err error) bool {
	var t *reason.RunError
	return errors.As(err, &t) && plan.IsPauseHold(t.Reason.Code)
}

// pauseRow is a pause in the document of status; kind is "all", "removals" or "unreadable".
type pauseRow struct {
	Kind   string     `json:"kind"`
	Stands bool       `json:"stands"` // false = it is over
	By     string     `json:"by"`
	Since  *time.Time `json:"since"` // null = unreadable
	Until  *time.Time `json:"until"` // null = until resumed, or unreadable
	Reason string     `json:"reason"`
}

// newPauseRow returns the row of a pause; nil = none. unread is why the pause could not be read.
func newPauseRow(p runstate.Pause, readErr error, now time.Time) *pauseRow {
	switch {
	case readErr != nil:
		return &pauseRow{Kind: "unreadable", Stands: true, Reason: readErr.Error()}
	case !p.Exists():
		return nil
	}
	row := &pauseRow{Kind: "all", Stands: p.IsActive(now), By: p.By, Since: &p.Since, Reason: p.Reason}
	if p.Removals {
		row.Kind = "removals"
	}
	if !p.Until.IsZero() {
		row.Until = &p.Until
	}
	return row
}
