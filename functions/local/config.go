package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

func configCommand(o *options, stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: o.lang.Text("检查配置：config check；输出配置的 JSON Schema：config schema", "Check the configuration: config check; print its JSON Schema: config schema"),
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &exitError{exitUsage, errors.New(o.lang.Text("config: 缺少子命令，应为 config check 或 config schema", "config: a subcommand is missing: config check, or config schema"))}
		},
	}
	cmd.AddCommand(configCheckCommand(o, stdout), configSchemaCommand(o, stdout))
	return cmd
}

func configSchemaCommand(o *options, stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: o.lang.Text("输出配置文件的 JSON Schema（2020-12），编辑器用它补全与检查", "Print the JSON Schema (2020-12) of configuration files, with which editors complete and check"),
		Long: o.lang.Text("与 docs/config.schema.json 相同。编辑器连不上公网时，存成文件，并在配置的第一行写明：\n"+
			"  jms-sync config schema >config.schema.json\n"+
			"  # yaml-language-server: $schema=config.schema.json",
			"The same as docs/config.schema.json. Where editors have no way to the internet, save it and name it in the configuration's first line:\n"+
				"  jms-sync config schema >config.schema.json\n"+
				"  # yaml-language-server: $schema=config.schema.json"),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.RenderSchema(session.Clouds())
			if err == nil {
				_, err = stdout.Write(text)
			}
			if err != nil {
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
}

var releaseTag = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// schemaURL returns where the schema of a version is published; of one that is no release, that of the main branch.
func schemaURL(version string) string {
	if releaseTag.MatchString(version) {
		return strings.Replace(config.SchemaURL, "/main/", "/"+version+"/", 1)
	}
	return config.SchemaURL
}

// configCheck is a run of config check.
type configCheck struct {
	online, allowUnset, asJSON bool
}

func configCheckCommand(o *options, stdout io.Writer) *cobra.Command {
	var c configCheck
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: o.lang.Text("检查配置，列出全部错误：文件:行:列；不连接任何地方", "Check the configuration and list all mistakes as file:line:column; nothing is connected to"),
		Long: o.lang.Text("检查 FILE（不写则与其他命令读同一份配置），每个错误一行：文件:行:列: 配置项: 错在哪里。规则里没有作用的部分作为警告列出。\n"+
			"  jms-sync config check --allow-unset config.yaml    # CI 里没有密钥：没有设置的变量只是警告\n"+
			"--online 还向 JumpServer 查规则里写的网域、平台、账号模板有没有（只读）。\n\n"+
			"退出码：0 没有错误；1 JumpServer 没有应答；2 有错误，或密钥、组织不对。",
			"Checks FILE (without it, what other commands read), a line for each mistake: file:line:column: setting: what is wrong. What has no\n"+
				"effect in rules is listed as a warning.\n"+
				"  jms-sync config check --allow-unset config.yaml    # a CI has no secrets: variables that are not set are warnings\n"+
				"--online also asks JumpServer whether it has the zones, platforms and account templates that rules name (nothing is written).\n"+
				"\n"+
				"Exit codes: 0 no mistakes; 1 JumpServer does not answer; 2 mistakes, or a wrong key or organisation."),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.config = args[0]
			}
			return c.run(cmd.Context(), o, stdout)
		},
	}
	cmd.Flags().BoolVar(&c.online, "online", false, o.lang.Text("也向 JumpServer 查网域、平台与账号模板", "ask JumpServer for zones, platforms and account templates too"))
	cmd.Flags().BoolVar(&c.allowUnset, "allow-unset", false, o.lang.Text("${变量} 没有设置只是警告", "a ${VARIABLE} that is not set is a warning"))
	o.addJSONFlag(cmd, &c.asJSON)
	return cmd
}

