package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// operatorCommand is a command of an operator: its flags, and the action that it runs.
type operatorCommand struct {
	account, region string
	cloud           string // of retire; "" = all
	apply, adopted  bool
	byAddress       bool
	agreedRemovals  int // removals that the person agreed to; 0 = no number was given
	run             func(*session.Session, context.Context, operator.Action) (operator.Result, error)
	check           func(*operatorCommand, plan.Rules, language.Lang) error // nil = nothing to check
}

func adoptCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	a := &operatorCommand{run: (*session.Session).Adopt}
	cmd := a.command(o, stdout, stderr, &cobra.Command{
		Use:   "adopt",
		Short: o.lang.Text("认领已有的资产：为运行中的实例找到 Python 工具或人工创建的资产，显示表格；--apply 就地打上我们的标签", "Adopt assets that are there: find those of the Python tool and of people for running instances, and show them; --apply labels them in place"),
		Long: o.lang.Text("为还没有我们资产的运行中实例，查找已有的资产：\n"+
			"  1. 备注里有 instance_id: <实例 ID>（Python 工具留下的）；\n"+
			"  2. 加上 --by-address：网域、地址与名称都相同，并且地址在全部资产与全部实例中都唯一。\n"+
			"     地址相同的可能是另一台机器：先看表格里实例与资产两边的名称。\n"+
			"不能确定的只列出，从不猜测。加上 --apply 才写入：就地打上 jms-* 标签和 jms-asset:<资产自己的 ID>，\n"+
			"并在备注后面追加证明归属的几行（instance_id、account_id、region；标签谁都可能写上，只凭标签不算）。\n"+
			"资产的 ID、账号、授权、节点、名称和备注原有的内容都不变。之后它与我们创建的资产一样跟随云，名称默认保留\n"+
			"（sync.manage.adopted_name）；释放之后只停用，由人用 retire --adopted 删除（sync.removal.adopted）。release 是反向操作。",
			"Looks for the assets of running instances that have none of ours yet:\n"+
				"  1. by instance_id: <instance id> in their comments (as the Python tool leaves it);\n"+
				"  2. with --by-address: by the same zone, address and name, the address unique among all assets and all instances.\n"+
				"     Another machine may have the same address: compare the names of instance and asset in the table first.\n"+
				"What is not certain is listed, nothing is guessed. --apply writes: the asset gets the labels jms-* and jms-asset:<its own id>, and\n"+
				"behind its comment the lines that prove whose it is (instance_id, account_id, region; anybody may write a label, so labels alone\n"+
				"prove nothing). Its id, accounts, access rules, nodes, name and comment stay. From then on it follows the cloud like those that we\n"+
				"made, and keeps its name unless sync.manage.adopted_name says otherwise; when its instance is released it is just deactivated, and\n"+
				"a person deletes it with retire --adopted (sync.removal.adopted). release is the opposite."),
	})
	cmd.Flags().BoolVar(&a.byAddress, "by-address", false, o.lang.Text("也按网域、地址与名称认领", "adopt by zone, address and name too"))
	return cmd
}

func releaseCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	r := &operatorCommand{run: (*session.Session).Disown}
	cmd := r.command(o, stdout, stderr, &cobra.Command{
		Use:   "release",
		Short: o.lang.Text("放手：移除资产上我们的标签，不删除任何资产；默认只显示表格，--apply 才写入", "Let assets go: take our labels off, delete nothing; it shows them, and writes with --apply"),
		Long: o.lang.Text("移除我们的资产上的 jms-* 标签（jms-keep 除外），不停用、不删除任何资产。放手之后的资产不再改动，也不会被重复创建：\n"+
			"凭资产 ID 或备注里的实例 ID 认出；两者都没有的（旧版本按地址认领的）保留标签 jms-instance，地址不变就算数。用 adopt 可以重新认领。",
			"Takes the labels jms-* (but not jms-keep) off our assets; none is deactivated or deleted. Afterwards they are left alone and not made\n"+
				"again: they are known by their id or the instance id in their comment; one that has neither (adopted by address by an earlier\n"+
				"version) keeps the label jms-instance, which counts while its address stays. adopt takes them over again."),
	})
	r.addFlags(o, cmd)
	return cmd
}

func retireCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	r := &operatorCommand{run: (*session.Session).Retire, check: func(r *operatorCommand, rules plan.Rules, lang language.Lang) error {
		switch {
		case r.agreedRemovals < 0:
			return errors.New(lang.Text("--yes-remove: 至少为 1", "--yes-remove: at least 1"))
		case r.adopted:
			return nil
		case r.account == "":
			return errors.New(lang.Text("--account: 必填", "--account: required"))
		case r.cloud != "" && session.Clouds().Parse(r.cloud) == "":
			return fmt.Errorf(lang.Text("--cloud: 没有这样的云：%q", "--cloud: no such cloud: %q"), r.cloud)
		case !rules.CanRetire(plan.Retirement{Account: r.account, Region: r.region, Cloud: session.Clouds().Parse(r.cloud), RegionUnnamed: true}):
			return errors.New("--account: " + reason.New(reason.NoOrphan, r.account).Text(lang))
		}
		return nil
	}}
	cmd := r.command(o, stdout, stderr, &cobra.Command{
		Use:   "retire",
		Short: o.lang.Text("处理无人管理的资产（没有账号再查询它们），或停用已久的认领资产（--adopted）；默认只显示表格，--apply 才写入", "Remove assets that no account asks for any more, or adopted ones that were deactivated long ago (--adopted); it shows them, and writes with --apply"),
		Long: o.lang.Text("账号或区域从配置中移走、账号改成了另一个云、或云不再列出这个区域之后，它的资产由每次运行报告，但从不自动移除。\n"+
			"retire --apply 是人的明确决定：\n"+
			"  配置里还有该账号的密钥（enabled: false，或只移走了区域）：用它查询云，实例还在的不处理，其余逐个证实之后\n"+
			"  按 sync.removal 停用，宽限期过后再执行一次即删除；没有密钥：无从证实，只停用。\n"+
			"retire --adopted 列出停用超过宽限期的认领资产，再次证实之后，--apply 删除它们：同步从不删除认领的资产。\n"+
			"账号不在配置中的、只有标签作证的，无从证实，只列出。\n"+
			"超过守卫上限的暂缓；确认无误时加上 --yes-remove N，N 是表格里要移除的个数。写入之后发卡片。\n"+
			"账号名现在属于另一个云：--cloud 写资产原来的云（type 的任一写法）。云不再列出、也不再应答的区域无从证实，资产留着：\n"+
			"由人在 JumpServer 里停用，或用 release --account --region 放手。\n"+
			"仍在配置中启用的账号或区域会被拒绝；网关、jms-keep 等受保护的资产保持原样。",
			"Once an account or region is taken out of the configuration, an account is of another cloud, or the cloud no longer names a region,\n"+
				"every run reports its assets, and none removes them. retire --apply is a person's decision:\n"+
				"  where the configuration still has the account's key (enabled: false, or just the region is gone), the cloud is asked with it;\n"+
				"  assets whose instances are there are left, all others are proved one by one and deactivated as sync.removal says, and deleted by\n"+
				"  another retire after the grace; without a key nothing can be proved, and they are just deactivated.\n"+
				"retire --adopted lists adopted assets that were deactivated longer ago than the grace; --apply proves them again and deletes them,\n"+
				"which no run does. Those whose account is not configured or that labels alone prove are just listed.\n"+
				"More than the guard's limits is held; if it is right, add --yes-remove N, where N is the number to be removed in the table. A card is\n"+
				"sent after a write. Where the account's name belongs to another cloud now, --cloud names the assets' own (any spelling of type). Regions\n"+
				"that the cloud neither names nor answers for cannot be proved, and their assets stay: a person deactivates them in JumpServer, or lets\n"+
				"them go with release --account --region. Accounts and regions that are configured and enabled are refused; gateways, jms-keep and others that are protected stay."),
	})
	r.addFlags(o, cmd)
	cmd.Flags().StringVar(&r.cloud, "cloud", "", o.lang.Text("只处理这个云的资产：账号名现在属于另一个云时（默认：全部）", "just the assets of this cloud, where the account's name belongs to another cloud now (without it all)"))
	cmd.Flags().BoolVar(&r.adopted, "adopted", false, o.lang.Text("删除停用超过宽限期的认领资产，而不是处理无人管理的", "delete adopted assets that were deactivated longer ago than the grace, rather than those that no run looks after"))
	cmd.Flags().IntVar(&r.agreedRemovals, "yes-remove", 0, o.lang.Text("同意移除这么多个资产，即使超过守卫的上限；必须与表格相符", "agree to the removal of this many assets, even above the guard's limits; it must be the number of the table"))
	return cmd
}

