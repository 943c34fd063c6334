package config

import (
	"net"
	"net/mail"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// channelType says which settings of its own a type of channel takes, by their keys.
type channelType struct {
	name            string
	required, takes []string
	mentions        func(string) bool // whether a text can be somebody to mention; nil = any
	mentionText     language.Text
	maxMentions     int
}

func channelTypes() []channelType {
	robot := []string{"webhook"}
	return []channelType{
		{name: "dingtalk", required: robot, takes: []string{"secret", "mention", "mention_all", "style"}, mentions: isMobile, maxMentions: 100,
			mentionText: language.New("手机号只能由数字组成（5 到 20 位）", "must be a mobile number of 5 to 20 digits")},
		{name: "wecom", required: robot, takes: []string{"mention", "mention_all"}, mentions: isWeComID, maxMentions: 20,
			mentionText: language.New("应为成员的 userid（1 到 64 个字母、数字、_-@.）", "must be a member's userid of 1 to 64 letters, digits and _-@.")},
		{name: "feishu", required: robot, takes: []string{"secret", "mention", "mention_all"}, mentions: isFeishuID, maxMentions: 50,
			mentionText: language.New("应为 open_id（ou_…）或 user_id", "must be an open_id (ou_…) or user_id")},
		{name: "slack", required: robot, takes: []string{"mention", "mention_all"}, mentions: isSlackID, maxMentions: 50,
			mentionText: language.New("应为成员 ID（U…）或用户组 ID（S…），不是名字", "must be the id of a member (U…) or of a user group (S…), not a name")},
		{name: "teams", required: robot, takes: []string{"mention"}, mentions: isMailAddress, maxMentions: 50,
			mentionText: language.New("应为登录邮箱，如 anna@example.com", "must be a sign-in address such as anna@example.com")},
		{name: "email", required: []string{"server", "from", "to"}, takes: []string{"tls", "username", "password"}},
		{name: "webhook", required: []string{"url"}, takes: []string{"secret", "token"}},
		{name: "alertmanager", required: []string{"url"}, takes: []string{"token", "username", "password"}},
	}
}

// ChannelTypes returns the types that a channel can have.
func ChannelTypes() []string {
	var names []string
	for _, t := range channelTypes() {
		names = append(names, t.name)
	}
	return names
}

// MaxMentions returns how many people a channel of a type may mention: each takes up room in every message.
func MaxMentions(kind string) int {
	at := slices.IndexFunc(channelTypes(), func(t channelType) bool { return t.name == kind })
	if at < 0 {
		return 0
	}
	return channelTypes()[at].maxMentions
}

func (t channelType) has(key string) bool {
	return slices.Contains(t.required, key) || slices.Contains(t.takes, key)
}

// ownSettings returns the settings that only some types take.
func (c *Channel) ownSettings() map[string]reflect.Value {
	found := map[string]reflect.Value{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		if slices.ContainsFunc(channelTypes(), func(t channelType) bool { return t.has(key) }) {
			found[key] = v.Field(i)
		}
	}
	return found
}

// maxChannels bounds how many channels are told of one run.
const maxChannels = 16

// checkChannels checks the list of channels. Each has a name afterwards.
func (k checker) checkChannels(n *Notification) {
	const path = "notification.channels"
	if len(n.Channels) > maxChannels {
		k.add(path, language.Newf("最多 %d 个渠道", "must have at most %d channels", maxChannels))
	}
	names := map[string]string{}
	if n.DingTalk.Enabled {
		names["dingtalk"] = "notification.dingtalk"
	}
	for i := range n.Channels {
		at := path + "[" + strconv.Itoa(i) + "]"
		c := &n.Channels[i]
		if !c.Enabled && !k.hasMistake(at+".enabled") {
			k.dropBelow(at)
			continue
		}
		k.checkChannel(at, c)
		if c.Name == "" {
			c.Name = c.Type
		}
		if c.On == "" {
			c.On = n.On
		}
		first, taken := names[c.Name]
		if taken && c.Name != "" {
			k.add(at+".name", language.New("与 "+first+" 重名：请给它一个名称", "is the name of "+first+" too: give it one of its own"))
		}
		names[c.Name] = at
	}
}

func (k checker) checkChannel(path string, c *Channel) {
	k.checkRequired(path+".type", c.Type)
	k.checkChannelName(path+".name", c.Name)
	for _, list := range []struct {
		key      string
		patterns []string
	}{{"accounts", c.Accounts}, {"environments", c.Environments}} {
		for i, pattern := range list.patterns {
			k.notePlaceholder(path+"."+list.key+"["+strconv.Itoa(i)+"]", pattern)
		}
	}
	_, _, ok := ParseHours(c.Quiet)
	if c.Quiet != "" && !ok {
		k.add(path+".quiet", language.New("应为 22:00-08:00 这样的一段时间", "must be a part of the day such as 22:00-08:00"))
	}
	at := slices.IndexFunc(channelTypes(), func(t channelType) bool { return t.name == c.Type })
	if at < 0 {
		return // reported
	}
	k.checkOwnSettings(path, c, channelTypes()[at])
}

func (k checker) checkChannelName(path, name string) {
	const longest = 64
	if utf8.RuneCountInString(name) > longest || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		k.add(path, language.Newf("最多 %d 个字符，首尾没有空格，没有控制字符", "must have at most %d characters, no space at its ends and no control character", longest))
	}
}

