package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// ruleKeys are the keys of a rule.
type ruleKeys struct {
	Name string            `yaml:"name" doc:"规则的名称，用在报告与 explain 里;name of the rule, in reports and explain"`
	When mapping.Condition `yaml:"when" doc:"对哪些实例有效：写出的每一项都要成立，不写就对所有实例有效;which instances it is for: each key must hold; without it, all of them"`
	Set  mapping.Settings  `yaml:"set" doc:"设置什么；每一项由第一条写了它的规则决定，列表合在一起;what it sets: the first rule that has a key decides it, and lists add up"`
	Stop bool              `yaml:"stop" doc:"有效时不再看后面的规则;where it holds, later rules are not looked at"`
}

// setKeys are the keys of set. A field of mapping.Settings that is not here does not compile: see settings.
type setKeys struct {
	Node           string            `yaml:"node" doc:"节点的路径，模板，如 /DEFAULT/{cloud}/{tag.app|其他};path of the node, a template such as /DEFAULT/{cloud}/{tag.app|other}"`
	Nodes          []string          `yaml:"nodes" doc:"更多的节点，模板;further nodes, templates"`
	Zone           string            `yaml:"zone" doc:"网域的名称或 ID，必须已经存在;zone by name or id, which must exist"`
	Platform       string            `yaml:"platform" doc:"平台的名称;name of the platform"`
	Port           int               `yaml:"port" range:"1,65535" doc:"平台主要协议的端口（主要协议是 ssh 时也用于 sftp）;port of the platform's primary protocol, and of sftp where that is ssh"`
	Protocols      []string          `yaml:"protocols" doc:"资产的全部协议与端口，如 ssh:2222;all protocols of the asset with their ports, such as ssh:2222"`
	Name           string            `yaml:"name" doc:"资产的名称，模板;name of the asset, a template"`
	Labels         map[string]string `yaml:"labels" doc:"标签：名称: 值（模板）；名称不能以 jms- 开头;labels, name: value (a template); names must not begin with jms-"`
	LabelsFromTags []string          `yaml:"labels_from_tags" doc:"成为同名标签的实例标签的键;keys of the instance's tags that become labels of the same name"`
	Accounts       []string          `yaml:"accounts" doc:"账号模板的名称或 ID;account templates by name or id"`
	Address        []string          `yaml:"address" doc:"用哪个地址，依次取第一个有的：private、public、eip、ipv6、hostname、“in: 网段”;which address is used, the first that is there of: private, public, eip, ipv6, hostname, \"in: NETWORK\""`
	Active         *bool             `yaml:"active" doc:"false：规则有效期间资产停用（像移除一样经过守卫）;false: the asset is deactivated while the rule holds, and passes the guard like a removal"`
	Skip           string            `yaml:"skip" doc:"不建资产，写明原因；已有的资产不变;no asset is made, and why; one that is there stays"`
	MinAge         time.Duration     `yaml:"min_age" range:"0s,87600h" unit:"required" doc:"实例创建多久之后才建资产，如 30m;how old an instance must be before its asset is made, such as 30m"`
}

// settings returns what the keys set. The conversion compiles only while both have the same fields.
func (k setKeys) settings() mapping.Settings { return mapping.Settings(k) }

// readRules reads the list of rules. One that cannot be read still counts, so that the indices in mistakes are those of
// the file.
func (r yamlReader) readRules(n *yaml.Node, path string) []mapping.Rule {
	if isNull(n) {
		return nil
	}
	r.places[path] = placeOf(n)
	if n.Kind != yaml.SequenceNode {
		r.add(path, language.New("应为规则的列表（每项以 - 开头）", "must be a list of rules (each begins with -)"))
		return nil
	}
	rules := make([]mapping.Rule, len(n.Content))
	for i, item := range n.Content {
		item, at := resolveAlias(item), path+"["+strconv.Itoa(i)+"]"
		r.places[at] = placeOf(item)
		if isNull(item) {
			r.add(at, emptyItemText())
			continue
		}
		rules[i] = r.readRule(item, at)
	}
	return rules
}

func (r yamlReader) readRule(n *yaml.Node, path string) mapping.Rule {
	var rule ruleKeys
	r.readKeys(n, reflect.ValueOf(&rule).Elem(), path)
	return mapping.Rule(rule)
}

