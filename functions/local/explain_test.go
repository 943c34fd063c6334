package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// rulesForExplain are rules of which some match, some do not, and one stops.
const rulesForExplain = `
rules:
  - {name: test hosts, when: {tag.env: test}, set: {skip: "test hosts are not for people"}}
  - {name: by application, when: {tag.app: "*"}, set: {node: "/DEFAULT/{tag.app|other}", labels: {app: "{tag.app}"}}}
  - {when: {region: cn-beijing}, set: {port: 2222, node: "/DEFAULT/beijing"}, stop: true}
  - {name: never reached, set: {platform: Windows}}
`

// deskWithRules returns a desk whose instance 1 has an asset made before there were rules; people reach the node of its
// account, and others that of its application.
func deskWithRules(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(1))
	d.run(exitDone)
	for n, tags := range []map[string]string{{"app": "order", "env": "prod"}, {"app": "pay"}, {"env": "test"}} {
		i := alibabatest.SampleInstance(n)
		i.Tags = tags
		d.Account.Put("cn-beijing", i)
	}
	ann, bob := d.JMS.SeedUser("", "ann"), d.JMS.SeedUser("", "bob")
	ops := d.JMS.SeedGroup(jumpservertest.DefaultOrg, "ops", bob)
	d.JMS.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: "by account", Users: []string{ann}, Nodes: []string{"/DEFAULT/阿里云/aliyun-prod"}})
	d.JMS.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: "payment", Groups: []string{ops}, Nodes: []string{"/DEFAULT/pay"}})
	d.more = rulesForExplain
	return d
}

// TestExplain: a new instance, one with an asset, one that a rule skips, an asset whose instance is gone, and one of
// nobody are explained in both languages.
func TestExplain(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			d := deskWithRules(t)
			d.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "by hand", Address: "192.0.2.7"})
			d.more += "language: " + lang + "\n"
			writes := d.JMS.Writes()
			var all strings.Builder
			for _, text := range []string{"web-00000", "10.0.0.1", "i-0000000000000002", "by hand"} {
				d.run(exitDone, "explain", text)
				all.WriteString("=== " + text + "\n" + d.stableIDs(d.stdout.String()) + "\n")
			}
			d.Account.Remove("cn-beijing", alibabatest.SampleInstance(1).ID)
			d.run(exitDone, "explain", inventory.AssetID(inventory.Alibaba, "cn-beijing", alibabatest.SampleInstance(1).ID))
			all.WriteString("=== gone\n" + d.stableIDs(d.stdout.String()))
			compareGolden(t, filepath.Join("testdata", "explain-"+lang+".golden"), all.String())
			if d.JMS.Writes() != writes {
				t.Error("explain wrote something")
			}
		})
	}
}

var labelTime = regexp.MustCompile(`\d{8}T\d{4}Z`)

// stableIDs hides the id of the asset that a person made, and the times of labels.
func (d *desk) stableIDs(text string) string {
	text = labelTime.ReplaceAllString(text, "TIME")
	for _, h := range d.Hosts() {
		if h.Name == "by hand" {
			text = strings.ReplaceAll(text, h.ID, "ID-OF-BY-HAND")
		}
	}
	return text
}

// explained returns the matches of explain --json.
func (d *desk) explained(args ...string) []explain.Explanation {
	d.Helper()
	d.run(exitDone, append([]string{"explain", "--json"}, args...)...)
	var document struct {
		Query   string
		Matches []explain.Explanation
	}
	if err := json.Unmarshal(d.stdout.Bytes(), &document); err != nil || document.Query == "" {
		d.Fatalf("%v\n%s", err, &d.stdout)
	}
	return document.Matches
}

