package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// showRules maps new instances by rules, tells who gains and who loses access, and moves one whose tag changes.
func (d *demonstration) showRules(ctx context.Context) error {
	d.heading(d.lang.Text("映射规则：标签决定节点、网域、账号，并写明谁能登录", "Mapping rules: tags decide on node, zone and accounts, and you are told who can log in"))
	d.printLine("JumpServer 里有网域 sh-gateway、账号模板 ops；“商城组”能访问节点 /DEFAULT/商城，“支付组”能访问 /DEFAULT/支付。云上新开四台，配置加上：",
		"JumpServer has the zone sh-gateway and the account template ops; shop-team has access to the node /DEFAULT/shop, pay-team to /DEFAULT/pay. There are four new machines, and the configuration gets:")
	for line := range strings.Lines(d.world.rules()) {
		fmt.Fprintf(d.out, "  │ %s", line)
	}
	d.world.seedRuled()
	plain := d.world.config
	defer func() {
		d.world.config = plain
	}()
	err := d.world.writeRules()
	if err != nil {
		return err
	}
	for _, command := range [][]string{{"rules", "test", d.world.expectations()}, {"plan"}} {
		if err := d.showCommand(ctx, command...); err != nil {
			return err
		}
	}
	if err := d.syncRuled(ctx); err != nil {
		return err
	}
	d.printLine("\nshop-web 改由支付组负责：有人把它的标签 app 改成%s。", "\nshop-web goes to the other team: somebody makes its tag app %s.", d.world.lang.Text("支付", "pay"))
	d.world.tagInstance("cn-shanghai", "i-sh0021", d.world.lang.Text("支付", "pay"))
	for _, command := range [][]string{{"explain", "shop-web"}, {"plan", "--instance", "shop-web"}} {
		if err := d.showCommand(ctx, command...); err != nil {
			return err
		}
	}
	if err := d.moveRuled(ctx); err != nil {
		return err
	}
	d.world.account.Remove("cn-shanghai", "i-sh0024") // the next chapters have no rules
	return nil
}

// syncRuled makes the hosts that the rules want, with the function's program.
func (d *demonstration) syncRuled(ctx context.Context) error {
	r, err := d.invokeRuled(ctx)
	if err != nil {
		return err
	}
	if r.Created != 3 || r.Updated+r.Deactivated+r.Deleted != 0 || r.Access == nil {
		return errors.New(d.text("应只新增 3 台，并写明谁能登录，实际新增 %d 台", "3 should be created and nothing else, with who can log in, not %d", r.Created))
	}
	if h := d.world.findHost("shop-db"); !slices.Equal(h.Nodes, []string{d.world.lang.Text("/DEFAULT/商城", "/DEFAULT/shop")}) || h.Zone == "" || len(d.world.jumpserver.AccountsOf(jumpservertest.DefaultOrg, h.ID)) != 1 {
		return errors.New(d.text("shop-db 不如规则所写：%v", "shop-db is not as the rules say: %v", h))
	}
	return d.printCard()
}

// moveRuled lets the host follow its tag.
func (d *demonstration) moveRuled(ctx context.Context) error {
	r, err := d.invokeRuled(ctx)
	if err != nil {
		return err
	}
	if h := d.world.findHost("shop-web"); r.Updated != 1 || !slices.Equal(h.Nodes, []string{d.world.lang.Text("/DEFAULT/支付", "/DEFAULT/pay")}) {
		return errors.New(d.text("shop-web 应换节点：%v", "shop-web should have moved: %v", h))
	}
	return nil
}

// invokeRuled runs a function of its own, whose configuration has the rules.
func (d *demonstration) invokeRuled(ctx context.Context) (report.Report, error) {
	function, err := startFunction(ctx, d.timer.program, d.world.environment(), d.lang)
	if err != nil {
		return report.Report{}, err
	}
	defer function.runtime.Close()
	previous := d.timer
	d.timer = function
	defer func() {
		d.timer = previous
	}()
	d.printLine("\n同步：", "\nThe sync:")
	return d.invoke(ctx, "")
}

// showCommand prints a command line, and runs it.
func (d *demonstration) showCommand(ctx context.Context, args ...string) error {
	shown := slices.Clone(args)
	for n, arg := range shown {
		shown[n] = filepath.Base(arg)
	}
	fmt.Fprintf(d.out, "\n$ jms-sync %s\n", strings.Join(shown, " "))
	return d.runCommand(ctx, args...)
}

