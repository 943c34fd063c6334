package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

const (
	// recentRunsAge is how old a run that deactivated or deleted something may be to be listed, and maxRecentRuns how
	// many are listed.
	recentRunsAge = 7 * 24 * time.Hour
	maxRecentRuns = 10
	// maxApprovedAge is how old a run may be to be searched for an approval that it used, and maxRunsRead how many are
	// read.
	maxApprovedAge = 30 * 24 * time.Hour
	maxRunsRead    = 1000
	// maxRunDuration is how long after its beginning a run may be recorded.
	maxRunDuration = 24 * time.Hour
)

// reactivateOptions are the flags of reactivate.
type reactivateOptions struct {
	account, region, since, until string
	apply                         bool
}

func reactivateCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	r := &reactivateOptions{}
	cmd := &cobra.Command{
		Use:   "reactivate [RUN|HASH]",
		Short: o.lang.Text("停错了：重新启用一次同步停用的资产（卡片上的 RUN，或批准过的哈希）；默认只显示表格，--apply 才写入", "Closed by mistake: switch the assets on again that one run deactivated (RUN of its card, or an approved hash); it shows them, and writes with --apply"),
		Long: o.lang.Text("重新启用一次同步停用的资产。RUN 写在卡片、输出和 status 里（例如 20261128T143507Z，也可以是结果文件的 started_at）；\n"+
			"HASH 是批准过的一组（至少 8 个字符）。两者都需要状态存储。没有状态存储，或由事件停用的：\n"+
			"  jms-sync reactivate --account A --since 时间 [--until 时间] [--region R]\n"+
			"凭资产上的停用标记 jms-gone 查找；时间可以是 20261128T1435Z、2026-11-28T22:35:00+08:00，或 2h（两小时前起）。\n"+
			"只启用我们的、由那一次停用、此后没有被人改过的资产，写入前再读一遍；其余的列出原因，不处理。已删除的无法恢复。\n"+
			"写入之后：之后的同步保持它启用并报告（停用后又被人工启用），直到实例重新出现在列表里，再由同步接管。写入后发卡片。",
			"Switches the assets on again that one run deactivated. RUN stands on the card, in the output and in status (20261128T143507Z, say, or\n"+
				"started_at of a results file); HASH is an approved set (8 characters or more). Both need a state store. Without one, and for what events\n"+
				"closed:\n"+
				"  jms-sync reactivate --account A --since TIME [--until TIME] [--region R]\n"+
				"finds them by their label jms-gone; a time is 20261128T1435Z, 2026-11-28T22:35:00+08:00, or 2h (from two hours ago).\n"+
				"Only assets of ours that were closed by that run and that nobody changed since are switched on, and they are read again before the\n"+
				"write; all others are listed with the reason. What was deleted cannot be brought back.\n"+
				"Later runs keep them on and report that a person switched them on, until their instances are listed again. A card is sent."),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.run(cmd.Context(), o, strings.Join(args, ""), stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&r.account, "account", "", o.lang.Text("只限这个账号的（名称，标签 jms-account）", "only those of this account (name, label jms-account)"))
	cmd.Flags().StringVar(&r.region, "region", "", o.lang.Text("只限这个区域的", "only those of this region"))
	cmd.Flags().StringVar(&r.since, "since", "", o.lang.Text("不凭记录，凭停用标记：这个时间起停用的（需要 --account）", "by their labels, without a record: closed from this time on (needs --account)"))
	cmd.Flags().StringVar(&r.until, "until", "", o.lang.Text("与 --since 同用：到这个时间为止（默认：现在）", "with --since: up to this time (without it up to now)"))
	cmd.Flags().BoolVar(&r.apply, "apply", false, o.lang.Text("写入；不加则只显示", "write; without it the table is just shown"))
	o.addDocumentFlag(cmd)
	return cmd
}

