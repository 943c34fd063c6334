package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// rulesByApp puts hosts whose tag app is web below a node of their own, and follows the tag.
const rulesByApp = `
sync: {manage: {node: always}}
rules:
  - {name: by application, when: {tag.app: "*"}, set: {node: "/DEFAULT/apps/{tag.app}"}}
`

// seedAccess makes the rules by which the group ops has all applications, and ann the application db.
func seedAccess(d *desk) {
	s := d.JMS
	ann, bob := s.SeedUser("", "ann"), s.SeedUser("", "bob")
	ops := s.SeedGroup(jumpservertest.DefaultOrg, "ops", bob)
	s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: "by hand", Address: "192.0.2.1", Nodes: []string{"/DEFAULT/apps/db"}})
	s.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: "ops", Groups: []string{ops}, Nodes: []string{"/DEFAULT/apps"}})
	s.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: "dba", Users: []string{ann}, Nodes: []string{"/DEFAULT/apps/db"}})
	s.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: "old", Users: []string{ann}, Nodes: []string{"/DEFAULT/apps"}, Expired: true})
}

// putTagged puts instances into the cloud whose tag app has these values, "none" = no tag.
func (d *desk) putTagged(apps ...string) {
	d.Helper()
	for n, app := range apps {
		i := alibabatest.SampleInstance(n)
		if app != "none" {
			i.Tags = map[string]string{"app": app}
		}
		d.Account.Put("cn-beijing", i)
	}
}

// TestAccessOfPlanAndSync: real answers of each version; plan says who will gain hosts, the sync who gained them, and a moved host who
// lost it.
func TestAccessOfPlanAndSync(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = rulesByApp
	seedAccess(d)
	d.putTagged("web", "db", "db", "none")
	gains := []string{
		"/DEFAULT/阿里云/aliyun-prod（新节点）：增加 1 台；还没有人能访问这 1 台主机",
		"/DEFAULT/apps/db：增加 2 台；获得访问：组 ops、ann",
		"/DEFAULT/apps/web（新节点）：增加 1 台；获得访问：组 ops",
	}
	d.run(exitDone, "plan")
	d.wantPrinted(gains...)
	d.run(exitDone)
	d.wantPrinted(gains...)
	if card := d.wantCards(1); !strings.Contains(card, gains[1]) {
		t.Errorf("the card: %s", card)
	}
	d.putTagged("web", "web", "db", "none")
	d.run(exitDone, "plan", "--json")
	var r report.Report
	if err := json.Unmarshal(d.stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Access == nil || len(r.Access.Nodes) != 2 || len(r.Access.Nodes[0].Lose) != 1 || len(r.Access.Nodes[1].Gain) != 0 {
		t.Errorf("a host moves from db to web: %+v", r.Access)
	}
	d.run(exitDone)
	d.wantPrinted("/DEFAULT/apps/db：减少 1 台；失去访问：ann", "/DEFAULT/apps/web：增加 1 台；能访问的人不变（1 人）")
}

// TestAccessWithoutRight: one line says which right is missing, and the run is as ever.
func TestAccessWithoutRight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = rulesByApp
	seedAccess(d)
	d.putTagged("web")
	d.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, Permissions: []string{inventory.ViewAssets, inventory.AddAssets, inventory.ChangeAssets, inventory.ViewNodes, inventory.AddNodes, inventory.ViewPlatform}})
	d.run(exitDone)
	d.wantPrinted("没有权限 perms.view_assetpermission")
	if strings.Contains(d.stdout.String(), "获得访问：") {
		t.Error(d.stdout.String())
	}
}

// TestAccessWithoutRules: nothing is asked, but where a person asks.
func TestAccessWithoutRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	seedAccess(d)
	d.putTagged("web")
	asked := func() bool {
		for path := range d.JMS.Calls() {
			if strings.Contains(path, "asset-permissions") {
				return true
			}
		}
		return false
	}
	d.run(exitDone, "plan")
	d.run(exitDone)
	if asked() {
		t.Error("access rules were asked for")
	}
	d.putTagged("web", "db")
	d.run(exitDone, "plan", "--access")
	d.wantPrinted("/DEFAULT/阿里云/aliyun-prod：增加 1 台；还没有人能访问这 1 台主机")
	if !asked() {
		t.Error("access rules were not asked for")
	}
}

// TestAccessOfHeldMoves: where a tag that changed everywhere would move too many hosts, they stay, and who would gain and lose
// them is told before anybody approves it.
func TestAccessOfHeldMoves(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = rulesByApp
	seedAccess(d)
	d.putTagged(slices.Repeat([]string{"db"}, 8)...)
	d.run(exitDone)
	d.putTagged(slices.Repeat([]string{"web"}, 8)...)
	for _, args := range [][]string{{"plan"}, nil} {
		d.run(exitPartial, args...)
		d.wantPrinted("（批准暂缓的之后）/DEFAULT/apps/db：减少 8 台；失去访问：ann", "（批准暂缓的之后）/DEFAULT/apps/web（新节点）：增加 8 台；能访问的人不变（1 人）")
	}
}

// TestAccessOfManyNodes: hosts that leave and enter many nodes are asked for by a few lists, and the answer is the same.
func TestAccessOfManyNodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.more = rulesByApp + "\n# all of them move\n"
	d.more = strings.Replace(d.more, "sync: {", "sync: {guard: {moves: {percent: 100}}, ", 1)
	seedAccess(d)
	var apps, others []string
	for n := range 12 {
		apps, others = append(apps, fmt.Sprintf("app-%02d", n)), append(others, fmt.Sprintf("app-%02d", (n+1)%12))
	}
	d.putTagged(apps...)
	d.run(exitDone)
	s := d.JMS
	for n, app := range apps {
		s.SeedRule(jumpservertest.DefaultOrg, jumpservertest.AccessRule{Name: app, Users: []string{s.SeedUser("", fmt.Sprintf("user-%02d", n))}, Nodes: []string{"/DEFAULT/apps/" + app}})
	}
	d.putTagged(others...)
	s.ResetCounts()
	d.run(exitDone, "plan", "-o", d.saveFile("plan.json", ""))
	byNode := 0
	for call, n := range s.Calls() {
		if strings.Contains(call, "asset-permissions/") && !strings.Contains(call, "users") {
			byNode += n
		}
	}
	if byNode > 2 {
		t.Errorf("%d lists of rules: %v", byNode, s.Calls())
	}
	var r report.Report
	if err := json.Unmarshal([]byte(d.readFile(filepath.Join(d.dir, "plan.json"))), &r); err != nil {
		t.Fatal(err)
	}
	for n, node := range r.Access.Nodes {
		gain, lose := node.Gain, node.Lose
		if len(gain) != 1 || len(lose) != 1 || gain[0].Name != fmt.Sprintf("user-%02d(user-%02d)", n, n) || gain[0] != lose[0] || node.Users != 2 {
			t.Errorf("%+v", node)
		}
	}
	if len(r.Access.Nodes) != 12 {
		t.Errorf("%d nodes", len(r.Access.Nodes))
	}
}
