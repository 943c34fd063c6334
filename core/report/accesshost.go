package report

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/language"
)

// hostAccessTexts are what is said of who reaches one host. Names that end in F are formats.
type hostAccessTexts struct {
	usersF, oneUserF, nobody, ruleF, deniedF, unknownF, unknownOneF, lacksF, failureF string
}

func hostAccessTextsOf(lang language.Lang) hostAccessTexts {
	return hostAccessTexts{
		usersF:      lang.Text("%d 人能登录", "%d users can log in"),
		oneUserF:    lang.Text("%d 人能登录", "%d user can log in"),
		nobody:      lang.Text("没有人能登录", "nobody can log in"),
		ruleF:       lang.Text("授权规则 %s：%s", "access rule %s: %s"),
		deniedF:     lang.Text("%s（规则里没有账号：看得到主机，登录不了）", "%s (the rule has no account: they see the host and cannot log in)"),
		lacksF:      lang.Text("不知道谁能访问它：JumpServer 密钥的用户没有权限 %s（查看授权规则）", "who reaches it is not known: the user of JumpServer's key lacks %s (to see access rules)"),
		failureF:    lang.Text("没有全部查明谁能访问它：%s", "not all is known of who reaches it: %s"),
		unknownF:    lang.Text("另有 %d 条授权规则没有查", "%d access rules more were not looked at"),
		unknownOneF: lang.Text("另有 %d 条授权规则没有查", "%d access rule more was not looked at"),
	}
}

// AccessOfHostLines returns who reaches one host: how many, and a line for each access rule. err is why not all is known.
func AccessOfHostLines(h access.Host, err error, lang language.Lang) []string {
	w := textsOf(lang)
	a, of := newAccessWriter(w, sanitizeLine), hostAccessTextsOf(lang)
	if h.Lacks != "" {
		return []string{fmt.Sprintf(of.lacksF, h.Lacks)}
	}
	var lines []string
	switch {
	case h.Users > 0:
		lines = append(lines, numbered(h.Users, of.oneUserF, of.usersF))
	case err == nil && h.Unknown == 0:
		lines = append(lines, of.nobody)
	}
	for _, way := range h.Ways {
		lines = append(lines, fmt.Sprintf(of.ruleF, sanitizeLine(way.Rule), a.wayText(way, of, w.heldNamesF)))
	}
	if h.Unknown > 0 {
		lines = append(lines, numbered(h.Unknown, of.unknownOneF, of.unknownF))
	}
	if err != nil {
		lines = append(lines, fmt.Sprintf(of.failureF, sanitizeLine(err.Error())))
	}
	return lines
}

// maxRulePeople is how many groups and users of a rule are named.
const maxRulePeople = 10

// wayText returns the groups and users of a rule, the first few by name.
func (a accessWriter) wayText(way access.Way, of hostAccessTexts, othersF string) string {
	var names []string
	for _, g := range way.Groups {
		names = append(names, fmt.Sprintf(a.groupF, a.clean(g.Name)))
	}
	for _, u := range way.Users {
		names = append(names, a.clean(u.Name))
	}
	text := strings.Join(names[:min(len(names), maxRulePeople)], a.comma)
	if len(names) > maxRulePeople {
		text = fmt.Sprintf(othersF, text)
	}
	switch {
	case len(names) == 0:
		text = "-"
	case len(way.Users) > 1:
		text = fmt.Sprintf(a.usersF, text, len(way.Users))
	}
	if way.LoginDenied {
		return fmt.Sprintf(of.deniedF, text)
	}
	return text
}
