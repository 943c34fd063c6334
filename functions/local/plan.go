package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// exitChanges is the exit code of plan --detailed-exitcode where something would change; Terraform's.
const exitChanges = 2

// detailedFlag is the name of the flag by which exit codes say whether something would change.
const detailedFlag = "--detailed-exitcode"

// planOptions are the flags of plan.
type planOptions struct {
	accounts, regions, instances []string
	detailed, access             bool
}

func planCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	p := planOptions{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: o.lang.Text("只显示计划：会改什么、不改什么、为什么；不写入 JumpServer，不发通知；-o 写出的文件可由 apply 执行", "Show the plan only: what would be changed, what not, and why; nothing is written to JumpServer, nobody is told; apply can make what -o writes"),
		Long: o.lang.Text("每一类变更一张表：+ 新增，~ 更新（改前 → 改后），- 停用，x 删除，! 暂缓；其余各行不改任何东西，写明为什么。\n"+
			"--account 与 --region 只读这些账号与区域，和只同步它们时一样；--instance 读全部，只显示这几台（-o 的文件里也只有它们）。\n"+
			"--json 输出结果文档，每项变更的 values 是各字段的改前与改后。\n"+
			"--remap 把规则写好之前就有的资产也归到规则要的地方：每个规则设置的字段都当作 always，只在这个计划里；写出文件，看过再 apply。\n"+
			"加 --detailed-exitcode 时，退出码：0 没有变更；2 有变更（含暂缓的）；1 出错，包括部分区域读取失败。",
			"There is a table for each kind of change: + create, ~ update (before → after), - deactivate, x delete, ! hold; the other lines change nothing and say why.\n"+
				"--account and --region read just these, as a sync of only these would; --instance reads all and shows some (and puts only these into the file of -o).\n"+
				"--json prints the results document, in which each change has the fields it sets as values, before and after.\n"+
				"--remap brings assets made before the rules to where these want them: each field that rules set counts as always, in this plan only; write it to a file, review it, and apply that.\n"+
				"With --detailed-exitcode the exit code is 0 where nothing would change, 2 where something would (or is held), and 1 after an error, a region that could not be read among them."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.runPlan(cmd.Context(), p, stdout, stderr)
		},
	}
	o.addDocumentFlag(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&p.accounts, "account", nil, o.lang.Text("只看这些账号（配置里的名称，可重复）", "only these accounts (names in the configuration; may be repeated)"))
	f.StringSliceVar(&p.regions, "region", nil, o.lang.Text("只看这些区域（可重复）", "only these regions (may be repeated)"))
	f.StringSliceVar(&p.instances, "instance", nil, o.lang.Text("只显示这些：实例 ID、资产 ID、名称或 IP（可重复）", "show only these: ids of instances or assets, names or addresses (may be repeated)"))
	f.BoolVar(&p.access, "access", false, o.lang.Text("没有 rules 时也写明谁获得、谁失去访问（需要权限 perms.view_assetpermission）", "say who gains and who loses access also where there are no rules (needs the right perms.view_assetpermission)"))
	f.BoolVar(&o.remap, "remap", false, o.lang.Text("规则也决定已有资产的节点、网域等（只在这个计划里；由 apply 执行 -o 的文件）", "let the rules decide on nodes, zones and so on of existing assets too (in this plan only; apply makes the file of -o)"))
	f.BoolVar(&p.detailed, strings.TrimPrefix(detailedFlag, "--"), false, o.lang.Text("退出码：0 没有变更，2 有变更，1 出错", "exit codes: 0 no change, 2 changes, 1 error"))
	return cmd
}

// runPlan makes one run that writes nothing and shows its plan at the terminal only. What -o writes can be applied.
func (o *options) runPlan(ctx context.Context, p planOptions, stdout, stderr io.Writer) error {
	if o.remap {
		cfg, err := o.loadConfig(ctx)
		if err == nil && cfg.Mapping == nil {
			err = errors.New(language.Lang(cfg.Language).Text("--remap：配置里没有 rules，没有可归位的", "--remap: the configuration has no rules, there is nothing to bring anywhere"))
		}
		if err != nil {
			return &exitError{exitUsage, err}
		}
	}
	changes := false
	err := o.runWithRetries(ctx, stdout, stderr, func(ctx context.Context, s *terminalSession) engine.RunResult {
		out := s.Plan(ctx, session.PlanRequest{
			Accounts: p.accounts, Regions: p.regions, Only: p.instances, Review: o.output.isSet() && !o.output.wantsPage(), Access: p.access,
		})
		o.printPlan(s, stdout, out)
		changes = out.Report.HasChanges() && (out.Report.Outcome == report.OK || out.Report.Outcome == report.Held)
		return out
	}, true)
	if p.detailed && changes {
		return &exitError{exitChanges, changesFound{}}
	}
	return err
}

// detailedCode returns the exit code of a command line that may ask for detailed ones, where 2 means changes: every error
// is 1 then.
func detailedCode(args []string, code int, why error) int {
	asked := slices.ContainsFunc(args, func(arg string) bool { return arg == detailedFlag || arg == detailedFlag+"=true" })
	if !asked || code == exitDone {
		return code
	}
	var found changesFound
	if errors.As(why, &found) {
		return exitChanges
	}
	return exitFailed
}

// changesFound is why plan --detailed-exitcode does not end with 0. It has no text.
type changesFound struct{}

func (changesFound) Error() string { return "" }

// printPlan prints the plan of a run. A run that failed has none, which must not look like an empty one.
func (o *options) printPlan(s *terminalSession, stdout io.Writer, out engine.RunResult) {
	s.progress.clearLine()
	if out.Err != nil {
		return
	}
	err := o.printPainted(stdout, planColours(), func(to io.Writer) error {
		if err := report.WritePlanTable(to, out.PlanLines, out.Names, s.Language()); err != nil {
			return err
		}
		_, err := fmt.Fprintln(to)
		return err
	})
	if err != nil {
		s.Log().Error("the plan was not printed", "error", err)
	}
}
