package main

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

const testRules = `
rules:
  - name: shop
    when: {tag.app: shop}
    set: {node: "/DEFAULT/shop/{tag.env|other}", accounts: [root, deploy], labels: {app: "{tag.app}"}, port: 2222}
  - name: ACK
    when: {name: "*k8s*"}
    set: {skip: ACK node}
  - name: gateway
    when: {vpc: vpc-1, os: windows}
    set: {zone: hz-1, protocols: ["rdp:3390", "winrm:5985"], address: [eip, private], min_age: 30m}
  - name: stopped
    when: {status: stopped}
    set: {active: false}
`

// rulesFile is a configuration with rules and no secret: none of its variables is set.
func (d *desk) rulesFile() string {
	return d.saveFile("rules.yaml", `
language: en
jumpserver: {url: "https://jms.example.com", access_key_id: "${JMS_ID}", access_key_secret: "${JMS_SECRET}", org_id: "${ORG}"}
clouds:
  - {type: 阿里云, name: prod, access_key_id: "${KEY}", access_key_secret: "${SECRET}", regions: [cn-hangzhou], domain_id: "11111111-2222-4333-8444-555555555555"}
  - {type: aws, name: lab, access_key_id: "${KEY}", access_key_secret: "${SECRET}", platforms: {linux: OurLinux}}
`+testRules)
}

const metExpectations = `
- name: a host of the shop
  instance: {account: prod, name: web-1, os: linux, ip: 10.0.0.1, tags: {app: shop, env: prod}}
  asset:
    node: /DEFAULT/shop/prod
    nodes: [/DEFAULT/shop/prod]
    accounts: [deploy, root]
    labels: {app: shop}
    port: 2222
    zone: 11111111-2222-4333-8444-555555555555
    platform: Linux
    name: web-1
    address: 10.0.0.1
    skip: ""
    active: true
    keep:
- instance: {cloud: AWS, name: db-1, os: Ubuntu 22.04, region: eu-west-1, group: [sg-1], ip: ["2001:db8::1"]}
  asset: {node: /DEFAULT/aws/lab, platform: OurLinux, port: "", labels: {}, accounts: [], zone: "", address: "2001:db8::1", protocols: []}
- instance: {account: prod, name: worker-k8s-1}
  asset: {skip: true}
- instance: {account: prod, name: worker-k8s-2, tags: {app: shop}}
  asset: {skip: ACK node, node: /DEFAULT/shop/other}
- name: as explain --json tells it
  instance: {"account": "prod", "name": "gw", "os": "windows", "status": "Stopped", "vpc": "vpc-1", "private_ips": ["10.0.0.2"], "public_ips": ["47.0.0.1"], "elastic_ips": 1,
    "tags": [{"key": "env", "value": "x"}], "owner": "1", "created_at": "2026-01-01T00:00:00Z"}
  asset: {zone: hz-1, protocols: ["winrm:5985", "rdp:3390"], address: 47.0.0.1, min_age: 1800s, active: false, platform: Windows}
`

// TestRulesTest: expectations that are met need neither a network nor a secret.
func TestRulesTest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.saveFile("expect.yaml", metExpectations)
	d.runRaw(d.Context(), exitDone, "-c", d.rulesFile(), "rules", "test", file)
	d.wantPrinted("All expectations are met: 5.\n")
	if strings.Contains(d.stdout.String(), "no expectation reaches") {
		t.Errorf("each rule is reached:\n%s", &d.stdout)
	}
	d.runRaw(d.Context(), exitDone, "-c", d.rulesFile(), "rules", "test", "--json", file)
	var out ruleTest
	if err := json.Unmarshal(d.stdout.Bytes(), &out); err != nil || out.Expectations != 5 || len(out.Unmet)+len(out.Unused) > 0 {
		t.Errorf("%v %+v", err, out)
	}
	if n := d.JMS.Writes() + d.Robot.Calls(); n > 0 {
		t.Errorf("%d calls", n)
	}
}

