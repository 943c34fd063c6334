package infra

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
)

// attributeNeed is one attribute that a resource must have; "" = it must not have it.
type attributeNeed struct{ kind, name, path, want string }

// attributeNeeds returns what the modules must have: buckets that are encrypted and closed, a configuration that keeps
// its versions and state that keeps none, retries, runtimes, and who may start what.
func attributeNeeds() map[string][]attributeNeed {
	return map[string][]attributeNeed{
		"alibaba": {
			{"alicloud_oss_bucket", "config", "versioning.status", "Enabled"},
			{"alicloud_oss_bucket", "config", "server_side_encryption_rule.sse_algorithm", "AES256"},
			{"alicloud_oss_bucket", "state", "versioning.status", ""},
			{"alicloud_oss_bucket", "state", "server_side_encryption_rule.sse_algorithm", "AES256"},
			{"alicloud_oss_bucket_acl", "config", "acl", "private"},
			{"alicloud_oss_bucket_acl", "state", "acl", "private"},
			{"alicloud_oss_bucket_public_access_block", "config", "block_public_access", "true"},
			{"alicloud_oss_bucket_public_access_block", "state", "block_public_access", "true"},
			{"alicloud_fcv3_async_invoke_config", "timer", "max_async_retry_attempts", "1"},
			{"alicloud_fcv3_async_invoke_config", "event", "max_async_retry_attempts", "3"},
			{"alicloud_event_bridge_rule", "event", "event_bus_name", "default"},
		},
		"aws": {
			{"aws_s3_bucket_versioning", "config", "versioning_configuration.status", "Enabled"},
			{"aws_s3_bucket_public_access_block", "config", "restrict_public_buckets", "true"},
			{"aws_s3_bucket_public_access_block", "config", "block_public_policy", "true"},
			{"aws_s3_bucket_public_access_block", "state", "restrict_public_buckets", "true"},
			{"aws_s3_bucket_public_access_block", "state", "block_public_policy", "true"},
			{"aws_s3_bucket_server_side_encryption_configuration", "config", "rule.apply_server_side_encryption_by_default.sse_algorithm", "AES256"},
			{"aws_s3_bucket_server_side_encryption_configuration", "state", "rule.apply_server_side_encryption_by_default.sse_algorithm", "AES256"},
			{"aws_lambda_function", "timer", "runtime", "provided.al2023"},
			{"aws_lambda_function", "event", "handler", "bootstrap"},
			{"aws_lambda_function_event_invoke_config", "timer", "maximum_retry_attempts", "0"},
			{"aws_lambda_function_event_invoke_config", "timer", "maximum_event_age_in_seconds", "600"},
			{"aws_lambda_function_event_invoke_config", "event", "maximum_event_age_in_seconds", "3600"},
			{"aws_cloudwatch_event_target", "timer", "retry_policy.maximum_event_age_in_seconds", "600"},
			{"aws_cloudwatch_event_target", "event", "retry_policy.maximum_event_age_in_seconds", "3600"},
			{"aws_lambda_function_event_invoke_config", "event", "maximum_retry_attempts", "2"},
			{"aws_lambda_permission", "timer", "principal", "events.amazonaws.com"},
			{"aws_lambda_permission", "event", "principal", "events.amazonaws.com"},
		},
		"huawei": {
			{"huaweicloud_obs_bucket", "config", "versioning", "true"},
			{"huaweicloud_obs_bucket", "config", "encryption", "true"},
			{"huaweicloud_obs_bucket", "config", "acl", "private"},
			{"huaweicloud_obs_bucket", "state", "versioning", "false"},
			{"huaweicloud_obs_bucket", "state", "encryption", "true"},
			{"huaweicloud_obs_bucket", "state", "acl", "private"},
			{"huaweicloud_fgs_function", "timer", "runtime", "Custom"},
			{"huaweicloud_fgs_function_trigger", "timer", "type", "TIMER"},
			{"huaweicloud_fgs_function_trigger", "event", "type", "CTS"},
			{"huaweicloud_fgs_async_invoke_configuration", "timer", "max_async_retry_attempts", "1"},
			{"huaweicloud_fgs_async_invoke_configuration", "event", "max_async_retry_attempts", "3"},
			{"huaweicloud_identity_role", "project", "type", "XA"},
			{"huaweicloud_identity_role", "account", "type", "AX"},
			{"huaweicloud_identity_agency", "function", "delegated_service_name", "op_svc_cff"},
			{"huaweicloud_identity_agency", "platform", "delegated_service_name", "op_svc_cff"},
			{"huaweicloud_fgs_function", "timer", "enable_lts_log", "true"},
			{"huaweicloud_fgs_function", "event", "enable_lts_log", "true"},
			{"huaweicloud_lts_group", "functions", "ttl_in_days", "180"},
		},
	}
}

