package config

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// checker checks what needs the whole configuration: what is missing, contradictory, or of a wrong form. It also
// normalizes URLs and ids.
type checker struct {
	*mistakeCollector
	known inventory.CloudTable
}

func checkConfig(l *mistakeCollector, known inventory.CloudTable, c *Config) {
	k := checker{l, known}
	k.checkGeneral(c)
	k.checkJumpServer(&c.JumpServer)
	k.checkPlatforms("platforms", c.Platforms)
	k.checkClouds(c.Clouds)
	k.compileRules(c)
	k.checkMetrics(&c.Metrics)
	if c.Notification.DingTalk.Enabled {
		k.checkDingTalk(&c.Notification.DingTalk)
	}
	k.checkChannels(&c.Notification)
	k.checkConsole(&c.Console)
}

func (k checker) checkGeneral(c *Config) {
	t := c.Environment.Type
	if utf8.RuneCountInString(t) > 32 || strings.ContainsFunc(t, unicode.IsControl) {
		k.add("environment.type", language.New("最多 32 个字符，不能有控制字符", "must have at most 32 characters, none of them a control character"))
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		k.add("timezone", language.New("不认识这个时区，应为 Asia/Shanghai 这样的名称", "is no time zone; a name such as Asia/Shanghai is wanted"))
	}
	k.checkProxy("proxy", &c.Proxy)
}

// checkProxy checks the address of a proxy, which may contain a user and a password.
func (k checker) checkProxy(path string, v *secret.Value) {
	if text, ok := k.normalizeURL(path, v.Reveal(), urlRules{user: true}); ok {
		*v = secret.New(text)
	}
}

func (k checker) checkJumpServer(j *JumpServer) {
	k.checkRequired("jumpserver.url", j.URL)
	if text, ok := k.normalizeURL("jumpserver.url", j.URL, urlRules{path: true, api: true}); ok {
		j.URL = text
	}
	k.checkToken("jumpserver.id", j.ID)
	k.checkProxy("jumpserver.proxy", &j.Proxy)
	k.checkRequired("jumpserver.access_key_id", j.AccessKeyID.Reveal())
	k.checkRequired("jumpserver.access_key_secret", j.AccessKeySecret.Reveal())
	k.checkSecret("jumpserver.access_key_secret", j.AccessKeySecret)
	k.checkSecret("jumpserver.access_key_id", j.AccessKeyID)
	k.normalizeUUID("jumpserver.access_key_id", j.AccessKeyID.Reveal())
	j.OrgID = k.normalizeUUID("jumpserver.org_id", j.OrgID)
	if j.OrgID == uuid.Nil.String() {
		k.add("jumpserver.org_id", language.New(
			"全 0 是根组织，不能写入；默认组织是 "+DefaultOrgID,
			"all zero is the root organisation, which takes no writes; the default one is "+DefaultOrgID,
		))
	}
}

func (k checker) checkClouds(clouds []Cloud) {
	enabled, names := 0, map[string]string{}
	for i := range clouds {
		path := "clouds[" + strconv.Itoa(i) + "]"
		clouds[i].Regions, clouds[i].ExcludeRegions = normalizeRegions(clouds[i].Regions), normalizeRegions(clouds[i].ExcludeRegions)
		if !clouds[i].Enabled && !k.hasMistake(path+".enabled") {
			k.dropBelow(path)
			continue
		}
		enabled++
		k.checkCloud(path, &clouds[i])
		name := clouds[i].Name
		if first, taken := names[name]; taken && name != "" {
			k.add(path+".name", language.New("与 "+first+" 重名", "is the name of "+first+" too"))
			continue
		}
		if other, spelled := findSameName(clouds, i); spelled {
			k.add(path+".name", language.New(
				"与 clouds["+strconv.Itoa(other)+"] 的名称只差大小写、重音之类，JumpServer 的数据库（MariaDB）会当成同一个账号：请改成不同的名称",
				"differs from the name of clouds["+strconv.Itoa(other)+"] by nothing but case, accents or the like, so that JumpServer's database (MariaDB) takes both for one account: give them other names",
			))
		}
		names[name] = path
	}
	if enabled == 0 {
		k.add("clouds", language.New("至少要有一个启用的云账号", "at least one account must be there and enabled"))
	}
}

