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
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

func labelsCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "labels",
		Short: o.lang.Text("清理 JumpServer 标签页里没有资产使用的 jms-* 标签行：labels clean", "Clear JumpServer's label page of rows jms-* that no asset uses: labels clean"),
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &exitError{exitUsage, errors.New(o.lang.Text("labels: 缺少子命令，应为 labels clean", "labels: a subcommand is missing: labels clean"))}
		},
	}
	cmd.AddCommand(labelsCleanCommand(o, stdout, stderr))
	return cmd
}

func labelsCleanCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	apply := false
	cmd := &cobra.Command{
		Use:   "clean",
		Short: o.lang.Text("列出标签页里没有资产使用的 jms-instance、jms-gone、jms-due、jms-missing 标签行；--apply 才删除", "List the rows jms-instance, jms-gone, jms-due and jms-missing of the label page that no asset uses; --apply deletes them"),
		Long: o.lang.Text("JumpServer 从不删除标签行：每个用过的值都留在标签页里，资产删除之后也一样。这个命令由人执行，同步从不删除标签行。\n"+
			"只处理 jms-instance、jms-gone、jms-due、jms-missing 四个名称；有资产使用的、时间过去不到一天的、jms-due:never、\n"+
			"看不懂的值、有颜色或备注的都保留。资产、标签与使用情况有一项读不全，就什么都不删；删除每一行之前都再查一次它有没有被使用。\n"+
			"除查看资产外还需要权限 "+inventory.ViewLabels+"、"+inventory.ViewLabelHolders+"，--apply 再加 "+inventory.DeleteLabels+"（同步本身不需要）。\n"+
			"没有状态存储时，请在没有同步运行时执行：删除一个刚被用上的标签行，JumpServer 会把它从资产上一并拿掉。",
			"JumpServer never deletes a row of its label page: each value that was ever used stays there, after its assets too. People run this\n"+
				"command; a sync never deletes a row.\n"+
				"Just the four names jms-instance, jms-gone, jms-due and jms-missing are looked at; what an asset uses, times that are not over for a\n"+
				"day, jms-due:never, values that cannot be read, and rows with a colour or comment are kept. Where assets, labels or their uses cannot\n"+
				"be read whole, nothing is deleted; before each row is deleted, its uses are asked for once more.\n"+
				"Besides viewing assets it needs the rights "+inventory.ViewLabels+" and "+inventory.ViewLabelHolders+", with --apply also "+inventory.DeleteLabels+" (a sync needs none of them).\n"+
				"Without a state store, run it while no sync runs: a row that was just taken up, JumpServer would take from its asset too."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.cleanLabels(cmd.Context(), apply, stdout, stderr) },
	}
	cmd.Flags().BoolVar(&apply, "apply", false, o.lang.Text("删除；不加则只显示", "delete; without it the rows are just shown"))
	o.addDocumentFlag(cmd)
	return cmd
}