// seedRuled makes what the rules name in JumpServer, and who has access there; and four instances with tags in the cloud.
func (w *demoWorld) seedRuled() {
	s, org := w.jumpserver, jumpservertest.DefaultOrg
	s.SeedZone(org, "sh-gateway")
	s.SeedTemplate(org, jumpservertest.AccountTemplate{Name: "ops", Username: "ops"})
	for _, team := range []struct{ group, user, node string }{
		{w.lang.Text("商城组", "shop-team"), "anna", w.lang.Text("商城", "shop")}, {w.lang.Text("支付组", "pay-team"), "bo", w.lang.Text("支付", "pay")},
	} {
		group := s.SeedGroup(org, team.group, s.SeedUser("", team.user))
		s.SeedRule(org, jumpservertest.AccessRule{Name: team.group, Groups: []string{group}, Nodes: []string{"/DEFAULT/" + team.node}})
	}
	for n, tagged := range []struct {
		name, app, vpc string
	}{{"shop-web", w.lang.Text("商城", "shop"), "vpc-demo"}, {"shop-db", w.lang.Text("商城", "shop"), "vpc-private"}, {"report", w.lang.Text("报表", "report"), "vpc-demo"}, {"worker-k8s-1", "", "vpc-demo"}} {
		i := alibabatest.Instance{
			ID: fmt.Sprintf("i-sh002%d", n+1), Name: tagged.name, OSType: "linux", OSName: "Ubuntu 24.04", Status: "Running", Type: "ecs.g7.large", VPC: tagged.vpc,
			PrivateIPs: []string{fmt.Sprintf("10.2.0.2%d", n+1)},
		}
		if tagged.app != "" {
			i.Tags = map[string]string{"app": tagged.app}
		}
		w.putInstance("cn-shanghai", i)
	}
}

// rules returns the rules of the demo.
func (w *demoWorld) rules() string {
	return w.lang.Text(`rules:
  - {name: 集群的节点不要, when: {name: "*k8s*"}, set: {skip: 由集群管理}, stop: true}
  - {name: 按应用, when: {tag.app: "*"}, set: {node: "/DEFAULT/{tag.app}", accounts: [ops], labels_from_tags: [app]}}
  - {name: 私网 VPC, when: {vpc: vpc-private}, set: {zone: sh-gateway}}
sync: {manage: {node: always, labels: always}}   # 云上的标签变了，已有的资产跟着变
`, `rules:
  - {name: no cluster nodes, when: {name: "*k8s*"}, set: {skip: the cluster's own}, stop: true}
  - {name: by application, when: {tag.app: "*"}, set: {node: "/DEFAULT/{tag.app}", accounts: [ops], labels_from_tags: [app]}}
  - {name: private VPC, when: {vpc: vpc-private}, set: {zone: sh-gateway}}
sync: {manage: {node: always, labels: always}}   # where a tag changes, existing assets follow
`)
}

// writeRules adds the rules to the configuration, in a file of its own, and writes what is expected of them.
func (w *demoWorld) writeRules() error {
	plain, err := os.ReadFile(w.config)
	if err != nil {
		return err
	}
	w.config = filepath.Join(filepath.Dir(w.config), "rules.yaml")
	expectations := w.lang.Text(`
- instance: {account: aliyun-prod, name: shop-db, os: linux, vpc: vpc-private, tags: {app: 商城}}
  asset: {node: /DEFAULT/商城, zone: sh-gateway, accounts: [ops], labels: {app: 商城}}
- instance: {account: aliyun-prod, name: web-1, os: linux}
  asset: {node: /DEFAULT/阿里云/aliyun-prod, zone: "", accounts: []}
- instance: {account: aliyun-prod, name: worker-k8s-1}
  asset: {skip: true}
`, `
- instance: {account: aliyun-prod, name: shop-db, os: linux, vpc: vpc-private, tags: {app: shop}}
  asset: {node: /DEFAULT/shop, zone: sh-gateway, accounts: [ops], labels: {app: shop}}
- instance: {account: aliyun-prod, name: web-1, os: linux}
  asset: {node: /DEFAULT/aliyun/aliyun-prod, zone: "", accounts: []}
- instance: {account: aliyun-prod, name: worker-k8s-1}
  asset: {skip: true}
`)
	return errors.Join(os.WriteFile(w.config, append(plain, w.rules()...), 0o600), os.WriteFile(w.expectations(), []byte(expectations), 0o600))
}

func (w *demoWorld) expectations() string {
	return filepath.Join(filepath.Dir(w.config), "expect.yaml")
}

// tagInstance sets the tag app of an instance.
func (w *demoWorld) tagInstance(region, id, app string) {
	i := w.instances[id]
	i.Tags = map[string]string{"app": app}
	w.putInstance(region, i)
}

func (w *demoWorld) findHost(name string) jumpservertest.Host {
	hosts := w.jumpserver.Hosts(jumpservertest.DefaultOrg)
	at := slices.IndexFunc(hosts, func(h jumpservertest.Host) bool { return h.Name == name })
	if at < 0 {
		return jumpservertest.Host{}
	}
	return hosts[at]
}