// TestRulesTestUnmet: what is not as expected is told with its place, both values and the rule.
func TestRulesTestUnmet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.saveFile("expect.yaml", `
- name: a host of the shop
  instance: {account: prod, name: web-1, tags: {app: shop}}
  asset: {node: /DEFAULT/shop/prod, accounts: [root], zone: "", platform: Other}
- name: tags that were not read
  instance: {account: prod, name: web-2, tags_unread: true}
  asset: {node: /DEFAULT/阿里云/prod, platform: Other}
- instance: {account: prod, name: k8s}
  asset: {skip: false}
`)
	d.runRaw(d.Context(), exitFailed, "-c", d.rulesFile(), "rules", "test", file)
	d.wantPrinted(
		"expect.yaml:2: a host of the shop\n", `node      wanted "/DEFAULT/shop/prod"  is "/DEFAULT/shop/other", by rule 1 (shop)`,
		`accounts  wanted "root"                is "deploy, root", by rule 1 (shop)`, `zone      wanted nothing               is "11111111-2222-4333-8444-555555555555", and no rule sets it`,
		"expect.yaml:5: tags that were not read\n", "is not known", "expect.yaml:8: k8s\n", `skip  wanted nothing  is "ACK node", by rule 2 (ACK)`,
		"rules that no expectation reaches: rule 3 (gateway), rule 4 (stopped)\n", "Expectations: 3, not met: 3.\n",
	)
	d.runRaw(d.Context(), exitFailed, "-c", d.rulesFile(), "rules", "test", "--json", file)
	var out ruleTest
	if err := json.Unmarshal(d.stdout.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Unmet) != 3 || !out.Unmet[1].Fields[0].Unread || out.Unmet[0].Fields[0].Rule != "rule 1 (shop)" || len(out.Unused) != 2 {
		t.Errorf("%+v", out)
	}
}

// TestRulesTestMistakes: mistakes in the file are told all at once, with their places; so are those of the configuration.
func TestRulesTestMistakes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := d.saveFile("expect.yaml", `
- {instance: {account: prud, namx: x}, asset: {nod: x, zone: {a: b}}}
- {instance: {name: x}, asset: {active: maybe}}
- {instance: {account: prod, kind: gpu, ip: [10.0.0.300], tags: {a: [b]}}}
- {instance: {account: prod, name: a, name: b}, asset: {}}
- web
- {instance: {cloud: gcp}, asset: {port: ssh, min_age: soon}}
`)
	d.runRaw(d.Context(), exitUsage, "-c", d.rulesFile(), "rules", "test", file)
	for _, want := range []string{
		`:2:14: the configuration has no account "prud"; is it prod?`, ":2:30: namx is unknown; is it name?", ":2:48: nod is unknown; is it node?", ":2:62: must be one value",
		":3:14: to which account does the instance belong?", ":3:41: must be true or false",
		`kind "gpu"`, `"10.0.0.300" is no IP address`, ":4:69: must be one value", ":4:3: each entry has instance and asset",
		":5:39: name stands twice", ":5:56: asset is empty", ":6:3: must be a group",
		`:7:14: there is no cloud "gcp"`, ":7:42: must be a number", ":7:56: must be a duration",
	} {
		if strings.Count(d.stderr.String(), want) != 1 {
			t.Errorf("%q is not told:\n%s", want, &d.stderr)
		}
	}
	for name, text := range map[string]string{"expectations": "{}", "empty": "", "valid YAML": "- [", "one YAML document": metExpectations + "---\n- x\n"} {
		file := d.saveFile("other.yaml", text)
		d.runRaw(d.Context(), exitUsage, "-c", d.rulesFile(), "rules", "test", file)
		if name != "empty" && !strings.Contains(d.stderr.String(), name) {
			t.Errorf("%s: %s", name, &d.stderr)
		}
	}
	d.runRaw(d.Context(), exitUsage, "-c", d.rulesFile(), "rules", "test", d.dir+"/none.yaml")
	d.runRaw(d.Context(), exitUsage, "-c", d.rulesFile(), "rules")
	d.run(exitUsage, "rules", "test", file) // no rules
	d.more = strings.Replace(testRules, "tag.app:", "tagg.app:", 1)
	d.run(exitUsage, "rules", "test", file)
	if !strings.Contains(d.stderr.String(), "tagg.app") {
		t.Errorf("the mistake of the rule is not told:\n%s", &d.stderr)
	}
}

