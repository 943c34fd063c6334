package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
)

// TestRuleSettings: rules can be tried without secrets, and not where anything that they rest on is wrong.
func TestRuleSettings(t *testing.T) {
	t.Parallel()
	const text = `
language: en
platforms: {linux: OurLinux}
jumpserver: {url: "https://jms.example.com", access_key_id: "${ID}", access_key_secret: "${SECRET}"}
clouds:
  - {type: aliyun, name: prod, access_key_id: "${KEY}", access_key_secret: "${SECRET}", regions: [cn-hangzhou]}
notification: {dingtalk: {enabled: true, webhook: "${HOOK}", secrte: x}}
rules:
  - {name: n, when: {region: cn-*}, set: {zone: z}}
`
	for name, row := range map[string]struct {
		old, new string
		ok       bool
	}{
		"no secret":                    {"", "", true},
		"a rule":                       {"region: cn-*", "regin: cn-*", false},
		"a rule's form":                {"set: {zone: z}", "set: {zone: z}, weight: 1", false},
		"an account's name":            {"name: prod", `name: "${NAME}"`, false},
		"an account's cloud":           {"type: aliyun", "type: nobody", false},
		"an account's regions":         {"[cn-hangzhou]", `["${REGION}"]`, false},
		"a platform":                   {"OurLinux", "${LINUX}", false},
		"what may be meant for a rule": {"language: en", "language: en\nrule: []", false},
		"syntax":                       {"rules:", "rules: [", false},
	} {
		_, err := loadText(t, strings.Replace(text, row.old, row.new, 1), nil)
		var wrong *config.Error
		if !errors.As(err, &wrong) {
			t.Fatalf("%s: %v", name, err)
		}
		c, ok := wrong.RuleSettings()
		if ok != row.ok {
			t.Errorf("%s: %v, %v", name, ok, err)
			continue
		}
		if ok && (c.Mapping == nil || len(c.Rules) != 1 || len(c.Clouds) != 1 || c.Clouds[0].Name != "prod" || c.Clouds[0].Cloud == "" || c.Platforms.Linux != "OurLinux" ||
			c.Language != "en" || !c.Clouds[0].AccessKeyID.IsEmpty() || c.JumpServer.URL != "") {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
