package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
)

// draftConfig is the configuration that init writes. Its secrets are names of variables, never values.
type draftConfig struct {
	lang                                         language.Lang
	url, keyEnv, secretEnv, org, orgName, caFile string
	accounts                                     []draftAccount
	rules                                        []draftRule
	rulesAreOffers                               bool // nobody has taken the rules: they are written as comments
	webhookEnv, signEnv                          string
}

type draftAccount struct {
	kind, name, keyEnv, secretEnv string
	owner                         string // "" = not known
	tenant, project, endpoint     string
	identity                      string
	endpoints                     map[string]string // by service
	regions                       []string
	zone, zoneName                string
}

// quoteYAML quotes a text for YAML, whose double-quoted form accepts all that Go's does.
func quoteYAML(text string) string { return strconv.Quote(text) }

// checkLiteral refuses texts that a configuration would take for a variable: there is no way to escape ${.
func (d draftConfig) checkLiteral() error {
	texts := []string{d.url, d.org, d.caFile}
	for _, a := range d.accounts {
		texts = append(append(texts, a.kind, a.name, a.tenant, a.project, a.endpoint, a.identity), a.regions...)
		for service, address := range a.endpoints {
			texts = append(texts, service, address)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, "${") {
			return errors.New(d.lang.Textf("%q: 不能含有 ${", "%q: it must not hold ${", text))
		}
	}
	return nil
}

// addEndpoint names the address of a service.
func (a *draftAccount) addEndpoint(service, address string) {
	if a.endpoints == nil {
		a.endpoints = map[string]string{}
	}
	a.endpoints[service] = address
}

func variableRef(name string) string { return `"${` + name + `}"` }

// renderYAML returns the configuration file.
func (d draftConfig) renderYAML() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, format+"\n", args...)
	}
	line("# yaml-language-server: $schema=%s", schemaURL(version))
	line("%s", d.lang.Text("# 由 jms-sync init 生成。密钥只以 ${变量} 引用，不写在这里；全部设置见 docs/configuration.md。",
		"# Made by jms-sync init. Secrets are named as ${VARIABLE} and do not stand here; docs/configuration.en.md has all settings."))
	line("language: %s", cmp.Or(d.lang, language.Chinese))
	line("jumpserver:")
	line("  url: %s", quoteYAML(d.url))
	line("  access_key_id: %s", variableRef(d.keyEnv))
	line("  access_key_secret: %s", variableRef(d.secretEnv))
	line("  org_id: %s # %s", quoteYAML(d.org), oneLine(d.orgName))
	if d.caFile != "" {
		line("  ca_file: %s", quoteYAML(d.caFile))
	}
	line("clouds:")
	for _, a := range d.accounts {
		a.renderYAML(line, d.lang)
	}
	d.renderRules(line)
	if d.webhookEnv != "" {
		line("notification:\n  dingtalk:\n    enabled: true\n    webhook: %s", variableRef(d.webhookEnv))
		if d.signEnv != "" {
			line("    secret: %s", variableRef(d.signEnv))
		}
	}
	return b.String()
}

func (a draftAccount) renderYAML(line func(string, ...any), lang language.Lang) {
	line("  - type: %s\n    name: %s", quoteYAML(a.kind), quoteYAML(a.name))
	if a.keyEnv != "" {
		line("    access_key_id: %s\n    access_key_secret: %s", variableRef(a.keyEnv), variableRef(a.secretEnv))
	}
	for _, set := range [][2]string{{"account_id", a.owner}, {"tenant_id", a.tenant}, {"project_id", a.project}, {"identity", a.identity}, {"endpoint", a.endpoint}} {
		if set[1] != "" {
			line("    %s: %s", set[0], quoteYAML(set[1]))
		}
	}
	if len(a.endpoints) > 0 {
		line("    endpoints:")
	}
	for _, service := range slices.Sorted(maps.Keys(a.endpoints)) {
		line("      %s: %s", quoteYAML(service), quoteYAML(a.endpoints[service]))
	}
	if len(a.regions) == 0 {
		line("    regions: [] # %s", lang.Text("全部地域", "all regions"))
	} else {
		var list []string
		for _, r := range a.regions {
			list = append(list, quoteYAML(r))
		}
		line("    regions: [%s]", strings.Join(list, ", "))
	}
	if a.zone != "" {
		line("    domain_id: %s # %s", quoteYAML(a.zone), oneLine(a.zoneName))
	}
}