// readSet reads what a rule sets.
func (r yamlReader) readSet(n *yaml.Node, path string) mapping.Settings {
	var set setKeys
	r.readKeys(n, reflect.ValueOf(&set).Elem(), path)
	return set.settings()
}

// readKeys reads a group of a rule into a struct. Unlike in readGroup, an empty value is a mistake: who writes "node:"
// wants one.
func (r yamlReader) readKeys(n *yaml.Node, into reflect.Value, path string) {
	if !r.isRuleGroup(n, path) {
		return
	}
	for _, p := range r.listPairs(n, path) {
		field, at := fieldOf(into, p.key.Value)
		child := joinPath(path, printable(p.key.Value))
		if at < 0 {
			r.addStructural(child, placeOf(p.key), unknownRuleKey(p.key.Value, into))
			continue
		}
		value := resolveAlias(p.value)
		r.places[child] = placeOf(value)
		if isNull(value) {
			r.places[child] = placeOf(p.key)
			r.add(child, emptyRuleValueText())
			continue
		}
		r.readKey(value, field, into.Field(at), child)
	}
}

// unknownRuleKey returns what is wrong with a key that a group of a rule does not have.
func unknownRuleKey(key string, group reflect.Value) language.Text {
	_, ofSet := fieldOf(reflect.ValueOf(setKeys{}), key)
	ofWhen := isConditionKey(key)
	switch {
	case ofSet >= 0 && ofWhen:
		return language.New("应写在规则的 when 或 set 里", "belongs into the rule's when or set")
	case ofSet >= 0:
		return language.New("应写在规则的 set 里", "belongs into the rule's set")
	case ofWhen:
		return language.New("应写在规则的 when 里", "belongs into the rule's when")
	}
	return suggestKey(key, keysOf(group))
}

// readKey reads the value of one key by its type.
func (r yamlReader) readKey(n *yaml.Node, field reflect.StructField, into reflect.Value, path string) {
	switch to := into.Addr().Interface().(type) {
	case *mapping.Condition:
		*to = r.readCondition(n, path)
	case *mapping.Settings:
		*to = r.readSet(n, path)
	case *map[string]string:
		*to = r.readLabels(n, path)
	case **bool:
		var flag bool
		r.readScalar(n, field.Tag, reflect.ValueOf(&flag).Elem(), path)
		*to = &flag
	case *[]string:
		r.readList(n, into, path)
		if len(*to) == 0 {
			r.add(path, emptyItemText())
		}
	default:
		if !r.isRuleText(n, path) {
			return
		}
		r.readScalar(n, field.Tag, into, path)
		if n.Value == "" {
			r.add(path, emptyRuleValueText())
		}
	}
}

// readLabels reads the labels that a rule sets: name → template.
func (r yamlReader) readLabels(n *yaml.Node, path string) map[string]string {
	if !r.isRuleGroup(n, path) {
		return nil
	}
	labels := map[string]string{}
	for _, p := range r.listPairs(n, path) {
		at, value := joinPath(path, printable(p.key.Value)), resolveAlias(p.value)
		r.places[at] = placeOf(value)
		switch {
		case isNull(value):
			r.places[at] = placeOf(p.key)
			r.add(at, emptyRuleValueText())
		case r.isRuleText(value, at):
			labels[p.key.Value] = r.expandScalar(value, at)
		}
	}
	return labels
}

// The keys of a condition that hold conditions.
const (
	keyAny = "any"
	keyAll = "all"
	keyNot = "not"
)

// The limits of conditions, which aliases could make endless.
const (
	maxNesting    = 16
	maxConditions = 10_000
)

// mayNest reports whether one more condition is within the limits. A rule whose conditions are not is told of once.
func (r *yamlReader) mayNest(path string) bool {
	r.nesting++
	*r.conditions++
	if r.nesting <= maxNesting && *r.conditions <= maxConditions {
		return true
	}
	rule, _, _ := strings.Cut(path, ".")
	r.add(rule, language.New("条件太多，或嵌套太深", "has too many conditions, or too many in one another"))
	return false
}

