package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// usageText words what cobra itself says: usage, help, and mistakes in a command line.
type usageText struct{ lang language.Lang }

// localize lets a tree of commands speak the language.
func (t usageText) localize(root *cobra.Command) {
	root.PersistentFlags().BoolP("help", "h", false, t.lang.Text("显示帮助", "show help"))
	root.SetUsageFunc(func(cmd *cobra.Command) error { return t.writeUsage(cmd.OutOrStderr(), cmd) })
	root.SetFlagErrorFunc(t.flagError)
	root.SetHelpCommand(t.helpCommand())
	t.localizeArguments(root)
}

// localizeArguments words the mistakes in the arguments of a command and those below it.
func (t usageText) localizeArguments(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	check := cmd.Args
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil {
				return nil
			}
			return t.argumentError(cmd, args)
		}
	}
	for _, below := range cmd.Commands() {
		t.localizeArguments(below)
	}
}

func (t usageText) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: t.lang.Text("显示一个命令的帮助", "Show the help of a command"),
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return t.argumentError(help.Root(), args)
			}
			return cmd.Help()
		},
	}
}

// argumentError returns what is wrong with the arguments of a command.
func (t usageText) argumentError(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || strings.Contains(cmd.Use, " ") {
		return errors.New(t.lang.Textf("参数个数不对（给了 %d 个），用法：%s", "wrong number of arguments (%d were given), usage: %s", len(args), t.useLine(cmd)))
	}
	if !cmd.HasAvailableSubCommands() {
		return errors.New(t.lang.Textf("%s 不接受参数 %q", "%s takes no argument, not %q", cmd.CommandPath(), args[0]))
	}
	text := t.lang.Textf("%s 没有命令 %q", "unknown command %[2]q for %[1]s", cmd.CommandPath(), args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += t.lang.Textf("，是不是 %s？", ", did you mean %s?", strings.Join(near, t.lang.Text("、", ", ")))
	}
	return errors.New(text)
}

// flagError words a mistake in a flag.
func (t usageText) flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	var odd *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return errors.New(t.lang.Textf("没有选项 %s", "unknown flag: %s", flagAsWritten(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames())) +
			t.nearFlag(cmd, unknown.GetSpecifiedName()))
	case errors.As(err, &empty):
		return errors.New(t.lang.Textf("选项 %s 要有值", "flag %s needs a value", flagAsWritten(empty.GetSpecifiedName(), empty.GetSpecifiedShortnames())))
	case errors.As(err, &wrong):
		return errors.New(t.lang.Textf("--%s: %q 不对，应为%s", "--%s: %q is wrong, %s is wanted", wrong.GetFlag().Name, wrong.GetValue(), t.typeText(wrong.GetFlag().Value.Type())))
	case errors.As(err, &odd):
		return errors.New(t.lang.Textf("选项写法不对：%s", "bad flag syntax: %s", odd.GetSpecifiedFlag()))
	}
	return err
}

// nearFlag names the flag that was probably meant; "" = none.
func (t usageText) nearFlag(cmd *cobra.Command, name string) string {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	near := language.Nearest(name, known)
	if near == "" {
		return ""
	}
	return t.lang.Textf("，是不是 --%s？", ", did you mean --%s?", near)
}

func flagAsWritten(name, shorthands string) string {
	if shorthands != "" {
		return "-" + name
	}
	return "--" + name
}

// typeText words the type of a flag's value.
func (t usageText) typeText(kind string) string {
	switch kind {
	case "int":
		return t.lang.Text("整数", "an integer")
	case "bool":
		return t.lang.Text(" true 或 false", "true or false")
	case "duration":
		return t.lang.Text("时长，如 10s、5m", "a duration such as 10s, 5m")
	}
	return t.lang.Text("文本", "a text")
}

// useLine returns the usage of a command in one line.
func (t usageText) useLine(cmd *cobra.Command) string {
	line := strings.ReplaceAll(cmd.UseLine(), "[flags]", t.lang.Text("[选项]", "[flags]"))
	return strings.ReplaceAll(line, "[command]", t.lang.Text("[命令]", "[command]"))
}

// writeUsage writes how a command is used: its line, the commands below it, its flags.
func (t usageText) writeUsage(to io.Writer, cmd *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n", t.lang.Text("用法：", "Usage:"), t.useLine(cmd))
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s %s\n", cmd.CommandPath(), t.lang.Text("[命令]", "[command]"))
		fmt.Fprintf(&b, "\n%s\n%s", t.lang.Text("命令：", "Commands:"), report.FormatColumns("  ", availableCommands(cmd)))
	}
	for _, part := range []struct {
		title string
		flags *pflag.FlagSet
	}{
		{t.lang.Text("选项：", "Flags:"), cmd.LocalFlags()},
		{t.lang.Text("所有命令的选项：", "Flags of all commands:"), cmd.InheritedFlags()},
	} {
		if part.flags.HasAvailableFlags() {
			fmt.Fprintf(&b, "\n%s\n%s", part.title, t.flagUsages(part.flags))
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(&b, t.lang.Textf("\n一个命令的帮助：%s [命令] --help", "\nHelp of a command: %s [command] --help", cmd.CommandPath()))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// availableCommands returns the commands below a command with what they do.
func availableCommands(cmd *cobra.Command) [][]string {
	var rows [][]string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			rows = append(rows, []string{below.Name(), below.Short})
		}
	}
	return rows
}

var flagDefault = regexp.MustCompile(`(?m) \(default (.*)\)$`)

// flagUsages returns what flags do, a line for each.
func (t usageText) flagUsages(flags *pflag.FlagSet) string {
	return flagDefault.ReplaceAllString(flags.FlagUsages(), t.lang.Text("（默认 $1）", " (default $1)"))
}
