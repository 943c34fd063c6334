package config

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// checker judges what only the whole can tell: what is missing, what contradicts, what has
// another form than it needs. It also brings URLs and ids into one form.
type checker struct{ *ledger }

func check(l *ledger, c *Config) {
	k := checker{l}
	k.general(c)
	k.jumpServer(&c.JumpServer)
	k.platforms("platforms", c.Platforms)
	k.clouds(c.Clouds)
	if c.Notification.DingTalk.Enabled {
		k.dingTalk(&c.Notification.DingTalk)
	}
}

func (k checker) general(c *Config) {
	if t := c.Environment.Type; utf8.RuneCountInString(t) > 32 || strings.ContainsFunc(t, unicode.IsControl) {
		k.add("environment.type", words{"最多 32 个字符，不能有控制字符", "must have at most 32 characters, none of them a control character"})
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		k.add("timezone", words{"不认识这个时区，应为 Asia/Shanghai 这样的名称", "is no time zone; a name such as Asia/Shanghai is wanted"})
	}
	k.proxy("proxy", &c.Proxy)
}

// proxy checks the address of a proxy, which may hold a user and a password.
func (k checker) proxy(path string, v *secret.Value) {
	if text, ok := k.url(path, v.Reveal(), urlForm{user: true}); ok {
		*v = secret.New(text)
	}
}

func (k checker) jumpServer(j *JumpServer) {
	k.required("jumpserver.url", j.URL)
	if text, ok := k.url("jumpserver.url", j.URL, urlForm{path: true, api: true}); ok {
		j.URL = text
	}
	k.token("jumpserver.id", j.ID)
	k.proxy("jumpserver.proxy", &j.Proxy)
	k.required("jumpserver.access_key_id", j.AccessKeyID.Reveal())
	k.required("jumpserver.access_key_secret", j.AccessKeySecret.Reveal())
	k.key("jumpserver.access_key_secret", j.AccessKeySecret)
	k.key("jumpserver.access_key_id", j.AccessKeyID)
	k.uuid("jumpserver.access_key_id", j.AccessKeyID.Reveal())
	j.OrgID = k.uuid("jumpserver.org_id", j.OrgID)
	if j.OrgID == uuid.Nil.String() {
		k.add("jumpserver.org_id", words{
			"全 0 是根组织，不能写入；默认组织是 " + DefaultOrgID,
			"all zero is the root organisation, which takes no writes; the default one is " + DefaultOrgID,
		})
	}
}

func (k checker) clouds(clouds []Cloud) {
	enabled, names := 0, map[string]string{}
	for i := range clouds {
		path := "clouds[" + strconv.Itoa(i) + "]"
		if !clouds[i].Enabled && !k.wrong(path+".enabled") {
			k.forget(path)
			continue
		}
		enabled++
		k.cloud(path, &clouds[i])
		name := clouds[i].Name
		if first, taken := names[name]; taken && name != "" {
			k.add(path+".name", words{"与 " + first + " 重名", "is the name of " + first + " too"})
			continue
		}
		if other, spelled := spelledOtherwise(clouds, i); spelled {
			k.add(path+".name", words{
				"与 clouds[" + strconv.Itoa(other) + "] 的名称只差大小写、重音之类，JumpServer 的数据库（MariaDB）会当成同一个账号：请改成不同的名称",
				"differs from the name of clouds[" + strconv.Itoa(other) + "] by nothing but case, accents or the like, so that JumpServer's database (MariaDB) takes both for one account: give them other names",
			})
		}
		names[name] = path
	}
	if enabled == 0 {
		k.add("clouds", words{"至少要有一个启用的云账号", "at least one account must be there and enabled"})
	}
}

// spelledOtherwise returns the account whose name differs from that of clouds[i] by its spelling alone: one
// before it, or one that is switched off, as its assets are still there.
func spelledOtherwise(clouds []Cloud, i int) (other int, found bool) {
	for n := range clouds {
		x, y := clouds[n].Name, clouds[i].Name
		if (n < i || !clouds[n].Enabled) && x != y && inventory.SameFolded(x, y) {
			return n, true
		}
	}
	return 0, false
}