// readCondition reads a condition. Which other keys there are, and what their patterns may be, package mapping checks.
func (r yamlReader) readCondition(n *yaml.Node, path string) mapping.Condition {
	c := mapping.Condition{}
	if !r.isRuleGroup(n, path) || !r.mayNest(path) {
		return c
	}
	for _, p := range r.listPairs(n, path) {
		key, value := p.key.Value, resolveAlias(p.value)
		at := joinPath(path, printable(key))
		r.places[at] = placeOf(value)
		switch key {
		case keyAny:
			c.Any = r.readConditions(value, at)
		case keyAll:
			c.All = r.readConditions(value, at)
		case keyNot:
			c.Not = r.readConditions(value, at)
		default:
			if c.Keys == nil {
				c.Keys = map[string][]string{}
			}
			c.Keys[key] = r.readPatterns(value, p.key, at)
			if !isConditionKey(key) {
				r.places[at] = placeOf(p.key)
			}
		}
	}
	return c
}

// readConditions reads one condition or a list of them.
func (r yamlReader) readConditions(n *yaml.Node, path string) []mapping.Condition {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 || isNull(n) {
		r.add(path, emptyItemText())
	}
	var all []mapping.Condition
	for i, item := range items {
		item, at := resolveAlias(item), itemPath(path, i, len(items))
		r.places[at] = placeOf(item)
		if isNull(item) {
			r.add(at, emptyItemText())
			continue
		}
		all = append(all, r.readCondition(item, at))
	}
	return all
}

// itemPath returns the path of one of several items, as package mapping names it: without an index where it is alone.
func itemPath(path string, i, of int) string {
	if of == 1 {
		return path
	}
	return path + "[" + strconv.Itoa(i) + "]"
}

// readPatterns reads one pattern or a list of them. Commas part nothing: names have them, and regular expressions.
func (r yamlReader) readPatterns(n, key *yaml.Node, path string) []string {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 || n.Kind != yaml.SequenceNode && isNull(n) {
		r.places[path] = placeOf(key)
		r.add(path, language.New(`没有值；要的是“没有这一项”时写 ""`, `has no value; write "" for instances that have none`))
	}
	var patterns []string
	for i, item := range items {
		item, at := resolveAlias(item), itemPath(path, i, len(items))
		r.places[at] = placeOf(item)
		switch {
		case r.hasMistake(at):
		case isNull(item):
			r.add(at, emptyItemText())
		case r.isRuleText(item, at):
			patterns = append(patterns, r.expandScalar(item, at))
		}
	}
	return patterns
}

// isRuleGroup reports whether a node of a rule holds keys.
func (r yamlReader) isRuleGroup(n *yaml.Node, path string) bool {
	if n.Kind != yaml.MappingNode {
		r.add(path, language.New("应为一组配置项（键: 值）", "must be a group of settings (key: value)"))
		return false
	}
	return true
}

// isRuleText reports whether a node of a rule is one text. YAML takes what begins with ! or { without quotes for
// something else.
func (r yamlReader) isRuleText(n *yaml.Node, path string) bool {
	switch {
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		r.add(path, language.New(`以 ! 开头的值要加引号，如 "!cn-beijing"`, `a value that begins with ! needs quotes, such as "!cn-beijing"`))
	case n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0:
		r.add(path, language.New(`以 { 开头的值要加引号，如 "{region}"`, `a value that begins with { needs quotes, such as "{region}"`))
	case n.Kind != yaml.ScalarNode:
		r.add(path, language.New("应为单个值，不是列表或一组配置项", "must be one value, not a list or a group"))
	default:
		return true
	}
	return false
}

func emptyRuleValueText() language.Text {
	return language.New(`没有值；不需要时去掉这一项`, `has no value; leave it out where it is not needed`)
}

// compileRules compiles the rules and adds what is wrong with them. What follows from a mistake of the file's form is
// left out.
func (k checker) compileRules(c *Config) {
	set, mistakes := mapping.Compile(c.Rules, mapping.Options{FromTags: c.RulesFromTags, Clouds: k.known})
	noted := slices.Clone(k.all)
	for _, m := range mistakes {
		rule := "rules[" + strconv.Itoa(m.Rule) + "]"
		path := joinPath(rule, m.Path)
		within := path
		if m.Path == "set" { // a rule that sets nothing: a key of it may be misspelt
			within = rule
		}
		if slices.ContainsFunc(noted, func(n Mistake) bool { return isWithin(n.Path, within) || isWithin(path, n.Path) }) {
			continue
		}
		k.places[path] = k.placeNear(path)
		k.add(path, m.Text)
	}
	c.Mapping = set
}

// placeNear returns the place of a path in the file, or of the nearest path above it that has one.
func (l *mistakeCollector) placeNear(path string) place {
	for path != "" {
		if at := l.places[path]; at.line > 0 {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return place{}
}
