package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// WriteExplanation writes what is known of one instance and its asset, for a terminal. accessErr is why not all is known
// of who can reach it.
func WriteExplanation(to io.Writer, e explain.Explanation, accessErr error, lang language.Lang) error {
	w := explanationWriter{textsOf(lang), bufio.NewWriter(to)}
	w.head(e)
	w.instance(e)
	w.rules(e)
	w.fields(e)
	w.verdicts(e)
	if e.Access != nil {
		w.section(w.text("谁能访问", "Who can reach it"))
		for _, line := range AccessOfHostLines(*e.Access, accessErr, lang) {
			w.line("  ", line)
		}
	}
	return w.out.Flush()
}

type explanationWriter struct {
	texts
	out *bufio.Writer
}

func (w explanationWriter) text(zh, en string) string { return w.lang.Text(zh, en) }

func (w explanationWriter) line(indent, text string) {
	fmt.Fprintln(w.out, indent+sanitizeLine(text))
}

func (w explanationWriter) section(title string) {
	fmt.Fprintln(w.out)
	fmt.Fprintln(w.out, title)
}

// rows writes rows with aligned columns.
func (w explanationWriter) rows(rows [][]string) {
	_, _ = w.out.WriteString(FormatColumns("  ", rows)) // Flush returns the error
}

// head names the instance and its asset.
func (w explanationWriter) head(e explain.Explanation) {
	where := w.scopeText(e.Account, e.Region)
	switch {
	case e.InstanceID == "":
		w.line("", w.lang.Textf("资产 %s", "asset %s", e.AssetID))
	case e.Asset != nil:
		w.line("", w.lang.Textf("实例 %s（%s %s），资产 %s", "instance %s (%s %s), asset %s", e.InstanceID, e.Cloud, where, e.AssetID))
	default:
		w.line("", w.lang.Textf("实例 %s（%s %s），还没有资产（ID 将是 %s）", "instance %s (%s %s), no asset yet (its id will be %s)", e.InstanceID, e.Cloud, where, e.AssetID))
	}
}

// instance writes what the cloud says.
func (w explanationWriter) instance(e explain.Explanation) {
	w.section(w.text("云上的实例", "The instance in the cloud"))
	i := e.Instance
	if i == nil {
		w.line("  ", e.NotListed)
		return
	}
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add(w.text("名称", "name"), i.Name)
	add(w.text("主机名", "hostname"), i.HostName)
	add(w.text("状态", "status"), strings.TrimSpace(i.Status+" "+i.Existence))
	add(w.text("云账号", "owner"), i.Owner)
	add(w.text("系统", "os"), strings.TrimSpace(i.System+" "+i.OSName))
	add(w.text("规格", "type"), i.Type)
	add(w.text("种类", "kind"), i.Kind)
	add(w.text("可用区", "zone"), i.Zone)
	add("VPC", i.VPC)
	add(w.text("子网", "subnet"), i.Subnet)
	add(w.text("安全组", "group"), strings.Join(i.Groups, w.comma))
	add(w.text("资源组", "resource_group"), i.ResourceGroup)
	add(w.text("项目", "project"), i.Project)
	add(w.text("镜像", "image"), i.Image)
	add(w.text("付费方式", "charge"), i.Charge)
	add(w.text("创建于", "created"), shownTime(i.CreatedAt))
	add(w.text("到期于", "expires"), shownTime(i.ExpiresAt))
	add(w.text("私网地址", "private"), strings.Join(i.PrivateIPs, w.comma))
	add(w.text("公网地址", "public"), w.publicText(*i))
	add(w.text("经典网络地址", "classic"), strings.Join(i.ClassicIPs, w.comma))
	add("IPv6", strings.Join(i.IPv6s, w.comma))
	if i.PartIPs {
		add(w.text("地址", "addresses"), w.text("云没有给出全部地址", "the cloud did not show all of them"))
	}
	add(w.text("标签", "tags"), w.tagsText(*i))
	w.rows(rows)
}

func (w explanationWriter) publicText(i explain.Instance) string {
	text := strings.Join(i.PublicIPs, w.comma)
	if i.Elastic > 0 {
		text += w.lang.Textf("（前 %d 个是弹性 IP）", " (elastic: the first %d)", i.Elastic)
	}
	return text
}

