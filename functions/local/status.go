package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func statusCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	asJSON, alarm := false, false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "显示每个区域最近一次完整同步的时间、隔离中的账号、被暂缓的移除与批准（需要状态存储）",
		Long: "退出码：0 正常；1 读不到状态存储；2 没有状态存储；3 连续三个 sync.interval 没有一次完整同步。\n" +
			"加上 --alarm 时，这种情况发一张告警卡片（只发一次，恢复后由下一次完整同步通知），适合由另一个更慢的定时任务执行。",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.status(cmd.Context(), asJSON, alarm, stdout, stderr)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.Flags().BoolVar(&alarm, "alarm", false, "没有完整同步时发一次告警")
	return cmd
}

func (o *options) status(ctx context.Context, asJSON, alarm bool, stdout, stderr io.Writer) error {
	s, err := o.open(ctx, stderr)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer s.close()
	d := heldDesk{cfg: s.cfg, now: s.engine.Now(), store: s.store}
	if s.store == nil {
		return &exit{exitUsage, errors.New(d.say(
			"需要状态存储：没有设置 %s，不知道上一次同步的时间", "a state store is needed: %s is not set, so nobody knows when the last run was", config.VarState))}
	}
	if !alarm {
		s.engine.Notifiers = nil
	}
	all, err := readStatus(ctx, s, d.now)
	if err != nil {
		return &exit{exitFailed, err}
	}
	if asJSON {
		err = report.Encode(stdout, all.document(d.now))
	} else {
		err = all.table(stdout, d)
	}
	if err != nil {
		return &exit{exitFailed, err}
	}
	if all.fresh.Late {
		return &exit{code: exitPartial}
	}
	return nil
}

// standing is all that status tells.
type standing struct {
	fresh       engine.Freshness
	alarm       runstate.Alarm
	alarmed     bool
	quarantines []runstate.Quarantine
	held        []runstate.HeldSet
	approvals   []runstate.Approval
	others      []string // other JumpServers whose state the store holds
	closings    []report.Record
	unread      error // why closings lacks some; nil = it does not
	server      string
	organises   string
}

func readStatus(ctx context.Context, s *session, now time.Time) (all standing, err error) {
	var errs [6]error
	all.fresh, errs[0] = s.engine.Look(ctx, s.store)
	all.alarm, all.alarmed, errs[1] = s.store.Alarm(ctx)
	all.quarantines, errs[2] = s.store.Quarantines(ctx)
	all.held, errs[3] = s.store.Held().List(ctx, now)
	all.approvals, errs[4] = s.store.Held().Approvals(ctx, now)
	all.server, all.organises = s.store.Server(), s.store.Organisation()
	all.others, errs[5] = s.store.OtherServers(ctx, now)
	all.closings, all.unread = recordsOf(ctx, s.store, now.Add(-recently), now.Add(runstate.MaxSkew), mostRecent)
	return all, errors.Join(errs[:]...)
}

func (all standing) table(to io.Writer, d heldDesk) error {
	fmt.Fprintln(to, d.place())
	if len(all.others) > 0 {
		fmt.Fprintln(to, printable(report.SharedText(all.server, all.others, plan.Lang(d.cfg.Language))))
	}
	out := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	if len(all.fresh.Scopes) == 0 {
		fmt.Fprintln(out, d.say("还没有一次完整同步。", "No complete run yet."))
	} else {
		fmt.Fprintln(out, d.say("账号/区域\t最近一次完整同步", "Account/region\tLast complete run"))
	}
	for _, a := range all.fresh.Scopes {
		late := ""
		if d.now.Sub(a.At) > all.fresh.Limit {
			late = d.say("  超过 %s", "  more than %s", all.fresh.Limit)
		}
		fmt.Fprintf(out, "%s/%s\t%s%s%s\n", printable(a.Account), printable(a.Region), d.time(a.At),
			d.say("（%s 前）", " (%s ago)", d.now.Sub(a.At).Truncate(time.Second)), late)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if all.fresh.Late {
		fmt.Fprintln(to, d.say("超过 %s 没有一次完整同步！", "No complete run for more than %s!", all.fresh.Limit))
	}
	if all.alarmed {
		fmt.Fprintln(to, d.say("告警已发出：%s", "The alarm was raised: %s", d.time(all.alarm.Since)))
	}
	for _, q := range all.quarantines {
		fmt.Fprintln(to, d.say("隔离中：账号 %s 自 %s 起失败 %d 次，%s 之后再试：%s", "In quarantine: account %s, since %s, %d failures, tried again after %s: %s",
			printable(q.Account), d.time(q.Since), q.Tries, d.time(q.Until), printable(q.Message)))
	}
	for _, a := range all.approvals {
		fmt.Fprintln(to, d.say("批准：%s，还有 %d 个资产待移除，%s 之前有效", "Approved: %s, %d assets are still to be removed, until %s", a.Hash, len(a.Left), d.time(a.Until)))
	}
	if all.unread != nil {
		fmt.Fprintln(to, printable(all.unread.Error()))
	}
	if err := d.recent(to, all.closings); err != nil {
		return err
	}
	return d.table(to, all.held)
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
	Server       string                `json:"server"`
	Organisation string                `json:"organisation"`
	OtherServers []string              `json:"other_servers"` // whose state the store holds as well
	Late         bool                  `json:"late"`
	AlarmedAt    *time.Time            `json:"alarmed_at"` // null = no alarm was told
	Scopes       []scopeRow            `json:"scopes"`
	Quarantines  []runstate.Quarantine `json:"quarantines"`
	Held         []heldRow             `json:"held"`
	Approvals    []approvalRow         `json:"approvals"`
	Closings     []closingRow          `json:"closings"` // runs that took something away lately, the newest first
}

func (all standing) document(now time.Time) statusDocument {
	doc := statusDocument{
		Server: all.server, Organisation: all.organises, OtherServers: append([]string{}, all.others...),
		Late: all.fresh.Late, Scopes: []scopeRow{}, Quarantines: append([]runstate.Quarantine{}, all.quarantines...),
		Held: heldDocument(all.held)["held"], Approvals: []approvalRow{}, Closings: closingRows(all.closings),
	}
	if all.alarmed {
		doc.AlarmedAt = &all.alarm.Since
	}
	for _, a := range all.fresh.Scopes {
		doc.Scopes = append(doc.Scopes, scopeRow{a.Cloud, a.Account, a.Region, a.At, now.Sub(a.At) > all.fresh.Limit})
	}
	for _, a := range all.approvals {
		doc.Approvals = append(doc.Approvals, approvalRow{a.Hash, a.Until, len(a.Left)})
	}
	return doc
}
