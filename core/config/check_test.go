package config_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
)

// checkText checks a configuration with rules.
func checkText(t *testing.T, rules string) (config.Checked, error) {
	t.Helper()
	return config.Check(t.Context(), config.Source{Clouds: testClouds(), File: "a.yaml", Env: []string{"NOT_SET=x"}, ReadFile: func(name string) ([]byte, error) {
		if name != "a.yaml" {
			return nil, fs.ErrNotExist
		}
		return []byte(sampleFile + rules), nil
	}})
}

// TestDiagnostics: a mistake has its file, line and column, as far as it has them.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string][]string{
		"rules:\n  - when: {regoin: x}\n    stop: true\n":                  {`a.yaml:8:12: rules[0].when.regoin: "regoin" is unknown; is it region?`},
		"rules:\n  - when: {type: [a, '/(/']}\n    stop: true\n":           {"a.yaml:8:22: rules[0].when.type[1]: /(/ is no expression (RE2 syntax): error parsing regexp: missing closing ): `(`"},
		"rules:\n  - set: {port: 22, prot: 1}\n":                           {"a.yaml:8:21: rules[0].set.prot: there is no such setting, did you mean port?"},
		"'': 1\n":                                                          {"a.yaml:7:1: ?: a key must be a text"},
		"rules:\n  - set: {名: 1}\n":                                        {"a.yaml:8:11: rules[0].set.名: there is no such setting"},
		"rules:\n  - set: {port: 22,\n  stop: true\n":                      {"a.yaml:8: not valid YAML: did not find expected ',' or '}'"},
		"rules: &r\n  - set: {name: '{namx}'}\nx-more: *r\n":               {"a.yaml:8:17: rules[0].set.name: {namx} is unknown; is it {name}?"},
		"rules:\n  - set: &s {name: '{{}'}\n  - set: *s\n    stop: true\n": {`a.yaml:8:20: rules[0].set.name: the braces in "{{}" do not match; a brace itself is written {{ or }}`, `a.yaml:8:20: rules[1].set.name: the braces in "{{}" do not match; a brace itself is written {{ or }}`},
	} {
		_, err := checkText(t, rules)
		var wrong *config.Error
		if !errors.As(err, &wrong) {
			t.Errorf("%q: %v", rules, err)
			continue
		}
		var got []string
		for _, m := range wrong.Mistakes {
			got = append(got, m.Diagnostic("en"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", rules, got, want)
		}
	}
}

// TestDiagnosticsOfVariables: a mistake of the environment has its variable, and one that is nowhere only its setting.
func TestDiagnosticsOfVariables(t *testing.T) {
	t.Parallel()
	env := minimalEnv()
	env["JMS_SYNC_SYNC_WRITERS"] = "many"
	delete(env, "JMS_SYNC_JUMPSERVER_URL")
	_, err := loadText(t, "", env)
	var wrong *config.Error
	if !errors.As(err, &wrong) || len(wrong.Mistakes) != 2 {
		t.Fatal(err)
	}
	for n, want := range []string{"sync.writers: must be a whole number from 1 to 64 (environment variable JMS_SYNC_SYNC_WRITERS)", "jumpserver.url: is required"} {
		m := wrong.Mistakes[n]
		if got := m.Diagnostic("en"); got != want || m.Position() != "" {
			t.Errorf("got %q at %q, want %q", got, m.Position(), want)
		}
	}
}

// TestUnset: a variable that is not set can be told from other mistakes.
func TestUnset(t *testing.T) {
	t.Parallel()
	_, err := checkText(t, "rules:\n  - set: {platform: '${NOWHERE}', port: x}\n")
	var wrong *config.Error
	if !errors.As(err, &wrong) || len(wrong.Mistakes) != 2 || !wrong.Mistakes[0].Unset || wrong.Mistakes[1].Unset {
		t.Errorf("got %+v", wrong)
	}
}

// TestWarnings: what has no effect in rules is told, and nothing else.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string][]string{
		"rules:\n  - stop: true\n  - set: {port: 22}\n": {"a.yaml:9:5: rules[1]: is never looked at: rule 1 is for all instances, and stops"},
		"rules:\n  - {name: a, set: {node: /DEFAULT/x}}\n  - {name: a, when: {region: x}, set: {node: /DEFAULT/y, port: 22}}\n": {
			"a.yaml:9:12: rules[1].name: is the name of rule 1 too, and reports do not tell them apart",
			"a.yaml:9:46: rules[1].set.node: has no effect: rule 1 sets it for all instances",
		},
		"rules:\n  - set: {node: '/DEFAULT/{tag.app}'}\n  - set: {node: /DEFAULT/y}\n":                                                   nil,
		"rules:\n  - {when: {region: x}, set: {node: /DEFAULT/x}}\n  - set: {node: /DEFAULT/y, nodes: /DEFAULT/z}\n  - stop: true\n":     nil,
		"rules:\n  - set: {nodes: /DEFAULT/x, labels: {a: b}, accounts: a}\n  - set: {nodes: /DEFAULT/y, labels: {c: d}, accounts: b}\n": nil,
		"": nil,
		"x-a: {}\nrules_from_tags: true\nrules: [{set: {port: 22}}]\n": nil,
	} {
		checked, err := checkText(t, rules)
		if err != nil {
			t.Errorf("%q: %v", rules, err)
		}
		var got []string
		for _, m := range checked.Warnings {
			got = append(got, m.Diagnostic("en"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", rules, got, want)
		}
	}
}

// TestWarningsOfManage: a field that follows rules although none sets it.
func TestWarningsOfManage(t *testing.T) {
	t.Parallel()
	manage := strings.Replace(sampleFile, "no_delete: true", "manage: {node: always, platform: always, port: missing, labels: always, accounts: missing}", 1)
	for rules, want := range map[string]int{
		"": 5, "rules: [{set: {nodes: /DEFAULT/x, platform: Linux, protocols: ssh:22, labels_from_tags: app, accounts: root}}]\n": 0, "rules_from_tags: true\n": 3,
	} {
		checked, err := config.Check(t.Context(), config.Source{Clouds: testClouds(), File: "a.yaml", Env: []string{"NOT_SET=x"}, ReadFile: func(string) ([]byte, error) {
			return []byte(manage + rules), nil
		}})
		if err != nil || len(checked.Warnings) != want || want == 5 && checked.Warnings[0].Diagnostic("en") != "a.yaml:6:68: sync.manage.node: has no effect: no rule sets it" {
			t.Errorf("%q: %v, %v", rules, checked.Warnings, err)
		}
	}
}

// TestNewMistake: what others find wrong has the place of its setting, or of the group that it would be in.
func TestNewMistake(t *testing.T) {
	t.Parallel()
	checked, err := checkText(t, "rules:\n  - set: {zone: idc, accounts: [a, b]}\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"rules[0].set.zone": "a.yaml:8:17", "rules[0].set.accounts[1]": "a.yaml:8:36", "rules[0].set.platform": "a.yaml:8:10", "platforms.linux": "",
	} {
		m := checked.NewMistake(path, language.New("没有", "is not there"))
		if m.Position() != want || m.EN != "is not there" {
			t.Errorf("%s: %+v, want %s", path, m, want)
		}
	}
}
