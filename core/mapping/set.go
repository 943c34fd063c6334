package mapping

import (
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Options are what rules depend on besides themselves.
type Options struct {
	FromTags bool // the tags jms:skip, jms:node, jms:port, jms:zone and jms:keep count, before all rules
	Clouds   inventory.CloudTable
}

// Set is the compiled rules of a configuration. It is never changed, and safe for concurrent use. A nil Set has no
// rules.
type Set struct {
	rules []Rule
	want  inventory.Want
	needs inventory.Needs
}

// Compile returns the rules, or all mistakes in them.
func Compile(rules []Rule, o Options) (*Set, []Mistake) {
	if len(rules) == 0 && !o.FromTags {
		return nil, nil
	}
	return &Set{rules: rules}, nil
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

// Fingerprint returns a text that differs where the rules do; "" = there are none.
func (s *Set) Fingerprint() string { return "" }

// Subject is one instance as rules see it.
type Subject struct {
	*inventory.Instance
	// CloudType is the account's type as the configuration writes it: {cloud}, and part of the default node's path.
	CloudType string
}

// Map returns what the rules want of an instance's asset.
func (s *Set) Map(i Subject) Outcome { return Outcome{} }

// RuleTrace is what became of one rule for one instance.
type RuleTrace struct {
	Rule    int
	Matched bool
	Skipped bool // not looked at: an earlier rule stopped
	// Unmet is the first condition that does not hold: `region` is "cn-hangzhou", wanted "cn-shanghai".
	Key, Have string
	Wanted    []string
	Set       []Field // that this rule decided or added to
	Lost      []Field // that it sets, and an earlier rule decided
	Empty     []Field // whose template has an empty part
}

// Trace returns what became of each rule.
func (s *Set) Trace(i Subject) []RuleTrace { return nil }
