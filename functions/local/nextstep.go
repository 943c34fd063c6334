package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// A failure ends with one line that says what to do next.

// language returns the language in which a command speaks, even where the configuration could not be read.
func (o *options) language(why error) language.Lang {
	var mistakes *config.Error
	switch {
	case errors.As(why, &mistakes) && mistakes.Lang != "":
		return mistakes.Lang
	case o.cfg != nil:
		return language.Lang(o.cfg.Language)
	}
	return o.lang
}

// printNextStep prints what to do next; nothing where the failure has said it.
func printNextStep(to io.Writer, step language.Text, lang language.Lang) {
	text := step.In(lang)
	if text != "" {
		fmt.Fprintln(to, "→ "+text)
	}
}

// endingStep returns what to do after an error that ended a command before it had results. Errors that were worded for
// one case have said it.
func (o *options) endingStep(cmd *cobra.Command, why error) language.Text {
	var mistakes *config.Error
	var exit *exitError
	switch {
	case errors.As(why, &mistakes) && mistakes.Missing:
		return language.Text{} // it says so
	case mistakes != nil:
		return language.New("改好以上各项再运行；所有配置项及其含义见 docs/configuration.md",
			"correct these and run it again; docs/configuration.en.md has all settings and what they mean")
	case inventory.KindOf(why) != inventory.Unknown:
		return kindStep(why)
	case !errors.As(why, &exit) || exit.code == exitUsage:
		return language.Newf("用法：%s --help", "usage: %s --help", cmd.CommandPath())
	}
	return language.Text{}
}

// printRunStep prints what to do after a run that failed. A person who interrupted it knows why.
func printRunStep(ctx context.Context, to io.Writer, out engine.RunResult, lang language.Lang) {
	if ctx.Err() == nil {
		printNextStep(to, runStep(out), lang)
	}
}

// runStep returns what to do after a run that failed: about what stopped it, otherwise about the first scope or item that
// failed; an empty text after a run that did not fail.
func runStep(out engine.RunResult) language.Text {
	switch {
	case namesNothing(out.Err):
		return language.Text{} // it says so
	case out.Err != nil:
		return kindStep(out.Err)
	}
	for _, s := range out.Report.Scopes {
		if !s.Complete {
			return scopeStep(s)
		}
	}
	for _, failed := range out.Report.Errors {
		if failed.InstanceID != "" {
			return kindStep(&inventory.Error{Kind: failed.Kind})
		}
	}
	return language.Text{}
}

// kindStep returns what to do about an error of JumpServer.
func kindStep(why error) language.Text {
	step := doctor.NextStep(why)
	if step != (language.Text{}) {
		return step
	}
	switch inventory.KindOf(why) {
	case inventory.BadCredentials:
		return language.New("在 JumpServer 的 API Key 页核对密钥（是否停用、删除），改 jumpserver.access_key_id 与 access_key_secret，再运行 jms-sync doctor",
			"look at the key on JumpServer's API key page (switched off, deleted?), correct jumpserver.access_key_id and access_key_secret, then run jms-sync doctor")
	case inventory.Denied:
		return language.New("给密钥的用户补上权限：jms-sync doctor 列出缺哪几项",
			"give the key's user the rights that it lacks: jms-sync doctor lists them")
	case inventory.Organisation:
		return language.New("核对 jumpserver.org_id，以及密钥的用户是否属于这个组织：jms-sync doctor",
			"correct jumpserver.org_id, and see whether the key's user belongs to the organisation: jms-sync doctor")
	case inventory.OtherAccount:
		return ownerStep()
	case inventory.Unanswered:
		return language.New("不用处理：下一次同步会读回没有应答的写入；经常如此则减少 sync.writers",
			"nothing: the next run reads back what was not answered; if that is common, lower sync.writers")
	}
	return doctorStep()
}

// scopeStep returns what to do about a scope that could not be read.
func scopeStep(s report.Scope) language.Text {
	switch s.Error.Kind {
	case inventory.BadCredentials:
		return language.Newf("核对账号 %s 的密钥（是否停用、过期），改好后运行 jms-sync doctor",
			"look at the key of account %s (switched off, expired?), correct it, then run jms-sync doctor", s.Account)
	case inventory.Denied:
		return language.Newf("给账号 %s 的密钥补上权限：策略文件在 infra/%s/policies，jms-sync doctor 列出缺哪几项",
			"give the key of account %s its rights: the policies are in infra/%s/policies, jms-sync doctor lists what is missing", s.Account, s.Cloud)
	case inventory.OtherAccount:
		return ownerStep()
	}
	step := doctor.NextStep(&inventory.Error{Kind: s.Error.Kind})
	if step != (language.Text{}) {
		return step
	}
	return doctorStep()
}

func ownerStep() language.Text {
	return language.New("运行 jms-sync owner 看密钥属于哪个云账号：放错了就换回，确实要换则 jms-sync owner accept 账号",
		"run jms-sync owner to see whose the key is: put the right key back, or confirm the change with jms-sync owner accept ACCOUNT")
}

func doctorStep() language.Text {
	return language.New("运行 jms-sync doctor 逐项检查，它写明每一项怎么修",
		"run jms-sync doctor: it checks each part and says how to repair it")
}
