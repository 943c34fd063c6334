package config_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestWarningsOfFacts: a rule that asks for what no cloud of its accounts shows never holds, and an elastic address needs a
// cloud that shows which ones are.
func TestWarningsOfFacts(t *testing.T) {
	t.Parallel()
	clouds := testClouds()
	clouds[0].Facts = inventory.FactSources{inventory.FactSubnet: "`VSwitchId`", inventory.FactElastic: "`EipAddress`"}
	clouds[0].Kinds[0].Facts = inventory.FactSources{inventory.FactCharge: "`ChargeType`"}
	clouds[3].Facts = inventory.FactSources{inventory.FactCharge: "`InstanceChargeType`"}
	const (
		neverAll = "never holds: the clouds of %s do not show it"
		eip      = "eip has no effect for %s: their clouds do not show which addresses are elastic, add public"
	)
	for rule, want := range map[string]string{
		"when: {subnet: vsw-1}, stop: true":                                      "",
		"when: {subnet: vsw-1, account: t}, stop: true":                          "rules[0].when.subnet: " + strings.Replace(neverAll, "%s", "t", 1),
		"when: {subnet: vsw-1, cloud: tencent}, stop: true":                      "rules[0].when.subnet: " + strings.Replace(neverAll, "%s", "t", 1),
		"when: {subnet: '!vsw-1', account: t}, stop: true":                       "",
		"when: {subnet: '', account: t}, stop: true":                             "",
		"when: {zone: x}, stop: true":                                            "rules[0].when.zone: " + strings.Replace(neverAll, "%s", "a, k, t", 1),
		"when: {charge: spot, account: k}, stop: true":                           "",
		"when: {charge: spot, account: a}, stop: true":                           "rules[0].when.charge: " + strings.Replace(neverAll, "%s", "a", 1),
		"when: {account: nobody, zone: x}, stop: true":                           "",
		"when: {account: h, zone: x}, stop: true":                                "", // nothing is known of its cloud
		"when: {account: off, zone: x}, stop: true":                              "",
		"when: {name: x, tag.a: b, region: r, ip: 10.0.0.1}, stop: true":         "",
		"set: {address: [eip, public]}":                                          "rules[0].set.address: " + strings.Replace(eip, "%s", "t", 1),
		"when: {account: [a, k]}, set: {address: eip}":                           "",
		"when: {any: [{account: a}], not: {account: t}}, set: {address: public}": "",
	} {
		file := `
jumpserver: {url: https://jms.example.com, access_key_id: 11111111-2222-3333-4444-555555555555, access_key_secret: s}
clouds:
  - {type: aliyun, name: a}
  - {type: aliyun, name: k, kinds: [ecs, swas]}
  - {type: tencent, name: t, access_key_id: SECRET-a, access_key_secret: SECRET-b}
  - {type: tencent, name: off, enabled: false}
rules: [{` + rule + "}]\n"
		if strings.Contains(rule, "account: h") {
			file = strings.Replace(file, "rules:", "  - {type: huawei, name: h, access_key_id: SECRET-c, access_key_secret: SECRET-d}\nrules:", 1)
		}
		checked, err := config.Check(t.Context(), config.Source{Clouds: clouds, File: "a.yaml", ReadFile: func(string) ([]byte, error) { return []byte(file), nil }})
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		var got []string
		for _, m := range checked.Warnings {
			_, text, _ := strings.Cut(m.Diagnostic("en"), ": ")
			got = append(got, text)
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: got %q, want %q", rule, got, want)
		}
	}
}
