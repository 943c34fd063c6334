package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// draftRule is a rule that init writes.
type draftRule struct {
	name, when, set string // when and set are YAML; when "" = all instances
	comment         string
}

// offerRules looks at the instances of all accounts and offers rules that fit them. Who answers questions is asked;
// otherwise the file has them as comments. Nothing that fails here ends init: the plan at its end says it.
func (i *initOptions) offerRules(ctx context.Context, zones []choice, ask prompter) error {
	ctx, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	s := survey{tags: map[string]*tagUse{}, vpcs: map[string]*vpcUse{}}
	for _, a := range i.surveyed {
		err := s.look(ctx, a)
		if err != nil {
			fmt.Fprintln(ask.out, i.lang.Textf("没有看账号 %s 的实例，不为它建议规则：%s", "The instances of account %s were not looked at, and no rules are offered for it: %s", a.name, language.ErrorText(err, i.lang)))
		}
	}
	i.rulesAreOffers = len(i.clouds) > 0 // nobody answers
	if err := i.offerZones(s.bestVPCs(), zones, ask); err != nil {
		return err
	}
	return i.offerTag(s.bestTags(), ask)
}

// offerZones offers zones with names that are similar to those of VPCs with private hosts.
func (i *initOptions) offerZones(vpcs []*vpcUse, zones []choice, ask prompter) error {
	for _, v := range vpcs {
		what := i.lang.Textf("VPC %s（%s 的 %s，%d 台只有私网地址）", "VPC %s (%s, %s, %d hosts with private addresses only)", v.id, v.account, v.region, v.privateHosts)
		zone, found := similarZone(v, zones)
		if !found {
			fmt.Fprintln(ask.out, what+i.lang.Text("：没有网域，也没有名称相近的；JumpServer 连不到时再加规则", ": no zone, and none of a similar name; add a rule where JumpServer cannot reach them"))
			continue
		}
		takes := i.rulesAreOffers
		if !takes {
			var err error
			takes, err = ask.askYes(what + i.lang.Textf("：经网域 %s 连接吗", ": are they reached by zone %s", zone.name))
			if err != nil {
				return err
			}
		}
		if takes {
			i.rules = append(i.rules, draftRule{
				name: "VPC " + v.id, when: "{vpc: " + quoteYAML(v.id) + "}", set: "{zone: " + quoteYAML(zone.id) + "}", comment: oneLine(zone.name),
			})
		}
	}
	return nil
}

// offerTag offers to sort hosts into nodes by the value of a tag.
func (i *initOptions) offerTag(tags []*tagUse, ask prompter) error {
	if len(tags) == 0 {
		return nil
	}
	var used, keys []string
	for _, t := range tags {
		used = append(used, i.lang.Textf("%s（%d 个值，%d 台）", "%s (values: %d, hosts: %d)", t.key, len(t.values), t.hosts))
		keys = append(keys, t.key)
	}
	fmt.Fprintln(ask.out, i.lang.Text("实例上的标签：", "Tags of the instances: ")+strings.Join(used, i.lang.Text("、", ", ")))
	key := keys[0]
	if i.rulesAreOffers && !tags[0].groups() {
		return nil
	}
	if !i.rulesAreOffers {
		var err error
		key, err = ask.askOptional(i.lang.Text("按哪个标签的值分节点（空 = 每个账号一个节点）", "Tag by whose value hosts are sorted into nodes (empty = one node for each account)"), i.checkTag(keys))
		if err != nil || key == "" {
			return err
		}
	}
	i.rules = append(i.rules, draftRule{
		name: i.lang.Textf("按标签 %s", "by tag %s", key),
		set:  "{node: " + quoteYAML("/DEFAULT/{cloud}/{account}/{tag."+key+"|"+i.lang.Text("其他", "other")+"}") + "}",
	})
	return nil
}

// checkTag returns a check of the answer to offerTag.
func (i *initOptions) checkTag(keys []string) func(string) error {
	return func(key string) error {
		for _, known := range keys {
			if known == key {
				return nil
			}
		}
		return fmt.Errorf("%s", i.lang.Textf("没有标签 %q：%s", "there is no tag %q: %s", key, strings.Join(keys, ", ")))
	}
}

// renderRules writes the rules, as comments where nobody took them.
func (d draftConfig) renderRules(line func(string, ...any)) {
	if len(d.rules) == 0 {
		return
	}
	before := ""
	if d.rulesAreOffers {
		before = "# "
		line("%s", d.lang.Text("# 按看到的实例，可以用这些规则；去掉行首的 # 生效（docs/configuration.md 的“映射规则”）。",
			"# Rules that would fit the instances; take the # away to use them (docs/configuration.en.md, \"Mapping rules\")."))
	}
	line("%srules:", before)
	for _, r := range d.rules {
		line("%s  - name: %s", before, quoteYAML(r.name))
		if r.when != "" {
			line("%s    when: %s", before, r.when)
		}
		comment := ""
		if r.comment != "" {
			comment = " # " + r.comment
		}
		line("%s    set: %s%s", before, r.set, comment)
	}
}
