package infra

import (
	"slices"
	"strings"
	"testing"
)

// statement is a part of a policy as Alibaba Cloud, AWS and Huawei Cloud write it.
type statement struct {
	Effect    string            `json:"Effect"`
	Principal map[string]string `json:"Principal,omitempty"`
	Action    []string          `json:"Action"`
	Resource  []string          `json:"Resource,omitempty"`
}

type policy struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

func allow(actions []string, resources ...string) statement {
	return statement{Effect: "Allow", Action: actions, Resource: resources}
}

func trust(service string) statement {
	return statement{Effect: "Allow", Principal: map[string]string{"Service": service}, Action: []string{"sts:AssumeRole"}}
}

// approver returns what a person needs for held, approve, reject, status, pause and resume, whose calls a test of the command
// compares with this: to list the bucket, to read all state, to write approvals and the pause, and to delete these and what
// is held. objects are the rights on an object: to delete, get and put it.
func approver(objects, list []string, bucket, state string) []statement {
	if len(objects) != 3 {
		return nil
	}
	of := state + "servers/*/"
	return []statement{
		allow(list, bucket),
		allow(objects[1:2], state+"*"),
		allow(objects[2:3], of+"approvals/*", of+"pause.json"),
		allow(objects[:1], of+"approvals/*", of+"held/*", of+"pause.json", of+"pause-told.json"),
	}
}

// alibabaPolicies follows https://www.alibabacloud.com/help/en/ram/user-guide/policy-elements. The right to list a
// bucket is not narrowed to the prefix: it is not documented what the answer for a missing object is then (404 or 403),
// and the bucket holds nothing but state.
func alibabaPolicies(lister, config, objects, bucket []string) map[string]any {
	list := allow(lister, "*")
	return map[string]any{
		"trust.json": policy{"1", []statement{trust("fc.aliyuncs.com")}},
		"list.json":  policy{"1", []statement{list}},
		"function.json": policy{"1", []statement{
			list,
			allow(config, "acs:oss:*:*:${config_bucket}/${config_object}"),
			allow(objects, "acs:oss:*:*:${state_bucket}/${state_prefix}/*"),
			allow(bucket, "acs:oss:*:*:${state_bucket}"),
			allow([]string{"log:PostLogStoreLogs"}, "acs:log:*:*:project/${log_project}/logstore/${log_store}"),
			allow([]string{"mns:PublishMessage"}, "acs:mns:*:*:/topics/${failure_topic}/messages"),
		}},
		"assume-role.json": policy{"1", []statement{allow([]string{"sts:AssumeRole"}, "${member_role}")}},
		"approver.json":    policy{"1", approver(objects, []string{"oss:ListObjects"}, "acs:oss:*:*:${state_bucket}", "acs:oss:*:*:${state_bucket}/${state_prefix}/")},
	}
}

// awsPolicies follows https://docs.aws.amazon.com/service-authorization/latest/reference/. Without s3:ListBucket on the
// whole bucket S3 answers 403 for a missing object, where the state store needs 404; the bucket holds nothing but state.
func awsPolicies(lister, config, objects, bucket []string) map[string]any {
	list := allow(lister, "*")
	return map[string]any{
		"trust.json": policy{"2012-10-17", []statement{trust("lambda.amazonaws.com")}},
		"list.json":  policy{"2012-10-17", []statement{list}},
		"function.json": policy{"2012-10-17", []statement{
			list,
			allow(config, "arn:${partition}:s3:::${config_bucket}/${config_object}"),
			allow(objects, "arn:${partition}:s3:::${state_bucket}/${state_prefix}/*"),
			allow(bucket, "arn:${partition}:s3:::${state_bucket}"),
			allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"},
				"arn:${partition}:logs:${region}:${account}:log-group:${log_group}-timer:log-stream:*",
				"arn:${partition}:logs:${region}:${account}:log-group:${log_group}-event:log-stream:*"),
			allow([]string{"sns:Publish"}, "arn:${partition}:sns:${region}:${account}:${failure_topic}"),
		}},
		"assume-role.json": policy{"2012-10-17", []statement{allow([]string{"sts:AssumeRole"}, "${member_role}")}},
		"approver.json": policy{"2012-10-17", approver(objects, bucket, "arn:${partition}:s3:::${state_bucket}",
			"arn:${partition}:s3:::${state_bucket}/${state_prefix}/")},
	}
}

// huaweiPolicies follows https://support.huaweicloud.com/intl/en-us/usermanual-iam/iam_01_0605.html. A policy holds
// actions of projects or of global services (IAM, OBS), never both; a statement without a resource is for all of them.
func huaweiPolicies(lister, config, objects, bucket []string) map[string]any {
	var project, global []string
	for _, action := range lister {
		if strings.HasPrefix(action, "iam:") {
			global = append(global, action)
		} else {
			project = append(project, action)
		}
	}
	return map[string]any{
		"project.json":  policy{"1.1", []statement{allow(project)}},
		"failures.json": policy{"1.1", []statement{allow([]string{"smn:topic:publish"})}},
		"global.json":   policy{"1.1", []statement{allow(global)}},
		"account.json": policy{"1.1", []statement{
			allow(global),
			allow(config, "OBS:*:*:object:${config_bucket}/${config_object}"),
			allow(objects, "OBS:*:*:object:${state_bucket}/${state_prefix}/*"),
			allow(bucket, "OBS:*:*:bucket:${state_bucket}"),
		}},
		"approver.json": policy{"1.1", approver(objects, bucket, "OBS:*:*:bucket:${state_bucket}", "OBS:*:*:object:${state_bucket}/${state_prefix}/")},
	}
}

// tencentPolicies follows https://cloud.tencent.com/document/product/598/10603.
func tencentPolicies(lister, _, _, _ []string) map[string]any {
	document := func(actions []string, resource string) map[string]any {
		return map[string]any{"version": "2.0", "statement": []any{
			map[string]any{"effect": "allow", "action": actions, "resource": []string{resource}},
		}}
	}
	return map[string]any{
		"list.json":        document(lister, "*"),
		"assume-role.json": document([]string{"sts:AssumeRole"}, "${member_role}"),
	}
}

// azurePolicies follows https://learn.microsoft.com/en-us/azure/role-based-access-control/custom-roles.
func azurePolicies(lister, _, _, _ []string) map[string]any {
	return map[string]any{"list.json": map[string]any{
		"Name": "jms-sync", "IsCustom": true, "Description": "Reads virtual machines and their addresses",
		"Actions": lister, "AssignableScopes": []string{"/subscriptions/${subscription}"},
	}}
}

// TestHuaweiSplitsGlobalServices: rights of a project and of the account are kept apart, whatever the lister comes to
// need.
func TestHuaweiSplitsGlobalServices(t *testing.T) {
	t.Parallel()
	files := huaweiPolicies([]string{"ecs:a:list", "iam:b:list", "vpc:c:get"}, nil, nil, nil)
	project, account := files["project.json"].(policy), files["account.json"].(policy)
	if got := project.Statement[0].Action; !slices.Equal(got, []string{"ecs:a:list", "vpc:c:get"}) {
		t.Errorf("project: %v", got)
	}
	if got := account.Statement[0].Action; !slices.Equal(got, []string{"iam:b:list"}) {
		t.Errorf("account: %v", got)
	}
}
