package doctor

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// RuleNeeds is what mapping rules make a sync do with JumpServer besides what every sync does. The zero value is a
// configuration without rules.
type RuleNeeds struct {
	inventory.Needs
	HasRules bool
}

// ruleRight is a right that only rules need. Any of its names will do: some have changed with a version.
type ruleRight struct {
	names   []string
	title   language.Text // of all names
	needed  bool
	without language.Text // what becomes of the sync without it
}

func (n RuleNeeds) rights() []ruleRight {
	return []ruleRight{
		{[]string{inventory.ViewZones, inventory.ViewDomains}, language.Newf("%s（v4.10 之前是 %s）", "%s (%s before v4.10)", inventory.ViewZones, inventory.ViewDomains), n.Zones, language.New(
			"规则里的网域写名称时认不出来，用到它的新主机不创建；写 ID 不受影响", "zones that rules give by name are unknown, and new hosts that need one are not made; ids work")},
		{[]string{inventory.ViewTemplates}, language.New(inventory.ViewTemplates, inventory.ViewTemplates), n.Templates, language.New(
			"规则里的账号模板写名称时认不出来，新主机创建时不带它；写 ID 不受影响", "account templates that rules give by name are unknown, and new hosts are made without them; ids work")},
		{[]string{inventory.ViewAccounts}, language.New(inventory.ViewAccounts, inventory.ViewAccounts), n.Accounts, language.New(
			"看不到已有主机的账号，不给它们补账号", "the accounts of existing hosts cannot be seen, and none are added to them")},
		{[]string{inventory.AddAccounts}, language.New(inventory.AddAccounts, inventory.AddAccounts), n.Accounts, language.New(
			"不能给已有主机补账号；新主机的账号不需要它", "existing hosts get no accounts; those of new hosts do not need it")},
	}
}

// ruleFindings reports the rights that rules need and the key's user lacks.
func (x jumpServerExam) ruleFindings(r inventory.Rights) []Finding {
	subject := language.New("规则的权限", "rights for rules")
	if !x.Rules.HasRules || !r.HasPermissions() {
		return nil
	}
	var lines []Finding
	for _, n := range x.Rules.rights() {
		if !n.needed || !lacksAll(r, n.names) {
			continue
		}
		lines = append(lines, warningFinding(subject, language.New("缺少 "+n.title.ZH+"："+n.without.ZH, n.title.EN+" is missing: "+n.without.EN),
			language.Newf("给用户 %[1]s 的角色加上它", "add it to the role of user %[1]s", r.User)))
	}
	if len(lines) == 0 {
		lines = append(lines, okFinding(subject, language.New("规则用到的都有", "all that the rules need is there")))
	}
	if r.Lacks(inventory.ViewAccessRules) {
		return append(lines, okFinding(language.New("谁能访问", "who has access"), language.Newf(
			"没有 %s：不写明谁获得、谁失去访问，其余照常", "without %s nothing says who gains and who loses access; all else is as ever", inventory.ViewAccessRules)))
	}
	return append(lines, okFinding(language.New("谁能访问", "who has access"), language.New(
		"plan、卡片与结果会写明谁获得、谁失去访问", "plan, cards and results say who gains and who loses it")))
}

func lacksAll(r inventory.Rights, rights []string) bool {
	for _, right := range rights {
		if !r.Lacks(right) {
			return false
		}
	}
	return true
}
