package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// accessTexts are what is said of who gains and who loses access. Names that end in F are formats.
type accessTexts struct {
	head, line, held, moreNodesF, newNode        string
	moreF, moreOneF, fewerF, fewerOneF           string
	gain, lose, groupF, hostsF, usersF, oneUserF string
	sameF, sameOneF                              string
	nobodyF, nobodyOneF, nobodySomeF             string
	lacksF, failureF, unknownF, unknownOneF      string
	semicolon                                    string
}

func accessTextsOf(lang language.Lang) accessTexts {
	return accessTexts{
		head:        lang.Text("谁获得、谁失去访问（按授权规则）", "Who gains and who loses access (by access rules)"),
		line:        lang.Text("访问：", "access: "),
		held:        lang.Text("（批准暂缓的之后）", "(once what is held is approved) "),
		moreNodesF:  lang.Text("*等共 %d 个节点，全部见结果*", "*%d nodes in all; the results have all of them*"),
		newNode:     lang.Text("（新节点）", " (new node)"),
		moreF:       lang.Text("增加 %d 台", "%d hosts more"),
		moreOneF:    lang.Text("增加 %d 台", "%d host more"),
		fewerF:      lang.Text("减少 %d 台", "%d hosts fewer"),
		fewerOneF:   lang.Text("减少 %d 台", "%d host fewer"),
		gain:        lang.Text("获得访问：", "gain access: "),
		lose:        lang.Text("失去访问：", "lose access: "),
		groupF:      lang.Text("组 %s", "group %s"),
		hostsF:      lang.Text("%s（%d 台）", "%s (%d of them)"),
		usersF:      lang.Text("%s，共 %d 人", "%s; %d users in all"),
		oneUserF:    lang.Text("%s，共 %d 人", "%s; %d user in all"),
		sameF:       lang.Text("能访问的人不变（%d 人）", "the same %d users reach them as before"),
		sameOneF:    lang.Text("能访问的人不变（%d 人）", "the same %d user reaches them as before"),
		nobodyF:     lang.Text("还没有人能访问这 %d 台主机", "nobody can reach these %d hosts yet"),
		nobodyOneF:  lang.Text("还没有人能访问这 %d 台主机", "nobody can reach this %d host yet"),
		nobodySomeF: lang.Text("其中 %d 台还没有人能访问", "nobody can reach %d of them yet"),
		lacksF:      lang.Text("不知道谁获得、谁失去访问：JumpServer 密钥的用户没有权限 %s（查看授权规则）", "who gains and who loses access is not known: the user of JumpServer's key lacks %s (to see access rules)"),
		failureF:    lang.Text("没有全部查明谁获得、谁失去访问：%s", "not all is known of who gains and who loses access: %s"),
		unknownF:    lang.Text("另有 %d 台没有查：节点或规则太多，时间不够，或 JumpServer 没有给出它们的节点", "%d hosts more were not looked at: there are too many nodes or rules, the time was short, or JumpServer does not show their nodes"),
		unknownOneF: lang.Text("另有 %d 台没有查：节点或规则太多，时间不够，或 JumpServer 没有给出它们的节点", "%d host more was not looked at: there are too many nodes or rules, the time was short, or JumpServer does not show its nodes"),
		semicolon:   lang.Text("；", "; "),
	}
}

// accessWriter writes who gains and who loses access, for a card or a terminal.
type accessWriter struct {
	accessTexts
	colon, comma, others string
	clean                func(text string) string
}

func newAccessWriter(w texts, clean func(string) string) accessWriter {
	return accessWriter{accessTexts: accessTextsOf(w.lang), colon: w.colon, comma: w.comma, others: w.heldNamesF, clean: clean}
}

// accessSection returns who gains and who loses access, a row for each node: first those whose hosts nobody reaches.
func (w messageWriter) accessSection(r Report) section {
	a := newAccessWriter(w.texts, func(text string) string { return escapedCell(text, maxNameRunes) })
	s := section{heading: a.head, maxRows: maxAssetRows, moreFormat: a.moreNodesF}
	if r.Access.IsEmpty() {
		return s
	}
	for _, n := range accessOrder(r.Access.Nodes) {
		s.addRow(func() string { return "- " + a.nodeText(n) })
	}
	s.total += r.Access.More
	rest := a.restTexts(r.Access, messageCell)
	if held := r.Access.Held; held != nil {
		for _, n := range accessOrder(held.Nodes) {
			s.addRow(func() string { return "- " + a.held + a.nodeText(n) })
		}
		s.total += held.More
		for _, text := range a.restTexts(held, messageCell) {
			rest = append(rest, a.held+text)
		}
	}
	if len(s.rows) == 0 {
		for _, text := range rest {
			s.addRow(func() string { return "- " + text })
		}
		return s
	}
	for _, text := range rest {
		s.footer = append(s.footer, "- "+text)
	}
	return s
}

