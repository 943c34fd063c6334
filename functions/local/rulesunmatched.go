package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/report"
)

// unmatchedOptions are the flags of rules unmatched.
type unmatchedOptions struct {
	field  string // "" = any
	all    bool
	asJSON bool
}

// mostShown is how many instances rules unmatched shows without --all.
const mostShown = 50

func rulesUnmatchedCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	var u unmatchedOptions
	cmd := &cobra.Command{
		Use:   "unmatched",
		Short: o.lang.Text("列出没有规则对它有效的实例，以及每条规则对多少实例有效（只读云，不连接 JumpServer）", "List the instances that no rule matches, and how many each rule matches (lists the clouds, without JumpServer)"),
		Long: o.lang.Text("列出各账号的实例，逐个试规则，打印每条规则有效的实例数，以及一条都不有效的实例。--field 只看一项，例如\n"+
			"--field node 列出没有规则设置节点的实例。标签没有读到、因此不知道的，另外计数。最后是主机只有私网地址、又没有网域的 VPC。\n\n"+
			"退出码：0 完成；1 一个区域也没有读成；2 配置有误；3 有区域没有读全，其余的照样列出。",
			"Lists the instances of all accounts, tries the rules on each, and prints how many instances each rule matches, and the instances\n"+
				"that none does. --field looks at one field: with --field node, the instances whose node no rule sets. Those of which it is not\n"+
				"known, as their tags were not read, are counted by themselves. VPCs whose hosts have private addresses only, and no zone, come last.\n"+
				"\n"+
				"Exit codes: 0 done; 1 no region could be listed; 2 a mistake in the configuration; 3 some regions could not be listed, the others are shown."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.listUnmatched(cmd.Context(), u, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&u.field, "field", "", o.lang.Text("只看一项：node、zone、platform、port、name、labels、accounts、address、active、skip、min_age", "look at one field: node, zone, platform, port, name, labels, accounts, address, active, skip, min_age"))
	cmd.Flags().BoolVar(&u.all, "all", false, o.lang.Textf("全部列出，而不是前 %d 个", "list all of them, not just %d", mostShown))
	o.addJSONFlag(cmd, &u.asJSON)
	_ = cmd.RegisterFlagCompletionFunc("field", cobra.FixedCompletions(ruleFieldNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// ruleFields returns the fields that rules can set.
func ruleFields() []mapping.Field {
	return []mapping.Field{
		mapping.FieldNode, mapping.FieldZone, mapping.FieldPlatform, mapping.FieldPort, mapping.FieldName, mapping.FieldLabels,
		mapping.FieldAccounts, mapping.FieldAddress, mapping.FieldActive, mapping.FieldSkip, mapping.FieldMinAge,
	}
}

// ruleFieldNames returns what configurations call the fields that rules can set.
func ruleFieldNames() []string {
	var names []string
	for _, f := range ruleFields() {
		names = append(names, f.String())
	}
	return names
}

// fieldIndex returns the field that a flag names; -1 = any.
func (u unmatchedOptions) fieldIndex(lang language.Lang) (int, error) {
	for _, f := range ruleFields() {
		if f.String() == u.field {
			return int(f), nil
		}
	}
	if u.field == "" {
		return -1, nil
	}
	return 0, errors.New(lang.Textf("--field: 没有 %q；有 %s", "--field: there is no %q; there are %s", u.field, strings.Join(ruleFieldNames(), ", ")))
}

// unmatchedInstance is an instance that no rule matches, or whose field none sets.
type unmatchedInstance struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	OS      string `json:"os"`
	VPC     string `json:"vpc"`
	Address string `json:"address"`
	// Tags are those that rules ask for.
	Tags []string `json:"tags"`
}

type ruleCount struct {
	Rule      string `json:"rule"`
	Instances int    `json:"instances"`
}

// unmatchedDocument is what rules unmatched found; --json prints it.
type unmatchedDocument struct {
	Instances int                 `json:"instances"`
	Rules     []ruleCount         `json:"rules"`
	Unmatched []unmatchedInstance `json:"unmatched"`
	// Unknown is how many more may be unmatched: what the rules ask of them was not read.
	Unknown int `json:"unknown"`
	// Private has the VPCs whose hosts have private addresses only, and no zone.
	Private []privateVPC `json:"private"`
	Failed  []string     `json:"failed"` // scopes that could not be listed
}

// listUnmatched lists the clouds and prints what no rule matches. It writes nothing.
func (o *options) listUnmatched(ctx context.Context, u unmatchedOptions, stdout, stderr io.Writer) error {
	field, err := u.fieldIndex(o.lang)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	opened, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer opened.close()
	lang := opened.Language()
	if opened.Config().Mapping == nil {
		return &exitError{exitUsage, language.Errorf("配置里没有规则：没有 rules，rules_from_tags 也没有打开", "the configuration has no rules: neither rules nor rules_from_tags")}
	}
	opened.progress.showStage("clouds")
	listings := opened.ListInstances(ctx)
	opened.progress.clearLine()
	found := findUnmatched(listings, opened.Config(), field, lang)
	if u.asJSON {
		err = report.EncodeJSON(stdout, found)
	} else {
		err = found.print(stdout, u, lang)
	}
	switch {
	case err != nil:
		return &exitError{exitFailed, err}
	case len(listings) == 0:
		return &exitError{exitUsage, errors.New(lang.Text("没有启用的账号", "no account is enabled"))}
	case len(found.Failed) == len(listings):
		return &exitError{code: exitFailed}
	case len(found.Failed) > 0:
		return &exitError{code: exitPartial}
	}
	return nil
}

// findUnmatched tries the rules on all instances.
func findUnmatched(listings []inventory.Listing, cfg config.Config, field int, lang language.Lang) unmatchedDocument {
	found := unmatchedDocument{Rules: []ruleCount{}, Unmatched: []unmatchedInstance{}, Private: findPrivateVPCs(listings, cfg), Failed: []string{}}
	types := map[string]string{}
	for _, c := range cfg.Clouds {
		types[c.Name] = c.Type
	}
	counts := make([]int, len(cfg.Mapping.Rules())+1) // the tags jms:… come first
	for _, l := range listings {
		if !l.IsComplete() {
			found.Failed = append(found.Failed, stripControls(fmt.Sprintf("%s/%s: %s", l.Account, l.Region, language.ErrorText(l.Err, lang))))
		}
		for n := range l.Instances {
			found.add(cfg.Mapping, mapping.Subject{Instance: &l.Instances[n], CloudType: types[l.Account]}, counts, field)
		}
	}
	for n, count := range counts {
		if n > 0 || cfg.RulesFromTags {
			found.Rules = append(found.Rules, ruleCount{cfg.Mapping.RuleName(n - 1).In(lang), count})
		}
	}
	slices.SortFunc(found.Unmatched, func(a, b unmatchedInstance) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return found
}

// add tries the rules on one instance. A field below 0 is any.
func (d *unmatchedDocument) add(rules *mapping.Set, i mapping.Subject, counts []int, field int) {
	d.Instances++
	isMatched, isOpen := false, false
	for _, t := range rules.Trace(i) {
		isCounted := t.Matched && (field < 0 || slices.Contains(t.Set, mapping.Field(field)))
		if isCounted {
			counts[t.Rule+1]++
		}
		isMatched = isMatched || isCounted
		isOpen = isOpen || field < 0 && t.Open || field >= 0 && slices.Contains(t.Unread, mapping.Field(field))
	}
	switch {
	case isMatched:
	case isOpen:
		d.Unknown++
	default:
		d.Unmatched = append(d.Unmatched, newUnmatchedInstance(i))
	}
}

func newUnmatchedInstance(i mapping.Subject) unmatchedInstance {
	u := unmatchedInstance{
		Account: i.Account, Region: i.Region, ID: i.ID, Name: i.Name, OS: cmp.Or(i.OSName, strings.ToLower(string(i.System()))), VPC: i.VPC,
		Address: i.PrimaryAddress(), Tags: []string{},
	}
	if i.Facts != nil {
		for _, tag := range i.Facts.Tags {
			u.Tags = append(u.Tags, tag.Key+"="+tag.Value)
		}
	}
	return u
}

// print prints the document for people.
func (d unmatchedDocument) print(to io.Writer, u unmatchedOptions, lang language.Lang) error {
	rows := [][]string{{lang.Text("规则", "rule"), lang.Text("实例", "instances")}}
	for _, r := range d.Rules {
		rows = append(rows, []string{r.Rule, fmt.Sprint(r.Instances)})
	}
	var b strings.Builder
	b.WriteString(report.FormatColumns("", rows))
	b.WriteByte('\n')
	d.writeUnmatched(&b, u, lang)
	if d.Unknown > 0 {
		b.WriteString(lang.Textf("另有 %d 个实例不知道：云没有给出规则所问的内容（例如标签）。\n", "Of %d more instances it is not known: the cloud did not show what rules ask for, such as tags.\n", d.Unknown))
	}
	writePrivateVPCs(&b, d.Private, lang)
	if len(d.Failed) > 0 {
		b.WriteString(lang.Text("没有读全的区域：\n  ", "Regions that could not be listed:\n  ") + strings.Join(d.Failed, "\n  ") + "\n")
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func (d unmatchedDocument) writeUnmatched(b *strings.Builder, u unmatchedOptions, lang language.Lang) {
	if len(d.Unmatched) == 0 {
		b.WriteString(lang.Textf("%d 个实例都有规则。\n", "All of %d instances have a rule.\n", d.Instances))
		return
	}
	b.WriteString(lang.Textf("%d 个实例中，%d 个没有规则：\n", "Of %d instances, %d have no rule:\n", d.Instances, len(d.Unmatched)))
	shown := d.Unmatched
	if !u.all {
		shown = shown[:min(mostShown, len(shown))]
	}
	rows := [][]string{{lang.Text("账号", "account"), lang.Text("区域", "region"), lang.Text("名称", "name"), "ID", lang.Text("地址", "address"), "VPC", lang.Text("系统", "system"), lang.Text("标签", "tags")}}
	for _, i := range shown {
		rows = append(rows, []string{i.Account, i.Region, i.Name, i.ID, i.Address, i.VPC, i.OS, strings.Join(i.Tags, " ")})
	}
	b.WriteString(report.FormatColumns("  ", rows))
	if more := len(d.Unmatched) - len(shown); more > 0 {
		b.WriteString(lang.Textf("  ……还有 %d 个（--all 全部列出）\n", "  … and %d more (--all lists all)\n", more))
	}
}