// run finds the removals that are meant, shows them, and with --apply reactivates their assets.
func (r *reactivateOptions) run(ctx context.Context, o *options, name string, stdout, stderr io.Writer) error {
	if err := o.output.checkWritable(o.lang); err != nil {
		return &exitError{exitUsage, err}
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	d := newStateSession(s)
	found, err := r.findRuns(ctx, d, name)
	if err != nil {
		return err
	}
	out, err := s.Reactivate(ctx, operator.Action{Account: r.account, Region: r.region, Write: r.apply, Reopening: found.request})
	if err != nil {
		return s.busyError(err)
	}
	s.progress.clearLine()
	if err := r.printResult(stdout, d, found, out); err != nil {
		return &exitError{exitFailed, err}
	}
	if err := o.output.write(out.Report); err != nil {
		return &exitError{exitFailed, err}
	}
	return runExitError(out.RunResult)
}

func (r *reactivateOptions) printResult(to io.Writer, d stateSession, found reopeningMatch, out operator.Result) error {
	lang := d.lang()
	if out.Err == nil {
		if err := report.WriteReopeningTable(to, out.PlanLines, lang); err != nil {
			return err
		}
	}
	for _, line := range found.notes {
		fmt.Fprintln(to, line)
	}
	fmt.Fprint(to, report.Summary(out.Report, lang))
	printNextStep(to, runStep(out.RunResult), lang)
	if out.Err == nil && !r.apply {
		fmt.Fprintln(to, dryRunHint(lang))
	}
	return nil
}

// reopeningMatch is what the arguments were found to mean.
type reopeningMatch struct {
	request plan.Reopening
	notes   []string // printed below the table, which cannot show them
}

// findRuns returns what is to be reactivated. Its errors carry exit codes.
func (r *reactivateOptions) findRuns(ctx context.Context, d stateSession, name string) (reopeningMatch, error) {
	usage := func(text string) error { return &exitError{exitUsage, errors.New(text)} }
	switch {
	case (name == "") == (r.since == ""):
		return reopeningMatch{}, usage(d.text("请写明 RUN 或 HASH，或者 --account 与 --since，两者之一", "name either a RUN or HASH, or --account and --since"))
	case name == "":
		return r.selectByTime(d)
	case r.until != "":
		return reopeningMatch{}, usage(d.text("--until 只与 --since 同用", "--until goes with --since only"))
	case d.store == nil:
		return reopeningMatch{}, usage(d.text("没有状态存储，也就没有记录：请用 jms-sync reactivate --account A --since 时间",
			"without a state store there is no record: use jms-sync reactivate --account A --since TIME"))
	}
	if started, err := report.ParseRunID(name); err == nil {
		return r.selectByRun(ctx, d, started)
	}
	hash := strings.ToLower(strings.TrimSpace(name))
	if len(hash) < runstate.MinHashPrefix || strings.Trim(hash, "0123456789abcdef") != "" {
		return reopeningMatch{}, r.unknownRunError(ctx, d, name)
	}
	return r.selectByHash(ctx, d, hash)
}

// selectByTime selects by the jms-gone labels of the assets, without any record.
func (r *reactivateOptions) selectByTime(d stateSession) (found reopeningMatch, err error) {
	found.request = plan.Reopening{Account: r.account, Region: r.region, Until: d.now.Add(24 * time.Hour)}
	found.request.Since, err = parsePointInTime(r.since, d.now)
	if err == nil && r.until != "" {
		found.request.Until, err = parsePointInTime(r.until, d.now)
		found.request.Until = inventory.RoundUpToMinute(found.request.Until) // as labels are
	}
	switch {
	case err != nil:
		return found, &exitError{exitUsage, errors.New(d.text("时间无法识别：%s（例如 20261128T1435Z、2026-11-28T22:35:00+08:00、2h）",
			"no time: %s (20261128T1435Z, 2026-11-28T22:35:00+08:00 and 2h are some)", err))}
	case r.account == "":
		return found, &exitError{exitUsage, errors.New(d.text("--account: 必填", "--account: required"))}
	}
	return found, nil
}

// parsePointInTime parses a time as labels have it, in RFC 3339, or as a duration before now.
func parsePointInTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return inventory.ParseLabelTime(text)
}

// selectByRun selects the record of one run.
func (r *reactivateOptions) selectByRun(ctx context.Context, d stateSession, started time.Time) (reopeningMatch, error) {
	records, err := loadRecords(ctx, d.store, started, started.Add(maxRunDuration), maxRunsRead)
	var meant []report.Record
	for _, one := range records {
		if one.Started.Equal(started) && one.HasScopeOf(r.account, r.region) {
			meant = append(meant, one)
		}
	}
	switch {
	case len(meant) == 0 && err != nil:
		return reopeningMatch{}, &exitError{exitFailed, err}
	case len(meant) == 0:
		return reopeningMatch{}, r.unknownRunError(ctx, d, report.RunID(started))
	case len(meant) > 1:
		return reopeningMatch{}, &exitError{exitUsage, errors.New(d.text("有 %d 次同步在同一秒开始，请加上 --account 与 --region",
			"%d runs began in this second: add --account and --region", len(meant)))}
	}
	return r.mergeRecords(d, meant, ""), nil
}