// TestRulesUnmatched: the instances that no rule matches, how many each matches, and those whose field none sets.
func TestRulesUnmatched(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-hangzhou")
	d.more = "language: en\nrules:\n  - {name: all but one, when: {name: \"!*2\"}, set: {zone: z}}\n  - {name: none, when: {region: eu-*}, set: {node: /DEFAULT/eu}}\n"
	d.run(exitDone, "rules", "unmatched")
	d.wantPrinted("rule 1 (all but one)  2\n", "rule 2 (none)         0\n", "Of 3 instances, 1 have no rule:\n", "  aliyun-prod  cn-hangzhou  web-00002")
	d.run(exitDone, "rules", "unmatched", "--field", "node", "--json")
	var out unmatchedDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out.Instances != 3 || len(out.Unmatched) != 3 || out.Rules[0].Instances != 0 || out.Unmatched[0].ID == "" {
		t.Errorf("%+v", out)
	}
	d.Account.Fill("cn-beijing", 1, func(int) alibabatest.Instance {
		i := alibabatest.SampleInstance(9)
		i.Tags = map[string]string{"app": "shop", "other": "x"}
		return i
	})
	d.more = "language: en\nrules:\n  - {when: {tag.app: web}, set: {zone: z}}\n  - {when: {region: cn-hangzhou}, set: {zone: z}}\n"
	d.run(exitDone, "rules", "unmatched")
	d.wantPrinted("Of 4 instances, 1 have no rule:\n", "  app=shop\n") // the tags that rules ask for
	d.run(exitUsage, "rules", "unmatched", "--field", "nodes")
	d.more = "language: en\nrules: [{set: {zone: z}}]\n"
	d.run(exitDone, "rules", "unmatched")
	d.wantPrinted("All of 4 instances have a rule.\n")
	d.more = ""
	d.run(exitUsage, "rules", "unmatched") // no rules
	if d.JMS.Writes() > 0 {
		t.Error("it writes")
	}
}

// TestPrivateVPCs: VPCs whose hosts have private addresses only, and no zone, are told with the number of these hosts.
func TestPrivateVPCs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	host := func(n int, vpc string, more func(*alibabatest.Instance)) {
		i := alibabatest.SampleInstance(n)
		i.VPC = vpc
		if more != nil {
			more(&i)
		}
		d.Account.Put("cn-hangzhou", i)
	}
	host(1, "vpc-a", nil)
	host(2, "vpc-b", nil)
	host(3, "vpc-b", nil)
	host(4, "vpc-zoned", nil)
	host(5, "vpc-public", func(i *alibabatest.Instance) { i.EIP = "47.0.0.1" })
	host(6, "vpc-skipped", func(i *alibabatest.Instance) { i.Name = "k8s" })
	host(7, "vpc-off", func(i *alibabatest.Instance) { i.Status = "Stopped" })
	host(8, "", nil)
	d.more = "language: en\nrules:\n  - {when: {vpc: vpc-zoned}, set: {zone: z}}\n  - {when: {name: k8s}, set: {skip: cluster}}\n  - {when: {status: stopped}, set: {active: false}}\n"
	d.run(exitDone, "rules", "unmatched")
	d.wantPrinted("VPCs whose hosts have private addresses only, and no zone", "  aliyun-prod  cn-hangzhou  vpc-b  2\n  aliyun-prod  cn-hangzhou  vpc-a  1\n")
	d.run(exitDone, "rules", "unmatched", "--json")
	var out unmatchedDocument
	if err := json.Unmarshal(d.stdout.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if want := []privateVPC{{"aliyun-prod", "cn-hangzhou", "vpc-b", 2}, {"aliyun-prod", "cn-hangzhou", "vpc-a", 1}}; !slices.Equal(out.Private, want) {
		t.Errorf("%+v", out.Private)
	}
	if got := findPrivateVPCs([]inventory.Listing{{Scope: inventory.Scope{Account: "a"}, Instances: []inventory.Instance{{VPC: "v", PrivateIPs: []string{"10.0.0.1"}}}}},
		config.Config{Clouds: []config.Cloud{{Name: "a", DomainID: "z"}}}); len(got) > 0 {
		t.Errorf("an account with a zone: %+v", got)
	}
}