// cleanLabels shows the unused rows of the label page, and deletes them where apply is set.
func (o *options) cleanLabels(ctx context.Context, apply bool, stdout, stderr io.Writer) error {
	if err := o.output.checkWritable(o.lang); err != nil {
		return &exitError{exitUsage, err}
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	t := labelText{s.Language()}
	started := s.Now()
	out, err := s.CleanLabels(ctx, operator.LabelCleanup{
		Write: apply, OnProgress: s.progress.showCount,
		OnListed: func(rows []operator.CleanedLabel) {
			s.progress.clearLine()
			fmt.Fprint(stdout, t.tableText(rows))
		},
	})
	s.progress.clearLine()
	if err != nil {
		return s.busyError(err)
	}
	count := countLabels(out.Rows)
	if out.Rows != nil {
		fmt.Fprint(stdout, t.endingText(out.Rows, count, apply))
	}
	if out.Err != nil {
		fmt.Fprintln(stderr, t.text("没有做完：", "not finished: ")+stripControls(t.errorText(out.Err)))
	}
	if err := o.output.write(labelDocument{out, count, started, apply, s.Language()}); err != nil {
		return &exitError{exitFailed, err}
	}
	return labelsExitError(out.Err, count)
}

// errorText words an error; a pause in the reader's language.
func (t labelText) errorText(err error) string {
	var trouble *reason.RunError
	if errors.As(err, &trouble) {
		return trouble.Reason.Text(t.lang)
	}
	return err.Error()
}

// labelsExitError returns the exit code. Its message has been printed already.
func labelsExitError(err error, count map[operator.LabelState]int) error {
	switch {
	case err == nil && count[operator.LabelFailed]+count[operator.LabelNotReached] == 0:
		return nil
	case count[operator.LabelRemoved] > 0, isPauseError(err):
		return &exitError{code: exitPartial}
	case needsCorrection(err):
		return &exitError{code: exitUsage}
	}
	return &exitError{code: exitFailed}
}

func countLabels(rows []operator.CleanedLabel) map[operator.LabelState]int {
	count := map[operator.LabelState]int{}
	for _, r := range rows {
		count[r.State]++
	}
	return count
}

// labelText words the label page.
type labelText struct{ lang language.Lang }

func (t labelText) text(zh, en string, args ...any) string {
	return t.lang.Textf(zh, en, args...)
}

// tableText lists the rows that may be removed, then the kept ones: one by one those that a person may want to look at,
// all others by name and reason.
func (t labelText) tableText(rows []operator.CleanedLabel) string {
	if len(rows) == 0 {
		return t.text("标签页里没有 jms-instance、jms-gone、jms-due、jms-missing 的标签行。\n", "The label page has no row of jms-instance, jms-gone, jms-due or jms-missing.\n")
	}
	lines := [][]string{{t.text("处理", "Action"), t.text("标签", "Label"), t.text("值", "Value"), t.text("已删除资产的记录", "Deleted assets"), t.text("原因", "Reason")}}
	type group struct{ name, reason string }
	kept := map[group]int{}
	var order []group
	for _, r := range rows {
		why := r.Reason.Text(t.lang)
		switch {
		case r.State == operator.LabelUnused:
			lines = append(lines, []string{t.text("删除", "remove"), r.Name, r.Value, fmt.Sprint(r.LinkCount), why})
		case r.Reason.Code == reason.LabelUnreadable, r.Reason.Code == reason.LabelEdited:
			lines = append(lines, []string{t.text("保留", "keep"), r.Name, r.Value, "", why})
		default:
			g := group{strings.ToLower(r.Name), why}
			if kept[g]++; kept[g] == 1 {
				order = append(order, g)
			}
		}
	}
	for _, g := range order {
		lines = append(lines, []string{t.text("保留", "keep"), g.name, t.text("（%d 行）", "(%d rows)", kept[g]), "", g.reason})
	}
	return report.FormatTable(lines)
}

// endingText words what became of the rows; it lists those that ended otherwise than the table said.
func (t labelText) endingText(rows []operator.CleanedLabel, count map[operator.LabelState]int, apply bool) string {
	var out strings.Builder
	if !apply {
		fmt.Fprintln(&out, t.text("可以删除 %d 行，保留 %d 行。", "%d rows can be removed, %d are kept.", count[operator.LabelUnused], count[operator.LabelKept]))
		fmt.Fprintln(&out, dryRunHint(t.lang))
		return out.String()
	}
	for _, r := range rows {
		switch {
		case r.State == operator.LabelFailed:
			fmt.Fprintln(&out, stripControls(t.text("失败：%s：%v", "failed: %s: %v", r.String(), r.Err)))
		case r.Reason.Code == reason.LabelMeanwhile:
			fmt.Fprintln(&out, stripControls(r.String()+t.text("：", ": ")+r.Reason.Text(t.lang)))
		}
	}
	fmt.Fprintln(&out, t.text("已删除 %d 行，保留 %d 行，失败 %d 行，没有轮到 %d 行。", "%d rows were removed, %d kept, %d failed, %d were not reached.",
		count[operator.LabelRemoved], count[operator.LabelKept], count[operator.LabelFailed], count[operator.LabelNotReached]))
	return out.String()
}

// labelDocument is what -o writes.
type labelDocument struct {
	operator.LabelCleanupResult
	count   map[operator.LabelState]int
	started time.Time
	apply   bool
	lang    language.Lang
}

type labelRow struct {
	Action operator.LabelState `json:"action"` // remove (in a dry run: would be), keep, fail, skip
	ID     string              `json:"id"`
	Name   string              `json:"name"`
	Value  string              `json:"value"`
	Links  int                 `json:"links"` // of deleted resources, where the label is unused
	Reason string              `json:"reason"`
	Error  string              `json:"error,omitempty"`
}

// JSON implements document.
func (d labelDocument) JSON(w io.Writer) error {
	rows := make([]labelRow, 0, len(d.Rows))
	for _, r := range d.Rows {
		row := labelRow{r.State, r.ID, r.Name, r.Value, r.LinkCount, r.Reason.Text(d.lang), ""}
		if r.State == operator.LabelUnused {
			row.Action = operator.LabelRemoved
		}
		if r.Err != nil {
			row.Error = r.Err.Error()
		}
		rows = append(rows, row)
	}
	message := ""
	if d.Err != nil {
		message = d.Err.Error()
	}
	return report.EncodeJSON(w, struct {
		DryRun    bool       `json:"dry_run"`
		StartedAt string     `json:"started_at"` // RFC 3339, UTC
		Removed   int        `json:"removed"`
		Kept      int        `json:"kept"`
		Failed    int        `json:"failed"`
		Skipped   int        `json:"skipped"`
		Error     string     `json:"error"` // why it ended early; "" = it did not
		Rows      []labelRow `json:"rows"`
	}{
		!d.apply, d.started.UTC().Format(time.RFC3339), d.count[operator.LabelRemoved] + d.count[operator.LabelUnused], d.count[operator.LabelKept],
		d.count[operator.LabelFailed], d.count[operator.LabelNotReached], message, rows,
	})
}
