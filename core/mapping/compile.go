package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// maxRules is how many rules there may be.
const maxRules = 1000

// compiler compiles rules, and gathers all mistakes in them.
type compiler struct {
	options  Options
	rule     int
	mistakes []Mistake
	want     inventory.Want
	needs    inventory.Needs
}

// fault notes a mistake in the rule at hand.
func (c *compiler) fault(path string, text language.Text) {
	c.mistakes = append(c.mistakes, Mistake{c.rule, path, text})
}

// wantTag notes that the value of a tag is asked for.
func (c *compiler) wantTag(key string) {
	if !slices.Contains(c.want.Tags, key) {
		c.want.Tags = append(c.want.Tags, key)
	}
}

// compile compiles one rule.
func (c *compiler) compile(r Rule) rule {
	compiled := rule{stop: r.Stop, when: c.condition("when", r.When), settings: c.settings(r.Set)}
	if compiled.fields == 0 && !r.Stop && isEmpty(r.Set) {
		c.fault("set", language.New("这条规则什么也不做：既没有 set，也没有 stop: true", "the rule does nothing: it has neither set nor stop: true"))
	}
	return compiled
}

// at returns the path of one of several: without an index where it is alone.
func at(path string, n, of int) string {
	if of == 1 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, n)
}

// condition compiles a condition.
func (c *compiler) condition(path string, w Condition) condition {
	var compiled condition
	for _, name := range slices.Sorted(maps.Keys(w.Keys)) {
		t, ok := c.test(path+"."+name, name, w.Keys[name])
		if ok {
			compiled.tests = append(compiled.tests, t)
		}
	}
	sorting.StableBy(compiled.tests, func(a, b test) int { return cmp.Compare(a.key, b.key) })
	compiled.any = c.conditions(path+".any", w.Any)
	compiled.all = c.conditions(path+".all", w.All)
	compiled.not = c.conditions(path+".not", w.Not)
	return compiled
}

func (c *compiler) conditions(path string, some []Condition) []condition {
	if some != nil && len(some) == 0 {
		c.fault(path, language.New("至少写一个条件", "at least one condition is needed"))
	}
	var compiled []condition
	for n, w := range some {
		where := at(path, n, len(some))
		if len(w.Keys) == 0 && w.Any == nil && w.All == nil && w.Not == nil {
			c.fault(where, language.New("条件是空的：它符合一切", "the condition is empty: it fits everything"))
		}
		compiled = append(compiled, c.condition(where, w))
	}
	return compiled
}

// test compiles the patterns of one key.
func (c *compiler) test(path, name string, patterns []string) (test, bool) {
	k, tag, found := findKey(name)
	if !found {
		c.fault(path, unknownKey(name))
		return test{}, false
	}
	if len(patterns) == 0 {
		c.fault(path, language.New("至少写一个模式：空的列表不符合任何实例，也不排除任何实例", "at least one pattern is needed: an empty list neither fits nor excludes anything"))
	}
	if k == keyTag {
		c.wantTag(tag)
	}
	c.want.Facts |= k.fact()
	t := test{key: k, tag: tag, name: name, written: patterns}
	for n, text := range patterns {
		wrong := c.addPattern(&t, text)
		if wrong != (language.Text{}) {
			c.fault(at(path, n, len(patterns)), wrong)
		}
	}
	return t, true
}

func unknownKey(name string) language.Text {
	near := language.Nearest(name, append(ConditionKeys(), "any", "all", "not"))
	switch {
	case name == "tag" || name == tagPrefix:
		return language.New("标签写成 tag.<键>，例如 tag.app", "a tag is tag.<key>, such as tag.app")
	case near != "":
		return language.Newf("不认识 %q；是不是 %s？", "%q is unknown; is it %s?", name, near)
	}
	return language.Newf("不认识 %q；可用的有：%s、any、all、not", "%q is unknown; there are %s, any, all, not", name, strings.Join(ConditionKeys(), ", "))
}

// addPattern compiles one pattern of a test. The mistake is empty where there is none.
func (c *compiler) addPattern(t *test, text string) language.Text {
	text, negated := strings.CutPrefix(text, "!")
	switch {
	case text == "" && negated:
		t.refusesNone = true
		return language.Text{}
	case text == "":
		t.wantsNone = true
		return language.Text{}
	case t.key == keyIP:
		return t.addNetwork(text, negated)
	}
	p, wrong := compilePattern(text)
	if wrong != (language.Text{}) {
		return wrong
	}
	some := []pattern{p}
	switch t.key {
	case keyCloud:
		some, wrong = c.cloudPatterns(p)
	case keyKind:
		wrong = c.checkKind(p)
	}
	if negated {
		t.unwanted = append(t.unwanted, some...)
	} else {
		t.wanted = append(t.wanted, some...)
	}
	return wrong
}

func (t *test) addNetwork(text string, negated bool) language.Text {
	network, wrong := parseNetwork(text)
	if negated {
		t.outside = append(t.outside, network)
	} else {
		t.inside = append(t.inside, network)
	}
	return wrong
}

// cloudPatterns returns the patterns of the clouds that a pattern means in any of their spellings.
func (c *compiler) cloudPatterns(p pattern) ([]pattern, language.Text) {
	if len(c.options.Clouds) == 0 {
		return []pattern{p}, language.Text{}
	}
	var clouds []pattern
	for _, known := range c.options.Clouds {
		if fitsAny([]pattern{p}, slices.Concat(known.Spellings, []string{string(known.Cloud)})) {
			clouds = append(clouds, pattern{text: string(known.Cloud)})
		}
	}
	if clouds == nil {
		return nil, unknownCloud(p.text, c.options.Clouds)
	}
	return clouds, language.Text{}
}

// checkKind returns what is wrong with a pattern for kinds of instances.
func (c *compiler) checkKind(p pattern) language.Text {
	var kinds []string
	for _, known := range c.options.Clouds {
		kinds = append(kinds, known.KindNames()...)
	}
	if len(kinds) == 0 || slices.ContainsFunc(kinds, p.matches) {
		return language.Text{}
	}
	near := language.Nearest(p.text, kinds)
	if near != "" {
		return language.Newf("没有 %q 这种实例；是不是 %s？", "there is no kind %q of instances; is it %s?", p.text, near)
	}
	return language.Newf("没有 %q 这种实例；有 %s", "there is no kind %q of instances; there are %s", p.text, strings.Join(kinds, ", "))
}

func unknownCloud(text string, known inventory.CloudTable) language.Text {
	near := language.Nearest(text, known.Spellings())
	if near != "" {
		return language.Newf("没有 %q 这种云；是不是 %s？", "there is no cloud %q; is it %s?", text, near)
	}
	return language.Newf("没有 %q 这种云；有 %s", "there is no cloud %q; there are %s", text, strings.Join(known.Keywords(), ", "))
}

// isEmpty reports whether settings set nothing.
func isEmpty(s Settings) bool {
	return s.Node == "" && s.Nodes == nil && s.Zone == "" && s.Platform == "" && s.Port == 0 && s.Protocols == nil && s.Name == "" &&
		s.Labels == nil && s.LabelsFromTags == nil && s.Accounts == nil && s.Address == nil && s.Active == nil && s.Skip == "" && s.MinAge == 0
}
