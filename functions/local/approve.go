package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func heldCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "held",
		Short: "列出被暂缓的移除：哈希、多少个资产、在哪里、为什么、是否已批准（需要状态存储）",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.withHeld(cmd.Context(), stderr, func(ctx context.Context, d heldDesk) error {
				sets, err := d.held.List(ctx, d.now)
				if err != nil && len(sets) == 0 {
					return &exit{exitFailed, err}
				}
				if err != nil {
					fmt.Fprintln(stderr, err)
				}
				if asJSON {
					return report.Encode(stdout, heldDocument(sets))
				}
				fmt.Fprintln(stdout, d.place())
				return d.table(stdout, sets)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	return cmd
}

func approveCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "approve HASH",
		Short: "批准一组被暂缓的移除（哈希或其至少 8 个字符的开头），24 小时内有效，由下一次完整同步执行",
		Long: "下一次完整同步移除其中到那时仍应移除的资产，移除前照常逐个证实；不在这一组里的继续由守卫判断。\n" +
			"失败的区域不移除任何资产，批准了也不移除。用过的批准即失效。事件触发的同步不使用批准。",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withHeld(cmd.Context(), stderr, func(ctx context.Context, d heldDesk) error {
				set, err := d.find(ctx, args[0])
				if err != nil {
					return err
				}
				if d.now.Sub(set.Last) >= runstate.HeldFor {
					return &exit{exitFailed, errors.New(d.say(
						"这一组已过期：最后一次被暂缓于 %s。请先运行一次同步，再批准它列出的哈希",
						"the set has expired: it was last held at %s. Run a sync, and approve the hash that it tells", d.time(set.Last)))}
				}
				until, err := d.held.Approve(ctx, set, d.now)
				if err != nil {
					return &exit{exitFailed, err}
				}
				fmt.Fprintln(stdout, d.say("已批准 %d 个资产的移除，%s 之前的下一次完整同步执行：%s",
					"approved the removal of %d assets by the next full run before %s: %s", len(set.Removals), d.time(until), set.Hash))
				fmt.Fprintln(stdout, d.place())
				return nil
			})
		},
	}
}

func rejectCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "reject HASH",
		Short: "忘掉一组被暂缓的移除及其批准；仍应移除的，下一次同步会再次暂缓并报告",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withHeld(cmd.Context(), stderr, func(ctx context.Context, d heldDesk) error {
				set, err := d.find(ctx, args[0])
				if err == nil {
					err = d.held.Reject(ctx, set)
				}
				var told *exit
				if errors.As(err, &told) {
					return err
				}
				if err != nil {
					return &exit{exitFailed, err}
				}
				fmt.Fprintln(stdout, d.say("已忘掉：%s", "forgotten: %s", set.Hash))
				return nil
			})
		},
	}
}

// heldDesk is where a person decides on held sets.
type heldDesk struct {
	store *runstate.Store
	held  *runstate.Held
	cfg   config.Config
	now   time.Time
}

// withHeld opens the state store, and says that one is needed where none is named.
func (o *options) withHeld(ctx context.Context, stderr io.Writer, do func(context.Context, heldDesk) error) error {
	s, err := o.open(ctx, stderr)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer s.close()
	d := heldDesk{cfg: s.cfg, now: s.engine.Now(), store: s.store}
	if s.store == nil {
		return &exit{exitUsage, errors.New(d.say(
			"需要状态存储：没有设置 %s，被暂缓的移除没有保存在任何地方", "a state store is needed: %s is not set, so held removals are kept nowhere", config.VarState))}
	}
	d.held = s.store.Held()
	return do(ctx, d)
}

func (d heldDesk) say(zh, en string, args ...any) string {
	if plan.Lang(d.cfg.Language) == plan.English {
		return fmt.Sprintf(en, args...)
	}
	return fmt.Sprintf(zh, args...)
}

// place names the JumpServer and organisation that the desk is for: a hash of assets may be the same in two.
func (d heldDesk) place() string {
	return d.say("JumpServer：%s，组织：%s", "JumpServer: %s, organisation: %s", printable(d.store.Server()), d.store.Organisation())
}

