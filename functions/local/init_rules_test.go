package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
)

// fillTagged puts eight tagged instances into Beijing: two applications, a name each, and a tag of the cloud's.
func (p *doctorDesk) fillTagged() {
	p.Account.Fill("cn-beijing", 8, func(k int) alibabatest.Instance {
		i := alibabatest.SampleInstance(0x5000 + k)
		i.VPC = "vpc-inner"
		i.Tags = map[string]string{"app": []string{"pay", "shop"}[k%2], "Name": fmt.Sprint("host-", k), "acs:autoscaling:group": "asg", "odd|key": "x"}
		return i
	})
}

// TestInitOffersRules: a person takes the zone and the tag that init offers, and the first plan obeys the rules.
func TestInitOffersRules(t *testing.T) {
	p, file := newBeginnerDesk(t)
	p.fillTagged()
	zone := p.JMS.SeedZone(opsOrg, "IDC Beijing")
	p.JMS.SeedZone(opsOrg, "cn-hangzhou")
	p.stdin = strings.Join([]string{
		p.JumpServerURL, "2", "aliyun", "", "MY_CLOUD_ID", "MY_CLOUD_SECRET", "cn-beijing", "1", "n",
		"y", "n", "owner", "app",
	}, "\n") + "\n"
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--cloud-endpoint", p.CloudURL)
	p.wantPrinted("VPC vpc-inner（aliyun-prod 的 cn-beijing，8 台只有私网地址）：经网域 IDC Beijing 连接吗", "实例上的标签：app（2 个值，8 台）、Name（8 个值，8 台）\n",
		`没有标签 "owner"：app, Name`, "第一份计划")
	p.saveFile(filepath.Base(file), strings.ReplaceAll(p.readFile(file), zone, fixedZone))
	cfg := p.wantWritten("rules", file)
	if len(cfg.Rules) != 2 || cfg.Rules[0].Set.Zone != fixedZone || cfg.Rules[1].Set.Node != "/DEFAULT/{cloud}/{account}/{tag.app|其他}" {
		t.Errorf("%+v", cfg.Rules)
	}
}

// TestInitWritesOffers: without a person the rules stand in the file as comments, and are a configuration without these.
func TestInitWritesOffers(t *testing.T) {
	p, file := newBeginnerDesk(t)
	p.fillTagged()
	zone := p.JMS.SeedZone(opsOrg, "vpc-inner")
	t.Setenv("LANG", "en_US.UTF-8")
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--url", p.JumpServerURL, "--org", "运维", "--no-plan", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoint="+p.CloudURL)
	p.saveFile(filepath.Base(file), strings.ReplaceAll(p.readFile(file), zone, fixedZone))
	if cfg := p.wantWritten("offers", file); len(cfg.Rules) > 0 {
		t.Errorf("nobody took %+v", cfg.Rules)
	}
	text := p.readFile(file)
	_, offers, found := strings.Cut(text, "# rules:\n")
	for line := range strings.Lines("# rules:\n" + offers) {
		text = strings.Replace(text, line, strings.TrimPrefix(line, "# "), 1)
	}
	p.saveFile(filepath.Base(file), text)
	cfg, err := config.Load(t.Context(), config.Source{File: file, Env: os.Environ(), Clouds: session.Clouds()})
	if err != nil || !found || len(cfg.Rules) != 2 {
		t.Errorf("without the comments it is\n%s%v", text, err)
	}
}

// TestInitOffersNothing: a cloud that shows no instances is told, and init goes on.
func TestInitOffersNothing(t *testing.T) {
	p, file := newBeginnerDesk(t)
	p.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: "DescribeInstances"})
	p.runRaw(t.Context(), exitPartial, "-c", file, "--no-log-file", "init", "--url", p.JumpServerURL, "--org", "运维", "--no-plan", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoint="+p.CloudURL)
	p.wantPrinted("没有看账号 prod 的实例，不为它建议规则：")
	if text := p.readFile(file); strings.Contains(text, "rules") {
		t.Errorf("%s", text)
	}
}

// TestSimilarZone: the zone whose name says most of a VPC is offered, and none where two do alike.
func TestSimilarZone(t *testing.T) {
	t.Parallel()
	vpc := vpcUse{id: "vpc-2ze1", account: "prod", region: "cn-beijing"}
	for want, names := range map[string][]string{
		"VPC-2ze1 zone":   {"cn-beijing", "VPC-2ze1 zone", "prod cn-beijing"},
		"prod cn-beijing": {"cn-beijing", "prod cn-beijing", "beijing"},
		"idc-beijing":     {"idc-beijing", "idc-hangzhou", "cn-north"},
		"":                {"idc-beijing", "beijing-idc", "prod", "cn"},
	} {
		zones := []choice{{"", "cn-beijing: no zone"}}
		for _, name := range names {
			zones = append(zones, choice{"id-" + name, name})
		}
		zone, found := similarZone(&vpc, zones)
		if found != (want != "") || found && zone.name != want {
			t.Errorf("of %q: %q, %v, want %q", names, zone.name, found, want)
		}
	}
}

// TestSchemaURL: a release names its own schema.
func TestSchemaURL(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"dev": "/main/", "v1.2.3": "/v1.2.3/", "v1.2.3-4-gabcdef": "/main/", "d14cf61-dirty": "/main/"} {
		if got := schemaURL(version); got != "https://raw.githubusercontent.com/jms-sync/jms-sync"+want+"docs/config.schema.json" {
			t.Errorf("%s: %s", version, got)
		}
	}
}