// TestResources checks the modules for attributeNeeds.
func TestResources(t *testing.T) {
	t.Parallel()
	for dir, needs := range attributeNeeds() {
		m := loadModule(t, dir)
		for _, n := range needs {
			found := m.findBlocks("resource", n.kind, n.name)
			if len(found) != 1 {
				t.Errorf("%s: %d of %s.%s", dir, len(found), n.kind, n.name)
				continue
			}
			if got := attributeText(found[0], n.path); got != n.want {
				t.Errorf("%s: %s.%s: %s is %q, not %q", dir, n.kind, n.name, n.path, got, n.want)
			}
		}
	}
	if found := loadModule(t, "aws").findBlocks("resource", "aws_s3_bucket_versioning", "state"); len(found) > 0 {
		t.Error("aws: state has versioning")
	}
}

// TestTerraformIsLikeServerless compares the numbers of Terraform's functions with s.yaml's.
func TestTerraformIsLikeServerless(t *testing.T) {
	t.Parallel()
	m, s := loadModule(t, "alibaba"), renderServerless(t)
	for name, r := range s.Resources {
		p, function := r.Props, m.findBlocks("resource", "alicloud_fcv3_function", name)[0]
		async := m.findBlocks("resource", "alicloud_fcv3_async_invoke_config", name)[0]
		for path, want := range map[string]string{
			"runtime": p.Runtime, "handler": p.Handler, "description": p.Description,
			"timeout": strconv.Itoa(p.Timeout), "memory_size": strconv.Itoa(p.MemorySize), "disk_size": strconv.Itoa(p.DiskSize),
			"cpu": strconv.FormatFloat(p.CPU, 'f', -1, 64), "log_config.log_begin_rule": p.Log.BeginRule,
			"instance_lifecycle_config.pre_stop.handler": p.Lifecycle.PreStop.Handler,
		} {
			if got := attributeText(function, path); got != want {
				t.Errorf("%s: %s is %q in Terraform and %q in s.yaml", name, path, got, want)
			}
		}
		if attributeText(async, "max_async_retry_attempts") != strconv.Itoa(p.Async.Retries) || attributeText(async, "max_async_event_age_in_seconds") != strconv.Itoa(p.Async.Age) {
			t.Errorf("%s: its asynchronous invocations differ", name)
		}
	}
	locals := string(readRepoFile(t, "alibaba/main.tf"))
	for _, name := range []string{`"${var.prefix}-${local.account}"`, `"functions"`, `"${var.prefix}-failures"`} {
		if !strings.Contains(locals, name) {
			t.Errorf("s.yaml expects %s", name)
		}
	}
}

// TestHuaweiOperations: CTS accepts at most ten operations of a service, which are written
// service:resource:one;two;three (https://github.com/huaweicloud/terraform-provider-huaweicloud, examples/fgs/triggers/cts). The
// program acts on each.
func TestHuaweiOperations(t *testing.T) {
	t.Parallel()
	var config struct {
		Name       string
		Operations []string
	}
	decodeStrictJSON(t, readRepoFile(t, "huawei/events/cts.json"), &config)
	names, isECS := strings.CutPrefix(strings.Join(config.Operations, " "), "ECS:ecs:")
	operations := strings.Split(names, ";")
	if config.Name == "" || !isECS || len(config.Operations) != 1 || len(operations) < 2 || len(operations) > 10 {
		t.Errorf("%+v", config)
	}
	for _, operation := range operations {
		event := `{"cts":{"user":{"domain":{"id":"0503dda878000fed2f78c00909158a4d"}},"project_id":"0503dda878000fed2f75c009091a2b3c","service_type":"ECS","resource_type":"ecs","trace_status":"normal","code":"200","resource_id":"7a7d64f8-4f2a-4ba4-8a08-b1d1e5a3c8d6","trace_name":"` + operation + `"}}`
		if parsed := huawei.Events([]byte(event), cloud.Origin{Region: "cn-north-4"}); len(parsed) != 1 || parsed[0].Err != nil || parsed[0].IgnoredReason != "" {
			t.Errorf("%s: the program does not act on it: %+v", operation, parsed)
		}
	}
	if !slices.Contains(operations, "deleteVmByNative") {
		t.Error("releases by the native API are missing")
	}
}

// TestAWSPattern: the pattern has the states of
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html.
func TestAWSPattern(t *testing.T) {
	t.Parallel()
	var p map[string]json.RawMessage
	decodeStrictJSON(t, readRepoFile(t, "aws/events/ec2-state.json"), &p)
	var states struct{ State []string }
	decodeStrictJSON(t, p["detail"], &states)
	if !slices.Equal(states.State, []string{"running", "stopped", "terminated"}) || string(p["source"]) != `["aws.ec2"]` {
		t.Errorf("%s", p)
	}
}
