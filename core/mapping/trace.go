package mapping

import (
	"slices"
	"strings"
)

// RuleTrace is what became of one rule for one instance.
type RuleTrace struct {
	Rule    int // its index; -1 = the tags jms:…, which count before all rules
	Matched bool
	Skipped bool // not looked at: an earlier rule stopped
	// Open says that it rests on what the cloud did not show (above all tags) whether the rule counts.
	Open bool
	// Key is the first condition that does not hold (or of which that is not known): "region", "any[1].tag.app"; "any" where
	// none of several holds. Have is what the instance has, in one text; Wanted are the patterns.
	Key, Have string
	Wanted    []string
	Set       []Field // that this rule decided or added to
	Lost      []Field // that it sets, and an earlier rule decided
	Empty     []Field // whose template has an empty part
	Unread    []Field // that rest on what the cloud did not show
}

// traceKind is one of the lists of a RuleTrace.
type traceKind uint8

const (
	traceSet traceKind = iota
	traceLost
	traceEmpty
	traceUnread
)

// Trace returns what became of each rule, and before them of the tags jms:… where they count.
func (s *Set) Trace(i Subject) []RuleTrace {
	if s == nil {
		return nil
	}
	m := s.newMapper(i)
	var all []RuleTrace
	if s.fromTags {
		tags := RuleTrace{Rule: byTags}
		m.trace = &tags
		m.applyTags()
		tags.Matched, tags.Open = tags.Set != nil, tags.Unread != nil
		all = append(all, tags)
	}
	ended := false
	for n := range s.compiled {
		one := RuleTrace{Rule: n, Skipped: ended}
		if !ended {
			m.trace = &one
			ended = m.applyRule(n, &s.compiled[n])
		}
		all = append(all, one)
	}
	return all
}

// note notes that something became of a field, if anybody asks. Each field stands in a list once.
func (m *mapper) note(kind traceKind, f Field) {
	if m.trace == nil {
		return
	}
	list := [...]*[]Field{traceSet: &m.trace.Set, traceLost: &m.trace.Lost, traceEmpty: &m.trace.Empty, traceUnread: &m.trace.Unread}[kind]
	if len(*list) == 0 || !slices.Contains(*list, f) {
		*list = append(*list, f)
	}
}

// noteMatch notes whether a rule counts, if anybody asks.
func (m *mapper) noteMatch(r *rule, holds truth) {
	if m.trace == nil {
		return
	}
	m.trace.Matched = holds == yes && !m.mayHaveStopped
	m.trace.Open = holds == maybe || holds == yes && m.mayHaveStopped
	if holds != yes {
		unmet := r.when.firstUnmet(&m.view, "", yes)
		m.trace.Key, m.trace.Have, m.trace.Wanted = unmet.key, unmet.have, unmet.wanted
	}
}

// unmet is a condition that is not as wanted.
type unmet struct {
	key, have string
	wanted    []string
}

// firstUnmet returns the first part of a condition that keeps it from being as wanted: yes, or no for one below "not".
func (c *condition) firstUnmet(v *view, path string, wanted truth) unmet {
	for n := range c.tests {
		t := &c.tests[n]
		if t.holds(v) != wanted {
			return unmet{path + t.name, v.text(t), t.written}
		}
	}
	for n := range c.all {
		if c.all[n].holds(v) != wanted {
			return c.all[n].firstUnmet(v, path+at("all", n, len(c.all))+".", wanted)
		}
	}
	for n := range c.not {
		if c.not[n].holds(v) != wanted.not() {
			return c.not[n].firstUnmet(v, path+at("not", n, len(c.not))+".", wanted.not())
		}
	}
	if len(c.any) == 1 {
		return c.any[0].firstUnmet(v, path+"any.", wanted)
	}
	return unmet{key: path + "any"}
}

// text returns what an instance has of a key, for people.
func (v *view) text(t *test) string {
	switch {
	case t.key == keyIP:
		return strings.Join(v.Addresses(), ", ")
	case v.isUnread(t.key):
		return ""
	}
	var few pair
	return strings.Join(v.values(t.key, t.tag, &few), ", ")
}