func (k checker) cloud(path string, c *Cloud) {
	k.required(path+".type", c.Type)
	c.Cloud = CloudOf(c.Type)
	if c.Cloud == "" {
		k.add(path+".type", unknownType(c.Type))
	}
	k.name(path+".name", c.Name)
	k.pair(path, c)
	k.regions(path+".regions", c.Regions)
	c.DomainID = k.uuid(path+".domain_id", c.DomainID)
	k.platforms(path+".platforms", c.Platforms)
	if text, ok := k.url(path+".endpoint", c.Endpoint, urlForm{}); ok {
		c.Endpoint = text
	}
	k.accountID(path+".account_id", c.AccountID)
	k.token(path+".project_id", c.ProjectID)
	k.token(path+".tenant_id", c.TenantID)
	k.token(path+".assume_role_arn", c.AssumeRoleARN)
	k.fits(path, c)
}

// fits checks what only some clouds have.
func (k checker) fits(path string, c *Cloud) {
	if c.Cloud == "" {
		return // told already
	}
	if c.AssumeRoleARN != "" && c.Cloud != inventory.Alibaba && c.Cloud != inventory.AWS {
		k.add(path+".assume_role_arn", words{"只用于阿里云与 AWS", "is only for Alibaba Cloud and AWS"})
	}
	switch {
	case c.TenantID != "" && c.Cloud != inventory.Azure:
		k.add(path+".tenant_id", words{"只用于 Azure", "is only for Azure"})
	case c.TenantID == "" && c.Cloud == inventory.Azure && !c.AccessKeyID.Empty():
		k.add(path+".tenant_id", words{"Azure 写了密钥时必填", "is required for Azure with a key"})
	}
}

// cloudTypes are the words for clouds, those that users of the Python tool write first.
func cloudTypes() []string {
	return []string{
		"阿里云", "aliyun", "alibaba", "华为云", "huawei", "huaweicloud",
		"aws", "腾讯云", "tencent", "azure",
	}
}

func unknownType(written string) words {
	if near := nearest(written, cloudTypes()); near != "" {
		return words{"不认识的云", "is no cloud known"}.suggest(near)
	}
	return words{
		"不认识的云，应为 " + strings.Join(cloudTypes(), "、") + " 之一",
		"is no cloud known, must be one of " + strings.Join(cloudTypes(), ", "),
	}
}

// CloudOf gives the cloud that people write so, in any of its spellings; "" = none.
func CloudOf(written string) inventory.Cloud {
	switch strings.ToLower(written) {
	case "阿里云", "aliyun", "alibaba":
		return inventory.Alibaba
	case "华为云", "huawei", "huaweicloud":
		return inventory.Huawei
	case "aws":
		return inventory.AWS
	case "腾讯云", "tencent":
		return inventory.Tencent
	case "azure":
		return inventory.Azure
	}
	return ""
}

// name checks an account's name, which becomes a node of JumpServer and a label's value.
// AccountName checks the name of a cloud account as a configuration's is checked. It returns nil or an *Error.
func AccountName(name string) error {
	l := newLedger()
	checker{l}.name("name", name)
	if len(l.all) > 0 {
		return &Error{Mistakes: l.all}
	}
	return nil
}

func (k checker) name(path, name string) {
	k.required(path, name)
	switch {
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > 64:
		k.add(path, words{"应为 1 到 64 个字符", "must have 1 to 64 characters"})
	case strings.Contains(name, "/"):
		k.add(path, words{"不能有 /，它在 JumpServer 里分隔节点", "must not hold /, which parts nodes in JumpServer"})
	case strings.TrimSpace(name) != name:
		k.add(path, words{"首尾不能有空格", "must not begin or end with a space"})
	case strings.ContainsAny(name, ":,"):
		k.add(path, words{
			"不能有冒号与逗号，JumpServer v4.10.17 起的标签不接受；改名之后，它的资产跟着改",
			"must hold no colon and no comma, which JumpServer v4.10.17 and later refuse in labels; after it is renamed its assets follow",
		})
	case strings.ContainsFunc(name, unicode.IsControl):
		k.add(path, words{"不能有控制字符", "must not hold control characters"})
	}
}

