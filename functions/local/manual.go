package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jms-sync/jms-sync/core/language"
)

// manualCommand writes the manual pages, for those who make packages.
func manualCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  o.lang.Text("写出手册页：DIR/man1（英文）与 DIR/zh_CN/man1（中文）", "Write the manual pages: DIR/man1 (English) and DIR/zh_CN/man1 (Chinese)"),
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for lang, folder := range map[language.Lang]string{language.English: "man1", language.Chinese: "zh_CN/man1"} {
				if err := writeManual(lang, filepath.Join(args[0], folder)); err != nil {
					return &exitError{exitFailed, err}
				}
			}
			return nil
		},
	}
}

// writeManual writes a page for each command.
func writeManual(lang language.Lang, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	o := newOptions(io.Discard)
	o.lang = lang
	return manual{lang, sourceDate()}.writePages(rootCommand(o, io.Discard, io.Discard), dir)
}

// sourceDate returns the day of the sources, where whoever builds names it: the same sources make the same pages
// (https://reproducible-builds.org/docs/source-date-epoch/).
func sourceDate() string {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly)
}

// manual words manual pages. They are written here, and not by cobra's own generator: that one takes texts for Markdown,
// and drops a placeholder such as <id>.
type manual struct {
	lang language.Lang
	date string // "" = not known
}

// writePages writes the page of a command, and of those below it.
func (m manual) writePages(cmd *cobra.Command, dir string) error {
	cmd.InitDefaultHelpFlag()
	if err := os.WriteFile(filepath.Join(dir, pageName(cmd)+".1"), []byte(m.page(cmd)), 0o644); err != nil {
		return err
	}
	for _, below := range cmd.Commands() {
		if !below.IsAvailableCommand() {
			continue
		}
		if err := m.writePages(below, dir); err != nil {
			return err
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page returns the page of a command in roff.
func (m manual) page(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(".TH")
	for _, part := range []string{strings.ToUpper(pageName(cmd)), "1", m.date, "jms-sync " + version, m.lang.Text("jms-sync 手册", "jms-sync manual")} {
		b.WriteString(" " + strconv.Quote(part))
	}
	b.WriteByte('\n')
	writeSection(&b, m.lang.Text("名称", "NAME"), roff(pageName(cmd))+` \- `+roff(cmd.Short))
	writeSection(&b, m.lang.Text("用法", "SYNOPSIS"), roff(cmd.UseLine()))
	if cmd.Long != "" {
		writeSection(&b, m.lang.Text("说明", "DESCRIPTION"), ".nf\n"+roff(cmd.Long)+"\n.fi")
	}
	m.writeFlags(&b, m.lang.Text("选项", "OPTIONS"), cmd.NonInheritedFlags())
	m.writeFlags(&b, m.lang.Text("所有命令的选项", "OPTIONS OF ALL COMMANDS"), cmd.InheritedFlags())
	m.writeRelated(&b, cmd)
	return b.String()
}

func writeSection(b *strings.Builder, title, text string) {
	b.WriteString(".SH " + title + "\n" + text + "\n")
}

func (m manual) writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	var all strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		line := "--" + f.Name
		if f.Shorthand != "" {
			line = "-" + f.Shorthand + ", " + line
		}
		if name != "" {
			line += " " + name
		}
		all.WriteString("\n.TP\n" + roff(line) + "\n" + roff(usage))
	})
	writeSection(b, title, strings.TrimPrefix(all.String(), "\n"))
}

// writeRelated writes the commands below a command, and the one above it.
func (m manual) writeRelated(b *strings.Builder, cmd *cobra.Command) {
	var related []string
	if cmd.HasParent() {
		related = append(related, roff(pageName(cmd.Parent()))+"(1)")
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			related = append(related, roff(pageName(below))+"(1)")
		}
	}
	writeSection(b, m.lang.Text("参见", "SEE ALSO"), strings.Join(related, ", "))
}

// roff returns a text as roff prints it unchanged: a line that begins with a dot or an apostrophe is no request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[n] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
