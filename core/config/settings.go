package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// Setting describes one setting for people.
type Setting struct {
	Path    string // "jumpserver.url"; "clouds[].type" for those of an account
	Env     string // "JMS_SYNC_JUMPSERVER_URL"; "JMS_SYNC_CLOUDS_<n>_TYPE", n from 0
	Type    string // in Chinese, with its limits
	TypeEN  string // the same in English
	Default string // as a user writes it; "" = none
	DocZH   string
	DocEN   string
}

// settingPrefix begins the name of every variable that sets a setting.
const settingPrefix = "JMS_SYNC_"

// settingField is one setting inside a Config.
type settingField struct {
	path  string
	env   string
	tag   reflect.StructTag
	value reflect.Value
}

// listFields returns all settings of a group in the order of its fields, without lists of groups.
func listFields(group reflect.Value, path, env string) []settingField {
	k, found := newSettingTypes(), []settingField(nil)
	for i := range group.NumField() {
		field, value := group.Type().Field(i), group.Field(i)
		key := field.Tag.Get("yaml")
		switch {
		case key == "-":
		case value.Kind() == reflect.Struct && value.Type() != k.secret:
			found = append(found, listFields(value, joinPath(path, key), env+field.Tag.Get("envPrefix"))...)
		case isGroupList(value.Type()):
		default:
			found = append(found, settingField{joinPath(path, key), env + field.Tag.Get("env"), field.Tag, value})
		}
	}
	return found
}

// isGroupList reports whether a field is a list of groups: accounts, channels, rules.
func isGroupList(t reflect.Type) bool {
	return isEntryList(t) || t == reflect.TypeFor[[]mapping.Rule]()
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// topFields returns the settings of a Config without its lists of entries.
func topFields(c *Config) []settingField {
	return listFields(reflect.ValueOf(c).Elem(), "", settingPrefix)
}

// Settings returns every setting in the order of the struct, accounts before sync, channels before log. Their texts name the
// known clouds.
func Settings(known inventory.CloudTable) []Setting {
	zh, en := cloudNames(known)
	top := Default()
	before := map[string]entryList{"sync.whitelist": accountList(), "console.enabled": channelList()}
	var all []Setting
	for _, l := range topFields(&top) {
		list, is := before[l.path]
		if is {
			all = appendSettings(all, list.presetFields("[]", "<n>"), zh, en)
		}
		all = appendSettings(all, []settingField{l}, zh, en)
	}
	return all
}

// cloudNames returns what stands in the texts of settings for {types}, {kinds}, {roles}, {tenants}, {services} and {identities}.
func cloudNames(known inventory.CloudTable) (zh, en *strings.Replacer) {
	var types []string
	for _, c := range known {
		types = append(types, strings.Join(c.Spellings, "/"))
	}
	rolesZH, rolesEN := known.Names(assumesRoles)
	tenantsZH, tenantsEN := known.Names(needsTenant)
	kindsZH, kindsEN := kindTexts(known)
	services, identities := listServices(known), listIdentities(known)
	in := func(comma string, roles, tenants []string, kinds, services, identities string) *strings.Replacer {
		return strings.NewReplacer("{types}", strings.Join(types, comma), "{roles}", strings.Join(roles, comma), "{tenants}", strings.Join(tenants, comma),
			"{kinds}", kinds, "{services}", services, "{identities}", identities)
	}
	comma := language.New("、", ", ")
	return in(comma.ZH, rolesZH, tenantsZH, kindsZH, services.ZH, identities.ZH), in(comma.EN, rolesEN, tenantsEN, kindsEN, services.EN, identities.EN)
}

func appendSettings(all []Setting, from []settingField, namesZH, namesEN *strings.Replacer) []Setting {
	for _, l := range from {
		zh, en, _ := strings.Cut(l.tag.Get("doc"), ";")
		all = append(all, Setting{
			Path: l.path, Env: l.env, Type: typeName(l).ZH, TypeEN: typeName(l).EN, Default: defaultText(l.value),
			DocZH: namesZH.Replace(zh), DocEN: namesEN.Replace(en),
		})
	}
	return all
}

func typeName(l settingField) language.Text {
	k := newSettingTypes()
	low, high, _ := strings.Cut(l.tag.Get("range"), ",")
	switch l.value.Type() {
	case k.flag:
		return language.New("布尔", "boolean")
	case k.number:
		return language.New("整数 "+low+"–"+high, "integer "+low+"–"+high)
	case k.duration:
		return language.New("时长 "+low+"–"+high, "duration "+low+"–"+high)
	case k.texts:
		return language.New("列表", "list")
	case k.prefixes:
		return language.New("IP 或网段的列表", "list of IPs or networks")
	case k.addresses:
		return language.New("服务: 地址", "service: address")
	case k.secret:
		return language.New("文本（保密）", "text (secret)")
	}
	enum := l.tag.Get("enum")
	if enum != "" {
		return language.New(strings.ReplaceAll(enum, ",", "、"), strings.ReplaceAll(enum, ",", ", "))
	}
	return language.New("文本", "text")
}

func defaultText(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return shortDuration(value)
	case []string, []netip.Prefix:
		return "[]"
	case map[string]string:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

// RenderReference returns the tables of all settings in Markdown. docs/configuration.md and
// docs/configuration.en.md contain these texts, and a test compares them.
func RenderReference(known inventory.CloudTable) (zh, en string) {
	var b, c strings.Builder
	head := language.New("| 配置项 | 环境变量 | 类型 | 默认值 | 说明 |", "| setting | variable | type | default | what it is |")
	b.WriteString(head.ZH + "\n|---|---|---|---|---|\n")
	c.WriteString(head.EN + "\n|---|---|---|---|---|\n")
	for _, s := range Settings(known) {
		preset := "—"
		if s.Default != "" {
			preset = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.Path, s.Env, s.Type, preset, s.DocZH)
		fmt.Fprintf(&c, "| `%s` | `%s` | %s | %s | %s |\n", s.Path, s.Env, s.TypeEN, preset, s.DocEN)
	}
	return b.String(), c.String()
}
