package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// newListing returns n instances of an account, whose owner is "owner of" it unless given.
func newListing(account, region string, n int, owner ...string) inventory.Listing {
	ownerID := append(owner, "owner of "+account)[0]
	return inventory.Listing{
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}, Owner: ownerID,
		Instances: make([]inventory.Instance, n),
	}
}

func newAccount(name, id string, regions ...string) config.Cloud {
	return config.Cloud{Cloud: inventory.Alibaba, Name: name, Enabled: true, AccountID: id, Regions: regions}
}

// shardTexts returns the parts of a proposal as texts.
func (p proposal) shardTexts() []string {
	var all []string
	for _, s := range p.shards {
		all = append(all, fmt.Sprintf("%s %s %d", strings.Join(s.accounts, ","), strings.Join(s.regions, ","), s.instances))
	}
	return all
}

func TestPropose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		listings []inventory.Listing
		accounts []config.Cloud
		want     []string
		rest     proposal // but for its slices
	}{
		"one invocation is enough": {
			[]inventory.Listing{newListing("a", "r1", 60), newListing("b", "r1", 40)}, nil, nil, proposal{instances: 100},
		},
		"small accounts go together": {
			[]inventory.Listing{newListing("a", "r1", 60), newListing("b", "r1", 30), newListing("b", "r2", 25), newListing("c", "r1", 40), newListing("d", "r1", 0)},
			[]config.Cloud{newAccount("a", "1"), newAccount("b", "2"), newAccount("c", "3"), newAccount("d", "4")},
			[]string{"a,c,d  100", "b  55"}, proposal{instances: 155},
		},
		"a large one is split by region, whose empty ones are not left out": {
			[]inventory.Listing{
				newListing("a", "r1", 70), newListing("a", "r2", 50), newListing("a", "r3", 30), newListing("a", "r4", 0), newListing("b", "r1", 5),
			},
			[]config.Cloud{newAccount("a", "1"), newAccount("b", "2", "r1")},
			[]string{"a r1,r3,r4 100", "a r2 50", "b  5"}, proposal{instances: 155, newRegionsUnassigned: []string{"a"}},
		},
		"regions that are named bring no new ones": {
			[]inventory.Listing{newListing("a", "r1", 70), newListing("a", "r2", 50)},
			[]config.Cloud{newAccount("a", "1", "r1", "r2")},
			[]string{"a r1 70", "a r2 50"}, proposal{instances: 120},
		},
		"a region that is too large": {
			[]inventory.Listing{newListing("a", "r1", 300), newListing("a", "r2", 50), newListing("b", "r1", 20)},
			[]config.Cloud{newAccount("a", "1", "r1", "r2"), newAccount("b", "2")},
			[]string{"a r1 300", "a r2 50", "b  20"}, proposal{instances: 370, tooLarge: []string{"a/r1"}},
		},
		"one owner stays together": {
			[]inventory.Listing{newListing("a", "r1", 60, "x"), newListing("b", "r1", 30, "x"), newListing("b", "r2", 30, "x"), newListing("c", "r1", 50)},
			[]config.Cloud{newAccount("a", "x", "r1"), newAccount("b", "x", "r1", "r2"), newAccount("c", "c", "r1")},
			[]string{"a,b r1 90", "c  50", "a,b r2 30"}, proposal{instances: 170},
		},
		"one without account_id may own what others hold": {
			[]inventory.Listing{newListing("a", "r1", 90), newListing("b", "r2", 50), newListing("c", "r1", 30)},
			[]config.Cloud{newAccount("a", "", "r1"), newAccount("b", "", "r2"), newAccount("c", "3", "r1")},
			[]string{"a  90", "b,c  80"}, proposal{instances: 170, undecided: []string{"a"}},
		},
	} {
		p := propose(c.listings, c.accounts, 100)
		if !slices.Equal(p.shardTexts(), c.want) {
			t.Errorf("%s: %q, want %q", name, p.shardTexts(), c.want)
		}
		slices.Reverse(c.listings)
		if again := propose(c.listings, c.accounts, 100); !reflect.DeepEqual(again, p) {
			t.Errorf("%s: in another order %+v", name, again)
		}
		p.shards = nil
		if !reflect.DeepEqual(p, c.rest) {
			t.Errorf("%s: %+v, want %+v", name, p, c.rest)
		}
	}
}

// TestEveryScopeIsInOnePart: in any estate each scope is in exactly one part.
func TestEveryScopeIsInOnePart(t *testing.T) {
	t.Parallel()
	for seed := range 200 {
		var listings []inventory.Listing
		var accounts []config.Cloud
		for a := range 1 + seed%9 {
			name := fmt.Sprint("account ", a)
			accounts = append(accounts, newAccount(name, ""))
			for r := range 1 + (seed+a)%5 {
				listings = append(listings, newListing(name, fmt.Sprint("r", r), (seed*37+a*61+r*97)%130, fmt.Sprint("owner ", a%4)))
			}
		}
		p := propose(listings, accounts, 100)
		if len(p.shards) == 0 {
			continue
		}
		sum := 0
		for _, s := range p.shards {
			sum += s.instances
			if s.instances > 100 && len(p.tooLarge) == 0 {
				t.Errorf("seed %d: a part of %d", seed, s.instances)
			}
		}
		if sum != p.instances {
			t.Errorf("seed %d: %d of %d instances", seed, sum, p.instances)
		}
		for _, l := range listings {
			in := 0
			for _, s := range p.shards {
				if s.contains(l.Scope) {
					in++
				}
			}
			if in != 1 {
				t.Errorf("seed %d: %s is in %d parts: %q", seed, l.Scope, in, p.shardTexts())
			}
		}
	}
}

