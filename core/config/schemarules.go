package config

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// described is a word of rules, and what it means.
type described struct {
	word string
	text language.Text
}

// conditionKeys returns the keys of a condition, besides those that hold conditions.
func conditionKeys() []described {
	return []described{
		{"cloud", language.New("云，clouds[].type 的任何一种写法", "the cloud, in any spelling of clouds[].type")},
		{"account", language.New("账号的名称", "name of the account")},
		{"region", language.New("地域", "region")},
		{"zone", language.New("可用区", "availability zone")},
		{"vpc", language.New("VPC 的 ID", "id of the VPC")},
		{"subnet", language.New("主网卡所在子网的 ID", "id of the subnet of the primary interface")},
		{"group", language.New("安全组（任意一个）", "security group (any of them)")},
		{"resource_group", language.New("账号给资源分组用的 ID：资源组、企业项目或项目，看是哪朵云", "id by which the account groups its resources: resource group, enterprise project or project, by cloud")},
		{"project", language.New("列举时用的项目（按项目列举的云才有）", "project that was listed, of a cloud that lists by project")},
		{"type", language.New("实例规格", "instance type")},
		{"image", language.New("镜像的 ID", "id of the image")},
		{"charge", language.New("付费方式，云自己的写法，小写", "how it is paid, in the cloud's own word, in lower case")},
		{"os", language.New("linux、windows、other，或系统的名称", "linux, windows, other, or the system's name")},
		{"name", language.New("实例名称", "name of the instance")},
		{"hostname", language.New("主机名", "host name")},
		{"id", language.New("实例 ID", "id of the instance")},
		{"status", language.New("状态，云自己的写法", "status, in the cloud's own word")},
		{"ip", language.New("地址或网段（实例的任意一个地址）", "address or network (any address of the instance)")},
		{"kind", language.New("实例种类，见 clouds[].kinds", "kind of the instance, see clouds[].kinds")},
	}
}

// isConditionKey reports whether there is such a key of a condition, besides those that hold conditions.
func isConditionKey(key string) bool {
	return strings.HasPrefix(key, tagKey().word) || slices.ContainsFunc(conditionKeys(), func(d described) bool { return d.word == key })
}

// tagKey is how conditions name tags.
func tagKey() described {
	return described{"tag.", language.New("实例的标签，键分大小写，如 tag.app", "a tag of the instance, by its key with case, such as tag.app")}
}

// nestedKeys returns the keys of a condition that hold conditions.
func nestedKeys() []described {
	return []described{
		{keyAny, language.New("一个条件或几个：任意一个成立", "one condition or several: one of them holds")},
		{keyAll, language.New("一个条件或几个：全部成立", "one condition or several: each holds")},
		{keyNot, language.New("一个条件或几个：没有一个成立", "one condition or several: none holds")},
	}
}

// definitions returns the schemas of accounts, rules, conditions and their patterns.
func (w schemaWriter) definitions() properties {
	rule := w.ruleGroup(reflect.TypeFor[ruleKeys]())
	rule.AnyOf = []schema{{Required: []string{"set"}}, {Required: []string{"stop"}}}
	return properties{
		{strings.TrimPrefix(refAccount, "#/$defs/"), w.entry(accountList())},
		{strings.TrimPrefix(refChannel, "#/$defs/"), w.entry(channelList())},
		{strings.TrimPrefix(refRule, "#/$defs/"), rule},
		{strings.TrimPrefix(refCondition, "#/$defs/"), conditionSchema()},
		{strings.TrimPrefix(refPatterns, "#/$defs/"), schema{AnyOf: []schema{
			{Type: scalarTypes()}, {Type: types{"array"}, MinItems: 1, Items: &schema{Type: scalarTypes()}},
		}}},
	}
}

// entry returns the schema of an account or a channel. Of one that is not enabled only the keys matter.
func (w schemaWriter) entry(list entryList) schema {
	enabled := w.group(reflect.ValueOf(list.preset), list.path+"[]")
	enabled.Type = types{"object"}
	disabled := enabled
	disabled.Properties = nil
	for _, p := range enabled.Properties {
		disabled.Properties = append(disabled.Properties, property{p.name, schema{}})
	}
	zero := 0
	off := schema{AnyOf: []schema{{Type: types{"boolean"}, Const: json.RawMessage("false")}, {Type: types{"integer"}, Minimum: &zero, Maximum: &zero},
		{Type: types{"string"}, Pattern: `^\s*(?:` + anyCase(falseWords()...) + `)\s*$`}}}
	return schema{
		If:   &schema{Type: types{"object"}, Properties: properties{{"enabled", off}}, Required: []string{"enabled"}},
		Then: &disabled, Else: &enabled,
	}
}

func conditionSchema() schema {
	s := schema{Type: types{"object"}, Further: false}
	for _, key := range conditionKeys() {
		s.Properties = append(s.Properties, property{key.word, schema{Ref: refPatterns, Description: key.text.ZH + "\n" + key.text.EN}})
	}
	for _, key := range nestedKeys() {
		several := schema{Type: types{"array"}, MinItems: 1, Items: &schema{Ref: refCondition}}
		s.Properties = append(s.Properties, property{key.word, schema{
			AnyOf: []schema{{Ref: refCondition}, several}, Description: key.text.ZH + "\n" + key.text.EN,
		}})
	}
	tag := tagKey()
	s.Patterns = properties{{`^tag\..`, schema{Ref: refPatterns, Description: tag.text.ZH + "\n" + tag.text.EN}}}
	return s
}

// ruleGroup returns the schema of a group of a rule. Unlike in other groups, an empty value is a mistake.
func (w schemaWriter) ruleGroup(group reflect.Type) schema {
	s := schema{Type: types{"object"}, Further: false}
	for field := range group.Fields() {
		one := w.ruleValue(field)
		one.Description = w.describe(field.Tag.Get("doc"))
		s.Properties = append(s.Properties, property{field.Tag.Get("yaml"), one})
	}
	return s
}

func (w schemaWriter) ruleValue(field reflect.StructField) schema {
	text := schema{Type: scalarTypes()}
	switch field.Type {
	case reflect.TypeFor[mapping.Condition]():
		return schema{Ref: refCondition}
	case reflect.TypeFor[mapping.Settings]():
		return w.ruleGroup(reflect.TypeFor[setKeys]())
	case reflect.TypeFor[map[string]string]():
		return schema{Type: types{"object"}, Further: text}
	case reflect.TypeFor[*bool]():
		return w.scalar(field.Tag, reflect.TypeFor[bool]())
	case reflect.TypeFor[[]string]():
		if field.Tag.Get("yaml") == "address" {
			text = schema{AnyOf: []schema{{Enum: []string{"private", "public", "eip", "ipv6", "hostname", "in: 10.0.0.0/8"}}, {Type: types{"string"}}}}
		}
		return schema{AnyOf: []schema{text, {Type: types{"array"}, MinItems: 1, Items: &text}}}
	}
	return w.scalar(field.Tag, field.Type)
}
