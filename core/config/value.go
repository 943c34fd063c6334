package config

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/secret"
)

// kinds are the types that a setting may have; everything else in Config is a group.
type kinds struct {
	text, flag, number, duration, texts, prefixes, secret reflect.Type
}

func types() kinds {
	return kinds{
		text:     reflect.TypeFor[string](),
		flag:     reflect.TypeFor[bool](),
		number:   reflect.TypeFor[int](),
		duration: reflect.TypeFor[time.Duration](),
		texts:    reflect.TypeFor[[]string](),
		prefixes: reflect.TypeFor[[]netip.Prefix](),
		secret:   reflect.TypeFor[secret.Value](),
	}
}

// list tells whether a setting takes several values.
func (k kinds) list(t reflect.Type) bool { return t == k.texts || t == k.prefixes }

// parse reads one value of a setting from its text, be it from the file or from a variable.
// The words are empty where the text is good.
func parse(t reflect.Type, tag reflect.StructTag, text string) (any, words) {
	k := types()
	switch t {
	case k.text:
		return parseText(tag, text)
	case k.secret:
		return secret.New(text), words{}
	case k.flag:
		return parseFlag(text)
	case k.number:
		return parseNumber(tag, text)
	case k.duration:
		return parseSpan(tag, text)
	}
	return nil, words{"内部错误：不认识的类型 " + t.String(), "internal fault: type " + t.String() + " is not known"}
}

func parseText(tag reflect.StructTag, text string) (any, words) {
	enum, ok := tag.Lookup("enum")
	if !ok {
		return text, words{}
	}
	allowed := strings.Split(enum, ",")
	for _, a := range allowed {
		if strings.EqualFold(a, strings.TrimSpace(text)) {
			return a, words{}
		}
	}
	return nil, words{
		"应为 " + strings.Join(allowed, "、") + " 之一",
		"must be one of " + strings.Join(allowed, ", "),
	}
}

// parseFlag takes what YAML 1.1 and Go take as true and false: the Python tool read "yes" and
// "on" as true.
func parseFlag(text string) (any, words) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "y", "t", "1":
		return true, words{}
	case "false", "no", "off", "n", "f", "0":
		return false, words{}
	}
	return nil, words{"应为 true 或 false", "must be true or false"}
}

func parseNumber(tag reflect.StructTag, text string) (any, words) {
	low, high, _ := strings.Cut(tag.Get("range"), ",")
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < mustInt(low) || n > mustInt(high) {
		return nil, words{
			"应为 " + low + " 到 " + high + " 的整数",
			"must be a whole number from " + low + " to " + high,
		}
	}
	return n, words{}
}

// mustInt reads a bound from a tag; TestTags proves that all of them are numbers.
func mustInt(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

func parseSpan(tag reflect.StructTag, text string) (any, words) {
	text = strings.TrimSpace(text)
	d, ok := duration(text)
	if !ok {
		return nil, words{"应为时长，如 30s、10m、168h、7d", "must be a duration such as 30s, 10m, 168h or 7d"}
	}
	// Nobody who writes "grace: 7" means seconds, and a grace too short takes access away.
	if _, err := strconv.ParseFloat(text, 64); err == nil && d != 0 && tag.Get("unit") == "required" {
		return nil, words{"要写明单位，如 7d、168h", "needs its unit, such as 7d or 168h"}
	}
	low, high, _ := strings.Cut(tag.Get("range"), ",")
	lowest, _ := duration(low)
	highest, _ := duration(high)
	if d < lowest || d > highest {
		return nil, words{
			"应在 " + brief(lowest) + " 到 " + brief(highest) + " 之间",
			"must be from " + brief(lowest) + " to " + brief(highest),
		}
	}
	return d, words{}
}

// day is 24 hours; mostDays (136 years) bounds durations so that the sum of two cannot overflow.
const (
	day      = 24 * time.Hour
	mostDays = 50_000
)

// duration reads "90s", "7d", "1d12h", or a plain number of seconds. It never overflows.
func duration(text string) (time.Duration, bool) {
	if days, rest, found := strings.Cut(text, "d"); found {
		sum, ok := span(days, day)
		if !ok || sum < 0 || rest == "" {
			return sum, ok && sum >= 0
		}
		more, err := time.ParseDuration(rest)
		return sum + more, err == nil && more >= 0 && more <= mostDays*day
	}
	if seconds, ok := span(text, time.Second); ok {
		return seconds, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d <= mostDays*day
}

// ParseDuration reads a duration as the configuration does: "90s", "7d", "1d12h", or a plain number of seconds. It
// reports false for anything else.
func ParseDuration(text string) (time.Duration, bool) { return duration(text) }

// span reads a plain number of units.
func span(number string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(number, 64)
	if most := float64(mostDays*day) / float64(unit); err != nil || !(n >= -most && n <= most) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}

// brief writes a duration without the zeros that time.Duration shows ("168h", not "168h0m0s").
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseList reads the values of a list, nil where there are none; at takes the words for each
// one that is wrong, by index.
func parseList(t reflect.Type, texts []string, at func(i int, w words)) any {
	if t == types().texts {
		for i, text := range texts {
			if text == "" {
				at(i, emptyItem())
			}
		}
		return texts
	}
	var prefixes []netip.Prefix
	for i, text := range texts {
		p, w := prefix(text)
		if w != (words{}) {
			at(i, w)
			continue
		}
		prefixes = append(prefixes, p)
	}
	return prefixes
}

// emptyItem is a mistake because an item that came to nothing would widen the list: an empty
// whitelist means no limit, an empty list of regions all of them.
func emptyItem() words { return words{"列表中有空项", "the list has an empty item"} }

// prefix reads an address or a network. Host bits of a network are cut off.
func prefix(text string) (netip.Prefix, words) {
	text = strings.TrimSpace(text)
	if text == "" {
		return netip.Prefix{}, emptyItem()
	}
	if p, err := netip.ParsePrefix(text); err == nil && !p.Addr().Is4In6() {
		return p.Masked(), words{}
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), words{}
	}
	return netip.Prefix{}, words{
		"应为 IP 或网段，如 10.0.0.1、10.0.0.0/24",
		"must be an address or a network such as 10.0.0.1 or 10.0.0.0/24",
	}
}

// split reads a list from one text: items between commas, spaces around them cut off.
func split(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
