package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func ownerCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "owner",
		Short: "列出每个账号的密钥现在属于哪个云账号、记住的是哪个（需要状态存储）",
		Long: "每个账号是哪个云账号，由完整同步记住。密钥换成了另一个云账号的之后，这个账号的同步失败，不创建也不移除任何资产：\n" +
			"在另一个云账号里，每台实例看起来都已释放。放错了密钥请换回；确实改用另一个云账号时，写上 account_id 或运行 owner accept。\n" +
			"同一云账号换密钥、换角色不受影响。",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.withOwners(cmd.Context(), stderr, func(ctx context.Context, d ownerDesk) error { return d.list(ctx, stdout) })
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "accept ACCOUNT",
		Short: "确认账号（配置里的名称）今后是它的密钥现在所属的云账号；下一次同步生效",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withOwners(cmd.Context(), stderr, func(ctx context.Context, d ownerDesk) error { return d.accept(ctx, args[0], stdout) })
		},
	})
	return cmd
}

// ownerDesk is where a person says whose an account is.
type ownerDesk struct {
	heldDesk
	fleet cloud.Fleet
}

func (o *options) withOwners(ctx context.Context, stderr io.Writer, do func(context.Context, ownerDesk) error) error {
	s, err := o.open(ctx, stderr)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer s.close()
	d := ownerDesk{heldDesk: heldDesk{cfg: s.cfg, now: s.engine.Now(), store: s.store}}
	if s.store == nil {
		return &exit{exitUsage, errors.New(d.say(
			"需要状态存储：没有设置 %s。没有它时，在账号里写上 account_id 来确认",
			"a state store is needed: %s is not set. Without one, set account_id in the account", config.VarState))}
	}
	fleet, is := s.engine.Clouds.(cloud.Fleet)
	if !is {
		return &exit{exitFailed, errors.New("the clouds are no fleet")}
	}
	d.fleet = fleet
	return do(ctx, d)
}

// list prints a line for each enabled account.
func (d ownerDesk) list(ctx context.Context, to io.Writer) error {
	fmt.Fprintln(to, d.place())
	out := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, d.say("账号\t密钥所属的云账号\t记住的云账号", "Account\tCloud account of its key\tCloud account remembered"))
	failed := false
	for _, c := range d.cfg.Clouds {
		if !c.Enabled {
			continue
		}
		now, err := d.fleet.OwnerOf(ctx, c.Name)
		if err != nil {
			now, failed = err.Error(), true
		}
		was, err := d.store.Owner(ctx, c.Cloud, c.Name)
		if err != nil {
			return &exit{exitFailed, err}
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", printable(c.Name), printable(now), printable(d.remembered(was)))
	}
	if err := out.Flush(); err != nil || failed {
		return &exit{exitFailed, err}
	}
	return nil
}

func (d ownerDesk) remembered(o runstate.Owner) string {
	switch {
	case o.Owner == "":
		return d.say("还没有", "none yet")
	case o.Accepted:
		return d.say("%s（%s 由人确认）", "%s (accepted by a person at %s)", o.Owner, d.time(o.At))
	}
	return d.say("%s（自 %s）", "%s (since %s)", o.Owner, d.time(o.At))
}

// accept remembers the owner of an account's key in place of what was remembered.
func (d ownerDesk) accept(ctx context.Context, account string, to io.Writer) error {
	var of inventory.Cloud
	for _, c := range d.cfg.Clouds {
		if c.Enabled && c.Name == account {
			of = c.Cloud
		}
	}
	if of == "" {
		return &exit{exitUsage, errors.New(d.say("配置中没有启用的账号 %s", "the configuration has no enabled account %s", printable(account)))}
	}
	now, err := d.fleet.OwnerOf(ctx, account)
	if err != nil {
		return &exit{exitFailed, err}
	}
	was, err := d.store.Owner(ctx, of, account)
	if err != nil && inventory.KindOf(err) != inventory.Incomplete { // what is damaged is written over
		return &exit{exitFailed, err}
	}
	if err := d.store.KeepOwner(ctx, was, runstate.Owner{Cloud: of, Account: account, Owner: now, Accepted: true}); err != nil {
		return &exit{exitFailed, err}
	}
	fmt.Fprintln(to, d.say("账号 %s 今后是云账号 %s（之前记住的：%s），下一次同步生效。带有其它云账号标记的资产保留不动。",
		"account %s is cloud account %s from now on (remembered before: %s), for the next sync. Assets marked with another cloud account are left alone.",
		printable(account), printable(now), printable(cmp.Or(was.Owner, d.say("没有", "none")))))
	fmt.Fprintln(to, d.place())
	return nil
}
