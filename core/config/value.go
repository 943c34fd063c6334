package config

import (
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// settingTypes are the types that a setting may have; everything else in Config is a group.
type settingTypes struct {
	text, flag, number, duration, texts, prefixes, addresses, secret reflect.Type
}

func newSettingTypes() settingTypes {
	return settingTypes{
		text:      reflect.TypeFor[string](),
		flag:      reflect.TypeFor[bool](),
		number:    reflect.TypeFor[int](),
		duration:  reflect.TypeFor[time.Duration](),
		texts:     reflect.TypeFor[[]string](),
		prefixes:  reflect.TypeFor[[]netip.Prefix](),
		addresses: reflect.TypeFor[map[string]string](),
		secret:    reflect.TypeFor[secret.Value](),
	}
}

// isList reports whether a setting takes several values.
func (k settingTypes) isList(t reflect.Type) bool { return t == k.texts || t == k.prefixes }

// parseValue parses one value of a setting, from the file or from a variable. It returns an empty text if the value
// is valid, else what is wrong.
func parseValue(t reflect.Type, tag reflect.StructTag, text string) (any, language.Text) {
	k := newSettingTypes()
	switch t {
	case k.text:
		return parseText(tag, text)
	case k.secret:
		return secret.New(text), language.Text{}
	case k.flag:
		return parseFlag(text)
	case k.number:
		return parseNumber(tag, text)
	case k.duration:
		return parseDuration(tag, text)
	case k.addresses:
		return parseAddresses(text)
	}
	return nil, language.New("内部错误：不认识的类型 "+t.String(), "internal fault: type "+t.String()+" is not known")
}

func parseText(tag reflect.StructTag, text string) (any, language.Text) {
	enum, ok := tag.Lookup("enum")
	if !ok {
		return text, language.Text{}
	}
	allowed := strings.Split(enum, ",")
	for _, a := range allowed {
		if strings.EqualFold(a, strings.TrimSpace(text)) {
			return a, language.Text{}
		}
	}
	return nil, language.New(
		"应为 "+strings.Join(allowed, "、")+" 之一",
		"must be one of "+strings.Join(allowed, ", "),
	)
}

func trueWords() []string { return []string{"true", "yes", "on", "y", "t", "1"} }

func falseWords() []string { return []string{"false", "no", "off", "n", "f", "0"} }

// parseFlag takes what YAML 1.1 and Go take as true and false: the Python tool read "yes" and "on" as true.
func parseFlag(text string) (any, language.Text) {
	word := strings.ToLower(strings.TrimSpace(text))
	switch {
	case slices.Contains(trueWords(), word):
		return true, language.Text{}
	case slices.Contains(falseWords(), word):
		return false, language.Text{}
	}
	return nil, language.New("应为 true 或 false", "must be true or false")
}

func parseNumber(tag reflect.StructTag, text string) (any, language.Text) {
	low, high, _ := strings.Cut(tag.Get("range"), ",")
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < mustInt(low) || n > mustInt(high) {
		return nil, language.New(
			"应为 "+low+" 到 "+high+" 的整数",
			"must be a whole number from "+low+" to "+high,
		)
	}
	return n, language.Text{}
}

// mustInt parses a limit of a tag; TestTags proves that all of them are numbers.
func mustInt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

func parseDuration(tag reflect.StructTag, text string) (any, language.Text) {
	text = strings.TrimSpace(text)
	d, ok := ParseDuration(text)
	if !ok {
		return nil, language.New("应为时长，如 30s、10m、168h、7d", "must be a duration such as 30s, 10m, 168h or 7d")
	}
	// Nobody who writes "grace: 7" means seconds, and too short a grace deletes assets.
	if _, err := strconv.ParseFloat(text, 64); err == nil && d != 0 && tag.Get("unit") == "required" {
		return nil, language.New("要写明单位，如 7d、168h", "needs its unit, such as 7d or 168h")
	}
	low, high, _ := strings.Cut(tag.Get("range"), ",")
	lowest, _ := ParseDuration(low)
	highest, _ := ParseDuration(high)
	if d < lowest || d > highest {
		return nil, language.New(
			"应在 "+shortDuration(lowest)+" 到 "+shortDuration(highest)+" 之间",
			"must be from "+shortDuration(lowest)+" to "+shortDuration(highest),
		)
	}
	return d, language.Text{}
}

// day is 24 hours; maxDays (136 years) limits durations so that the sum of two cannot overflow.
const (
	day     = 24 * time.Hour
	maxDays = 50_000
)

// ParseDuration parses a duration as the configuration does: "90s", "7d", "1d12h", or a plain number of seconds. It
// reports false for anything else, and never overflows.
func ParseDuration(text string) (time.Duration, bool) {
	if days, rest, found := strings.Cut(text, "d"); found {
		sum, ok := readUnits(days, day)
		if !ok || sum < 0 || rest == "" {
			return sum, ok && sum >= 0
		}
		more, err := time.ParseDuration(rest)
		return sum + more, err == nil && more >= 0 && more <= maxDays*day
	}
	if seconds, ok := readUnits(text, time.Second); ok {
		return seconds, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d <= maxDays*day
}

// readUnits parses a plain number of units.
func readUnits(number string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(number, 64)
	most := float64(maxDays*day) / float64(unit)
	if err != nil || !(n >= -most && n <= most) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}

// shortDuration formats a duration without the zeros that time.Duration shows ("168h", not "168h0m0s").
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseList parses the values of a list, nil if there are none; at is called with what is wrong with each invalid
// one, by index.
func parseList(t reflect.Type, texts []string, at func(i int, w language.Text)) any {
	if t == newSettingTypes().texts {
		for i, text := range texts {
			if text == "" {
				at(i, emptyItemText())
			}
		}
		return texts
	}
	var prefixes []netip.Prefix
	for i, text := range texts {
		p, w := parsePrefix(text)
		if w != (language.Text{}) {
			at(i, w)
			continue
		}
		prefixes = append(prefixes, p)
	}
	return prefixes
}

// emptyItemText reports an empty item. It is a mistake because it would widen the list: an empty whitelist means no
// limit, an empty list of regions all of them.
func emptyItemText() language.Text {
	return language.New("列表中有空项", "the list has an empty item")
}

// parsePrefix parses an address or a network. Host bits of a network are cut off.
func parsePrefix(text string) (netip.Prefix, language.Text) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.Prefix{}, emptyItemText()
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		const mapped = 96 // bits before an IPv4 address in the form of IPv6
		switch {
		case !p.Addr().Is4In6():
			return p.Masked(), language.Text{}
		case p.Bits() >= mapped:
			return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped).Masked(), language.Text{}
		}
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), language.Text{}
	}
	return netip.Prefix{}, language.New(
		"应为 IP 或网段，如 10.0.0.1、10.0.0.0/24",
		"must be an address or a network such as 10.0.0.1 or 10.0.0.0/24",
	)
}

// splitList splits a list at commas, without the spaces around its items.
func splitList(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
