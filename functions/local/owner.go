package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

func ownerCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "owner",
		Short: o.lang.Text("列出每个账号的密钥现在属于哪个云账号、记住的是哪个（需要状态存储）", "List to which cloud account each account's key belongs now, and which is remembered (needs a state store)"),
		Long: o.lang.Text("每个账号是哪个云账号，由完整同步记住。密钥换成了另一个云账号的之后，这个账号的同步失败，不创建也不移除任何资产：\n"+
			"在另一个云账号里，每台实例看起来都已释放。放错了密钥请换回；确实改用另一个云账号时，写上 account_id 或运行 owner accept。\n"+
			"同一云账号换密钥、换角色不受影响。",
			"Full runs remember which cloud account each account is. Once its key belongs to another one, the account's syncs fail, and nothing is\n"+
				"made or removed: in another cloud account every instance seems to be released. If the key is the wrong one, put the right one back;\n"+
				"if another cloud account is meant, set account_id or run owner accept. Another key or role of the same cloud account changes nothing."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.withOwnerSession(cmd.Context(), stderr, func(ctx context.Context, d ownerSession) error { return d.printOwners(ctx, stdout, asJSON) })
		},
	}
	o.addJSONFlag(cmd, &asJSON)
	cmd.AddCommand(&cobra.Command{
		Use:   "accept ACCOUNT",
		Short: o.lang.Text("确认账号（配置里的名称）今后是它的密钥现在所属的云账号；下一次同步生效", "Confirm that an account (its name in the configuration) is the cloud account of its key from now on; the next sync goes by it"),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.withOwnerSession(cmd.Context(), stderr, func(ctx context.Context, d ownerSession) error { return d.acceptOwner(ctx, args[0], stdout) })
		},
	})
	return cmd
}

// ownerSession is a session in which a person confirms which cloud account an account is.
type ownerSession struct {
	stateSession
	keyOwner func(ctx context.Context, account string) (string, error)
}

func (o *options) withOwnerSession(ctx context.Context, stderr io.Writer, do func(context.Context, ownerSession) error) error {
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	d := ownerSession{stateSession: newStateSession(s), keyOwner: s.KeyOwner}
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text(
			"需要状态存储：没有设置 %s。没有它时，在账号里写上 account_id 来确认",
			"a state store is needed: %s is not set. Without one, set account_id in the account", config.EnvState))}
	}
	return do(ctx, d)
}

// ownerRow is an account in the document of owner.
type ownerRow struct {
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Owner      string          `json:"owner"` // the cloud account of its key; "" = error says why it is not known
	Error      string          `json:"error"`
	Remembered string          `json:"remembered"` // "" = none yet
	Since      *time.Time      `json:"since"`      // null = none yet
	Accepted   bool            `json:"accepted"`   // by a person

	remembered runstate.Owner
}

// printOwners prints a line for each enabled account.
func (d ownerSession) printOwners(ctx context.Context, to io.Writer, asJSON bool) error {
	rows, failed, err := d.readOwners(ctx)
	switch {
	case err != nil:
		return &exitError{exitFailed, err}
	case asJSON:
		err = report.EncodeJSON(to, map[string][]ownerRow{"accounts": rows})
	default:
		err = d.printOwnerTable(to, rows)
	}
	if err != nil || failed {
		return &exitError{exitFailed, err}
	}
	return nil
}

// readOwners returns a row for each enabled account; failed says that some owner is not known.
func (d ownerSession) readOwners(ctx context.Context) (rows []ownerRow, failed bool, err error) {
	rows = []ownerRow{}
	for _, c := range d.cfg.Clouds {
		if !c.Enabled {
			continue
		}
		row := ownerRow{Cloud: c.Cloud, Account: c.Name}
		current, err := d.keyOwner(ctx, c.Name)
		row.Owner = current
		if err != nil {
			row.Owner, row.Error, failed = "", err.Error(), true
		}
		row.remembered, err = d.store.LoadOwner(ctx, c.Cloud, c.Name)
		if err != nil {
			return nil, false, err
		}
		if row.remembered.Owner != "" {
			row.Remembered, row.Since, row.Accepted = row.remembered.Owner, &row.remembered.At, row.remembered.Accepted
		}
		rows = append(rows, row)
	}
	return rows, failed, nil
}

func (d ownerSession) printOwnerTable(to io.Writer, rows []ownerRow) error {
	fmt.Fprintln(to, d.installationText())
	table := [][]string{{d.text("账号", "Account"), d.text("密钥所属的云账号", "Cloud account of its key"), d.text("记住的云账号", "Cloud account remembered")}}
	for _, r := range rows {
		table = append(table, []string{r.Account, cmp.Or(r.Owner, r.Error), d.rememberedText(r.remembered)})
	}
	_, err := io.WriteString(to, report.FormatColumns("", table))
	return err
}

func (d ownerSession) rememberedText(o runstate.Owner) string {
	switch {
	case o.Owner == "":
		return d.text("还没有", "none yet")
	case o.Accepted:
		return d.text("%s（%s 由人确认）", "%s (accepted by a person at %s)", o.Owner, d.formatTime(o.At))
	}
	return d.text("%s（自 %s）", "%s (since %s)", o.Owner, d.formatTime(o.At))
}

// acceptOwner stores the owner of an account's key in place of the remembered one.
func (d ownerSession) acceptOwner(ctx context.Context, account string, to io.Writer) error {
	var of inventory.Cloud
	for _, c := range d.cfg.Clouds {
		if c.Enabled && c.Name == account {
			of = c.Cloud
		}
	}
	if of == "" {
		return &exitError{exitUsage, errors.New(d.unknownAccount(account))}
	}
	current, err := d.keyOwner(ctx, account)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	remembered, err := d.store.LoadOwner(ctx, of, account)
	if err != nil && inventory.KindOf(err) != inventory.Incomplete { // a corrupt entry is overwritten
		return &exitError{exitFailed, err}
	}
	if err := d.store.SaveOwner(ctx, remembered, runstate.Owner{Cloud: of, Account: account, Owner: current, Accepted: true}); err != nil {
		return &exitError{exitFailed, err}
	}
	fmt.Fprintln(to, d.text("账号 %s 今后是云账号 %s（之前记住的：%s），下一次同步生效。带有其它云账号标记的资产保留不动。",
		"account %s is cloud account %s from now on (remembered before: %s), for the next sync. Assets marked with another cloud account are left alone.",
		stripControls(account), stripControls(current), stripControls(cmp.Or(remembered.Owner, d.text("没有", "none")))))
	fmt.Fprintln(to, d.installationText())
	return nil
}

// unknownAccount says that no enabled account has a name, and which one was probably meant.
func (d stateSession) unknownAccount(name string) string {
	var known []string
	for _, c := range d.cfg.Clouds {
		if c.Enabled {
			known = append(known, c.Name)
		}
	}
	text := d.text("配置中没有启用的账号 %s", "the configuration has no enabled account %s", stripControls(name))
	near := language.Nearest(name, known)
	if near != "" {
		text += d.text("，是不是 %s？", ", did you mean %s?", stripControls(near))
	}
	return text
}