func TestSplitCommand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(30, "cn-beijing", "cn-hangzhou")
	d.run(exitDone, "split")
	d.wantPrinted("共 60 个实例，一次调用就够，不需要拆分。")
	file := filepath.Join(d.dir, "triggers.yaml")
	d.run(exitDone, "split", "--size", "40", "-o", file)
	d.wantPrinted("共 60 个实例，建议分成 2 个部分：", "1/2   30", "2/2   30", "JMS_SYNC_STATE")
	triggers := readTriggers(t, d.readFile(file))
	if len(triggers) != 2 || triggers[1].Config.Cron != "0 0/5 * * * *" ||
		triggers[1].Config.Payload != `{"clouds":["aliyun-prod"],"regions":["cn-hangzhou"],"part":"2/2"}` {
		t.Errorf("%+v", triggers)
	}
	d.run(exitDone, "split", "--size", "40", "--cron", "CRON_TZ=Asia/Shanghai 0 30 4 * * *")
	_, text, _ := strings.Cut(d.stdout.String(), "\ntriggers:")
	if got := readTriggers(t, "triggers:"+text); len(got) != 2 || got[0].Config.Cron != "CRON_TZ=Asia/Shanghai 0 30 4 * * *" {
		t.Errorf("%+v in %s", got, &d.stdout)
	}
	d.more = "language: en"
	d.run(exitDone, "split", "--size", "10")
	d.wantPrinted("60 instances, proposed as 2 parts:", "Warning: these regions have more than 10 instances")
	if n := d.JMS.Requests() + d.Robot.Calls(); n != 0 {
		t.Errorf("%d requests to JumpServer and DingTalk", n)
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(30, "cn-beijing", "cn-hangzhou")
	for _, args := range [][]string{{"--size", "0"}, {"--cron", ""}, {"--cron", "0 0 * * *"}, {"--cron", "@every 5m"}, {"more"}} {
		d.run(exitUsage, append([]string{"split"}, args...)...)
	}
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
	d.run(exitPartial, "split", "--size", "10")
	if text := d.stderr.String(); !strings.Contains(text, "aliyun-prod/cn-hangzhou") || d.stdout.Len() > 0 {
		t.Errorf("%s%s", &d.stdout, text)
	}
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances})
	d.run(exitFailed, "split")
}

func readTriggers(t *testing.T, text string) []fcTrigger {
	t.Helper()
	var document struct {
		Triggers []fcTrigger `yaml:"triggers"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return document.Triggers
}

// TestFragmentFitsTheSchema: the fragment is valid for Serverless Devs' component fc3 (devsapp/fc3, src/schema.json),
// and more strictly than that schema: it accepts any object as triggerConfig, and unknown keys.
func TestFragmentFitsTheSchema(t *testing.T) {
	t.Parallel()
	file := os.Getenv("JMS_SYNC_TEST_FC3_SCHEMA")
	if file == "" {
		t.Skip("fc3's schema is not in this repository: name src/schema.json of github.com/devsapp/fc3 in JMS_SYNC_TEST_FC3_SCHEMA")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Required   []string
		Properties map[string]struct{ Type string }
		Enum       []string
	}
	var schema struct{ Definitions map[string]object }
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	text, err := renderTriggers(proposal{shards: []shard{{accounts: []string{"生产 <1>"}}, {accounts: []string{"b"}, regions: []string{"r"}}}}, "0 0/5 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Triggers []map[string]any }
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Triggers) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	fits := func(value map[string]any, name string) {
		def, known := schema.Definitions[name]
		if !known || len(def.Required) == 0 {
			t.Fatalf("the schema has no %s", name)
		}
		for _, key := range def.Required {
			if value[key] == nil {
				t.Errorf("%s: no %s", name, key)
			}
		}
		for key, v := range value {
			p, known := def.Properties[key]
			_, isText := v.(string)
			_, isFlag := v.(bool)
			if !known || p.Type == "string" && !isText || p.Type == "boolean" && !isFlag {
				t.Errorf("%s: %s is %v, want %q", name, key, v, p.Type)
			}
		}
	}
	for _, trigger := range document.Triggers {
		fits(trigger, "ITrigger")
		fits(trigger["triggerConfig"].(map[string]any), "ITimerTriggerConfig")
		if !slices.Contains(schema.Definitions["ITriggerType"].Enum, trigger["triggerType"].(string)) {
			t.Errorf("no such trigger: %v", trigger["triggerType"])
		}
	}
	if !strings.Contains(string(text), `{"clouds":["生产 <1>"],"part":"1/2"}`) {
		t.Errorf("%s", text)
	}
}
