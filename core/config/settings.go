package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Setting describes one setting for people.
type Setting struct {
	Path    string // "jumpserver.url"; "clouds[].type" for those of an account
	Env     string // "JMS_SYNC_JUMPSERVER_URL"; "JMS_SYNC_CLOUDS_<n>_TYPE", n from 0
	Type    string // in Chinese, with its bounds
	TypeEN  string // the same in English
	Default string // as one would write it; "" = none
	DocZH   string
	DocEN   string
}

// prefixEnv begins the name of every variable that is a setting of ours.
const prefixEnv = "JMS_SYNC_"

// prefixClouds begins those of accounts; the index, "_" and the setting's own name follow.
const prefixClouds = prefixEnv + "CLOUDS_"

// leaf is one setting inside a Config.
type leaf struct {
	path  string
	env   string
	tag   reflect.StructTag
	value reflect.Value
}

// leaves gives all settings of a group in the order of its fields, lists of groups left out.
func leaves(group reflect.Value, path, env string) []leaf {
	k, found := types(), []leaf(nil)
	for i := range group.NumField() {
		field, value := group.Type().Field(i), group.Field(i)
		key := field.Tag.Get("yaml")
		switch {
		case key == "-":
		case value.Kind() == reflect.Struct && value.Type() != k.secret:
			found = append(found, leaves(value, join(path, key), env+field.Tag.Get("envPrefix"))...)
		case groups(value.Type()):
		default:
			found = append(found, leaf{join(path, key), env + field.Tag.Get("env"), field.Tag, value})
		}
	}
	return found
}

// groups tells whether a field is a list of groups, as the accounts are.
func groups(t reflect.Type) bool { return t == reflect.TypeFor[[]Cloud]() }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// topLeaves gives the settings of a Config but for its accounts.
func topLeaves(c *Config) []leaf { return leaves(reflect.ValueOf(c).Elem(), "", prefixEnv) }

// cloudLeaves gives the settings of the account with this index.
func cloudLeaves(c *Cloud, index int) []leaf {
	n := strconv.Itoa(index)
	return leaves(reflect.ValueOf(c).Elem(), "clouds["+n+"]", prefixClouds+n+"_")
}

// Settings gives every setting in the order of the struct, accounts before sync.
func Settings() []Setting {
	top, account := Default(), DefaultCloud()
	clouds := leaves(reflect.ValueOf(&account).Elem(), "clouds[]", prefixClouds+"<n>_")
	var all []Setting
	for _, l := range topLeaves(&top) {
		if l.path == "sync.whitelist" {
			all = appendSettings(all, clouds)
		}
		all = appendSettings(all, []leaf{l})
	}
	return all
}

func appendSettings(all []Setting, from []leaf) []Setting {
	for _, l := range from {
		zh, en, _ := strings.Cut(l.tag.Get("doc"), ";")
		all = append(all, Setting{
			Path: l.path, Env: l.env, Type: typeName(l).zh, TypeEN: typeName(l).en, Default: defaultText(l.value),
			DocZH: zh, DocEN: en,
		})
	}
	return all
}

func typeName(l leaf) words {
	k := types()
	low, high, _ := strings.Cut(l.tag.Get("range"), ",")
	switch l.value.Type() {
	case k.flag:
		return words{"布尔", "boolean"}
	case k.number:
		return words{"整数 " + low + "–" + high, "integer " + low + "–" + high}
	case k.duration:
		return words{"时长 " + low + "–" + high, "duration " + low + "–" + high}
	case k.texts:
		return words{"列表", "list"}
	case k.prefixes:
		return words{"IP 或网段的列表", "list of IPs or networks"}
	case k.secret:
		return words{"文本（保密）", "text (secret)"}
	}
	if enum := l.tag.Get("enum"); enum != "" {
		return words{strings.ReplaceAll(enum, ",", "、"), strings.ReplaceAll(enum, ",", ", ")}
	}
	return words{"文本", "text"}
}

func defaultText(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return brief(value)
	case []string, []netip.Prefix:
		return "[]"
	default:
		return fmt.Sprint(value)
	}
}

// Reference renders the tables of all settings in Markdown. Those in docs/configuration.md and
// docs/configuration.en.md are these texts, and a test compares them.
func Reference() (zh, en string) {
	var b, c strings.Builder
	b.WriteString("| 配置项 | 环境变量 | 类型 | 默认值 | 说明 |\n|---|---|---|---|---|\n")
	c.WriteString("| setting | variable | type | default | what it is |\n|---|---|---|---|---|\n")
	for _, s := range Settings() {
		preset := "—"
		if s.Default != "" {
			preset = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.Path, s.Env, s.Type, preset, s.DocZH)
		fmt.Fprintf(&c, "| `%s` | `%s` | %s | %s | %s |\n", s.Path, s.Env, s.TypeEN, preset, s.DocEN)
	}
	return b.String(), c.String()
}