// findSameName returns an account whose name differs from that of clouds[i] by its spelling alone: one before it,
// or a disabled one, whose assets still exist.
func findSameName(clouds []Cloud, i int) (other int, found bool) {
	for n := range clouds {
		x, y := clouds[n].Name, clouds[i].Name
		if (n < i || !clouds[n].Enabled) && x != y && inventory.MayBeEqual(x, y) {
			return n, true
		}
	}
	return 0, false
}

func (k checker) checkCloud(path string, c *Cloud) {
	k.checkRequired(path+".type", c.Type)
	c.Cloud = k.known.Parse(c.Type)
	if c.Cloud == "" {
		k.add(path+".type", k.unknownCloudType(c.Type))
	}
	k.checkName(path+".name", c.Name)
	k.checkKeyPair(path, c)
	k.checkRegions(path, c)
	k.checkKinds(path+".kinds", c)
	c.DomainID = k.normalizeUUID(path+".domain_id", c.DomainID)
	k.checkPlatforms(path+".platforms", c.Platforms)
	if text, ok := k.normalizeURL(path+".endpoint", c.Endpoint, urlRules{}); ok {
		c.Endpoint = text
	}
	k.checkEndpoints(path+".endpoints", c)
	k.checkAccountID(path+".account_id", c.AccountID)
	k.checkToken(path+".project_id", c.ProjectID)
	k.checkToken(path+".tenant_id", c.TenantID)
	k.checkToken(path+".assume_role_arn", c.AssumeRoleARN)
	k.checkToken(path+".external_id", c.ExternalID)
	k.checkToken(path+".identity", c.Identity)
	k.checkCloudSpecifics(path, c)
}

// checkCloudSpecifics checks settings that only some clouds have.
func (k checker) checkCloudSpecifics(path string, c *Cloud) {
	if c.Cloud == "" {
		return // reported already
	}
	info := k.known.Find(c.Cloud)
	if c.AssumeRoleARN != "" && !assumesRoles(info) {
		k.add(path+".assume_role_arn", k.onlyForText(assumesRoles))
	}
	switch {
	case c.ExternalID != "" && !assumesRoles(info):
		k.add(path+".external_id", k.onlyForText(assumesRoles))
	case c.ExternalID != "" && c.AssumeRoleARN == "":
		k.add(path+".external_id", language.New("没有 assume_role_arn 时没有作用", "has no effect without assume_role_arn"))
	}
	k.checkIdentity(path+".identity", c, info)
	switch {
	case c.TenantID != "" && !needsTenant(info):
		k.add(path+".tenant_id", k.onlyForText(needsTenant))
	case c.TenantID == "" && needsTenant(info) && !c.AccessKeyID.IsEmpty():
		k.add(path+".tenant_id", language.New(info.Name.ZH+" 写了密钥时必填", "is required for "+info.Name.EN+" with a key"))
	}
}

func assumesRoles(c inventory.CloudInfo) bool { return len(c.AssumePermissions) > 0 }

func needsTenant(c inventory.CloudInfo) bool { return c.NeedsTenant }

// onlyForText says that a setting is only for the clouds for which chosen reports true.
func (k checker) onlyForText(chosen func(inventory.CloudInfo) bool) language.Text {
	zh, en := k.known.Names(chosen)
	for i, name := range zh {
		if name[0] < utf8.RuneSelf {
			zh[i] = " " + name
		}
	}
	return language.New("只用于"+strings.Join(zh, "与"), "is only for "+strings.Join(en, " and "))
}

func (k checker) unknownCloudType(written string) language.Text {
	names := k.known.Spellings()
	odd, isOdd := oddSpace(written)
	if isOdd {
		return language.New("有"+odd.ZH, "holds "+odd.EN)
	}
	near := language.Nearest(written, names)
	if near != "" {
		return withSuggestion(language.New("不认识的云", "is no cloud known"), near)
	}
	return language.New(
		"不认识的云，应为 "+strings.Join(names, "、")+" 之一",
		"is no cloud known, must be one of "+strings.Join(names, ", "),
	)
}

// CheckAccountName checks the name of a cloud account as in a configuration. It returns nil or an *Error.
func CheckAccountName(name string, lang language.Lang) error {
	l := newMistakeCollector()
	checker{mistakeCollector: l}.checkName("name", name)
	if len(l.all) > 0 {
		return &Error{Mistakes: l.all, Lang: lang}
	}
	return nil
}

