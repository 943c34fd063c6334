package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/history"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// historyOptions are the flags of history.
type historyOptions struct {
	asJSON bool
	last   int
	date   string
}

func historyCommand(o *options, stdout io.Writer) *cobra.Command {
	h := &historyOptions{}
	cmd := &cobra.Command{
		Use:   "history [RUN]",
		Short: o.lang.Text("180 天内的同步：每次的结果与变更数，或一次的全部；-o day.html 写出一天的网页，附 180 天的图（需要状态存储）", "Runs of the last 180 days: outcome and changes of each, or all of one; -o day.html writes the page of a day, with charts of 180 days (needs a state store)"),
		Long: o.lang.Text("RUN 写在列表、卡片和 status 里（例如 20261128T143507Z）。\n"+
			"  jms-sync history                                最近 20 次\n"+
			"  jms-sync history 20261128T143507Z               一次的全部\n"+
			"  jms-sync history --date 2026-11-28 -o day.html  一天的网页：不需要网络，也没有脚本\n"+
			"只有定时与手工的完整同步（以及 retire）在历史里，事件不在。退出码：0 完成；1 读不到状态存储；2 用法有误、没有这样的 RUN 或没有状态存储。",
			"RUN stands in the list, on cards and in status (20261128T143507Z, say).\n"+
				"  jms-sync history                                the last 20 runs\n"+
				"  jms-sync history 20261128T143507Z               all of one run\n"+
				"  jms-sync history --date 2026-11-28 -o day.html  the page of a day: it needs no network and runs no script\n"+
				"Full runs by timer or by hand (and retire) are in the history, events are not. Exit codes: 0 done; 1 the state store cannot be read;\n"+
				"2 a mistake in usage, no such RUN, or no state store."),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.run(cmd.Context(), o, strings.Join(args, ""), stdout)
		},
	}
	cmd.Flags().BoolVar(&h.asJSON, "json", false, o.lang.Text("以 JSON 输出", "print JSON"))
	cmd.Flags().IntVarP(&h.last, "last", "n", 20, o.lang.Text("列出最近多少次，0 表示全部", "how many runs are listed, 0 = all"))
	cmd.Flags().StringVar(&h.date, "date", "", o.lang.Text("只列这一天的（2026-11-28）；不加时网页是今天的", "only the runs of this day (2026-11-28); without it the page is today's"))
	cmd.Flags().StringVarP(&o.output.name, "output", "o", "", o.lang.Text("写到这个文件：.html 是网页，其余是 JSON；- 表示标准输出", "write to this file: .html is the page, all else is JSON; - is standard output"))
	return o.addStateFlags(cmd)
}

func (h *historyOptions) run(ctx context.Context, o *options, name string, stdout io.Writer) error {
	if err := errors.Join(o.output.checkWritable(o.lang), h.checkDate(o)); err != nil {
		return &exitError{exitUsage, err}
	}
	d, err := o.openState(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text("需要状态存储：没有设置 %s，没有历史", "a state store is needed: %s is not set, so there is no history", config.EnvState))}
	}
	if name != "" {
		return h.showRun(ctx, o, d, name, stdout)
	}
	return h.showRuns(ctx, o, d, stdout)
}

// checkDate returns an error for a date that is none.
func (h *historyOptions) checkDate(o *options) error {
	_, err := time.Parse(time.DateOnly, h.date)
	if h.date != "" && err != nil {
		return errors.New(o.lang.Textf("--date: %q 不是日期，例如 2026-11-28", "--date: %q is no date such as 2026-11-28", h.date))
	}
	return nil
}

// isPage reports whether -o names a page.
func (o *outputFile) isPage() bool { return strings.HasSuffix(strings.ToLower(o.name), ".html") }

// fileContent is what -o writes, of any form.
type fileContent func(io.Writer) error

// JSON implements document: it writes the content.
func (c fileContent) JSON(to io.Writer) error { return c(to) }

// showRuns prints the newest runs, and writes what -o names.
func (h *historyOptions) showRuns(ctx context.Context, o *options, d stateSession, stdout io.Writer) error {
	runs, leftOut, err := d.store.ListRunFigures(ctx, d.now.Add(-runstate.HistoryRetention))
	if err != nil && len(runs) == 0 {
		return &exitError{exitFailed, err}
	}
	var notes []string
	if err != nil {
		notes = append(notes, err.Error())
	}
	if leftOut > 0 {
		notes = append(notes, d.text("%d 次由旧版本记录的同步没有计入", "%d runs that an older version recorded are left out", leftOut))
	}
	document := h.newDocument(d, runs, notes)
	content := fileContent(func(to io.Writer) error { return report.EncodeJSON(to, document) })
	if o.output.isPage() {
		content = h.newPage(d, runs, notes).Write
	}
	if err := o.output.write(content); err != nil {
		return &exitError{exitFailed, err}
	}
	if h.asJSON {
		return report.EncodeJSON(stdout, document)
	}
	return h.printTable(stdout, d, document)
}