func (w explanationWriter) tagsText(i explain.Instance) string {
	if i.TagsUnread {
		return w.text("云这次没有给出标签", "the cloud did not show them this time")
	}
	var tags []string
	for _, t := range i.Tags {
		tags = append(tags, t.Key+"="+t.Value)
	}
	return strings.Join(tags, w.comma)
}

func shownTime(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339)
}

// rules writes what became of each mapping rule.
func (w explanationWriter) rules(e explain.Explanation) {
	if e.Instance == nil {
		return
	}
	w.section(w.text("规则", "Rules"))
	if len(e.Rules) == 0 {
		w.line("  ", w.text("配置里没有规则", "the configuration has no rules"))
		return
	}
	var rows [][]string
	for _, r := range e.Rules {
		mark := " "
		if r.Matched {
			mark = "✓"
		}
		rows = append(rows, []string{mark, w.ruleName(r.Rule, r.Name), w.ruleText(r)})
	}
	w.rows(rows)
}

// ruleName returns what people call a rule.
func (w explanationWriter) ruleName(number int, name string) string {
	switch {
	case number == 0:
		return w.text("标签 jms:…", "the tags jms:…")
	case name == "":
		return w.lang.Textf("规则 %d", "rule %d", number)
	}
	return w.lang.Textf("规则 %d（%s）", "rule %d (%s)", number, name)
}

// ruleText returns what became of a rule.
func (w explanationWriter) ruleText(r explain.Rule) string {
	var parts []string
	switch {
	case r.Skipped:
		return w.text("没有看：前面的规则已经停止", "not looked at: an earlier rule stops")
	case r.Unread:
		parts = append(parts, w.text("不知道是否匹配：云没有给出标签", "not known whether it matches: the cloud did not show the tags"))
	case r.Rule == 0 && !r.Matched:
		return w.text("实例没有这样的标签", "the instance has none")
	case !r.Matched:
		return w.unmetText(r.Unmet)
	}
	for _, some := range []struct {
		text   language.Text
		fields []string
	}{
		{language.Newf("决定%s", "sets %s", w.fieldNames(r.Set)), r.Set},
		{language.Newf("%s已由前面的规则决定", "%s: an earlier rule has decided", w.fieldNames(r.Lost)), r.Lost},
		{language.Newf("%s的模板有一部分没有值，不设置", "%s: a part of the template has no value, nothing is set", w.fieldNames(r.Empty)), r.Empty},
		{language.Newf("%s取决于没有给出的标签，保持原样", "%s: rests on tags that were not shown, left as it is", w.fieldNames(r.UnreadFields)), r.UnreadFields},
	} {
		if len(some.fields) > 0 {
			parts = append(parts, some.text.In(w.lang))
		}
	}
	if r.Stops {
		parts = append(parts, w.text("到此为止", "stops here"))
	}
	if len(parts) == 0 {
		parts = append(parts, w.text("匹配，什么也不设置", "matches, sets nothing"))
	}
	return strings.Join(parts, w.semicolon)
}

// unmetText returns which condition does not hold.
func (w explanationWriter) unmetText(u *explain.Unmet) string {
	switch {
	case u == nil:
		return w.text("不匹配", "does not match")
	case len(u.Wanted) == 0:
		return w.lang.Textf("不匹配：%s", "does not match: %s", u.Key)
	case u.Have == "":
		return w.lang.Textf("不匹配：没有 %s，要 %s", "does not match: it has no %s, wanted %s", u.Key, quoted(u.Wanted, w.comma))
	}
	return w.lang.Textf("不匹配：%s 是 %q，要 %s", "does not match: %s is %q, wanted %s", u.Key, u.Have, quoted(u.Wanted, w.comma))
}

func quoted(texts []string, comma string) string {
	var all []string
	for _, t := range texts {
		all = append(all, strconv.Quote(t))
	}
	return strings.Join(all, comma)
}

func (w explanationWriter) fieldNames(fields []string) string {
	var names []string
	for _, f := range fields {
		names = append(names, w.fieldName(f))
	}
	return strings.Join(names, w.comma)
}

