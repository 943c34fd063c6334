package mapping

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// rule is a compiled Rule.
type rule struct {
	when condition
	settings
	stop bool
}

// settings are compiled Settings.
type settings struct {
	fields    FieldSet // that they set
	node      path
	further   []path
	zone      string
	platform  string
	port      int
	protocols []inventory.Protocol
	name      template
	labels    []label
	accounts  []string
	addresses []addressKind
	wanted    string // the kinds of addresses, for people
	inactive  bool
	skip      string
	minAge    time.Duration
}

// label is a label that a rule sets.
type label struct {
	name string
	// folded is the same for all names that a database may call equal.
	folded string
	value  template // not set: the value of a tag
	tag    string
}

// addressKind is one of the addresses that a rule prefers.
type addressKind struct {
	kind    string // private, public, eip, ipv6, hostname; "" = in the network
	network netip.Prefix
}

// AddressKinds returns what Settings.Address may have, "in: <network>" left out.
func AddressKinds() []string { return []string{"private", "public", "eip", "ipv6", "hostname"} }

// networkPrefix begins a kind of address that is any one in a network.
const networkPrefix = "in:"

// settings compiles what a rule sets.
func (c *compiler) settings(s Settings) settings {
	compiled := settings{
		node: c.node("set.node", s.Node), further: c.nodes(s.Nodes), zone: c.text("set.zone", s.Zone), platform: c.text("set.platform", s.Platform),
		port: c.port(s), protocols: c.protocols(s.Protocols), name: c.template("set.name", s.Name), labels: c.labels(s),
		accounts: c.accounts(s.Accounts), inactive: s.Active != nil && !*s.Active, skip: c.text("set.skip", s.Skip), minAge: c.minAge(s.MinAge),
	}
	compiled.addresses, compiled.wanted = c.addresses(s.Address), strings.Join(s.Address, ", ")
	for f, is := range [fieldCount]bool{
		FieldNode: s.Node != "" || len(s.Nodes) > 0, FieldZone: s.Zone != "", FieldPlatform: s.Platform != "", FieldPort: s.Port != 0 || len(s.Protocols) > 0,
		FieldName: s.Name != "", FieldLabels: len(compiled.labels) > 0, FieldAccounts: len(s.Accounts) > 0, FieldAddress: len(s.Address) > 0,
		FieldActive: s.Active != nil, FieldSkip: s.Skip != "", FieldMinAge: s.MinAge != 0,
	} {
		if is {
			compiled.fields |= 1 << f
		}
	}
	c.needs.Zones = c.needs.Zones || s.Zone != ""
	c.needs.Templates = c.needs.Templates || len(s.Accounts) > 0
	return compiled
}

// text returns a setting that is a plain text.
func (c *compiler) text(path, text string) string {
	if text != "" && clean(text) != text {
		c.fault(path, language.Newf("%q 的两端有空格，或者有控制字符", "%q has spaces at its ends, or control characters", text))
	}
	return text
}

func (c *compiler) template(path, text string) template {
	parsed, wrong := parseTemplate(text)
	if wrong != (language.Text{}) {
		c.fault(path, wrong)
	}
	c.wantParts(parsed.parts)
	return parsed
}

// wantParts notes what a template puts in.
func (c *compiler) wantParts(parts []part) {
	for _, p := range parts {
		switch {
		case p.isKey && p.key == keyTag:
			c.wantTag(p.tag)
		case p.isKey:
			c.want.Facts |= p.key.fact()
		}
	}
}

func (c *compiler) node(at, text string) path {
	if text == "" {
		return path{}
	}
	parsed, wrong := parsePath(text)
	if wrong != (language.Text{}) {
		c.fault(at, wrong)
	}
	for _, t := range parsed.parts {
		c.wantParts(t.parts)
	}
	return parsed
}

func (c *compiler) nodes(texts []string) []path {
	c.checkList("set.nodes", texts != nil, len(texts))
	var parsed []path
	for n, text := range texts {
		where := at("set.nodes", n, len(texts))
		c.checkEntry(where, text)
		parsed = append(parsed, c.node(where, text))
	}
	return parsed
}

// checkList finds a list that is written and has nothing.
func (c *compiler) checkList(path string, isWritten bool, length int) {
	if isWritten && length == 0 {
		c.fault(path, language.New("列表是空的：什么也不设置", "the list is empty: it sets nothing"))
	}
}

// checkEntry finds an entry of a list that is empty.
func (c *compiler) checkEntry(path, text string) {
	if text == "" {
		c.fault(path, language.New("这一项是空的", "the entry is empty"))
	}
}

func (c *compiler) port(s Settings) int {
	switch {
	case s.Port < 0 || s.Port > 65535:
		c.fault("set.port", language.Newf("%d 不是端口：1 到 65535", "%d is no port: 1 to 65535", s.Port))
	case s.Port != 0 && len(s.Protocols) > 0:
		c.fault("set.port", language.New("port 与 protocols 只写一个：protocols 已经写明全部端口", "write port or protocols, not both: protocols has all ports"))
	}
	return s.Port
}

