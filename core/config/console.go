package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Console is the console, in which people see the estate and approve what is held.
type Console struct {
	Enabled   bool            `yaml:"enabled" env:"ENABLED" doc:"是否启用控制台：functions/console，以及 jms-sync serve 监听回环以外的地址；卡片里也放它的链接;whether the console is used: functions/console, and jms-sync serve on other addresses than loopback; cards link to it too"`
	URL       string          `yaml:"url" env:"URL" doc:"浏览器里的地址，如 https://jms-sync.example.com，没有路径；启用时必填;its address in browsers, such as https://jms-sync.example.com, without a path; required where enabled"`
	Login     ConsoleLogin    `yaml:"login" envPrefix:"LOGIN_"`
	Viewers   []string        `yaml:"viewers" env:"VIEWERS" doc:"谁可以看：邮箱（*@example.com）、id:…（登录服务里的 ID）、group:…（组，OIDC）；* 代表任意文本;who may see: addresses (*@example.com), id:… (the id at the login provider), group:… (OIDC); * stands for any text"`
	Approvers []string        `yaml:"approvers" env:"APPROVERS" doc:"谁可以批准、拒绝、执行与暂停，也可以看；写法同 viewers，启用时至少一个;who may approve, reject, apply and pause, and see; as viewers, at least one where enabled"`
	Session   time.Duration   `yaml:"session" env:"SESSION" range:"5m,24h" doc:"登录多久有效;how long a sign-in lasts"`
	CookieKey secret.Value    `yaml:"cookie_key" env:"COOKIE_KEY" doc:"签名会话与批准链接的密钥，至少 32 个字符（openssl rand -hex 32），启用时必填；换掉它，所有人重新登录，发出的链接失效;key that signs sessions and links that approve, at least 32 characters (openssl rand -hex 32), required where enabled; with another one everybody signs in anew, and links that were sent are void"`
	Approval  ConsoleApproval `yaml:"approval" envPrefix:"APPROVAL_"`
}

// ConsoleLogin says how people sign in.
type ConsoleLogin struct {
	Type         string       `yaml:"type" env:"TYPE" enum:"oidc,dingtalk,feishu" doc:"登录方式：oidc 任何 OpenID Connect 服务;how people sign in; oidc is any provider of OpenID Connect"`
	Issuer       string       `yaml:"issuer" env:"ISSUER" doc:"oidc 的 issuer，如 https://login.example.com/realms/ops；oidc 必填;issuer of oidc, such as https://login.example.com/realms/ops; required for oidc"`
	ClientID     string       `yaml:"client_id" env:"CLIENT_ID" doc:"在登录服务登记的应用的 ID（钉钉、飞书：App Key、App ID），启用时必填；回调地址是 <console.url>/login/callback;id of the application at the provider (App Key of DingTalk, App ID of Feishu), required where enabled; its callback is <console.url>/login/callback"`
	ClientSecret secret.Value `yaml:"client_secret" env:"CLIENT_SECRET" doc:"应用的密钥，启用时必填;secret of the application, required where enabled"`
	GroupsClaim  string       `yaml:"groups_claim" env:"GROUPS_CLAIM" doc:"ID Token 里列出组的字段（oidc）;claim of the ID token that lists groups (oidc)"`
	Endpoint     string       `yaml:"endpoint" env:"ENDPOINT" doc:"钉钉或飞书的地址，用于测试与专属部署，如 https://open.larksuite.com（Lark）;address of DingTalk or Feishu, for tests and dedicated ones, such as https://open.larksuite.com (Lark)"`
}

// ConsoleApproval says what approves besides a login.
type ConsoleApproval struct {
	Link bool `yaml:"link" env:"LINK" doc:"卡片里的批准链接是否不用登录：签名、只对这一组、一小时内有效、在页面上再问一次；拿到链接的人都能批准;whether the link of a card approves without a login: signed, for this set alone, for an hour, and asked once more on the page; whoever has the link can approve"`
}

// The types of login.
const (
	LoginOIDC     = "oidc"
	LoginDingTalk = "dingtalk"
	LoginFeishu   = "feishu"
)

// minCookieKey is how many characters the key of cookies has at least.
const minCookieKey = 32