// accessLines returns who gains and who loses access, a line for each node.
func (w texts) accessLines(r Report) []string {
	if r.Access.IsEmpty() {
		return nil
	}
	a := newAccessWriter(w, sanitizeLine)
	lines := a.restTexts(r.Access, sanitizeLine)
	for _, n := range accessOrder(r.Access.Nodes) {
		lines = append(lines, a.line+a.nodeText(n))
	}
	if held := r.Access.Held; held != nil {
		for _, text := range a.restTexts(held, sanitizeLine) {
			lines = append(lines, a.line+a.held+text)
		}
		for _, n := range accessOrder(held.Nodes) {
			lines = append(lines, a.line+a.held+a.nodeText(n))
		}
	}
	return lines
}

// accessOrder returns nodes in the order in which people should see them: those whose hosts nobody reaches first.
func accessOrder(nodes []access.Node) []access.Node {
	nodes = slices.Clone(nodes)
	sorting.StableBy(nodes, func(x, y access.Node) int { return min(y.Nobody, 1) - min(x.Nobody, 1) })
	return nodes
}

func (a accessWriter) nodeText(n access.Node) string {
	title := a.clean(n.Path)
	if n.New {
		title += a.newNode
	}
	var counts []string
	if n.Enter > 0 {
		counts = append(counts, numbered(n.Enter, a.moreOneF, a.moreF))
	}
	if n.Leave > 0 {
		counts = append(counts, numbered(n.Leave, a.fewerOneF, a.fewerF))
	}
	parts := []string{title + a.colon + strings.Join(counts, a.comma)}
	if len(n.Gain) > 0 {
		parts = append(parts, a.gain+a.holdersText(n.Gain, n.GainUsers, n.Enter))
	}
	if len(n.Lose) > 0 {
		parts = append(parts, a.lose+a.holdersText(n.Lose, n.LoseUsers, n.Leave))
	}
	switch {
	case n.Nobody > 0 && n.Nobody == n.Enter:
		parts = append(parts, numbered(n.Nobody, a.nobodyOneF, a.nobodyF))
	case n.Nobody > 0:
		parts = append(parts, fmt.Sprintf(a.nobodySomeF, n.Nobody))
	case len(n.Gain)+len(n.Lose) == 0 && n.Users > 0:
		parts = append(parts, numbered(n.Users, a.sameOneF, a.sameF))
	}
	return strings.Join(parts, a.semicolon)
}

// holdersText returns the first groups and users, and how many users there are. A user who belongs to a group that is
// named, and to no rule by himself, is only counted.
func (a accessWriter) holdersText(all []access.Holder, users, hosts int) string {
	var names []string
	left := false
	for _, h := range all {
		switch {
		case h.ByGroup && len(names) > 0:
		case len(names) == maxNames:
			left = true
		default:
			names = append(names, a.holderText(h, hosts))
		}
	}
	text := strings.Join(names, a.comma)
	if left {
		text = fmt.Sprintf(a.others, text)
	}
	if len(names) == 1 && all[0].Kind == access.User && users == 1 {
		return text
	}
	if users == 1 {
		return fmt.Sprintf(a.oneUserF, text, users)
	}
	return fmt.Sprintf(a.usersF, text, users)
}

// holderText returns the name of a holder, and how many hosts those are, where they are not all.
func (a accessWriter) holderText(h access.Holder, hosts int) string {
	name := a.clean(h.Name)
	if h.Kind == access.Group {
		name = fmt.Sprintf(a.groupF, name)
	}
	if h.Hosts != hosts {
		return fmt.Sprintf(a.hostsF, name, h.Hosts)
	}
	return name
}

// restTexts returns what is not known.
func (a accessWriter) restTexts(d *access.Diff, clean func(string) string) []string {
	var lines []string
	if d.Lacks != "" {
		lines = append(lines, fmt.Sprintf(a.lacksF, d.Lacks))
	}
	if d.Failure != "" {
		lines = append(lines, fmt.Sprintf(a.failureF, clean(d.Failure)))
	}
	if d.Unknown > 0 {
		lines = append(lines, numbered(d.Unknown, a.unknownOneF, a.unknownF))
	}
	return lines
}

func numbered(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}

// isReached reports whether it is known that somebody reaches the hosts of a new node, by the rules of a node above it.
func (r Report) isReached(path string) bool {
	return r.Access != nil && slices.ContainsFunc(r.Access.Nodes, func(n access.Node) bool { return n.New && n.Path == path && n.Users > 0 })
}