func (r *operatorCommand) addFlags(o *options, cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.account, "account", "", o.lang.Text("账号的名称（标签 jms-account）", "name of the account (label jms-account)"))
	cmd.Flags().StringVar(&r.region, "region", "", o.lang.Text("区域（默认：全部）", "region (without it all)"))
}

func (r *operatorCommand) command(o *options, stdout, stderr io.Writer, cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return r.runAction(cmd.Context(), o, stdout, stderr) }
	cmd.Flags().BoolVar(&r.apply, "apply", false, o.lang.Text("写入；不加则只显示", "write; without it the table is just shown"))
	o.addDocumentFlag(cmd)
	return cmd
}

// runAction carries the action out and prints its table.
func (r *operatorCommand) runAction(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	if err := o.output.checkWritable(o.lang); err != nil {
		return &exitError{exitUsage, err}
	}
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	if r.check != nil {
		if err := r.check(r, s.Rules(), s.Language()); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	out, err := r.run(s.Session, ctx, operator.Action{
		Account: r.account, Region: r.region, Cloud: session.Clouds().Parse(r.cloud), Write: r.apply,
		MatchByAddress: r.byAddress, RetireAdopted: r.adopted, ConfirmedRemovals: r.agreedRemovals,
	})
	if err != nil {
		return s.busyError(err)
	}
	s.progress.clearLine()
	if out.Err == nil {
		if err := report.WriteOperatorTable(stdout, out.PlanLines, s.Language()); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	o.printSummary(stdout, out.Report, s.Language())
	printRunStep(ctx, stdout, out.RunResult, s.Language())
	if out.Err == nil {
		r.printNextSteps(stdout, out, s.Language())
	}
	if err := o.output.write(out.Report); err != nil {
		return &exitError{exitFailed, err}
	}
	if err := runExitError(out.RunResult); err != nil {
		return err
	}
	return refusedError(stdout, out, s.Language())
}

// busyError returns the error of an action that was not carried out because a run is at work.
func (s *terminalSession) busyError(by error) error {
	return &exitError{exitFailed, errors.New(newStateSession(s).text("有一次同步正在运行，稍后再试，什么都没有写入：%s",
		"a run is at work; nothing was written, try again in a minute: %s", by))}
}

// refusedError prints how many assets were refused because their instances run, and returns the exit code for that.
func refusedError(stdout io.Writer, out operator.Result, lang language.Lang) error {
	running := 0
	for c := range out.PlanLines {
		if c.Reason.Code == reason.StillRuns {
			running++
		}
	}
	if running == 0 {
		return nil
	}
	fmt.Fprintln(stdout, lang.Textf("%d 个资产的实例还在，不处理", "%d assets were refused: their instances are there", running))
	return &exitError{code: exitPartial}
}

// printNextSteps prints how a person can go on.
func (r *operatorCommand) printNextSteps(stdout io.Writer, out operator.Result, lang language.Lang) {
	if pause := out.Report.Pause; pause != nil && pause.Stands {
		return // the summary has said how it ends
	}
	if held := out.Report.Held; held > 0 && r.agreedRemovals == 0 && out.RemovalCount > 0 {
		fmt.Fprintln(stdout, lang.Textf("有 %d 个移除被暂缓；确认要移除这 %d 个资产：--apply --yes-remove %[2]d",
			"%d removals are held; to remove these %d assets all the same: --apply --yes-remove %[2]d", held, out.RemovalCount))
		return
	}
	if !r.apply {
		fmt.Fprintln(stdout, dryRunHint(lang))
	}
}

func dryRunHint(lang language.Lang) string {
	return lang.Text("没有写入任何内容；加上 --apply 才执行。", "Nothing was written; --apply does it.")
}