// neededVariable is a variable that the configuration names, and what it is.
type neededVariable struct{ name, what string }

// neededVariables lists the variables that the configuration names, each once.
func (d draftConfig) neededVariables() []neededVariable {
	lang := d.lang
	all := []neededVariable{
		{d.keyEnv, lang.Text("JumpServer API Key 的 ID", "id of JumpServer's API key")},
		{d.secretEnv, lang.Text("JumpServer API Key 的 Secret", "secret of JumpServer's API key")},
	}
	for _, a := range d.accounts {
		name := oneLine(a.name)
		all = append(all, neededVariable{a.keyEnv, lang.Textf("云账号 %s 的密钥 ID", "id of the key of account %s", name)},
			neededVariable{a.secretEnv, lang.Textf("云账号 %s 的密钥 Secret", "secret of the key of account %s", name)})
	}
	all = append(all, neededVariable{d.webhookEnv, lang.Text("钉钉机器人的 webhook", "webhook of the DingTalk robot")},
		neededVariable{d.signEnv, lang.Text("钉钉机器人的加签密钥", "signing secret of the DingTalk robot")})
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(all, func(n neededVariable) bool {
		before := seen[n.name]
		seen[n.name] = true
		return before
	})
}

func (d draftConfig) variableNames() []string {
	var names []string
	for _, n := range d.neededVariables() {
		names = append(names, n.name)
	}
	return names
}

// renderDotEnv returns the text of a .env file with a line for each variable that the configuration names, and for those
// by which functions find configuration and state. Existing lines stay; new ones have no value.
func (d draftConfig) renderDotEnv(before string) string {
	b := strings.Builder{}
	b.WriteString(before)
	if before != "" && !strings.HasSuffix(before, "\n") {
		b.WriteByte('\n')
	}
	present := map[string]bool{}
	for line := range strings.Lines(before) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		present[strings.TrimSpace(name)] = true
	}
	if before == "" {
		b.WriteString(d.lang.Text("# 由 jms-sync init 生成：部署与运行要用的变量。填好值；不要提交到版本库。已经 export 的，这里可以留空。\n",
			"# Made by jms-sync init: the variables for deployment and runs. Fill in the values; do not commit this file. What is exported may stay empty here.\n"))
	}
	for _, n := range append(d.neededVariables(),
		neededVariable{config.EnvConfig, d.lang.Text("函数读取的配置，如 oss://桶/config.yaml?region=cn-hangzhou", "configuration that functions read, such as oss://BUCKET/config.yaml?region=cn-hangzhou")},
		neededVariable{config.EnvState, d.lang.Text("函数的状态存储，如 oss://桶/jms-sync?region=cn-hangzhou", "state store of functions, such as oss://BUCKET/jms-sync?region=cn-hangzhou")}) {
		if !present[n.name] {
			fmt.Fprintf(&b, "# %s\n%s=\n", n.what, n.name)
		}
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// writeNewFile writes a file that only its owner can read, whole or not at all. An existing one is replaced only with
// force.
func writeNewFile(file, text string, force bool) error {
	next, err := os.CreateTemp(filepath.Dir(file), ".jms-sync-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(next.Name()) // renamed or linked by now, or of no use
	_, err = next.WriteString(text)
	if err == nil {
		err = next.Sync()
	}
	if closed := next.Close(); err == nil {
		err = closed
	}
	switch {
	case err != nil:
		return err
	case force:
		return os.Rename(next.Name(), file)
	}
	return os.Link(next.Name(), file) // fails where the file appeared meanwhile
}
