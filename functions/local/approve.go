package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func heldCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "held [HASH]",
		Short: o.lang.Text("列出被暂缓的移除：哈希、多少个资产、在哪里、为什么、是否已批准；给出 HASH 则逐个列出（需要状态存储）",
			"List the removals on hold: hash, how many assets, where, why, and whether they are approved; with HASH each of them (needs a state store)"),
		Long: o.lang.Text("给出哈希（或其至少 8 个字符的开头）时，按区域与名称列出这一组的每一个：实例 ID、IP、所在节点、要做的操作与原因。",
			"With a hash, or at least the first 8 characters of one, it lists each asset of the set by region and name: instance id, IP, nodes, action and reason."),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withHeldStore(cmd.Context(), func(ctx context.Context, d stateSession) error {
				if len(args) == 1 {
					return d.showSet(ctx, stdout, args[0], asJSON)
				}
				sets, err := d.held.List(ctx, d.now)
				if err != nil && len(sets) == 0 {
					return &exitError{exitFailed, err}
				}
				if err != nil {
					fmt.Fprintln(stderr, err)
				}
				if asJSON {
					return report.EncodeJSON(stdout, newHeldDocument(sets))
				}
				fmt.Fprintln(stdout, d.installationText())
				return d.printSets(stdout, sets)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, o.lang.Text("以 JSON 输出", "print JSON"))
	return o.addStateFlags(cmd)
}

func approveCommand(o *options, stdout, _ io.Writer) *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use:   "approve HASH",
		Short: o.lang.Text("批准一组被暂缓的移除或移动（哈希或其至少 8 个字符的开头），24 小时内有效，由下一次完整同步执行", "Approve a set of held removals or moves (its hash, or at least the first 8 characters) for 24 hours; the next full run makes them"),
		Long: o.lang.Text("下一次完整同步移除其中到那时仍应移除的资产，移除前照常逐个证实；规则的移动只放行这一组写明的去处。不在这一组里的继续由守卫判断。\n"+
			"失败的区域不移除任何资产，批准了也不移除。用过的批准即失效。事件触发的同步不使用批准。\n"+
			"先列出将要移除、或规则要移动的资产；在终端上会问一次，--yes 或不在终端上则不问。",
			"The next full run removes those of its assets that are still to be removed then, each proved before as ever; the guard judges\n"+
				"all others. A scope that failed loses nothing, approved or not. An approval serves once. Runs by events do not use it.\n"+
				"Moves by rules are approved for the destinations of this set alone. What would be done is shown first; at a terminal you are asked once, with --yes or without a terminal you are not."),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withHeldStore(cmd.Context(), func(ctx context.Context, d stateSession) error {
				set, err := d.findSet(ctx, args[0])
				if err != nil {
					return err
				}
				if d.now.Sub(set.LastHeld) >= runstate.ApprovableFor {
					return &exitError{exitFailed, errors.New(d.text(
						"这一组已过期：最后一次被暂缓于 %s。请先运行一次同步，再批准它列出的哈希",
						"the set has expired: it was last held at %s. Run a sync, and approve the hash that it tells", d.formatTime(set.LastHeld)))}
				}
				if !d.confirmApproval(set, yes, cmd.InOrStdin(), stdout) {
					return &exitError{exitFailed, errors.New(d.text("没有批准", "not approved"))}
				}
				until, err := d.held.Approve(ctx, set, d.now)
				if err != nil {
					return &exitError{exitFailed, err}
				}
				fmt.Fprintln(stdout, d.approvedText(set, until))
				fmt.Fprintln(stdout, d.installationText())
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, o.lang.Text("不再询问（用于脚本）", "ask nothing (for scripts)"))
	return o.addStateFlags(cmd)
}

