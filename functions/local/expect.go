package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/session"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// maxExpectationDuration is how far ahead a decommission may be announced: more would lower the guard for good, and that
// is a setting.
const maxExpectationDuration = 31 * 24 * time.Hour

// expectOptions are the flags of expect.
type expectOptions struct {
	account, region, until, reason string
	upTo                           int
	cancel                         bool
}

func expectCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	var x expectOptions
	cmd := &cobra.Command{
		Use:   "expect",
		Short: o.lang.Text("事先宣布一个区域的下线：到 --until 为止，最多 --up-to 个移除不受守卫的上限限制（需要状态存储）；不带参数列出", "Announce that a region is taken down: until --until the guard's limits do not hold up to --up-to removals (needs a state store); without flags it lists"),
		Long: o.lang.Text("只放开守卫的上限（percent、min、fleet、per_run、列表为空、各部分共用的额度）：每一个仍要逐个证实已释放，受保护的、隔离、时钟、\n"+
			"另一个云账号、sync.approval、暂停都照旧；区域变空时仍要证实两次（至少隔 10 分钟）。\n"+
			"  jms-sync expect --account prod --region cn-beijing --until 18:00 --up-to 40 --reason 下线旧集群\n"+
			"宣布之后这个区域的每一次移除都算在内（守卫本来就放行的、批准的、事件触发的也算），写入之前先扣除，运行中断了也不退回。\n"+
			"一次要移除的比剩下的多：数目不对就是疑问，整个区域都暂缓（可以批准，或重新宣布）。宽限期结束时的删除不算，仍受上限限制。\n"+
			"同一区域再次宣布则替换之前的。--cancel 取消。TIME："+untilHelp().ZH+"，最多 31 天。",
			"Just the guard's limits are lifted (percent, min, fleet, per_run, an empty list, the share of parts): each instance is still proved to be\n"+
				"released, and protection, quarantine, clock, another cloud account, sync.approval and pauses count as ever; a region that\n"+
				"becomes empty is still proved twice (10 minutes apart or more).\n"+
				"  jms-sync expect --account prod --region cn-beijing --until 18:00 --up-to 40 --reason 'old cluster goes'\n"+
				"Every later removal of the region counts (those that the guard lets pass anyway, approved ones, those of events); it is taken\n"+
				"off before the write, and a run that breaks does not give it back.\n"+
				"More removals at once than are left: a wrong number is a doubt, and the whole region is held (approve it, or announce anew).\n"+
				"Deletions when the grace is over do not count, and keep to the limits.\n"+
				"Another announcement for the region replaces this one; --cancel takes it back. TIME: "+untilHelp().EN+", at most 31 days ahead."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			announces := cmd.Flags().Changed("account") || cmd.Flags().Changed("region") || cmd.Flags().Changed("until") ||
				cmd.Flags().Changed("up-to") || cmd.Flags().Changed("reason")
			return o.withConfiguredStore(cmd.Context(), stderr, func(ctx context.Context, d stateSession) error {
				switch {
				case x.cancel:
					return d.cancelExpectation(ctx, x, stdout)
				case announces:
					return d.announceRemovals(ctx, x, stdout)
				}
				return d.listExpectations(ctx, stdout, stderr)
			})
		},
	}
	cmd.Flags().StringVar(&x.account, "account", "", o.lang.Text("账号（配置里的名称）", "account (its name in the configuration)"))
	cmd.Flags().StringVar(&x.region, "region", "", o.lang.Text("区域", "region"))
	cmd.Flags().StringVar(&x.until, "until", "", o.lang.Text("到什么时候为止", "until when"))
	cmd.Flags().IntVar(&x.upTo, "up-to", 0, o.lang.Text("最多移除多少个", "how many removals at most"))
	cmd.Flags().StringVar(&x.reason, "reason", "", o.lang.Text("原因，写在卡片上", "the reason, which cards show"))
	cmd.Flags().BoolVar(&x.cancel, "cancel", false, o.lang.Text("取消 --account 的 --region 的宣布", "take back what was announced for --region of --account"))
	return cmd
}

// withConfiguredStore opens the state store beside a whole configuration, which says what accounts and regions there are.
func (o *options) withConfiguredStore(ctx context.Context, stderr io.Writer, do func(context.Context, stateSession) error) error {
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	return newStateSession(s).withOrders(ctx, do)
}