// checkOwnSettings checks the settings that only some types take.
func (k checker) checkOwnSettings(path string, c *Channel, t channelType) {
	preset := DefaultChannel()
	own, presets := c.ownSettings(), preset.ownSettings()
	for _, l := range listFields(reflect.ValueOf(c).Elem(), path, "") {
		key := strings.TrimPrefix(l.path, path+".")
		value, is := own[key]
		switch {
		case !is:
		case slices.Contains(t.required, key) && isEmptySetting(value):
			k.add(l.path, language.New(t.name+" 必填", "is required for "+t.name))
		case !t.has(key) && !reflect.DeepEqual(value.Interface(), presets[key].Interface()):
			k.add(l.path, language.New("不用于 "+t.name, "is not for "+t.name))
		}
	}
	for key, v := range map[string]secret.Value{"webhook": c.Webhook, "url": c.URL, "secret": c.Secret, "token": c.Token, "password": c.Password} {
		if key != "password" { // which may hold anything
			k.checkSecret(path+"."+key, v)
		}
	}
	if strings.ContainsFunc(c.Username, unicode.IsControl) {
		k.add(path+".username", language.New("不能有控制字符", "must not hold control characters"))
	}
	if text, ok := k.normalizeURL(path+".webhook", c.Webhook.Reveal(), urlRules{path: true, query: true, secure: true}); ok {
		c.Webhook = secret.New(text)
	}
	if text, ok := k.normalizeURL(path+".url", c.URL.Reveal(), urlRules{path: true, query: t.name == "webhook"}); ok {
		c.URL = secret.New(text)
	}
	if t.has("mention") && len(c.Mention) > t.maxMentions {
		k.add(path+".mention", language.Newf("最多 %d 人", "must have at most %d people", t.maxMentions))
	}
	for i, one := range c.Mention {
		at := path + ".mention[" + strconv.Itoa(i) + "]"
		if !k.notePlaceholder(at, one) && t.mentions != nil && !t.mentions(one) {
			k.add(at, t.mentionText)
		}
	}
	if t.name == "email" {
		k.checkMail(path, c)
	}
}

func isEmptySetting(v reflect.Value) bool {
	hidden, is := v.Interface().(secret.Value)
	if is {
		return hidden.IsEmpty()
	}
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// checkMail checks what is only for mail: an address that a server refuses is noticed when something has failed already.
func (k checker) checkMail(path string, c *Channel) {
	host, port, err := net.SplitHostPort(c.Server)
	if c.Server != "" && !k.notePlaceholder(path+".server", c.Server) && (err != nil || host == "" || !isPort(port)) {
		k.add(path+".server", language.New("应为 主机:端口，如 smtp.example.com:587", "must be host:port such as smtp.example.com:587"))
	}
	if c.From != "" && !k.notePlaceholder(path+".from", c.From) && !isMailAddress(c.From) {
		k.add(path+".from", mailAddressText())
	}
	for i, to := range c.To {
		at := path + ".to[" + strconv.Itoa(i) + "]"
		if !k.notePlaceholder(at, to) && !isMailAddress(to) {
			k.add(at, mailAddressText())
		}
	}
	switch {
	case c.Username == "" && !c.Password.IsEmpty():
		k.add(path+".username", language.New("写了 password 时必填", "is required with a password"))
	case c.Username != "" && c.Password.IsEmpty():
		k.add(path+".password", language.New("写了 username 时必填", "is required with a user name"))
	case c.Username != "" && c.TLS == TLSNone && !isLoopback(host):
		k.add(path+".tls", language.New("none 会把密码明文发出去：改用 starttls 或 implicit", "would send the password in clear with none: use starttls or implicit"))
	}
}

func mailAddressText() language.Text {
	return language.New("应为邮箱地址，如 ops@example.com", "must be a mail address such as ops@example.com")
}

func isMailAddress(text string) bool {
	at, err := mail.ParseAddress(text)
	return err == nil && !strings.ContainsAny(text, "\r\n") && at.Address != ""
}

func isMobile(text string) bool {
	const shortest, longest = 5, 20
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0
	return digits && len(text) >= shortest && len(text) <= longest
}

func isWeComID(text string) bool { return isIdentifier(text, "_-@.") }

func isFeishuID(text string) bool { return isIdentifier(text, "_-") }

func isSlackID(text string) bool {
	return len(text) > 1 && strings.ContainsRune("UWS", rune(text[0])) && strings.ToUpper(text) == text && isIdentifier(text, "")
}

// isIdentifier reports whether a text is 1 to 64 ASCII letters, digits and other characters.
func isIdentifier(text, others string) bool {
	const longest = 64
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	}) < 0
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// ParseHours parses a part of the day such as "22:00-08:00", which may go over midnight; from and to are since midnight, and
// differ.
func ParseHours(text string) (from, to time.Duration, ok bool) {
	first, second, cut := strings.Cut(strings.ReplaceAll(text, " ", ""), "-")
	from, isFrom := parseClock(first)
	to, isTo := parseClock(second)
	return from, to, cut && isFrom && isTo && from != to
}

func parseClock(text string) (sinceMidnight time.Duration, ok bool) {
	at, err := time.Parse("15:04", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, err == nil
}
