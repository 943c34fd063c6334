package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func statusCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	asJSON, alarm := false, false
	cmd := &cobra.Command{
		Use:   "status",
		Short: o.lang.Text("显示暂停、每个区域最近一次完整同步的时间、隔离中的账号、被暂缓的移除与批准、仍开放的资产、宣布的下线（需要状态存储）", "Show pauses, each region's last complete run, accounts in quarantine, removals on hold and approvals, what stays open, and what is announced (needs a state store)"),
		Long: o.lang.Text("退出码：0 正常；1 读不到状态存储；2 没有状态存储；3 连续三个 sync.interval 没有一次完整同步。\n"+
			"加上 --alarm 时，这种情况发一张告警卡片（只发一次，恢复后由下一次完整同步通知），适合由另一个更慢的定时任务执行。",
			"Exit codes: 0 fine; 1 the state store cannot be read; 2 there is no state store; 3 no complete run for three sync.interval.\n"+
				"With --alarm a card is sent then (once; the next complete run tells when it is over): for another, slower timer."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.showStatus(cmd.Context(), asJSON, alarm, stdout, stderr)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, o.lang.Text("以 JSON 输出", "print JSON"))
	cmd.Flags().BoolVar(&alarm, "alarm", false, o.lang.Text("没有完整同步时发一次告警（需要配置：卡片由它的机器人发）", "raise the alarm once if there is no complete run (needs the configuration, whose robot sends it)"))
	return o.addStateFlags(cmd)
}

func (o *options) showStatus(ctx context.Context, asJSON, alarm bool, stdout, stderr io.Writer) error {
	d, done, err := o.openStatus(ctx, alarm, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer done()
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text(
			"需要状态存储：没有设置 %s，不知道上一次同步的时间", "a state store is needed: %s is not set, so nobody knows when the last run was", config.EnvState))}
	}
	all, err := readStatus(ctx, d)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	if asJSON {
		err = report.EncodeJSON(stdout, all.newDocument(d.now))
	} else {
		err = all.printTable(stdout, d)
	}
	if err != nil {
		return &exitError{exitFailed, err}
	}
	if all.fresh.Stalled {
		return &exitError{code: exitPartial}
	}
	return nil
}

// openStatus opens the state store; with an alarm, which a card raises, beside a whole configuration.
func (o *options) openStatus(ctx context.Context, alarm bool, stderr io.Writer) (d stateSession, done func(), err error) {
	if !alarm {
		d, err = o.openState(ctx)
		return d, func() {}, err
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return d, nil, err
	}
	return newStateSession(s), s.close, nil
}

// statusView is everything that status shows.
type statusView struct {
	fresh        delivery.Freshness
	alarm        runstate.Alarm
	alarmed      bool
	quarantines  []inventory.Quarantine
	held         []runstate.HeldSet
	approvals    []runstate.Approval
	others       []string // other JumpServers whose state the store holds
	closings     []report.Record
	closingsErr  error // why closings is not complete; nil = it is
	server       string
	organisation string
	pause        runstate.Pause
	announced    []runstate.Expectation // those not over yet
	open         []runstate.OpenList
	openErr      error // why open is not complete; nil = it is
	pauseErr     error // why it is not known what is paused
	lasting      []runstate.Condition
}

func readStatus(ctx context.Context, d stateSession) (all statusView, err error) {
	var errs [8]error
	now := d.now
	all.fresh, errs[0] = d.freshness(ctx)
	all.alarm, all.alarmed, errs[1] = d.store.LoadAlarm(ctx)
	all.quarantines, errs[2] = d.store.ListQuarantines(ctx)
	all.held, errs[3] = d.store.HeldStore().List(ctx, now)
	all.approvals, errs[4] = d.store.HeldStore().ListApprovals(ctx, now)
	all.pause, all.pauseErr = d.store.LoadPause(ctx)
	all.server, all.organisation = d.store.Server(), d.store.Organisation()
	all.others, errs[5] = d.store.ListOtherServers(ctx, now)
	all.announced, errs[6] = d.store.ListExpectations(ctx)
	all.announced = slices.DeleteFunc(all.announced, func(e runstate.Expectation) bool { return !e.IsActive(now) })
	all.lasting, errs[7] = d.store.LoadConditions(ctx)
	all.lasting = lastingConditions(all.lasting)
	all.open, all.openErr = d.store.ListOpen(ctx)
	all.closings, all.closingsErr = loadRecords(ctx, d.store, now.Add(-recentRunsAge), now.Add(runstate.MaxSkew), maxRecentRuns)
	return all, errors.Join(errs[:]...)
}

