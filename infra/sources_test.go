package infra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// byPlatform marks rights that nothing of ours calls for: the platform of the function does, with its role.
const byPlatform = "platform"

// actionDocuments returns where each cloud says what an action allows, by the beginning of the action: the longest counts.
func actionDocuments() map[inventory.Cloud]map[string]string {
	const (
		ecs     = "https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-"
		sts     = "https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-"
		amazon  = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
		support = "https://support.huaweicloud.com/"
		tencent = "https://cloud.tencent.com/document/"
		azure   = "https://learn.microsoft.com/azure/role-based-access-control/permissions/"
	)
	return map[inventory.Cloud]map[string]string{
		"alibaba": {
			"ecs:DescribeInstanceAttribute": ecs + "describeinstanceattribute", "ecs:DescribeInstances": ecs + "describeinstances", "ecs:DescribeRegions": ecs + "describeregions",
			"sts:GetCallerIdentity": sts + "getcalleridentity", "sts:AssumeRole": sts + "assumerole",
			"swas-open:": "https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-ram",
			"oss:":       "https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements",
			"log:":       "https://help.aliyun.com/en/sls/developer-reference/api-sls-2020-12-30-ram",
			"mns:":       "https://help.aliyun.com/zh/mns/b3asrm",
		},
		"aws": {
			"ec2:": amazon + "amazonec2.html", "sts:": amazon + "awssecuritytokenservice.html", "s3:": amazon + "amazons3.html",
			"logs:": amazon + "amazoncloudwatchlogs.html", "sns:": amazon + "amazonsns.html",
		},
		"huawei": {
			"ecs:": support + "api-ecs/ecs_06_0002.html", "iam:": support + "api-iam/iam_19_0001.html", "obs:": support + "api-obs/obs_04_0111.html",
			"smn:": support + "api-smn/smn_api_80005.html",
		},
		"tencent": {
			"cvm:DescribeInstances": tencent + "api/213/15728", "cvm:DescribeInstancesStatus": tencent + "api/213/15738", "region:": tencent + "product/629/96609",
			"sts:GetCallerIdentity": tencent + "api/1312/66098", "sts:AssumeRole": tencent + "api/1312/48197", "lighthouse:": tencent + "product/1207/47946",
		},
		"azure": {
			"Microsoft.Compute/": azure + "compute", "Microsoft.Network/": azure + "networking",
			"Microsoft.Authorization/": azure + "management-and-governance", "Microsoft.Resources/": azure + "management-and-governance",
			"Microsoft.ResourceGraph/": azure + "management-and-governance",
		},
	}
}

// platformActions are those that the platforms use: Function Compute, Lambda and FunctionGraph write logs and tell of what
// failed.
func platformActions() map[inventory.Cloud][]string {
	return map[inventory.Cloud][]string{
		"alibaba": {"log:PostLogStoreLogs", "mns:PublishMessage"},
		"aws":     {"logs:CreateLogStream", "logs:PutLogEvents", "sns:Publish"},
		"huawei":  {"smn:topic:publish"},
	}
}

// documentOf returns where an action is documented.
func documentOf(cloud inventory.Cloud, action string) string {
	found, longest := "", 0
	for begin, document := range actionDocuments()[cloud] {
		if strings.HasPrefix(action, begin) && len(begin) > longest {
			found, longest = document, len(begin)
		}
	}
	return found
}

// policyActions returns the actions of a policy, however its cloud writes them.
func policyActions(t *testing.T, document []byte) []string {
	t.Helper()
	var p struct {
		Statement []struct{ Action oneOrMany } // Go reads "statement" and "action" too
		Actions   []string
	}
	decodeStrictJSON(t, document, &p)
	all := p.Actions
	for _, s := range p.Statement {
		all = append(all, s.Action...)
	}
	return all
}

// actionCallers returns by whom the actions of a cloud are needed: files of the code, or the platform.
func actionCallers(t *testing.T, c inventory.CloudInfo) map[string][]string {
	t.Helper()
	callers := map[string][]string{}
	for right, file := range cloudCalls(t, c.Cloud) {
		callers[right] = append(callers[right], file)
	}
	store := dialectOf(c.Cloud).store
	if store != nil {
		for _, method := range sdkCalls(t, root+"/"+store.file, store.maker) {
			if right := store.actions[method]; right != "" { // else nothing is called, see requiredRights
				callers[right] = append(callers[right], store.file)
			}
		}
	}
	for _, right := range platformActions()[c.Cloud] {
		callers[right] = append(callers[right], byPlatform)
	}
	return callers
}

// TestSourceOfEachAction: each action in each policy is called somewhere in the code, or by the platform, and has a
// document of its cloud; infra/policies.md says which. -update writes it.
func TestSourceOfEachAction(t *testing.T) {
	t.Parallel()
	var table bytes.Buffer
	table.WriteString("# 权限的来源 · Sources of rights\n\n" +
		"由测试生成 · generated: `go test ./infra -run TestSourceOfEachAction -update`. `platform` = 函数平台自己使用，代码里没有调用 · used by the functions' platform itself, not called by the code.\n")
	for _, c := range cloudlist.Clouds() {
		in, callers := map[string][]string{}, actionCallers(t, c)
		files, err := filepath.Glob(string(c.Cloud) + "/policies/*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no policies: %v", c.Cloud, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if name == "trust" {
				continue // it gives no right, but says who may have them
			}
			actions := policyActions(t, readRepoFile(t, file))
			if len(actions) == 0 {
				t.Errorf("%s: no action was found", file)
			}
			for _, action := range actions {
				if !slices.Contains(in[action], name) {
					in[action] = append(in[action], name)
				}
			}
		}
		fmt.Fprintf(&table, "\n## %s\n\n| 权限 · action | 策略 · policies | 谁调用 · called by | 文档 · document |\n|---|---|---|---|\n", c.Cloud)
		for _, action := range slices.Sorted(maps.Keys(in)) {
			document, by := documentOf(c.Cloud, action), slices.Compact(slices.Sorted(slices.Values(callers[action])))
			if document == "" || len(by) == 0 {
				t.Errorf("%s: %s of %v has no source: called by %v, documented in %q", c.Cloud, action, in[action], by, document)
			}
			fmt.Fprintf(&table, "| `%s` | %s | %s | <%s> |\n", action, strings.Join(in[action], ", "), strings.Join(by, ", "), document)
		}
		for action := range callers {
			if in[action] == nil {
				t.Errorf("%s: %v needs %s, which no policy gives", c.Cloud, callers[action], action)
			}
		}
	}
	if *update {
		if err := os.WriteFile("policies.md", table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(readRepoFile(t, "policies.md"), table.Bytes()) {
		t.Error("infra/policies.md is not what the code says; run go test ./infra -run TestSourceOfEachAction -update and review it")
	}
}

// TestPolicyActions: the actions of each form of a policy are read.
func TestPolicyActions(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{"Version":"1","Statement":[{"Action":["a:B"]}]}`, `{"Statement":[{"Action":"a:B"}]}`, `{"version":"2.0","statement":[{"action":["a:B"]}]}`, `{"Actions":["a:B"]}`,
	} {
		if got, _ := json.Marshal(policyActions(t, []byte(document))); string(got) != `["a:B"]` {
			t.Errorf("%s: %s", document, got)
		}
	}
}