func (c configCheck) run(ctx context.Context, o *options, stdout io.Writer) error {
	o.noLogFile = true // no run, and nothing for whoever watches them
	checked, err := o.configSource().Check(ctx)
	var wrong *config.Error
	isWrong := errors.As(err, &wrong)
	switch {
	case isWrong && wrong.Missing:
		return &exitError{exitUsage, &missingConfigError{wrong}}
	case err != nil && !isWrong:
		return &exitError{exitFailed, err}
	}
	found := configFindings{Warnings: checked.Warnings, lang: o.language(err)}
	if isWrong {
		found.Mistakes = wrong.Mistakes
	} else {
		o.cfg, found.lang = &checked.Config, language.Lang(checked.Config.Language)
		found.Accounts, found.Rules = len(checked.Config.Clouds), len(checked.Config.Rules)
	}
	if c.allowUnset {
		found.forgiveUnset()
	}
	if c.online && !isWrong {
		more, err := checkOnline(ctx, checked)
		switch {
		case needsCorrection(err):
			return &exitError{exitUsage, err}
		case err != nil:
			return &exitError{exitFailed, err}
		}
		found.Mistakes, found.Warnings = append(found.Mistakes, more.mistakes...), append(found.Warnings, more.warnings...)
		found.Mistakes.SortByPlace()
	}
	if err := o.printConfigFindings(stdout, found, c.asJSON); err != nil {
		return &exitError{exitFailed, err}
	}
	if len(found.Mistakes) > 0 {
		return &exitError{code: exitUsage}
	}
	return nil
}

// configFindings is what config check found.
type configFindings struct {
	Mistakes, Warnings config.Mistakes
	Accounts, Rules    int // 0 if there are mistakes
	lang               language.Lang
}

// forgiveUnset makes warnings of variables that are not set.
func (f *configFindings) forgiveUnset() {
	isUnset := func(m config.Mistake) bool { return m.Unset }
	for _, m := range f.Mistakes {
		if isUnset(m) {
			f.Warnings = append(f.Warnings, m)
		}
	}
	f.Mistakes = slices.DeleteFunc(slices.Clone(f.Mistakes), isUnset)
}

func (o *options) printConfigFindings(stdout io.Writer, f configFindings, asJSON bool) error {
	if asJSON {
		return report.EncodeJSON(stdout, f.document())
	}
	for _, m := range f.Mistakes {
		fmt.Fprintln(stdout, o.paint(stdout, red, m.Diagnostic(f.lang)))
	}
	for _, m := range f.Warnings {
		fmt.Fprintln(stdout, o.paint(stdout, yellow, f.lang.Text("警告：", "warning: ")+m.Diagnostic(f.lang)))
	}
	if len(f.Mistakes) > 0 {
		_, err := fmt.Fprintln(stdout, f.lang.Textf("错误：%d", "mistakes: %d", len(f.Mistakes)))
		return err
	}
	text := f.lang.Text("没有错误", "no mistakes")
	if f.Accounts > 0 {
		text += f.lang.Textf("（云账号 %d，规则 %d）", " (accounts: %d, rules: %d)", f.Accounts, f.Rules)
	}
	_, err := fmt.Fprintln(stdout, text)
	return err
}

// configFinding is a mistake or a warning as --json shows it.
type configFinding struct {
	Setting  string `json:"setting"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Variable string `json:"variable,omitempty"` // that the value came from
	Text     string `json:"text"`
}

type configDocument struct {
	Valid    bool            `json:"valid"`
	Accounts int             `json:"accounts"`
	Rules    int             `json:"rules"`
	Mistakes []configFinding `json:"mistakes"`
	Warnings []configFinding `json:"warnings"`
}

func (f configFindings) document() configDocument {
	list := func(mistakes config.Mistakes) []configFinding {
		found := []configFinding{}
		for _, m := range mistakes {
			found = append(found, configFinding{m.Path, m.File, m.Line, m.Column, m.Env, f.lang.Text(m.ZH, m.EN)})
		}
		return found
	}
	return configDocument{len(f.Mistakes) == 0, f.Accounts, f.Rules, list(f.Mistakes), list(f.Warnings)}
}
