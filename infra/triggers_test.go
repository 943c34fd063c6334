package infra

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
)

// timerConfig and eventConfig are the keys that triggerConfig may have, by type. fc3's schema accepts any object there.
type timerConfig struct {
	Cron    string  `yaml:"cronExpression"`
	Enable  *bool   `yaml:"enable"`
	Payload *string `yaml:"payload"`
}

type eventConfig struct {
	Enable  *bool  `yaml:"triggerEnable"`
	Async   *bool  `yaml:"asyncInvocationType"`
	Pattern string `yaml:"eventRuleFilterPattern"`
	Source  struct {
		Type string `yaml:"eventSourceType"`
	} `yaml:"eventSourceConfig"`
}

func decodeExactly[T any](t *testing.T, n yaml.Node) T {
	t.Helper()
	text, err := yaml.Marshal(&n)
	if err != nil {
		t.Fatal(err)
	}
	var c T
	decodeStrictYAML(t, text, &c)
	return c
}

func isTrue(b *bool) bool { return b != nil && *b }

func TestTimerTrigger(t *testing.T) {
	t.Parallel()
	triggers := renderServerless(t).Resources["timer"].Props.Triggers
	if len(triggers) != 1 || triggers[0].Type != "timer" || triggers[0].Qualifier != "LATEST" {
		t.Fatalf("%+v", triggers)
	}
	c := decodeExactly[timerConfig](t, triggers[0].Config)
	// Six fields and no @every: parts of a split run share a card by the minute that they fire in.
	// An empty payload asks for everything.
	if c.Cron != "0 0/5 * * * *" || !isTrue(c.Enable) || c.Payload == nil || *c.Payload != "" {
		t.Errorf("%+v", c)
	}
}

// TestEventbridgeIsLast: fc3 returns from its loop at an eventbridge trigger without changes
// (src/subCommands/deploy/impl/trigger.ts), and never reaches what comes after it.
func TestEventbridgeIsLast(t *testing.T) {
	t.Parallel()
	for name, r := range renderServerless(t).Resources {
		seen := false
		names := map[string]bool{}
		for _, trigger := range r.Props.Triggers {
			if seen && trigger.Type != "eventbridge" {
				t.Errorf("%s: %s stands after an eventbridge trigger", name, trigger.Name)
			}
			seen = seen || trigger.Type == "eventbridge"
			if names[trigger.Name] || trigger.Name == "" {
				t.Errorf("%s: the name %q is there twice, or empty", name, trigger.Name)
			}
			names[trigger.Name] = true
		}
		if len(r.Props.Triggers) == 0 {
			t.Errorf("%s has no trigger", name)
		}
	}
}

// pattern is an EventBridge pattern: a field matches if its value is in the list, an object if all of its fields match.
type pattern map[string]any