// announceRemovals stores an announcement.
func (d stateSession) announceRemovals(ctx context.Context, x expectOptions, to io.Writer) error {
	at, err := d.scopeOf(x)
	var end time.Time
	if err == nil && x.upTo < 1 {
		err = errors.New(d.text("--up-to: 至少为 1", "--up-to: at least 1"))
	}
	if err == nil && x.until == "" {
		err = errors.New(d.text("--until: 必填", "--until: required"))
	}
	if err == nil {
		end, err = parseUntil(x.until, d.now, d.cfg.Location(), d.lang())
	}
	if err == nil && end.Sub(d.now) > maxExpectationDuration {
		err = errors.New(d.text("--until: 最多 31 天", "--until: at most 31 days ahead"))
	}
	if err == nil {
		err = checkReason(x.reason, d.lang())
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	e := runstate.Expectation{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region, Since: d.now, Until: end, UpTo: x.upTo,
		By: operatorName(), Reason: stripControls(x.reason),
	}
	if err := d.store.SaveExpectation(ctx, e); err != nil {
		if errors.Is(err, runstate.ErrNoExpectations) {
			return &exitError{exitUsage, errors.New(d.text(
				"这个状态存储没有条件写，数不准还剩多少个；请用 approve", "this state store cannot write on a condition, so nobody could count; use approve"))}
		}
		return &exitError{exitFailed, err}
	}
	e.Remaining = e.UpTo
	fmt.Fprintln(to, d.expectationText(e))
	fmt.Fprintln(to, d.installationText())
	return nil
}

// cancelExpectation withdraws an announcement.
func (d stateSession) cancelExpectation(ctx context.Context, x expectOptions, to io.Writer) error {
	at, err := d.scopeOf(x)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	previous, readErr := d.store.LoadExpectation(ctx, at)
	if err := d.store.DeleteExpectation(ctx, at); err != nil {
		return &exitError{exitFailed, err}
	}
	if readErr == nil && previous.UpTo == 0 {
		fmt.Fprintln(to, d.text("%s/%s 没有宣布过什么。", "Nothing was announced for %s/%s.", stripControls(at.Account), stripControls(at.Region)))
	} else {
		fmt.Fprintln(to, d.text("已取消：%s/%s", "taken back: %s/%s", stripControls(at.Account), stripControls(at.Region)))
	}
	fmt.Fprintln(to, d.installationText())
	return nil
}

// scopeOf returns the scope that the flags name. It refuses one that no run lists.
func (d stateSession) scopeOf(x expectOptions) (inventory.Scope, error) {
	switch {
	case x.account == "":
		return inventory.Scope{}, errors.New(d.text("--account: 必填", "--account: required"))
	case x.region == "":
		return inventory.Scope{}, errors.New(d.text("--region: 必填", "--region: required"))
	}
	for _, c := range d.cfg.Clouds {
		if !c.Enabled || c.Name != x.account {
			continue
		}
		if regions := session.ScopeRegions(c); len(regions) > 0 && !slices.Contains(regions, x.region) {
			return inventory.Scope{}, errors.New(d.text("--region: 配置中账号 %s 没有区域 %s", "--region: the account %s is not configured with region %s",
				stripControls(x.account), stripControls(x.region)))
		}
		return inventory.Scope{Cloud: c.Cloud, Account: c.Name, Region: x.region}, nil
	}
	return inventory.Scope{}, errors.New("--account: " + d.unknownAccount(x.account))
}

// listExpectations prints all announcements.
func (d stateSession) listExpectations(ctx context.Context, to, stderr io.Writer) error {
	all, err := d.store.ListExpectations(ctx)
	if err != nil && len(all) == 0 {
		return &exitError{exitFailed, err}
	}
	if err != nil {
		fmt.Fprintln(stderr, stripControls(err.Error()))
	}
	fmt.Fprintln(to, d.installationText())
	if len(all) == 0 {
		fmt.Fprintln(to, d.text("没有宣布的下线。", "Nothing is announced."))
	}
	d.printExpectations(to, all)
	return nil
}

// printExpectations prints a line for each announcement.
func (d stateSession) printExpectations(to io.Writer, all []runstate.Expectation) {
	for _, e := range all {
		over := ""
		if !e.IsActive(d.now) {
			over = d.text("——已到期", " - over")
		}
		fmt.Fprintln(to, d.expectationText(e)+over)
	}
}

func (d stateSession) expectationText(e runstate.Expectation) string {
	x := plan.ExpectedRemovals{UpTo: e.UpTo, Left: e.Remaining, Until: e.Until}
	return stripControls(plan.ExpectationReason(e.Scope(), x, e.By, e.Reason).Text(d.lang()))
}
