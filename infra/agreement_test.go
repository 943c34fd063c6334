package infra

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// TestTerraformTriggers: the triggers that Terraform makes are those of s.yaml, with all their settings.
func TestTerraformTriggers(t *testing.T) {
	t.Parallel()
	m := loadModule(t, "alibaba")
	context := withFiles(m.evalContext(loadProviderSchema(t, "alibaba")), func(name string) []byte { return readRepoFile(t, name) })
	for name, r := range renderServerless(t).Resources {
		block := m.findBlocks("resource", "alicloud_fcv3_trigger", name)[0]
		for _, trigger := range r.Props.Triggers {
			of := context.NewChild()
			of.Variables = map[string]cty.Value{
				"each": cty.ObjectVal(map[string]cty.Value{"value": cty.StringVal(trigger.Name)}),
				"var":  cty.ObjectVal(map[string]cty.Value{"cron": cty.StringVal("0 0/5 * * * *")}), // its default, see TestTerraformDefaults
			}
			written := map[string]string{}
			for _, attribute := range []string{"trigger_name", "trigger_type", "qualifier", "trigger_config"} {
				value, problems := block.Body.Attributes[attribute].Expr.Value(of)
				if problems.HasErrors() {
					t.Fatal(problems)
				}
				written[attribute] = value.AsString()
			}
			if written["trigger_name"] != trigger.Name || written["trigger_type"] != trigger.Type || written["qualifier"] != trigger.Qualifier {
				t.Errorf("%s: Terraform makes %v, s.yaml %+v", name, written, trigger)
			}
			var ours, theirs any
			decodeStrictJSON(t, []byte(written["trigger_config"]), &ours)
			err := trigger.Config.Decode(&theirs)
			if err != nil {
				t.Fatal(err)
			}
			theirs = asJSON(t, theirs)
			if !reflect.DeepEqual(ours, theirs) {
				t.Errorf("%s: Terraform sets\n%v\ns.yaml has\n%v", trigger.Name, ours, theirs)
			}
		}
	}
	names := regexp.MustCompile(`toset\(\[(.*?)\]\)`).FindStringSubmatch(string(readRepoFile(t, "alibaba/functions.tf")))
	if names == nil || names[1] != `"ecs-state", "ecs-calls"` {
		t.Errorf("Terraform makes the triggers %q", names)
	}
}

// TestTerraformDefaults: a variable of Terraform that s.yaml has too has the same default.
func TestTerraformDefaults(t *testing.T) {
	t.Parallel()
	m := loadModule(t, "alibaba")
	same := map[string]string{"DEPLOY_REGION": "region", "DEPLOY_PREFIX": "prefix", "DEPLOY_CRON": "cron"}
	found := 0
	for _, call := range envCall.FindAllStringSubmatch(string(readRepoFile(t, root+"/s.yaml")), -1) {
		name := same[call[1]]
		if name == "" {
			continue
		}
		found++
		if got := attributeText(m.findBlocks("variable", name)[0], "default"); got != call[2] {
			t.Errorf("%s is %q in s.yaml, %s is %q in Terraform", call[1], call[2], name, got)
		}
	}
	if found != len(same) {
		t.Errorf("%d of %d variables stand in s.yaml", found, len(same))
	}
}

