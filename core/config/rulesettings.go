package config

import "strings"

// RuleSettings returns what mapping rules are tried with, if none of it is wrong: the rules, the accounts without their
// keys, the platforms and the language. Secrets that are not set where rules are tried, as in a CI, change nothing of that.
func (e *Error) RuleSettings() (c Config, ok bool) {
	if !e.readable || e.Missing {
		return Config{}, false
	}
	for _, m := range e.Mistakes {
		if concernsRules(m) {
			return Config{}, false
		}
	}
	c = Default()
	c.Language, c.Platforms, c.Rules, c.RulesFromTags, c.Mapping = e.read.Language, e.read.Platforms, e.read.Rules, e.read.RulesFromTags, e.read.Mapping
	c.Sync.NameFrom, c.Sync.Manage = e.read.Sync.NameFrom, e.read.Sync.Manage
	for _, account := range e.read.Clouds {
		own := DefaultCloud()
		own.Type, own.Cloud, own.Name, own.Enabled = account.Type, account.Cloud, account.Name, account.Enabled
		own.Regions, own.Kinds, own.DomainID, own.Platforms = account.Regions, account.Kinds, account.DomainID, account.Platforms
		c.Clouds = append(c.Clouds, own)
	}
	return c, true
}

// concernsRules reports whether a mistake is in one of the RuleSettings, or in a name that may be meant for one.
func concernsRules(m Mistake) bool {
	_, ofAccount, isAccount := strings.Cut(m.Path, "].")
	switch {
	case m.structural && !isWithin(m.Path, "jumpserver") && !isWithin(m.Path, "notification") && !isWithin(m.Path, "log"):
		return true
	case isAccount && isWithin(m.Path, "clouds"):
		for _, setting := range []string{"type", "name", "enabled", "regions", "kinds", "domain_id", "platforms"} {
			if isWithin(ofAccount, setting) {
				return true
			}
		}
		return false
	}
	for _, setting := range []string{"rules", "rules_from_tags", "language", "platforms", "clouds", "sync.name_from", "sync.manage"} {
		if isWithin(m.Path, setting) {
			return true
		}
	}
	return strings.HasPrefix(m.Path, settingPrefix)
}