// approvedText says what was approved.
func (d stateSession) approvedText(set runstate.HeldSet, until time.Time) string {
	if isOfMoves(set) {
		return d.text("已批准规则移动 %d 个资产，%s 之前的下一次完整同步执行：%s",
			"approved that rules move %d assets by the next full run before %s: %s", len(set.Removals), d.formatTime(until), set.Hash)
	}
	return d.text("已批准 %d 个资产的移除，%s 之前的下一次完整同步执行：%s",
		"approved the removal of %d assets by the next full run before %s: %s", len(set.Removals), d.formatTime(until), set.Hash)
}

func rejectCommand(o *options, stdout, _ io.Writer) *cobra.Command {
	return o.addStateFlags(&cobra.Command{
		Use:   "reject HASH",
		Short: o.lang.Text("忘掉一组被暂缓的移除及其批准；仍应移除的，下一次同步会再次暂缓并报告", "Forget a set of held removals and its approval; the next run holds and reports again what is still to be removed"),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withHeldStore(cmd.Context(), func(ctx context.Context, d stateSession) error {
				set, err := d.findSet(ctx, args[0])
				if err == nil {
					err = d.held.Reject(ctx, set)
				}
				var exitErr *exitError
				if errors.As(err, &exitErr) {
					return err
				}
				if err != nil {
					return &exitError{exitFailed, err}
				}
				fmt.Fprintln(stdout, d.text("已忘掉：%s", "forgotten: %s", set.Hash))
				return nil
			})
		},
	})
}

// stateSession is a session in which a person decides on what the state store holds.
type stateSession struct {
	store     *runstate.Store
	held      *runstate.HeldStore
	cfg       config.Config
	now       time.Time
	freshness func(context.Context) (delivery.Freshness, error)
	unread    error // why the configuration could not be fetched; nil = it was, or there is none
}

func newStateSession(s *terminalSession) stateSession {
	return stateSession{cfg: s.Config(), now: s.Now(), store: s.Store(), freshness: s.CheckStaleness}
}

// withHeldStore opens the state store for held removals. It fails where no store is named, and says what is missing.
func (o *options) withHeldStore(ctx context.Context, do func(context.Context, stateSession) error) error {
	d, err := o.openState(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text(
			"需要状态存储：没有设置 %s，被暂缓的移除没有保存在任何地方", "a state store is needed: %s is not set, so held removals are kept nowhere", config.EnvState))}
	}
	d.held = d.store.HeldStore()
	return do(ctx, d)
}

// lang returns the language of texts for people.
func (d stateSession) lang() language.Lang { return language.Lang(d.cfg.Language) }

func (d stateSession) text(zh, en string, args ...any) string { return d.lang().Textf(zh, en, args...) }

// installationText names the JumpServer and organisation, because two of them may hold sets with the same hash.
func (d stateSession) installationText() string {
	text := d.text("JumpServer：%s，组织：%s", "JumpServer: %s, organisation: %s", stripControls(d.store.Server()), d.store.Organisation())
	if d.unread != nil {
		text += "\n" + d.text("读不到配置，没有用它（%s）", "the configuration could not be read, and was not used (%s)", stripControls(d.unread.Error()))
	}
	return text
}

// otherServersText names the other JumpServers whose state the store holds; "" = none.
func (d stateSession) otherServersText(ctx context.Context) string {
	others, err := d.store.ListOtherServers(ctx, d.now)
	if err != nil || len(others) == 0 {
		return ""
	}
	return "\n" + stripControls(report.SharedStoreText(d.store.Server(), others, d.lang()))
}

func (d stateSession) formatTime(at time.Time) string {
	return at.In(d.cfg.Location()).Format(time.DateTime)
}