// TestFindUnmatched: scopes that failed are named, what was not read counts by itself, and the tags jms:… are a rule too.
func TestFindUnmatched(t *testing.T) {
	t.Parallel()
	rules, mistakes := mapping.Compile([]mapping.Rule{
		{When: mapping.Condition{Keys: map[string][]string{"tag.app": {"shop"}}}, Set: mapping.Settings{Node: "/DEFAULT/shop"}},
		{When: mapping.Condition{Keys: map[string][]string{"name": {"db*"}}}, Set: mapping.Settings{Zone: "z"}},
	}, mapping.Options{FromTags: true})
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	instance := func(name string, facts inventory.Facts) inventory.Instance {
		return inventory.Instance{Scope: inventory.Scope{Account: "a", Region: "r"}, ID: "i-" + name, Name: name, Facts: &facts}
	}
	listings := []inventory.Listing{
		{Scope: inventory.Scope{Account: "a", Region: "r"}, Instances: []inventory.Instance{
			instance("web", inventory.Facts{Tags: []inventory.Tag{{Key: "app", Value: "shop"}}}), instance("other", inventory.Facts{Tags: []inventory.Tag{{Key: "app", Value: "x"}}}),
			instance("blind", inventory.Facts{TagsUnread: true}), instance("db", inventory.Facts{TagsUnread: true}),
			instance("tagged", inventory.Facts{Tags: []inventory.Tag{{Key: "jms:node", Value: "x"}}}),
		}},
		{Scope: inventory.Scope{Account: "a", Region: "down"}, Err: language.Errorf("坏了", "broken")},
	}
	cfg := testRulesConfig(rules)
	found := findUnmatched(listings, cfg, -1, language.English)
	if found.Instances != 5 || found.Unknown != 1 || !slices.Equal(found.Failed, []string{"a/down: broken"}) {
		t.Errorf("%+v", found)
	}
	if want := []ruleCount{{"the tags jms:…", 1}, {"rule 1", 1}, {"rule 2", 1}}; !slices.Equal(found.Rules, want) {
		t.Errorf("%+v", found.Rules)
	}
	if len(found.Unmatched) != 1 || found.Unmatched[0].Name != "other" || !slices.Equal(found.Unmatched[0].Tags, []string{"app=x"}) {
		t.Errorf("%+v", found.Unmatched)
	}
	found = findUnmatched(listings, cfg, int(mapping.FieldNode), language.English)
	if len(found.Unmatched) != 1 || found.Unknown != 2 || found.Rules[0].Instances != 1 {
		t.Errorf("by node: %+v", found)
	}
}

func testRulesConfig(rules *mapping.Set) config.Config {
	return config.Config{Mapping: rules, RulesFromTags: true, Clouds: []config.Cloud{{Name: "a", Type: "aliyun"}}}
}

// TestDocumentedExpectations: the rules and the expectations in the documents go together, and each rule is reached or
// said not to be.
func TestDocumentedExpectations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"configuration.md", "configuration.en.md"} {
		d := newDesk(t)
		rules, expectations := "", ""
		for _, m := range fence.FindAllStringSubmatch(d.readFile(filepath.Join(repository, "docs", name)), -1) {
			switch {
			case strings.HasPrefix(m[2], "rules:"):
				rules = m[2]
			case strings.HasPrefix(m[2], "# expect.yaml"):
				expectations = m[2]
			}
		}
		config := d.saveFile("config.yaml", "language: en\nclouds: [{type: aliyun, name: aliyun-prod}]\n"+rules)
		d.runRaw(d.Context(), exitDone, "-c", config, "rules", "test", d.saveFile("expect.yaml", expectations))
		d.wantPrinted("rules that no expectation reaches: rule 2 (Windows)\n", "All expectations are met: 2.\n")
	}
}

// TestExplainedInstances: what explain --json tells of an instance can be pasted into an expectation.
func TestExplainedInstances(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[explain.Instance]()
	for n := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(n).Tag.Get("json"), ",")
		if !slices.Contains(instanceKeys(), name) {
			t.Errorf("an expectation does not take %s", name)
		}
	}
}

// FuzzExpectations: no file crashes the command, and what is read can be tried.
func FuzzExpectations(f *testing.F) {
	f.Add(metExpectations)
	f.Add("- &a {instance: *a, asset: {labels: *a}}")
	f.Add("- {instance: {tags: [{key: a}], ip: [[]]}, asset: {nodes: {}, port: -1, skip: 0, labels: {a: [b]}}}")
	rules, _ := mapping.Compile([]mapping.Rule{{Set: mapping.Settings{Node: "/DEFAULT/{tag.app}"}}}, mapping.Options{})
	cfg := testRulesConfig(rules)
	f.Fuzz(func(t *testing.T, text string) {
		expectations, err := readExpectations("file", []byte(text), cfg, language.English)
		if err == nil {
			runRuleTest(expectations, rules, language.English)
		}
	})
}
