package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Options are what rules depend on besides themselves.
type Options struct {
	FromTags bool // the tags jms:skip, jms:node, jms:port, jms:zone and jms:keep count, before all rules
	Clouds   inventory.CloudTable
}

// Set is the compiled rules of a configuration. It is never changed, and safe for concurrent use. A nil Set has no
// rules.
type Set struct {
	rules       []Rule
	compiled    []rule
	fromTags    bool
	mainKinds   map[inventory.Cloud]string
	want        inventory.Want
	needs       inventory.Needs
	fingerprint string
}

// Compile returns the rules, or all mistakes in them.
func Compile(rules []Rule, o Options) (*Set, []Mistake) {
	if len(rules) == 0 && !o.FromTags {
		return nil, nil
	}
	c := &compiler{options: o}
	if len(rules) > maxRules {
		c.rule = maxRules
		c.fault("", language.Newf("规则最多 %d 条", "there may be %d rules at most", maxRules))
		return nil, c.mistakes
	}
	s := &Set{rules: rules, fromTags: o.FromTags, mainKinds: make(map[inventory.Cloud]string, len(o.Clouds)), fingerprint: fingerprint(rules, o)}
	for n, r := range rules {
		c.rule = n
		s.compiled = append(s.compiled, c.compile(r))
	}
	if c.mistakes != nil {
		return nil, c.mistakes
	}
	for _, known := range o.Clouds {
		s.mainKinds[known.Cloud] = known.MainKind
	}
	if o.FromTags {
		c.needs.Zones = true
		for _, convention := range conventions() {
			c.wantTag(convention.tag)
		}
	}
	slices.Sort(c.want.Tags)
	s.want, s.needs = c.want, c.needs
	return s, nil
}

// fingerprint returns a text that differs where rules do. The version changes with what rules mean.
func fingerprint(rules []Rule, o Options) string {
	text, err := json.Marshal(struct {
		Version  int
		FromTags bool
		Rules    []Rule
	}{1, o.FromTags, rules})
	if err != nil {
		return err.Error() // plain data: it cannot fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Want returns which facts of instances the rules ask for.
func (s *Set) Want() inventory.Want {
	if s == nil {
		return inventory.Want{}
	}
	return s.want
}

// Needs returns what must be read of JumpServer for what the rules name: zones and account templates.
func (s *Set) Needs() inventory.Needs {
	if s == nil {
		return inventory.Needs{}
	}
	return s.needs
}

// Rules returns the rules as they are configured.
func (s *Set) Rules() []Rule {
	if s == nil {
		return nil
	}
	return s.rules
}

// RuleName returns what people call a rule: "rule 3 (by application)". An index below 0 means the tags jms:….
func (s *Set) RuleName(index int) language.Text {
	rules := s.Rules()
	switch {
	case index < 0 || index >= len(rules):
		return language.New("标签 jms:…", "the tags jms:…")
	case rules[index].Name == "":
		return language.Newf("规则 %d", "rule %d", index+1)
	}
	return language.Newf("规则 %d（%s）", "rule %d (%s)", index+1, rules[index].Name)
}

// Fingerprint returns a text that differs where the rules do; "" = there are none.
func (s *Set) Fingerprint() string {
	if s == nil {
		return ""
	}
	return s.fingerprint
}

// Subject is one instance as rules see it.
type Subject struct {
	*inventory.Instance
	// CloudType is the account's type as the configuration writes it: {cloud}, and part of the default node's path.
	CloudType string
}

// Map returns what the rules want of an instance's asset. Rules are looked at in their order; it allocates nothing but
// what it returns.
func (s *Set) Map(i Subject) Outcome {
	if s == nil {
		return Outcome{}
	}
	m := s.newMapper(i)
	if s.fromTags {
		m.applyTags()
	}
	for n := range s.compiled {
		if m.applyRule(n, &s.compiled[n]) {
			break
		}
	}
	return m.outcome()
}