// findSet returns the set that a hash or its beginning names, or an error that says what is wrong with it.
func (d stateSession) findSet(ctx context.Context, prefix string) (runstate.HeldSet, error) {
	set, err := d.held.Find(ctx, prefix, d.now)
	switch {
	case errors.Is(err, runstate.ErrHashTooShort):
		return set, &exitError{exitUsage, errors.New(d.text(
			"%q 不是哈希，或不足 8 个字符", "%q is no hash, or has fewer than 8 characters", stripControls(prefix)))}
	case errors.Is(err, runstate.ErrAmbiguousHash):
		return set, &exitError{exitUsage, errors.New(d.text(
			"不止一组以 %s 开头，请写得更长（jms-sync held 列出全部）", "more than one set begins with %s, write more of it (jms-sync held lists them)", stripControls(prefix)))}
	case errors.Is(err, runstate.ErrSetNotFound):
		return set, &exitError{exitFailed, errors.New(d.text(
			"没有哈希为 %s 的一组（jms-sync held 列出全部）：可能已移除、被 reject、或一周内没有再被暂缓",
			"no set has the hash %s (jms-sync held lists them): it may be removed, rejected, or not held for a week", stripControls(prefix)) + "\n" + d.installationText() + d.otherServersText(ctx))}
	case err != nil:
		return set, &exitError{exitFailed, err}
	}
	return set, nil
}

// printSets prints sets, with a line for each scope and reason.
func (d stateSession) printSets(to io.Writer, sets []runstate.HeldSet) error {
	if len(sets) == 0 {
		_, err := fmt.Fprintln(to, d.text("没有被暂缓的移除。", "No removals are on hold."))
		return err
	}
	for _, s := range sets {
		approved := d.text("未批准", "not approved")
		if !s.ApprovedUntil.IsZero() {
			approved = d.text("已批准，%s 之前有效", "approved until %s", d.formatTime(s.ApprovedUntil))
		}
		fmt.Fprintln(to, s.Hash)
		fmt.Fprintln(to, d.text("  %d 个资产，首次暂缓 %s（%s 前），最近 %s，%s", "  %d assets, first held %s (%s ago), last %s, %s",
			len(s.Removals), d.formatTime(s.FirstHeld), d.now.Sub(s.FirstHeld).Truncate(time.Second), d.formatTime(s.LastHeld), approved))
		var rows [][]string
		for _, g := range groupRemovals(s.Removals) {
			rows = append(rows, []string{g.scope, strconv.Itoa(len(g.names)), g.sampleNames(), g.reason})
		}
		if _, err := io.WriteString(to, report.FormatColumns("  ", rows)); err != nil {
			return err
		}
	}
	return nil
}

// heldGroup is the held removals of one scope and reason.
type heldGroup struct {
	scope, reason string
	names         []string
}

func groupRemovals(removals []runstate.HeldRemoval) []*heldGroup {
	var all []*heldGroup
	known := map[[2]string]*heldGroup{}
	for _, r := range removals {
		key := [2]string{r.Account + "/" + r.Region, r.Reason}
		if known[key] == nil {
			known[key] = &heldGroup{scope: key[0], reason: r.Reason}
			all = append(all, known[key])
		}
		known[key].names = append(known[key].names, r.Name)
	}
	return all
}

// sampleNames returns the first few names.
func (p *heldGroup) sampleNames() string {
	const most = 5
	if len(p.names) > most {
		return strings.Join(p.names[:most], ", ") + " …"
	}
	return strings.Join(p.names, ", ")
}

type heldEntry struct {
	Hash          string                 `json:"hash"`
	FirstHeld     time.Time              `json:"first_held"`
	LastHeld      time.Time              `json:"last_held"`
	ApprovedUntil *time.Time             `json:"approved_until"` // null = not approved
	Removals      []runstate.HeldRemoval `json:"removals"`
}

func newHeldDocument(sets []runstate.HeldSet) map[string][]heldEntry {
	rows := make([]heldEntry, 0, len(sets))
	for _, s := range sets {
		row := heldEntry{Hash: s.Hash, FirstHeld: s.FirstHeld, LastHeld: s.LastHeld, Removals: s.Removals}
		if !s.ApprovedUntil.IsZero() {
			row.ApprovedUntil = &s.ApprovedUntil
		}
		rows = append(rows, row)
	}
	return map[string][]heldEntry{"held": rows}
}