// TestExplainAgreesWithPlan: what explain says of an instance is what plan and apply do with it, before and after a remap.
func TestExplainAgreesWithPlan(t *testing.T) {
	t.Parallel()
	d := deskWithRules(t)
	fields := func() map[string]explain.Field {
		d.Helper()
		found := d.explained("10.0.0.1")
		if len(found) != 1 || found[0].Access == nil {
			d.Fatalf("%+v", found)
		}
		byName := map[string]explain.Field{}
		for _, f := range found[0].Fields {
			byName[f.Field] = f
		}
		return byName
	}
	before := fields()
	if f := before["node"]; f.Now != "/DEFAULT/阿里云/aliyun-prod" || f.Wanted != "/DEFAULT/pay" || f.Rule != 2 || !f.Differs || f.Changes || f.Policy != "create" || f.Setting != "sync.manage.node" {
		t.Errorf("node: %+v", f)
	}
	file := filepath.Join(d.dir, "remap.json")
	d.run(exitDone, "plan", "--remap", "-o", file)
	d.wantPrinted("节点 /DEFAULT/阿里云/aliyun-prod → /DEFAULT/pay")
	d.run(exitDone, "apply", file)
	d.wantPrinted("节点 /DEFAULT/阿里云/aliyun-prod → /DEFAULT/pay")
	after := fields()
	for name, want := range map[string]string{"node": "/DEFAULT/pay", "port": "ssh:2222, sftp:2222", "labels": "app:pay"} {
		if f := after[name]; f.Now != want || f.Differs || f.Changes {
			t.Errorf("after the remap %s: %+v", name, f)
		}
	}
	if reached := d.explained("10.0.0.1")[0].Access; reached.Users != 1 || reached.Ways[0].Rule != "payment" {
		t.Errorf("access: %+v", reached)
	}
}

// TestExplainUnknown: what is not found, too much, or cannot be read is said, and is no success.
func TestExplainUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for n := range maxExplained + 1 {
		i := alibabatest.SampleInstance(n)
		i.Name = "same"
		d.Account.Put("cn-beijing", i)
	}
	for says, c := range map[string]struct {
		args []string
		code int
	}{
		"没有找到 nobody":      {[]string{"nobody"}, exitUsage},
		"same 与 11 个实例和资产": {[]string{"same"}, exitUsage},
		"没有启用的账号：aliyun":   {[]string{"same", "--account", "aliyun"}, exitUsage},
		"jms-sync explain": {nil, exitUsage},
	} {
		d.run(c.code, append([]string{"explain"}, c.args...)...)
		if !strings.Contains(d.stderr.String(), says) || d.stdout.Len() > 0 {
			t.Errorf("%v: %s%s", c.args, &d.stdout, &d.stderr)
		}
	}
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-beijing"})
	d.run(exitUsage, "explain", "10.0.0.1")
	if !strings.Contains(d.stderr.String(), "没有读成：aliyun-prod/cn-beijing") {
		t.Errorf("%s", &d.stderr)
	}
}

// TestExplainWithoutRights: a key that may read no more than a run needs still gets an explanation.
func TestExplainWithoutRights(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.run(exitDone)
	d.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "jms-sync", Permissions: []string{
		inventory.ViewAssets, inventory.ViewNodes, inventory.ViewPlatform,
	}})
	found := d.explained("10.0.0.0")
	if len(found) != 1 || found[0].Verdicts[0].Code != "unchanged" || found[0].Asset == nil || found[0].Asset.Whose != explain.Ours ||
		found[0].Access == nil || found[0].Access.Lacks != inventory.ViewAccessRules || found[0].AccessError != "" {
		t.Errorf("%+v", found)
	}
	d.run(exitDone, "explain", "10.0.0.0")
	d.wantPrinted(inventory.ViewAccessRules)
	nodes := func(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Path == "/api/v1/assets/nodes/" }
	d.JMS.Fail(nodes, -1, jumpservertest.Fault{Status: http.StatusForbidden})
	if found := d.explained("10.0.0.0"); found[0].Fields[3].Now != "aliyun-prod" {
		t.Errorf("without nodes' paths: %+v", found[0].Fields[3])
	}
}
