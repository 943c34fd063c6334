package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// splitOptions are the flags of split.
type splitOptions struct {
	size int
	cron string
}

// fcTriggers is the number of triggers that a function of Function Compute may have
// (https://help.aliyun.com/zh/functioncompute/fc/product-overview/limits-of-usage).
const fcTriggers = 50

func splitCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	var s splitOptions
	cmd := &cobra.Command{
		Use:   "split",
		Short: o.lang.Text("按实例数建议怎样把同步拆给多个定时触发器（只读云，不连接 JumpServer）", "Propose how to split the sync among several timer triggers, by the number of instances (lists the clouds, without JumpServer)"),
		Long: o.lang.Text("列出各账号的实例，按账号与地域分成实例数不超过 --size 的几个部分，打印表格和 s.yaml 的 triggers 片段\n"+
			"（Serverless Devs fc3）。-o 把片段写到文件。一次调用就够时不建议拆分。",
			"Lists the instances of all accounts and parts them, by account and region, so that no part has more than --size; prints a table, and\n"+
				"triggers for s.yaml (Serverless Devs fc3), which -o writes to a file. Where one invocation is enough it proposes no split."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.proposeSplit(cmd.Context(), s, stdout, stderr)
		},
	}
	cmd.Flags().IntVar(&s.size, "size", 10000, o.lang.Text("一个部分最多多少实例", "how many instances a part may have"))
	// Not @every: that counts from the creation of each trigger, but parts share a card by the time of their firing.
	cmd.Flags().StringVar(&s.cron, "cron", "0 0/5 * * * *", o.lang.Text("触发周期：六个字段的 CRON 表达式，从秒开始，UTC；各部分必须同时触发才能合成一张卡片", "when the triggers fire: a CRON expression of six fields, seconds first, UTC; parts share a card only if they fire together"))
	return cmd
}

func (s splitOptions) check(lang language.Lang) error {
	if s.size < 1 {
		return errors.New(lang.Text("--size: 至少为 1", "--size: at least 1"))
	}
	fields := strings.Fields(s.cron)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "CRON_TZ=") {
		fields = fields[1:]
	}
	if len(fields) != 6 || strings.ContainsAny(s.cron, "\n\r") {
		return errors.New(lang.Textf("--cron: %q 不是六个字段（秒 分 时 日 月 周）的表达式；@every 的各触发器不会同时触发",
			"--cron: %q is no expression of six fields (second minute hour day month weekday); triggers with @every do not fire together", s.cron))
	}
	return nil
}