// platforms checks names of platforms by their form; whether JumpServer has them is asked by doctor and by runs.
func (k checker) platforms(path string, p Platforms) {
	const longest = 128 // characters; those that JumpServer takes are fewer
	for _, name := range []struct{ key, text string }{{"linux", p.Linux}, {"windows", p.Windows}, {"other", p.Other}} {
		at, trimmed := path+"."+name.key, strings.TrimSpace(name.text)
		switch {
		case name.text == "":
		case trimmed == "":
			k.add(at, words{"不能是空白；不需要时去掉这一项", "must not be blank; leave it out where it is not needed"})
		case trimmed != name.text || strings.ContainsFunc(name.text, unicode.IsControl) || utf8.RuneCountInString(name.text) > longest:
			k.add(at, words{"应为平台名称：首尾没有空格，没有控制字符，最多 128 个字符", "must be a platform's name: no space at its ends, no control character, at most 128 characters"})
		case strings.HasPrefix(strings.ToLower(name.text), "gateway"):
			k.add(at, words{"名称以 Gateway 开头的是网关的平台，同步从不改动网关", "begins with Gateway, as platforms of gateways do; a sync never writes to gateways"})
		default:
			k.placeholder(at, name.text)
		}
	}
}

// accountID checks the id of a cloud account, which becomes a label's value.
func (k checker) accountID(path, id string) {
	if k.token(path, id); k.wrong(path) || id == "" || inventory.Storable(id) {
		return
	}
	k.add(path, words{
		"最多 64 个字符，不能有冒号与逗号：它要写进 JumpServer 的标签",
		"must have at most 64 characters, no colon and no comma: it becomes a label in JumpServer",
	})
}

// pair checks an account's keys: both, or none where a role gives them.
func (k checker) pair(path string, c *Cloud) {
	id, word := path+".access_key_id", path+".access_key_secret"
	k.key(id, c.AccessKeyID)
	k.key(word, c.AccessKeySecret)
	if c.AccessKeyID.Empty() == c.AccessKeySecret.Empty() {
		return
	}
	lacking, there := id, "access_key_secret"
	if c.AccessKeySecret.Empty() {
		lacking, there = word, "access_key_id"
	}
	k.add(lacking, words{
		"缺少这一半密钥：只写了 " + there + "（两个都不写则使用函数的角色）",
		"this half of the key is missing, only " + there + " is there (with neither, the function's role is used)",
	})
}

func (k checker) regions(path string, regions []string) {
	seen := map[string]bool{}
	for i, region := range regions {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case k.placeholder(at, region):
		case strings.ContainsFunc(region, notRegion), len(region) > inventory.MaxLabel:
			k.add(at, words{"应为 cn-beijing 这样的地域 ID", "must be a region's id such as cn-beijing"})
		case seen[region]:
			k.add(at, words{"地域重复", "the region is there twice"})
		}
		seen[region] = true
	}
}

func notRegion(r rune) bool {
	letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_'
}

func (k checker) dingTalk(d *DingTalk) {
	const path = "notification.dingtalk."
	if d.Webhook.Empty() {
		k.add(path+"webhook", words{"启用钉钉通知时必填", "is required where DingTalk is enabled"})
	}
	k.key(path+"webhook", d.Webhook)
	if text, ok := k.url(path+"webhook", d.Webhook.Reveal(), urlForm{path: true, query: true, secure: true}); ok {
		d.Webhook = secret.New(text)
	}
	k.key(path+"secret", d.Secret)
	for i, mobile := range d.AtMobiles {
		at := path + "at_mobiles[" + strconv.Itoa(i) + "]"
		digits := strings.IndexFunc(mobile, func(r rune) bool { return r < '0' || r > '9' }) < 0
		if !k.placeholder(at, mobile) && (!digits || len(mobile) < 5 || len(mobile) > 20) {
			k.add(at, words{"手机号只能由数字组成（5 到 20 位）", "must be a mobile number of 5 to 20 digits"})
		}
	}
}
