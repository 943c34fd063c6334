package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// expectation is one entry of a file of expectations.
type expectation struct {
	name    string
	line    int
	subject mapping.Subject
	asset   inventory.NewAsset // as far as it is known without JumpServer
	wanted  []wantedField
}

// wantedField is what one field of the asset should be: a text that is the same for all ways to write it.
type wantedField struct{ name, text string }

// expectedKeys are the keys of an asset in an expectation, each with the field of the rules that it shows.
func expectedKeys() map[string]mapping.Field {
	return map[string]mapping.Field{
		"node": mapping.FieldNode, "nodes": mapping.FieldNode, "zone": mapping.FieldZone, "platform": mapping.FieldPlatform, "port": mapping.FieldPort,
		"protocols": mapping.FieldPort, "name": mapping.FieldName, "labels": mapping.FieldLabels, "accounts": mapping.FieldAccounts,
		"address": mapping.FieldAddress, "active": mapping.FieldActive, "skip": mapping.FieldSkip, "min_age": mapping.FieldMinAge, "keep": mapping.FieldKeep,
	}
}

// readExpectations reads a file of expectations. Its errors are mistakes of the user.
func readExpectations(file string, text []byte, cfg config.Config, lang language.Lang) ([]expectation, error) {
	r := &expectationReader{file: file, lang: lang}
	items, err := r.items(text)
	if err != nil {
		return nil, err
	}
	var all []expectation
	for _, item := range items {
		all = append(all, r.readExpectation(unalias(item), cfg))
	}
	return all, r.err()
}

func (r *expectationReader) readExpectation(n *yaml.Node, cfg config.Config) expectation {
	e := expectation{line: n.Line}
	hasInstance, hasAsset := false, false
	for _, p := range r.group(n, []string{"name", "instance", "asset"}) {
		switch p.name {
		case "name":
			e.name = r.text(p.value)
		case "instance":
			hasInstance = true
			i, account := r.readInstance(p.value, cfg)
			e.subject = mapping.Subject{Instance: &i, CloudType: account.Type}
			e.asset = session.PreviewAsset(cfg, i)
		case "asset":
			hasAsset = true
			e.wanted = r.readAsset(p.value)
		}
	}
	if n.Kind == yaml.MappingNode && (!hasInstance || !hasAsset) {
		r.fault(n, language.New("每项要有 instance 与 asset", "each entry has instance and asset"))
	}
	return e
}

// readAsset reads what an asset should be.
func (r *expectationReader) readAsset(n *yaml.Node) []wantedField {
	var known []string
	for name := range expectedKeys() {
		known = append(known, name)
	}
	slices.Sort(known)
	var wanted []wantedField
	for _, p := range r.group(n, known) {
		wanted = append(wanted, wantedField{p.name, r.wantedText(p)})
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fault(n, language.New("asset 是空的：什么也不比较", "asset is empty: nothing is compared"))
	}
	return wanted
}

// wantedText returns what a field should be, as assetTexts writes it.
func (r *expectationReader) wantedText(p yamlPair) string {
	switch p.name {
	case "nodes", "protocols", "accounts":
		return joinSorted(r.texts(p.value))
	case "labels":
		var labels []string
		if p.value.Tag != "!!null" {
			for _, label := range r.group(p.value, nil) {
				labels = append(labels, label.name+": "+r.text(label.value))
			}
		}
		return joinSorted(labels)
	case "port":
		if r.text(p.value) == "" {
			return ""
		}
		return portText(r.number(p.value))
	case "active":
		return strconv.FormatBool(r.flag(p.value))
	case "min_age":
		return ageText(r.duration(p.value))
	case "skip", "keep":
		is, err := strconv.ParseBool(r.text(p.value))
		switch {
		case err == nil && is:
			return anyReason
		case err == nil:
			return ""
		}
	}
	return r.text(p.value)
}