// elsewhere says of which other JumpServers the store holds state, where there are any.
func (d heldDesk) elsewhere(ctx context.Context) string {
	others, err := d.store.OtherServers(ctx, d.now)
	if err != nil || len(others) == 0 {
		return ""
	}
	return "\n" + printable(report.SharedText(d.store.Server(), others, plan.Lang(d.cfg.Language)))
}

func (d heldDesk) time(at time.Time) string { return at.In(d.cfg.Location()).Format(time.DateTime) }

// find gives the set that a person names, or says what is wrong with the name.
func (d heldDesk) find(ctx context.Context, prefix string) (runstate.HeldSet, error) {
	set, err := d.held.Find(ctx, prefix, d.now)
	switch {
	case errors.Is(err, runstate.ErrNoHash):
		return set, &exit{exitUsage, errors.New(d.say(
			"%q 不是哈希，或不足 8 个字符", "%q is no hash, or has fewer than 8 characters", printable(prefix)))}
	case errors.Is(err, runstate.ErrAmbiguous):
		return set, &exit{exitUsage, errors.New(d.say(
			"不止一组以 %s 开头，请写得更长（jms-sync held 列出全部）", "more than one set begins with %s, write more of it (jms-sync held lists them)", printable(prefix)))}
	case errors.Is(err, runstate.ErrNoSuchSet):
		return set, &exit{exitFailed, errors.New(d.say(
			"没有哈希为 %s 的一组（jms-sync held 列出全部）：可能已移除、被 reject、或一周内没有再被暂缓",
			"no set has the hash %s (jms-sync held lists them): it may be removed, rejected, or not held for a week", printable(prefix)) + "\n" + d.place() + d.elsewhere(ctx))}
	case err != nil:
		return set, &exit{exitFailed, err}
	}
	return set, nil
}

// table lists sets, a line for each place and reason of each.
func (d heldDesk) table(to io.Writer, sets []runstate.HeldSet) error {
	if len(sets) == 0 {
		_, err := fmt.Fprintln(to, d.say("没有被暂缓的移除。", "No removals are on hold."))
		return err
	}
	for _, s := range sets {
		approved := d.say("未批准", "not approved")
		if !s.Approved.IsZero() {
			approved = d.say("已批准，%s 之前有效", "approved until %s", d.time(s.Approved))
		}
		fmt.Fprintln(to, s.Hash)
		fmt.Fprintln(to, d.say("  %d 个资产，首次暂缓 %s（%s 前），最近 %s，%s", "  %d assets, first held %s (%s ago), last %s, %s",
			len(s.Removals), d.time(s.First), d.now.Sub(s.First).Truncate(time.Second), d.time(s.Last), approved))
		out := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
		for _, g := range places(s.Removals) {
			fmt.Fprintf(out, "  %s\t%d\t%s\t%s\n", printable(g.place), len(g.names), printable(g.some()), printable(g.reason))
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// heldPlace is what held removals of one place have in common.
type heldPlace struct {
	place, reason string
	names         []string
}

func places(removals []runstate.Removal) []*heldPlace {
	var all []*heldPlace
	known := map[[2]string]*heldPlace{}
	for _, r := range removals {
		key := [2]string{r.Account + "/" + r.Region, r.Reason}
		if known[key] == nil {
			known[key] = &heldPlace{place: key[0], reason: r.Reason}
			all = append(all, known[key])
		}
		known[key].names = append(known[key].names, r.Name)
	}
	return all
}

// some gives the first few names.
func (p *heldPlace) some() string {
	const most = 5
	if len(p.names) > most {
		return strings.Join(p.names[:most], ", ") + " …"
	}
	return strings.Join(p.names, ", ")
}

type heldRow struct {
	Hash          string             `json:"hash"`
	FirstHeld     time.Time          `json:"first_held"`
	LastHeld      time.Time          `json:"last_held"`
	ApprovedUntil *time.Time         `json:"approved_until"` // null = not approved
	Removals      []runstate.Removal `json:"removals"`
}

func heldDocument(sets []runstate.HeldSet) map[string][]heldRow {
	rows := make([]heldRow, 0, len(sets))
	for _, s := range sets {
		row := heldRow{Hash: s.Hash, FirstHeld: s.First, LastHeld: s.Last, Removals: s.Removals}
		if !s.Approved.IsZero() {
			row.ApprovedUntil = &s.Approved
		}
		rows = append(rows, row)
	}
	return map[string][]heldRow{"held": rows}
}