// proposeSplit lists the clouds and prints a proposal. It writes nothing but the file of -o.
func (o *options) proposeSplit(ctx context.Context, s splitOptions, stdout, stderr io.Writer) error {
	err := s.check(o.lang)
	if err == nil {
		err = o.output.checkWritable(o.lang)
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	opened, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer opened.close()
	printer := bilingualPrinter{opened.Language(), stdout}
	opened.progress.showStage("clouds")
	listings := opened.ListInstances(ctx)
	opened.progress.clearLine()
	if err := unlistedError(listings, printer); err != nil {
		return err
	}
	p := propose(listings, opened.Config().Clouds, s.size)
	if len(p.shards) < 2 {
		printer.printLine("共 %d 个实例，一次调用就够，不需要拆分。", "%d instances: one invocation is enough, no split is needed.", p.instances)
		printer.printWarnings(p, s.size)
		return nil
	}
	if len(p.shards) > inventory.MaxShards {
		return &exitError{exitUsage, errors.New(printer.text("--size: 会分成 %d 个部分，最多 %d 个，请调大", "--size: that makes %d parts, at most %d are possible",
			len(p.shards), inventory.MaxShards))}
	}
	text, err := renderTriggers(p, s.cron)
	if err != nil {
		return err
	}
	printer.printTable(p)
	printer.printWarnings(p, s.size)
	printer.printAdvice(p)
	if !o.output.isSet() {
		_, err = fmt.Fprintf(stdout, "\n%s", text)
		return err
	}
	if err := o.output.write(verbatim(text)); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}

// verbatim is a text that goes into the file of -o unchanged.
type verbatim []byte

// JSON implements document, although the text is YAML.
func (v verbatim) JSON(w io.Writer) error {
	_, err := w.Write(v)
	return err
}

// unlistedError returns the error of scopes that could not be listed: half an estate makes a wrong proposal.
func unlistedError(listings []inventory.Listing, printer bilingualPrinter) error {
	failed := 0
	var lines []string
	for _, l := range listings {
		if !l.IsComplete() {
			failed++
			lines = append(lines, stripControls(fmt.Sprintf("  %s/%s: %v", l.Account, l.Region, l.Err)))
		}
	}
	switch {
	case len(listings) == 0:
		return &exitError{exitUsage, errors.New(printer.text("没有启用的账号", "no account is enabled"))}
	case failed == 0:
		return nil
	}
	code := exitPartial
	if failed == len(listings) {
		code = exitFailed
	}
	head := printer.text("有区域没有读全，给不出可靠的建议：", "some regions could not be listed, so there is no sound proposal:")
	return &exitError{code, errors.New(head + "\n" + strings.Join(lines, "\n"))}
}

// bilingualPrinter prints in the configured language.
type bilingualPrinter struct {
	lang language.Lang
	out  io.Writer
}

func (s bilingualPrinter) text(zh, en string, args ...any) string {
	return s.lang.Textf(zh, en, args...)
}

func (s bilingualPrinter) printLine(zh, en string, args ...any) {
	fmt.Fprintln(s.out, s.text(zh, en, args...))
}

func (s bilingualPrinter) printTable(p proposal) {
	s.printLine("共 %d 个实例，建议分成 %d 个部分：", "%d instances, proposed as %d parts:", p.instances, len(p.shards))
	rows := [][]string{{s.text("部分", "Part"), s.text("实例", "Instances"), s.text("区域", "Regions"), s.text("账号", "Accounts")}}
	for n, part := range p.shards {
		regions := strings.Join(part.regions, ",")
		if regions == "" {
			regions = s.text("全部", "all")
		}
		rows = append(rows, []string{
			fmt.Sprintf("%d/%d", n+1, len(p.shards)), strconv.Itoa(part.instances), regions, strings.Join(part.accounts, ","),
		})
	}
	fmt.Fprint(s.out, report.FormatTable(rows))
}

func (s bilingualPrinter) printWarnings(p proposal, size int) {
	if len(p.tooLarge) > 0 {
		s.printLine("注意：这些区域的实例多于 %d，不能再拆：%s", "Warning: these regions have more than %d instances and cannot be split: %s",
			size, strings.Join(p.tooLarge, " "))
	}
	if len(p.newRegionsUnassigned) > 0 {
		s.printLine("注意：这些账号没有写 regions 而按区域拆开，以后新用的区域不在任何部分里，直到重新运行 split：%s",
			"Warning: these accounts name no regions and are split by region; a region that is new later is in no part until split runs again: %s",
			strings.Join(p.newRegionsUnassigned, " "))
	}
	if len(p.undecided) > 0 {
		s.printLine("注意：这些账号没有写 account_id，可能与别的部分的账号同属一个云账号，那里的移除会一直保留不做，请写上：%s",
			"Warning: these accounts have no account_id and may be of the same owner as accounts of other parts, where nothing is removed until it is set: %s",
			strings.Join(p.undecided, " "))
	}
}

func (s bilingualPrinter) printAdvice(p proposal) {
	s.printLine("用下面的触发器替换原来的全量定时触发器（eventbridge 触发器放在它们之后），并删除旧的、不在其中的部分。",
		"Let these triggers replace the timer trigger of the full run (eventbridge triggers go after them); delete old parts that are not among them.")
	s.printLine("设置了 JMS_SYNC_STATE 的函数里，各部分共用一个 per_run 上限和一张卡片；没有时每个部分只有上限的 1/%d。",
		"Where the function has JMS_SYNC_STATE, all parts share one per_run limit and one card; else each part has 1/%d of the limit.", len(p.shards))
	if len(p.shards) > fcTriggers {
		s.printLine("注意：一个函数最多 %d 个触发器，请调大 --size 或用两个函数。", "Warning: a function may have %d triggers; choose a larger --size, or two functions.", fcTriggers)
	}
}

// fcTrigger is an entry of triggers in s.yaml (devsapp/fc3, src/schema.json: ITrigger, ITimerTriggerConfig).
type fcTrigger struct {
	Name   string `yaml:"triggerName"`
	Type   string `yaml:"triggerType"`
	Config struct {
		Cron    string `yaml:"cronExpression"`
		Enable  bool   `yaml:"enable"`
		Payload string `yaml:"payload"`
	} `yaml:"triggerConfig"`
}

// renderTriggers returns the triggers of a proposal as s.yaml has them.
func renderTriggers(p proposal, cron string) ([]byte, error) {
	document := struct {
		Triggers []fcTrigger `yaml:"triggers"`
	}{}
	for n, part := range p.shards {
		var payload bytes.Buffer
		e := json.NewEncoder(&payload)
		e.SetEscapeHTML(false)
		if err := e.Encode(struct {
			Clouds  []string `json:"clouds"`
			Regions []string `json:"regions,omitempty"`
			Part    string   `json:"part"`
		}{part.accounts, part.regions, fmt.Sprintf("%d/%d", n+1, len(p.shards))}); err != nil {
			return nil, err
		}
		t := fcTrigger{Name: fmt.Sprintf("sync-part-%02d", n+1), Type: "timer"}
		t.Config.Cron, t.Config.Enable, t.Config.Payload = cron, true, strings.TrimSpace(payload.String())
		document.Triggers = append(document.Triggers, t)
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(document), e.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