func (r *expectationReader) duration(n *yaml.Node) time.Duration {
	text := r.text(n)
	if text == "" {
		return 0
	}
	d, ok := config.ParseDuration(text)
	if !ok {
		r.fault(n, language.New("应为时长，如 30m、2h", "must be a duration such as 30m, 2h"))
	}
	return d
}

// anyReason is wanted of skip and keep where the expectation says true.
const anyReason = "true"

func joinSorted(texts []string) string {
	texts = slices.Sorted(slices.Values(texts))
	return strings.Join(texts, ", ")
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}

func ageText(age time.Duration) string {
	if age == 0 {
		return ""
	}
	return age.String()
}

// assetTexts returns what the rules make of an instance's asset, each field as a text.
func assetTexts(o mapping.Outcome, asset inventory.NewAsset) map[string]string {
	var protocols, labels []string
	for _, p := range o.Protocols {
		protocols = append(protocols, fmt.Sprintf("%s:%d", p.Name, p.Port))
	}
	for _, l := range o.Labels {
		labels = append(labels, l.Name+": "+l.Value)
	}
	return map[string]string{
		"node": asset.NodePaths[0], "nodes": joinSorted(asset.NodePaths), "zone": asset.Zone, "platform": asset.Platform,
		"port": portText(o.Port), "protocols": joinSorted(protocols), "name": asset.Name, "labels": joinSorted(labels),
		"accounts": joinSorted(o.Accounts), "address": asset.Address, "active": strconv.FormatBool(!o.Inactive), "skip": o.Skip,
		"min_age": ageText(o.MinAge), "keep": o.Keep,
	}
}

// unmetField is a field of an asset that is not as expected.
type unmetField struct {
	Field  string `json:"field"`
	Wanted string `json:"wanted"`
	Is     string `json:"is"`
	Rule   string `json:"rule,omitempty"` // that set it; "" = none
	// Unread says that it rests on what the cloud does not show of the instance.
	Unread bool `json:"unread,omitempty"`
}

// unmet returns what is not as expected.
func (e expectation) unmet(rules *mapping.Set, lang language.Lang) []unmetField {
	o := rules.Map(e.subject)
	is := assetTexts(o, e.asset)
	var unmet []unmetField
	for _, w := range e.wanted {
		field := expectedKeys()[w.name]
		if !o.Unread.Has(field) && (w.text == is[w.name] || w.text == anyReason && (w.name == "skip" || w.name == "keep") && is[w.name] != "") {
			continue
		}
		u := unmetField{Field: w.name, Wanted: w.text, Is: is[w.name], Unread: o.Unread.Has(field)}
		rule, isSet := o.SetBy(field)
		if isSet || o.IsSetByTag(field) {
			u.Rule = rules.RuleName(rule).In(lang)
		}
		unmet = append(unmet, u)
	}
	return unmet
}

// ruleTest is the outcome of rules test; --json prints it.
type ruleTest struct {
	Expectations int          `json:"expectations"`
	Unmet        []unmetEntry `json:"unmet"`
	// Unused are the rules that match none of the instances.
	Unused []string `json:"unused_rules"`
}

type unmetEntry struct {
	Name   string       `json:"name"`
	Line   int          `json:"line"`
	Fields []unmetField `json:"fields"`
}