// checkName checks an account's name, which becomes a node of JumpServer and a label's value.
func (k checker) checkName(path, name string) {
	k.checkRequired(path, name)
	switch {
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > 64:
		k.add(path, language.New("应为 1 到 64 个字符", "must have 1 to 64 characters"))
	case strings.Contains(name, "/"):
		k.add(path, language.New("不能有 /，它在 JumpServer 里分隔节点", "must not hold /, which parts nodes in JumpServer"))
	case strings.TrimSpace(name) != name:
		k.add(path, language.New("首尾不能有空格", "must not begin or end with a space"))
	case strings.ContainsAny(name, ":,"):
		k.add(path, language.New(
			"不能有冒号与逗号，JumpServer v4.10.17 起的标签不接受；改名之后，它的资产跟着改",
			"must hold no colon and no comma, which JumpServer v4.10.17 and later refuse in labels; after it is renamed its assets follow",
		))
	case strings.ContainsFunc(name, unicode.IsControl):
		k.add(path, language.New("不能有控制字符", "must not hold control characters"))
	}
}

// checkPlatforms checks names of platforms by their form; doctor and runs ask whether JumpServer has them.
func (k checker) checkPlatforms(path string, p Platforms) {
	const longest = 128 // characters; JumpServer allows fewer
	for _, name := range []struct{ key, text string }{{"linux", p.Linux}, {"windows", p.Windows}, {"other", p.Other}} {
		at, trimmed := path+"."+name.key, strings.TrimSpace(name.text)
		switch {
		case name.text == "":
		case trimmed == "":
			k.add(at, language.New("不能是空白；不需要时去掉这一项", "must not be blank; leave it out where it is not needed"))
		case trimmed != name.text || strings.ContainsFunc(name.text, unicode.IsControl) || utf8.RuneCountInString(name.text) > longest:
			k.add(at, language.New("应为平台名称：首尾没有空格，没有控制字符，最多 128 个字符", "must be a platform's name: no space at its ends, no control character, at most 128 characters"))
		case strings.HasPrefix(strings.ToLower(name.text), "gateway"):
			k.add(at, language.New("名称以 Gateway 开头的是网关的平台，同步从不改动网关", "begins with Gateway, as platforms of gateways do; a sync never writes to gateways"))
		default:
			k.notePlaceholder(at, name.text)
		}
	}
}

// checkAccountID checks the id of a cloud account, which becomes a label's value.
func (k checker) checkAccountID(path, id string) {
	k.checkToken(path, id)
	if k.hasMistake(path) || id == "" || inventory.IsStorableLabel(id) {
		return
	}
	k.add(path, language.New(
		"最多 64 个字符，不能有冒号与逗号：它要写进 JumpServer 的标签",
		"must have at most 64 characters, no colon and no comma: it becomes a label in JumpServer",
	))
}

// checkKeyPair checks an account's key: both halves, or none if a role is used.
func (k checker) checkKeyPair(path string, c *Cloud) {
	id, word := path+".access_key_id", path+".access_key_secret"
	k.checkSecret(id, c.AccessKeyID)
	k.checkSecret(word, c.AccessKeySecret)
	if c.AccessKeyID.IsEmpty() == c.AccessKeySecret.IsEmpty() {
		return
	}
	lacking, there := id, "access_key_secret"
	if c.AccessKeySecret.IsEmpty() {
		lacking, there = word, "access_key_id"
	}
	k.add(lacking, language.New(
		"缺少这一半密钥：只写了 "+there+"（两个都不写则使用函数的角色）",
		"this half of the key is missing, only "+there+" is there (with neither, the function's role is used)",
	))
}

func (k checker) checkDingTalk(d *DingTalk) {
	const path = "notification.dingtalk."
	if d.Webhook.IsEmpty() {
		k.add(path+"webhook", language.New("启用钉钉通知时必填", "is required where DingTalk is enabled"))
	}
	k.checkSecret(path+"webhook", d.Webhook)
	if text, ok := k.normalizeURL(path+"webhook", d.Webhook.Reveal(), urlRules{path: true, query: true, secure: true}); ok {
		d.Webhook = secret.New(text)
	}
	k.checkSecret(path+"secret", d.Secret)
	for i, mobile := range d.AtMobiles {
		at := path + "at_mobiles[" + strconv.Itoa(i) + "]"
		if !k.notePlaceholder(at, mobile) && !isMobile(mobile) {
			k.add(at, language.New("手机号只能由数字组成（5 到 20 位）", "must be a mobile number of 5 to 20 digits"))
		}
	}
}