// selectByHash selects the records of the runs that removed an approved set.
func (r *reactivateOptions) selectByHash(ctx context.Context, d stateSession, prefix string) (reopeningMatch, error) {
	records, err := loadRecords(ctx, d.store, d.now.Add(-maxApprovedAge), d.now.Add(runstate.MaxSkew), maxRunsRead)
	hashes := map[string]bool{}
	hash := ""
	for _, one := range records {
		for _, h := range one.ApprovedHashes(prefix) {
			hashes[h], hash = true, h
		}
	}
	switch {
	case len(hashes) == 0 && err != nil:
		return reopeningMatch{}, &exitError{exitFailed, err}
	case len(hashes) == 0:
		return reopeningMatch{}, r.unknownRunError(ctx, d, prefix)
	case len(hashes) > 1:
		return reopeningMatch{}, &exitError{exitUsage, errors.New(d.text("不止一组以 %s 开头，请写得更长", "more than one set begins with %s, write more of it", prefix))}
	}
	found := r.mergeRecords(d, records, hash)
	approvals, err := d.store.HeldStore().ListApprovals(ctx, d.now)
	for _, a := range approvals {
		if err == nil && a.Hash == hash {
			found.notes = append(found.notes, d.text("这一组的批准仍然有效，还有 %d 个待移除；不该移除的，先运行：jms-sync reject %s",
				"the set is still approved, %d more are to be removed; if they should not be: jms-sync reject %s", len(a.Remaining), hash))
		}
	}
	return found, nil
}

// mergeRecords returns one request for what several runs removed.
func (r *reactivateOptions) mergeRecords(d stateSession, records []report.Record, hash string) reopeningMatch {
	found := reopeningMatch{request: plan.Reopening{Account: r.account, Region: r.region, Recorded: []plan.RecordedRemoval{}}}
	unnamed := 0
	for _, one := range records {
		more := 0
		found.request, more = one.Reopening(found.request, hash)
		unnamed += more
	}
	if len(found.request.GoneLabels) > 0 {
		found.notes = append(found.notes, d.text("停用的资产太多，记录里没有它们的 ID：凭停用时间（%s）查找", "too many were deactivated for the record to hold their ids: they are found by the time in their marks (%s)",
			strings.Join(found.request.GoneLabels, ", ")))
	}
	if unnamed > 0 {
		found.notes = append(found.notes, d.text("另有 %d 个资产被删除，无法恢复，记录里没有它们的名称", "%d more assets were deleted and cannot be brought back; the record does not hold their names", unnamed))
	}
	return found
}

// loadRecords returns the newest runs between two times that deactivated or deleted something. Where it also returns an
// error, some could not be read.
func loadRecords(ctx context.Context, store *runstate.Store, since, until time.Time, most int) ([]report.Record, error) {
	runs, err := store.ListRemovalRuns(ctx, since, until, most)
	var records []report.Record
	errs := []error{err}
	for _, run := range runs {
		record, err := report.ParseRecord(run.Document)
		if err == nil {
			records = append(records, record)
		}
		errs = append(errs, err)
	}
	return records, errors.Join(errs...)
}

// unknownRunError returns an error that lists the known runs, for a name that matches none.
func (r *reactivateOptions) unknownRunError(ctx context.Context, d stateSession, name string) error {
	var text strings.Builder
	fmt.Fprintln(&text, d.text("没有停用或删除过资产的同步叫 %s，也没有这样的批准。", "no run that deactivated or deleted anything is called %s, and no approved set.", stripControls(name)))
	recent, err := loadRecords(ctx, d.store, d.now.Add(-recentRunsAge), d.now.Add(runstate.MaxSkew), maxRecentRuns)
	if err != nil {
		fmt.Fprintln(&text, err)
	}
	if err := d.printRecentRuns(&text, recent); err != nil {
		return &exitError{exitFailed, err}
	}
	fmt.Fprint(&text, d.text("由事件停用的没有 RUN：jms-sync reactivate --account A --since 时间", "what events closed has no RUN: jms-sync reactivate --account A --since TIME"))
	return &exitError{exitUsage, errors.New(text.String())}
}

// printRecentRuns prints runs that deactivated or deleted something.
func (d stateSession) printRecentRuns(to io.Writer, records []report.Record) error {
	if len(records) == 0 {
		_, err := fmt.Fprintln(to, d.text("7 天内没有同步停用或删除过资产。", "No run has deactivated or deleted anything for 7 days."))
		return err
	}
	fmt.Fprintln(to, d.text("最近停用或删除过资产的同步（停错了：jms-sync reactivate RUN）：", "Runs that deactivated or deleted anything lately (by mistake? jms-sync reactivate RUN):"))
	var rows [][]string
	for _, one := range records {
		deactivated, deleted := one.Count()
		rows = append(rows, []string{one.ID(), d.formatTime(one.Started), d.text("停用 %d，删除 %d", "%d deactivated, %d deleted", deactivated, deleted)})
	}
	_, err := io.WriteString(to, report.FormatColumns("  ", rows))
	return err
}

// closingRow is a run that deactivated or deleted something, in the document of status.
type closingRow struct {
	Run         string    `json:"run"`
	StartedAt   time.Time `json:"started_at"`
	Deactivated int       `json:"deactivated"`
	Deleted     int       `json:"deleted"`
}

func newClosingRows(records []report.Record) []closingRow {
	rows := []closingRow{}
	for _, one := range records {
		deactivated, deleted := one.Count()
		rows = append(rows, closingRow{one.ID(), one.Started, deactivated, deleted})
	}
	return rows
}