// testRules checks the rules of the configuration against a file of expectations.
func (o *options) testRules(ctx context.Context, file string, stdout io.Writer, asJSON bool) error {
	o.noLogFile = true // no run, and nothing for whoever watches them
	cfg, err := o.loadRules(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	lang := language.Lang(cfg.Language)
	text, err := os.ReadFile(file)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	expectations, err := readExpectations(file, text, cfg, lang)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	tested := runRuleTest(expectations, cfg.Mapping, lang)
	if asJSON {
		err = report.EncodeJSON(stdout, tested)
	} else {
		err = o.printRuleTest(stdout, file, tested, lang)
	}
	switch {
	case err != nil:
		return &exitError{exitFailed, err}
	case len(tested.Unmet) > 0:
		return &exitError{code: exitFailed}
	}
	return nil
}

// loadRules loads the configuration as far as rules need it: secrets may be missing.
func (o *options) loadRules(ctx context.Context) (config.Config, error) {
	cfg, err := o.loadConfig(ctx)
	var wrong *config.Error
	if errors.As(err, &wrong) {
		settings, ok := wrong.RuleSettings()
		if ok {
			cfg, err = settings, nil
			o.cfg = &cfg
		}
	}
	if err == nil && cfg.Mapping == nil {
		err = language.Errorf("配置里没有规则：没有 rules，rules_from_tags 也没有打开", "the configuration has no rules: neither rules nor rules_from_tags")
	}
	return cfg, err
}

func runRuleTest(expectations []expectation, rules *mapping.Set, lang language.Lang) ruleTest {
	tested := ruleTest{Expectations: len(expectations), Unmet: []unmetEntry{}, Unused: []string{}}
	used := make([]bool, len(rules.Rules()))
	for _, e := range expectations {
		unmet := e.unmet(rules, lang)
		if unmet != nil {
			tested.Unmet = append(tested.Unmet, unmetEntry{e.title(), e.line, unmet})
		}
		for _, t := range rules.Trace(e.subject) {
			if t.Matched && t.Rule >= 0 {
				used[t.Rule] = true
			}
		}
	}
	for n, is := range used {
		if !is {
			tested.Unused = append(tested.Unused, rules.RuleName(n).In(lang))
		}
	}
	return tested
}

// title returns what people call an expectation.
func (e expectation) title() string {
	return cmp.Or(e.name, e.subject.Name, e.subject.ID)
}

func (o *options) printRuleTest(stdout io.Writer, file string, tested ruleTest, lang language.Lang) error {
	for _, e := range tested.Unmet {
		fmt.Fprintln(stdout, o.paint(stdout, red, stripControls(fmt.Sprintf("%s:%d: %s", file, e.Line, e.Name))))
		var rows [][]string
		for _, f := range e.Fields {
			rows = append(rows, []string{f.Field, lang.Textf("应为 %s", "wanted %s", quoted(f.Wanted, lang)), f.isText(lang)})
		}
		fmt.Fprint(stdout, report.FormatColumns("    ", rows))
	}
	if len(tested.Unused) > 0 {
		fmt.Fprintln(stdout, o.paint(stdout, yellow, stripControls(lang.Textf("没有期望用到的规则：%s", "rules that no expectation reaches: %s", strings.Join(tested.Unused, lang.Text("、", ", "))))))
	}
	if len(tested.Unmet) == 0 {
		_, err := fmt.Fprintln(stdout, o.paint(stdout, green, lang.Textf("%d 个期望全部符合。", "All expectations are met: %d.", tested.Expectations)))
		return err
	}
	_, err := fmt.Fprintln(stdout, lang.Textf("%d 个期望，%d 个不符合。", "Expectations: %d, not met: %d.", tested.Expectations, len(tested.Unmet)))
	return err
}

// isText says what a field is, and which rule made it so.
func (f unmetField) isText(lang language.Lang) string {
	switch {
	case f.Unread:
		return lang.Text("不知道：云没有给出所依据的内容", "is not known: the cloud does not show what it rests on")
	case f.Rule == "":
		return lang.Textf("实为 %s，没有规则设置它", "is %s, and no rule sets it", quoted(f.Is, lang))
	}
	return lang.Textf("实为 %s，由%s设置", "is %s, by %s", quoted(f.Is, lang), f.Rule)
}

// quoted returns a text in quotes, or that there is none.
func quoted(text string, lang language.Lang) string {
	if text == "" {
		return lang.Text("空", "nothing")
	}
	return strconv.Quote(text)
}