func (p pattern) matches(event map[string]any) bool {
	for key, want := range p {
		switch want := want.(type) {
		case []any:
			if !slices.Contains(want, event[key]) {
				return false
			}
		case map[string]any:
			inner, ok := event[key].(map[string]any)
			if !ok || !pattern(want).matches(inner) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// eventPatterns returns the patterns of s.yaml by the triggers' names, each equal to the file that Terraform and the
// console use.
func eventPatterns(t *testing.T) map[string]pattern {
	t.Helper()
	all := map[string]pattern{}
	for _, trigger := range renderServerless(t).Resources["event"].Props.Triggers {
		if trigger.Type != "eventbridge" || trigger.Qualifier != "LATEST" {
			t.Errorf("%+v", trigger)
			continue
		}
		c := decodeExactly[eventConfig](t, trigger.Config)
		if !isTrue(c.Enable) || !isTrue(c.Async) || c.Source.Type != "Default" {
			t.Errorf("%s: %+v", trigger.Name, c)
		}
		if file := string(readRepoFile(t, "alibaba/events/"+trigger.Name+".json")); strings.TrimSpace(file) != c.Pattern {
			t.Errorf("%s: s.yaml and infra/alibaba/events differ:\n%s\n%s", trigger.Name, c.Pattern, file)
		}
		var p pattern
		decodeStrictJSON(t, []byte(c.Pattern), &p)
		all[trigger.Name] = p
	}
	return all
}

func isActedOn(t *testing.T, event any) bool {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	parsed := alibaba.Events(payload, cloud.Origin{})
	return len(parsed) == 1 && parsed[0].Err == nil && parsed[0].IgnoredReason == ""
}

// TestEventPatterns: what the function acts on starts it, and each value in a pattern stands for events that it acts on.
func TestEventPatterns(t *testing.T) {
	t.Parallel()
	patterns := eventPatterns(t)
	files, err := filepath.Glob(root + "/core/cloud/alibaba/testdata/events/ali-eventbridge-*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	used, acted := map[string]int{}, map[string]int{}
	for _, file := range files {
		var event map[string]any
		decodeStrictJSON(t, readRepoFile(t, file), &event)
		if event["source"] == "acs:aliyuncvc" || !isActedOn(t, event) {
			continue
		}
		matched := false
		for name, p := range patterns {
			if p.matches(event) {
				matched = true
				used[name]++
				countActedOn(t, name, p, event, acted)
			}
		}
		if !matched {
			t.Errorf("%s would be acted on, but starts nothing", filepath.Base(file))
		}
	}
	for value, times := range acted {
		if times == 0 {
			t.Errorf("%s starts the function for nothing", value)
		}
	}
	for name := range patterns {
		if used[name] == 0 {
			t.Errorf("%s: no sample matches, so that nothing is known of it", name)
		}
	}
	if (pattern{"source": []any{"acs.oss"}}).matches(map[string]any{"source": "acs.ecs"}) {
		t.Error("another source matches")
	}
}

// countActedOn puts each value of a pattern's lists into an event that the function acts on, and counts by value
// how often it still does.
func countActedOn(t *testing.T, name string, p pattern, event map[string]any, acted map[string]int) {
	t.Helper()
	for key, want := range p {
		if inner, ok := want.(map[string]any); ok {
			data := event[key].(map[string]any)
			for field, values := range inner {
				countValues(t, name+": "+key+"."+field, values.([]any), event, data, field, acted)
			}
			continue
		}
		countValues(t, name+": "+key, want.([]any), event, event, key, acted)
	}
}

func countValues(t *testing.T, path string, values []any, event, object map[string]any, field string, acted map[string]int) {
	t.Helper()
	before := object[field]
	for _, value := range values {
		object[field] = value
		path := path + " " + value.(string)
		acted[path] += 0
		if isActedOn(t, event) {
			acted[path]++
		}
	}
	object[field] = before
}

// TestCallsThatStartTheFunction: of ECS's calls in ActionTrail exactly those start the function that it acts on.
func TestCallsThatStartTheFunction(t *testing.T) {
	t.Parallel()
	p := eventPatterns(t)["ecs-calls"]
	var event map[string]any
	decodeStrictJSON(t, readRepoFile(t, root+"/core/cloud/alibaba/testdata/events/ali-eventbridge-actiontrail-runinstances.json"), &event)
	some := 0
	for _, call := range []string{
		"RunInstances", "CreateInstance", "DeleteInstance", "DeleteInstances", "StartInstance", "StartInstances", "StopInstance", "StopInstances",
		"RebootInstance", "ModifyInstanceAttribute", "TagResources", "AllocatePublicIpAddress", "CreateDisk", "DeleteDisk", "RunCommand",
	} {
		event["data"].(map[string]any)["eventName"] = call
		if isActedOn(t, event) {
			some++
		}
		if isActedOn(t, event) != p.matches(event) {
			t.Errorf("%s: the function acts on it: %t, it starts the function: %t", call, isActedOn(t, event), p.matches(event))
		}
	}
	if some == 0 {
		t.Error("none of them is acted on")
	}
}
