package config

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// addWarnings adds what is allowed in the rules and has no effect.
func (c *Checked) addWarnings() {
	stopped, named := -1, map[string]int{}
	decided := map[string]int{} // by a rule for every instance
	for i, rule := range c.Config.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if stopped >= 0 {
			c.warn(path, language.Newf("从不看到：规则 %d 对所有实例有效，并且 stop", "is never looked at: rule %d is for all instances, and stops", stopped+1))
			continue
		}
		first, twice := named[rule.Name]
		if twice && rule.Name != "" {
			c.warn(path+".name", language.Newf("与规则 %d 重名，报告里分不开", "is the name of rule %d too, and reports do not tell them apart", first+1))
		} else {
			named[rule.Name] = i
		}
		fields := singleFields(rule.Set)
		for _, f := range fields {
			by, taken := decided[f.key]
			if taken {
				c.warn(path+".set."+f.key, language.Newf("没有作用：规则 %d 已经对所有实例设置了它", "has no effect: rule %d sets it for all instances", by+1))
			}
		}
		if !isForAll(rule.When) {
			continue
		}
		for _, f := range fields {
			_, taken := decided[f.key]
			if f.isConstant && !taken {
				decided[f.key] = i
			}
		}
		if rule.Stop {
			stopped = i
		}
	}
}

func (c *Checked) warn(path string, text language.Text) {
	c.Warnings = append(c.Warnings, c.NewMistake(path, text))
}

// isForAll reports whether a condition holds for every instance.
func isForAll(c mapping.Condition) bool {
	return len(c.Keys) == 0 && len(c.Any) == 0 && len(c.All) == 0 && len(c.Not) == 0
}

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
