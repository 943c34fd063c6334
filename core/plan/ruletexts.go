package plan

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// setter names in plain words what decided a field: a rule, or a tag. The zero value is some rule.
type setter struct {
	rule int // its number, from 1; 0 = it is no single rule
	name string
	tag  string
}

// setterOf returns what set a field of an outcome.
func (r Rules) setterOf(o *mapping.Outcome, f mapping.Field) setter {
	n, ok := o.SetBy(f)
	switch {
	case o.IsSetByTag(f):
		return setter{tag: tagOf(f)}
	case !ok:
		return setter{}
	}
	return setter{rule: n + 1, name: r.Mapping.Rules()[n].Name}
}

// tagOf returns the tag by which rules_from_tags sets a field.
func tagOf(f mapping.Field) string {
	switch f {
	case mapping.FieldNode:
		return "jms:node"
	case mapping.FieldZone:
		return "jms:zone"
	case mapping.FieldPort:
		return "jms:port"
	case mapping.FieldKeep:
		return "jms:keep"
	}
	return "jms:skip"
}

// Text implements reason.Localized.
func (s setter) Text(lang language.Lang) string {
	switch {
	case s.tag != "":
		return lang.Textf("标签 %s", "its tag %s", s.tag)
	case s.rule == 0:
		return lang.Text("规则", "a rule")
	case s.name == "":
		return lang.Textf("规则 %d", "rule %d", s.rule)
	}
	return lang.Textf("规则 %d（%s）", "rule %d (%s)", s.rule, s.name)
}

// fieldNames are fields of an asset as people call them.
type fieldNames []mapping.Field

// Text implements reason.Localized.
func (f fieldNames) Text(lang language.Lang) string {
	names := make([]string, 0, len(f))
	for _, field := range f {
		names = append(names, fieldText(field, lang))
	}
	return strings.Join(names, lang.Text("、", ", "))
}

func fieldText(f mapping.Field, lang language.Lang) string {
	switch f {
	case mapping.FieldNode:
		return lang.Text("节点", "node")
	case mapping.FieldZone:
		return lang.Text("网域", "zone")
	case mapping.FieldPlatform:
		return lang.Text("平台", "platform")
	case mapping.FieldPort:
		return lang.Text("端口", "port")
	case mapping.FieldName:
		return lang.Text("名称", "name")
	case mapping.FieldLabels:
		return lang.Text("标签", "labels")
	case mapping.FieldAccounts:
		return lang.Text("账号", "accounts")
	case mapping.FieldAddress:
		return lang.Text("地址", "address")
	case mapping.FieldActive:
		return lang.Text("启用与否", "active")
	case mapping.FieldMinAge:
		return lang.Text("最小年龄", "min_age")
	case mapping.FieldKeep:
		return lang.Text("保留与否", "keep")
	}
	return lang.Text("是否跳过", "skip")
}

// omissions are what rules want of a new asset and it does not get.
type omissions []reason.Reason

// Text implements reason.Localized.
func (o omissions) Text(lang language.Lang) string {
	texts := make([]string, 0, len(o))
	for _, one := range o {
		texts = append(texts, one.Text(lang))
	}
	return strings.Join(texts, lang.Text("；", "; "))
}