// fields writes the asset's fields side by side: what JumpServer has, what is wanted, who decides, what would change.
func (w explanationWriter) fields(e explain.Explanation) {
	if len(e.Fields) == 0 {
		return
	}
	w.section(w.assetTitle(e))
	head := []string{w.text("字段", "Field"), w.text("应为", "Wanted"), w.text("由谁定", "Set by")}
	if e.Asset != nil {
		head = []string{w.text("字段", "Field"), w.text("现在", "Now"), w.text("应为", "Wanted"), w.text("由谁定", "Set by"), w.text("何时写", "Written"), w.text("这次", "This run")}
	}
	rows := [][]string{head}
	for _, f := range e.Fields {
		if f.Wanted == "" && (f.Now == "" || e.Asset == nil) {
			continue
		}
		row := []string{w.fieldName(f.Field), f.Wanted, w.sourceText(e, f)}
		if e.Asset != nil {
			row = []string{w.fieldName(f.Field), w.nowText(f), f.Wanted, w.sourceText(e, f), w.policyText(f), w.changeText(f)}
		}
		rows = append(rows, row)
	}
	for line := range strings.Lines(alignColumns("  ", rows, 2*maxColumnWidth)) {
		fmt.Fprintln(w.out, strings.TrimRight(line, " \n"))
	}
}

// assetTitle says whose the asset is.
func (w explanationWriter) assetTitle(e explain.Explanation) string {
	title := w.text("应有的资产", "The asset that it should have")
	if e.Asset == nil {
		return title
	}
	title = w.text("JumpServer 的资产", "The asset in JumpServer") + w.openParen + map[string]string{
		explain.Ours:    w.text("jms-sync 创建", "made by jms-sync"),
		explain.Adopted: w.text("已认领", "adopted"),
		explain.Foreign: w.text("不是 jms-sync 的", "not jms-sync's"),
	}[e.Asset.Whose]
	var telling []string
	for _, l := range e.Asset.Labels {
		if !slices.ContainsFunc(everyLabel(), func(name string) bool { return strings.HasPrefix(l, name+":") }) {
			telling = append(telling, l)
		}
	}
	if len(telling) > 0 {
		title += w.semicolon + sanitizeLine(strings.Join(telling, " "))
	}
	return title + w.closeParen
}

// everyLabel are the labels that every asset of ours has, which say nothing about this one.
func everyLabel() []string {
	return []string{inventory.LabelCloud, inventory.LabelAccount, inventory.LabelOwner, inventory.LabelRegion, inventory.LabelProject}
}

// sourceText says what decides what is wanted of a field.
func (w explanationWriter) sourceText(e explain.Explanation, f explain.Field) string {
	switch f.Source {
	case explain.SourceRule:
		name := ""
		for _, r := range e.Rules {
			if r.Rule == f.Rule {
				name = r.Name
			}
		}
		return w.ruleName(f.Rule, name)
	case explain.SourceTags:
		return w.ruleName(0, "")
	case explain.SourceCloud:
		return w.text("云", "the cloud")
	case explain.SourceAccount:
		return w.text("账号的配置", "the account's settings")
	case explain.SourcePlatform:
		return w.text("平台", "the platform")
	}
	return ""
}

// nowText returns what an asset has.
func (w explanationWriter) nowText(f explain.Field) string {
	if f.NotRead {
		return w.text("（没有读）", "(not read)")
	}
	return f.Now
}

// policyText says when a field of an existing asset is written, and which setting says so.
func (w explanationWriter) policyText(f explain.Field) string {
	if f.Setting != "" {
		return f.Policy + " (" + f.Setting + ")"
	}
	switch f.Policy {
	case string(plan.WriteNever):
		return w.text("从不：受保护的资产", "never: a protected asset")
	case string(plan.WriteOnCreate):
		return w.text("只在创建时", "on creation only")
	}
	return ""
}

// changeText says what becomes of a field.
func (w explanationWriter) changeText(f explain.Field) string {
	switch {
	case f.Changes && f.After == "":
		return "→ " + w.none
	case f.Changes:
		return "→ " + f.After
	case f.Differs:
		return w.text("不改", "left")
	}
	return ""
}

// verdicts writes what a run would do, and why.
func (w explanationWriter) verdicts(e explain.Explanation) {
	w.section(w.text("现在同步会怎样", "What a run would do now"))
	for _, v := range e.Verdicts {
		if v.Action == "" {
			w.line("    ", v.Reason)
			continue
		}
		text := v.Reason
		switch v.Action {
		case plan.Create, plan.Update, plan.Deactivate, plan.Delete: // the reasons of all others say what they are
			text = w.actionName(v.Action) + w.colon + v.Reason
		}
		w.line("  "+Mark(v.Action)+" ", text)
		if v.Action == plan.Create {
			continue // the table above has all of it
		}
		for _, f := range v.Values {
			w.line("      ", w.fieldChangeText(f))
		}
	}
}