func (all statusView) printTable(to io.Writer, d stateSession) error {
	fmt.Fprintln(to, d.installationText())
	if len(all.others) > 0 {
		fmt.Fprintln(to, stripControls(report.SharedStoreText(all.server, all.others, d.lang())))
	}
	all.printPause(to, d)
	if len(all.fresh.Scopes) == 0 {
		fmt.Fprintln(to, d.text("还没有一次完整同步。", "No complete run yet."))
	}
	rows := [][]string{{d.text("账号/区域", "Account/region"), d.text("最近一次完整同步", "Last complete run")}}
	for _, a := range all.fresh.Scopes {
		late := ""
		if d.now.Sub(a.CompletedAt) > all.fresh.MaxAge {
			late = d.text("，超过 %s", ", more than %s", all.fresh.MaxAge)
		}
		rows = append(rows, []string{a.Account + "/" + a.Region,
			d.formatTime(a.CompletedAt) + d.text("（%s 前）", " (%s ago)", d.now.Sub(a.CompletedAt).Truncate(time.Second)) + late})
	}
	if len(rows) > 1 {
		fmt.Fprint(to, report.FormatColumns("", rows))
	}
	if all.fresh.Stalled {
		fmt.Fprintln(to, d.text("超过 %s 没有一次完整同步！", "No complete run for more than %s!", all.fresh.MaxAge))
	}
	if all.alarmed {
		fmt.Fprintln(to, d.text("告警已发出：%s", "The alarm was raised: %s", d.formatTime(all.alarm.Since)))
	}
	d.printConditions(to, all.lasting)
	d.printExpectations(to, all.announced)
	for _, q := range all.quarantines {
		fmt.Fprintln(to, d.text("隔离中：账号 %s 自 %s 起失败 %d 次，%s 之后再试：%s", "In quarantine: account %s, since %s, %d failures, tried again after %s: %s",
			stripControls(q.Account), d.formatTime(q.Since), q.Tries, d.formatTime(q.Until), stripControls(q.Message)))
	}
	for _, a := range all.approvals {
		fmt.Fprintln(to, d.text("批准：%s，还有 %d 个资产待移除，%s 之前有效", "Approved: %s, %d assets are still to be removed, until %s", a.Hash, len(a.Remaining), d.formatTime(a.Until)))
	}
	d.printOpen(to, all.open, all.openErr)
	if all.closingsErr != nil {
		fmt.Fprintln(to, stripControls(all.closingsErr.Error()))
	}
	if err := d.printRecentRuns(to, all.closings); err != nil {
		return err
	}
	return d.printSets(to, all.held)
}

// printPause prints what is paused: by whom, since when, until when and why.
func (all statusView) printPause(to io.Writer, d stateSession) {
	p := all.pause
	switch {
	case all.pauseErr != nil:
		fmt.Fprintln(to, stripControls(plan.UnreadablePause(all.pauseErr.Error()).Why.Text(d.lang())))
	case p.IsActive(d.now):
		fmt.Fprintln(to, d.pauseText(p))
	case p.Exists():
		fmt.Fprintln(to, stripControls(plan.PauseEndedReason(!p.Removals, p.By, p.Since, p.Until, p.Reason).Text(d.lang())))
	}
}

type scopeRow struct {
	Cloud        inventory.Cloud `json:"cloud"`
	Account      string          `json:"account"`
	Region       string          `json:"region"`
	LastComplete time.Time       `json:"last_complete"`
	Stale        bool            `json:"stale"`
}

type approvalRow struct {
	Hash  string    `json:"hash"`
	Until time.Time `json:"until"`
	Left  int       `json:"left"`
}

type statusDocument struct {
	Server       string                 `json:"server"`
	Organisation string                 `json:"organisation"`
	OtherServers []string               `json:"other_servers"` // whose state the store holds too
	Pause        *pauseRow              `json:"pause"`         // null = nothing is or was paused
	Late         bool                   `json:"late"`
	AlarmedAt    *time.Time             `json:"alarmed_at"` // null = no alarm was sent
	Scopes       []scopeRow             `json:"scopes"`
	Quarantines  []inventory.Quarantine `json:"quarantines"`
	Held         []heldEntry            `json:"held"`
	Approvals    []approvalRow          `json:"approvals"`
	Expected     []expectedRow          `json:"expected"`
	StaysOpen    []openRow              `json:"stays_open"`
	Closings     []closingRow           `json:"closings"`   // recent runs that deactivated or deleted assets, the newest first
	Conditions   []conditionRow         `json:"conditions"` // what lasts beyond one run
}

// expectedRow is an announced decommission of a scope.
type expectedRow struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	Since   time.Time       `json:"since"`
	Until   time.Time       `json:"until"`
	UpTo    int             `json:"up_to"`
	Left    int             `json:"left"`
	By      string          `json:"by"`
	Reason  string          `json:"reason"`
}

func (all statusView) newDocument(now time.Time) statusDocument {
	doc := statusDocument{
		Server: all.server, Organisation: all.organisation, OtherServers: append([]string{}, all.others...),
		Pause: newPauseRow(all.pause, all.pauseErr, now),
		Late:  all.fresh.Stalled, Scopes: []scopeRow{}, Quarantines: append([]inventory.Quarantine{}, all.quarantines...),
		Held: newHeldDocument(all.held)["held"], Approvals: []approvalRow{}, Expected: []expectedRow{},
		StaysOpen: newOpenRows(all.open), Closings: newClosingRows(all.closings), Conditions: newConditionRows(all.lasting),
	}
	for _, e := range all.announced {
		doc.Expected = append(doc.Expected, expectedRow{e.Cloud, e.Account, e.Region, e.Since, e.Until, e.UpTo, e.Remaining, e.By, e.Reason})
	}
	if all.alarmed {
		doc.AlarmedAt = &all.alarm.Since
	}
	for _, a := range all.fresh.Scopes {
		doc.Scopes = append(doc.Scopes, scopeRow{a.Cloud, a.Account, a.Region, a.CompletedAt, now.Sub(a.CompletedAt) > all.fresh.MaxAge})
	}
	for _, a := range all.approvals {
		doc.Approvals = append(doc.Approvals, approvalRow{a.Hash, a.Until, len(a.Remaining)})
	}
	return doc
}