// DefaultConsole returns a console with the defaults.
func DefaultConsole() Console {
	return Console{Login: ConsoleLogin{Type: LoginOIDC, GroupsClaim: "groups"}, Session: 8 * time.Hour}
}

func (k checker) checkConsole(c *Console) {
	if !c.Enabled {
		return
	}
	k.checkRequired("console.url", c.URL)
	if text, ok := k.normalizeURL("console.url", c.URL, urlRules{secure: true}); ok {
		c.URL = asOrigin(text)
	}
	k.checkLogin(&c.Login)
	k.checkRequired("console.cookie_key", c.CookieKey.Reveal())
	k.checkSecret("console.cookie_key", c.CookieKey)
	if text := c.CookieKey.Reveal(); text != "" && !k.hasMistake("console.cookie_key") && len(text) < minCookieKey {
		k.add("console.cookie_key", language.Newf("至少 %d 个字符", "must have at least %d characters", minCookieKey))
	}
	if len(c.Approvers) == 0 {
		k.add("console.approvers", language.New("至少一个，否则谁都不能批准", "at least one is wanted: nobody could approve"))
	}
	k.checkPeople("console.viewers", c.Viewers, c.Login)
	k.checkPeople("console.approvers", c.Approvers, c.Login)
}

// asOrigin returns an address as browsers write it in the header Origin.
func asOrigin(text string) string {
	text = strings.ToLower(text)
	for scheme, port := range map[string]string{"https://": ":443", "http://": ":80"} {
		if strings.HasPrefix(text, scheme) {
			text = strings.TrimSuffix(text, port)
		}
	}
	return text
}

func (k checker) checkLogin(l *ConsoleLogin) {
	const path = "console.login."
	k.checkRequired(path+"client_id", l.ClientID)
	k.checkToken(path+"client_id", l.ClientID)
	k.checkRequired(path+"client_secret", l.ClientSecret.Reveal())
	k.checkSecret(path+"client_secret", l.ClientSecret)
	k.checkToken(path+"groups_claim", l.GroupsClaim)
	if l.Type == LoginOIDC {
		k.checkRequired(path+"issuer", l.Issuer)
		_, _ = k.normalizeURL(path+"issuer", l.Issuer, urlRules{path: true, secure: true}) // as it is: the provider must name itself so
	} else if l.Issuer != "" {
		k.add(path+"issuer", language.New("只用于 oidc", "is only for oidc"))
	}
	if text, ok := k.normalizeURL(path+"endpoint", l.Endpoint, urlRules{secure: true}); ok {
		l.Endpoint = text
	}
}

// checkPeople checks patterns of people. Everybody whom the provider knows is a pattern that is never meant for approvers.
func (k checker) checkPeople(path string, patterns []string, l ConsoleLogin) {
	for n, pattern := range patterns {
		at := path + "[" + strconv.Itoa(n) + "]"
		_, isID := strings.CutPrefix(pattern, "id:")
		_, isGroup := strings.CutPrefix(pattern, "group:")
		switch {
		case k.notePlaceholder(at, pattern):
		case strings.TrimSpace(pattern) != pattern || pattern == "" || strings.ContainsFunc(pattern, unicode.IsControl):
			k.add(at, language.New("应为邮箱、id:… 或 group:…，首尾没有空格", "must be an address, id:… or group:…, without a space at its ends"))
		case slices.Contains([]string{"*", "id:*", "group:*"}, pattern) && path == "console.approvers":
			k.add(at, language.New("不能是所有人：能登录的人都会成为批准者", "must not mean everybody: all who can sign in would approve"))
		case l.Type == LoginDingTalk && (!isID || pattern == "id:*"):
			k.add(at, language.New("钉钉只能写 id:<unionId>：其他企业的人也能用钉钉登录，钉钉也不保证邮箱是本人的", "must be id:<unionId> with DingTalk: people of other companies can sign in there too, and it does not vouch for addresses"))
		case isGroup && l.Type != LoginOIDC:
			k.add(at, language.New("组只用于 oidc", "groups are only for oidc"))
		case !isID && !isGroup && pattern != "*" && !strings.Contains(pattern, "@"):
			k.add(at, language.New("邮箱里应有 @；其他的写成 id:… 或 group:…", "an address holds an @; write all else as id:… or group:…"))
		}
	}
}