// TestEventBridgeRoles: Terraform makes the roles that fc3 makes before it makes triggers (src/base.ts of
// github.com/devsapp/fc3, with the names of constant.js of @serverless-cd/srm-aliyun-ram20150501).
func TestEventBridgeRoles(t *testing.T) {
	t.Parallel()
	m := loadModule(t, "alibaba")
	value, problems := m.findBlocks("variable", "event_bridge_roles")[0].Body.Attributes["default"].Expr.Value(nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	text, err := ctyjson.Marshal(value, value.Type())
	if err != nil || string(text) != `["sendevent-fc","source-cms","source-actiontrail"]` {
		t.Errorf("%s %v", text, err)
	}
	service := m.findBlocks("resource", "alicloud_resource_manager_service_linked_role", "event_bridge")[0].Body.Attributes["service_name"]
	text = readRepoFile(t, "alibaba/main.tf")[service.Expr.Range().Start.Byte:service.Expr.Range().End.Byte]
	if string(text) != `"${each.value}.eventbridge.aliyuncs.com"` {
		t.Errorf("the roles are of %s", text)
	}
	for _, kind := range []string{"alicloud_fcv3_trigger", "alicloud_event_bridge_rule"} {
		if m.findBlocks("resource", kind, "event")[0].Body.Attributes["depends_on"] == nil {
			t.Errorf("%s may be made before EventBridge has its roles", kind)
		}
	}
}

// TestHuaweiAgencies: the keys that reach the code may list and keep state, those of the platform alone may subscribe to
// operations and tell of failures.
func TestHuaweiAgencies(t *testing.T) {
	t.Parallel()
	text := string(readRepoFile(t, "huawei/main.tf"))
	m := loadModule(t, "huawei")
	part := func(name string) string {
		at := m.findBlocks("resource", "huaweicloud_identity_agency", name)[0].Range()
		from := strings.Index(text, `resource "huaweicloud_identity_agency" "`+name+`"`)
		end := strings.Index(text[from:], "\n}\n")
		if at.Empty() || from < 0 || end < 0 {
			t.Fatalf("there is no agency %s", name)
		}
		return text[from : from+end]
	}
	program, platform := part("function"), part("platform")
	for _, right := range []string{"trigger_roles", "identity_role.failures"} {
		if strings.Contains(program, right) || !strings.Contains(platform, right) {
			t.Errorf("%s is the platform's, not the program's", right)
		}
	}
	for _, right := range []string{"identity_role.project", "identity_role.account"} {
		if !strings.Contains(program, right) || strings.Contains(platform, right) {
			t.Errorf("%s is the program's, not the platform's", right)
		}
	}
	for _, name := range []string{"timer", "event"} {
		function := m.findBlocks("resource", "huaweicloud_fgs_function", name)[0]
		for attribute, agency := range map[string]string{"agency": "platform", "app_agency": "function"} {
			at := function.Body.Attributes[attribute].Expr.Range()
			if got := string(readRepoFile(t, "huawei/functions.tf")[at.Start.Byte:at.End.Byte]); got != "huaweicloud_identity_agency."+agency+".name" {
				t.Errorf("%s: %s is %s", name, attribute, got)
			}
		}
	}
}

// TestRetriesOfDocuments: what docs/functions says of Lambda's retries is what Terraform sets.
func TestRetriesOfDocuments(t *testing.T) {
	t.Parallel()
	m := loadModule(t, "aws")
	retries := func(name string) string {
		return attributeText(m.findBlocks("resource", "aws_lambda_function_event_invoke_config", name)[0], "maximum_retry_attempts")
	}
	for file, words := range map[string][2]string{
		"functions.md": {"异步重试 ", "事件的用默认重试（"}, "functions.en.md": {"asynchronous retries ", "the default retries for events ("},
	} {
		document := string(readRepoFile(t, root+"/docs/"+file))
		for i, name := range []string{"timer", "event"} {
			if want := words[i] + retries(name); !strings.Contains(document, want) {
				t.Errorf("docs/%s does not say %q", file, want)
			}
		}
	}
	var states struct {
		Detail struct{ State []string }
	}
	decodeStrictJSON(t, readRepoFile(t, "aws/events/ec2-state.json"), &states)
	encoded, err := json.Marshal(states.Detail.State)
	if err != nil || slices.Contains(states.Detail.State, "") || !strings.Contains(string(readRepoFile(t, root+"/docs/functions.md")), string(encoded)) {
		t.Errorf("docs/functions.md does not have %s: %v", encoded, err)
	}
}