func (h *historyOptions) newPage(d stateSession, runs []runstate.RunFigures, notes []string) history.Page {
	page := history.Page{
		Server: d.store.Server(), Organisation: d.store.Organisation(), Date: h.date, Runs: runs, Notes: notes,
		Now: d.now, Zone: d.cfg.Location(), Language: d.lang(),
	}
	if page.Date == "" {
		page.Date = d.now.In(page.Zone).Format(time.DateOnly)
	}
	return page
}

// historyRow is a run in the document of history.
type historyRow struct {
	Run         string    `json:"run"`
	StartedAt   time.Time `json:"started_at"`
	Outcome     string    `json:"outcome"`
	Duration    float64   `json:"duration_seconds"`
	Total       int       `json:"total"`
	Created     int       `json:"created"`
	Updated     int       `json:"updated"`
	Deactivated int       `json:"deactivated"`
	Deleted     int       `json:"deleted"`
	Held        int       `json:"held"`
	Failed      int       `json:"failed"`
}

// historyRows is what history --json prints. Additions only.
type historyRows struct {
	Server       string        `json:"server"`
	Organisation string        `json:"organisation"`
	Timezone     string        `json:"timezone"` // of the days
	Runs         []historyRow  `json:"runs"`     // the newest first
	Days         []history.Day `json:"days"`     // all 180, the oldest first
	Notes        []string      `json:"notes"`    // of what could not be read
}

func (h *historyOptions) newDocument(d stateSession, runs []runstate.RunFigures, notes []string) historyRows {
	zone := d.cfg.Location()
	document := historyRows{
		Server: d.store.Server(), Organisation: d.store.Organisation(), Timezone: zone.String(),
		Runs: []historyRow{}, Days: history.Days(runs, d.now, zone), Notes: append([]string{}, notes...),
	}
	if h.date != "" {
		runs = history.RunsOf(runs, h.date, zone)
	}
	for _, run := range slices.Backward(runs) {
		if h.last > 0 && len(document.Runs) == h.last {
			break
		}
		document.Runs = append(document.Runs, historyRow{
			report.RunID(run.Started), run.Started, run.Outcome, run.Duration.Seconds(), run.Total, run.Created, run.Updated, run.Deactivated,
			run.Deleted, run.Held, run.Failed,
		})
	}
	return document
}

func (h *historyOptions) printTable(to io.Writer, d stateSession, document historyRows) error {
	fmt.Fprintln(to, d.installationText())
	for _, note := range document.Notes {
		fmt.Fprintln(to, stripControls(note))
	}
	if len(document.Runs) == 0 {
		_, err := fmt.Fprintln(to, d.text("没有记录下来的同步。", "No run is recorded."))
		return err
	}
	rows := [][]string{{"RUN", d.text("开始", "Began"), d.text("结果", "Outcome"), d.text("时长", "Duration"), d.text("实例", "Instances"), d.text("新建", "Created"),
		d.text("更新", "Updated"), d.text("停用", "Deactivated"), d.text("删除", "Deleted"), d.text("暂缓", "Held"), d.text("失败", "Failed")}}
	for _, run := range document.Runs {
		row := []string{run.Run, d.formatTime(run.StartedAt), history.OutcomeName(run.Outcome, d.lang()), strconv.FormatFloat(run.Duration, 'f', 1, 64) + " s"}
		for _, n := range []int{run.Total, run.Created, run.Updated, run.Deactivated, run.Deleted, run.Held, run.Failed} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(to, report.FormatColumns("", rows))
	return err
}

// showRun prints all that is recorded of one run; of several where they began in the same second.
func (h *historyOptions) showRun(ctx context.Context, o *options, d stateSession, name string, stdout io.Writer) error {
	started, err := report.ParseRunID(name)
	switch {
	case err != nil:
		return &exitError{exitUsage, errors.New(d.text("%q 不是 RUN，例如 20261128T143507Z（jms-sync history 列出全部）", "%q is no RUN such as 20261128T143507Z (jms-sync history lists them)", stripControls(name)))}
	case o.output.isPage():
		return &exitError{exitUsage, errors.New(d.text("网页是一天的：请用 --date，不要 RUN", "a page is of a day: give --date and no RUN"))}
	}
	runs, err := d.store.LoadRuns(ctx, started)
	switch {
	case len(runs) == 0 && err != nil:
		return &exitError{exitFailed, err}
	case len(runs) == 0:
		return &exitError{exitUsage, errors.New(d.text("历史里没有 %s 开始的同步（jms-sync history -n 0 列出全部）", "no run of the history began at %s (jms-sync history -n 0 lists them)", report.RunID(started)) + "\n" + d.installationText())}
	}
	documents := map[string][]json.RawMessage{}
	for _, run := range runs {
		documents["runs"] = append(documents["runs"], run.Document)
	}
	if err := o.output.write(fileContent(func(to io.Writer) error { return report.EncodeJSON(to, documents) })); err != nil {
		return &exitError{exitFailed, err}
	}
	if h.asJSON {
		return report.EncodeJSON(stdout, documents)
	}
	for _, run := range runs {
		if err := report.WriteRecorded(stdout, run.Document, d.lang()); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	return nil
}