func (c *compiler) protocols(texts []string) []inventory.Protocol {
	c.checkList("set.protocols", texts != nil, len(texts))
	var parsed []inventory.Protocol
	for n, text := range texts {
		where := at("set.protocols", n, len(texts))
		name, digits, _ := strings.Cut(text, ":")
		port, err := strconv.Atoi(digits)
		isTwice := slices.ContainsFunc(parsed, func(p inventory.Protocol) bool { return p.Name == name })
		switch {
		case err != nil || port < 1 || port > 65535 || !isProtocolName(name):
			c.fault(where, language.Newf("%q：协议写成 名称:端口，例如 ssh:2222", "%q: a protocol is name:port, such as ssh:2222", text))
		case isTwice:
			c.fault(where, language.Newf("协议 %s 写了两次", "protocol %s stands twice", name))
		}
		parsed = append(parsed, inventory.Protocol{Name: name, Port: port})
	}
	return parsed
}

func isProtocolName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-+") == ""
}

// labels compiles the labels of a rule, sorted by name: those that it names, then those of tags.
func (c *compiler) labels(s Settings) []label {
	var compiled []label
	c.checkList("set.labels", s.Labels != nil, len(s.Labels))
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		where := "set.labels." + name
		c.checkLabelName(where, name, name)
		folded := inventory.FoldName(name)
		if slices.ContainsFunc(compiled, func(l label) bool { return l.folded == folded }) {
			c.fault(where, language.Newf("标签 %q 写了两次，只差大小写之类", "label %q stands twice, in another spelling", name))
		}
		value := c.template(where, s.Labels[name])
		if s.Labels[name] == "" {
			value.parts, value.isStatic = []part{{}}, true
		}
		compiled = append(compiled, label{name: name, folded: folded, value: value})
	}
	c.checkList("set.labels_from_tags", s.LabelsFromTags != nil, len(s.LabelsFromTags))
	for n, tag := range s.LabelsFromTags {
		where := at("set.labels_from_tags", n, len(s.LabelsFromTags))
		name := labelText(tag)
		c.checkEntry(where, tag)
		if tag != "" {
			c.checkLabelName(where, tag, name)
		}
		c.wantTag(tag)
		compiled = append(compiled, label{name: name, folded: inventory.FoldName(name), tag: tag})
	}
	return compiled
}

// checkLabelName finds a name that no label of a rule may have.
func (c *compiler) checkLabelName(path, written, name string) {
	switch {
	case strings.HasPrefix(inventory.FoldName(name), "jms-"):
		c.fault(path, language.Newf("标签 %q：jms- 开头的标签是 jms-sync 自己的，它们证明资产属于谁", "label %q: those that begin with jms- are jms-sync's own and prove whose an asset is", written))
	case !inventory.IsStorableLabel(name):
		c.fault(path, language.Newf("标签的名称 %q：1 到 %d 个字符，两端没有空格，没有冒号与逗号", "name %q of a label: 1 to %d characters, no space at its ends, no colon and no comma", written, inventory.MaxLabelLength))
	}
}

func (c *compiler) accounts(texts []string) []string {
	c.checkList("set.accounts", texts != nil, len(texts))
	for n, text := range texts {
		where := at("set.accounts", n, len(texts))
		c.checkEntry(where, text)
		c.text(where, text)
	}
	return texts
}

func (c *compiler) addresses(texts []string) []addressKind {
	c.checkList("set.address", texts != nil, len(texts))
	var compiled []addressKind
	for n, text := range texts {
		kind, wrong := parseAddressKind(text)
		if wrong != (language.Text{}) {
			c.fault(at("set.address", n, len(texts)), wrong)
		}
		if kind.kind == "eip" {
			c.want.Facts |= inventory.FactElastic
		}
		compiled = append(compiled, kind)
	}
	return compiled
}

func parseAddressKind(text string) (addressKind, language.Text) {
	network, isNetwork := strings.CutPrefix(text, networkPrefix)
	if isNetwork {
		parsed, wrong := parseNetwork(strings.TrimSpace(network))
		return addressKind{network: parsed}, wrong
	}
	if slices.Contains(AddressKinds(), text) {
		return addressKind{kind: text}, language.Text{}
	}
	if _, wrong := parseNetwork(text); wrong == (language.Text{}) {
		return addressKind{}, language.Newf("网段写成 \"in: %s\"，要加引号", "a network is \"in: %s\", in quotes", text)
	}
	near := language.Nearest(text, AddressKinds())
	if near != "" {
		return addressKind{}, language.Newf("没有 %q 这种地址；是不是 %s？", "there is no kind %q of addresses; is it %s?", text, near)
	}
	return addressKind{}, language.Newf("没有 %q 这种地址；有 %s，或 in: 网段", "there is no kind %q of addresses; there are %s, or in: network", text, strings.Join(AddressKinds(), ", "))
}

func (c *compiler) minAge(age time.Duration) time.Duration {
	if age < 0 {
		c.fault("set.min_age", language.New("不能是负的", "it must not be negative"))
	}
	if age != 0 {
		c.want.Facts |= inventory.FactCreatedAt
	}
	return age
}
