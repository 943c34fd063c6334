package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// addWarnings adds what is allowed in the rules, and in what says when they are applied, and has no effect.
func (c *Checked) addWarnings() {
	decided := map[string]int{} // by a rule for every instance
	for i, rule := range c.Config.Rules {
		stopped := slices.IndexFunc(c.Config.Rules[:i], func(r mapping.Rule) bool { return r.Stop && isForAll(r.When) })
		if stopped >= 0 {
			c.warn(fmt.Sprintf("rules[%d]", i), language.Newf("从不看到：规则 %d 对所有实例有效，并且 stop", "is never looked at: rule %d is for all instances, and stops", stopped+1))
			continue
		}
		c.warnOfName(i)
		c.warnOfDecided(i, decided)
		c.warnOfFacts(i)
		for _, f := range singleFields(rule.Set) {
			_, taken := decided[f.key]
			if f.isConstant && !taken && isForAll(rule.When) {
				decided[f.key] = i
			}
		}
	}
	c.warnOfManage()
}

// warnOfName warns of a rule with the name of an earlier one.
func (c *Checked) warnOfName(i int) {
	name := c.Config.Rules[i].Name
	first := slices.IndexFunc(c.Config.Rules, func(r mapping.Rule) bool { return r.Name == name })
	if name != "" && first < i {
		c.warn(fmt.Sprintf("rules[%d].name", i), language.Newf("与规则 %d 重名，报告里分不开", "is the name of rule %d too, and reports do not tell them apart", first+1))
	}
}

// warnOfDecided warns of what a rule sets and an earlier one has decided for every instance.
func (c *Checked) warnOfDecided(i int, decided map[string]int) {
	for _, f := range singleFields(c.Config.Rules[i].Set) {
		by, taken := decided[f.key]
		if taken {
			c.warn(fmt.Sprintf("rules[%d].set.%s", i, f.key), language.Newf("没有作用：规则 %d 已经对所有实例设置了它", "has no effect: rule %d sets it for all instances", by+1))
		}
	}
}

// warnOfManage warns of fields that follow the rules while no rule sets them.
func (c *Checked) warnOfManage() {
	m := c.Config.Sync.Manage
	for _, f := range []struct {
		key, policy string
		isSet       func(mapping.Settings) bool
		byTags      bool
	}{
		{"node", m.Node, func(s mapping.Settings) bool { return s.Node != "" || len(s.Nodes) > 0 }, true},
		{"platform", m.Platform, func(s mapping.Settings) bool { return s.Platform != "" }, false},
		{"port", m.Port, func(s mapping.Settings) bool { return s.Port != 0 || len(s.Protocols) > 0 }, true},
		{"labels", m.Labels, func(s mapping.Settings) bool { return len(s.Labels)+len(s.LabelsFromTags) > 0 }, false},
		{"accounts", m.Accounts, func(s mapping.Settings) bool { return len(s.Accounts) > 0 }, false},
	} {
		isSet := slices.ContainsFunc(c.Config.Rules, func(r mapping.Rule) bool { return f.isSet(r.Set) })
		if f.policy != FieldCreate && !isSet && !(f.byTags && c.Config.RulesFromTags) {
			c.warn("sync.manage."+f.key, language.New("没有作用：没有规则设置它", "has no effect: no rule sets it"))
		}
	}
}

func (c *Checked) warn(path string, text language.Text) {
	c.Warnings = append(c.Warnings, c.NewMistake(path, text))
}

// isForAll reports whether a condition holds for every instance.
func isForAll(c mapping.Condition) bool { return reflect.ValueOf(c).IsZero() }

// setField is a field that one rule decides, and whether it is the same for every instance.
type setField struct {
	key        string
	isConstant bool
}

// singleFields returns the fields that a rule sets, without those that add up, and those that an instance may leave open.
func singleFields(s mapping.Settings) []setField {
	var found []setField
	add := func(key string, isSet bool, text string) {
		if isSet {
			found = append(found, setField{key, !strings.Contains(text, "{")})
		}
	}
	add("node", s.Node != "", s.Node)
	add("zone", s.Zone != "", "")
	add("platform", s.Platform != "", "")
	add("port", s.Port != 0, "")
	add("name", s.Name != "", s.Name)
	add("active", s.Active != nil, "")
	add("skip", s.Skip != "", "")
	add("min_age", s.MinAge != 0, "")
	return found
}
