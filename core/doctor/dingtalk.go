package doctor

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
)

// Sender posts a message.
type Sender interface {
	Send(ctx context.Context, m notify.Message) error
}

// Robot is what a check needs of a DingTalk robot. Nothing is posted unless SendTest is set.
type Robot struct {
	Disabled   bool
	Host       string // of the webhook, without its token
	TLS        bool
	Signed     bool // a secret is set
	OddSecret  bool // the secret does not begin with SEC, as those of DingTalk do
	Proxied    bool
	Sender     Sender
	Err        error // why there is no Sender
	SendTest   bool
	Samples    []notify.Message // what SendTest posts: a card in each style
	LookupHost func(ctx context.Context, host string) ([]string, error)
}

// dingTalkHost is the host of its robots (https://open.dingtalk.com/document/orgapp/custom-robot-access).
const dingTalkHost = "oapi.dingtalk.com"

// ParseWebhook returns what a webhook's form shows. Its token is not kept.
func ParseWebhook(webhook, secret string) Robot {
	r := Robot{Signed: secret != "", OddSecret: secret != "" && !strings.HasPrefix(secret, "SEC")}
	if at, err := url.Parse(webhook); err == nil {
		r.Host, r.TLS = at.Hostname(), at.Scheme == "https"
	}
	return r
}

// RobotCheck examines a robot.
func RobotCheck(r Robot) Check {
	return Check{Title: language.New("钉钉通知", "DingTalk"), Run: r.findings}
}

func (r Robot) findings(ctx context.Context) []Finding {
	if r.Disabled {
		return []Finding{warningFinding(language.New("通知", "notification"), language.New("没有启用：失败与暂缓的移除只在日志里", "off: failures and held removals are only in the log"),
			language.New("设置 notification.dingtalk.enabled 与 webhook", "set notification.dingtalk.enabled and its webhook"))}
	}
	if r.Err != nil {
		return []Finding{failureFinding(language.New("webhook", "webhook"), language.New("不能使用", "it cannot be used").WithError(r.Err), language.New("从钉钉的机器人设置里重新复制", "copy it again from the robot's settings"))}
	}
	lines := []Finding{r.signingFinding(), r.addressFinding()}
	if _, err := netip.ParseAddr(r.Host); err != nil && !r.Proxied && r.LookupHost != nil {
		if found, err := r.LookupHost(ctx, r.Host); err != nil || len(found) == 0 {
			return append(lines, failureFinding(language.New("DNS", "DNS"), language.Newf("查不到 %s", "%s cannot be looked up", r.Host),
				language.New("检查这台机器（或函数所在 VPC）能否访问公网", "check that this machine (or the function's VPC) reaches the internet")))
		}
		lines = append(lines, okFinding(language.New("DNS", "DNS"), language.Newf("%s 可以解析", "%s is known", r.Host)))
	}
	return append(lines, r.postTest(ctx))
}

func (r Robot) signingFinding() Finding {
	subject := language.New("加签", "signing")
	switch {
	case !r.Signed:
		return warningFinding(subject, language.New("没有加签：谁拿到 webhook 都能以机器人的名义发消息", "the webhook is not signed: whoever has its address can post as the robot"),
			language.New("在机器人的安全设置里选“加签”，把密钥写进 notification.dingtalk.secret", "choose signing in the robot's security settings, and set notification.dingtalk.secret"))
	case r.OddSecret:
		return warningFinding(subject, language.New("secret 不是以 SEC 开头，不像加签密钥", "the secret does not begin with SEC, as signing secrets do"),
			language.New("从机器人的安全设置里重新复制", "copy it again from the robot's security settings"))
	}
	return okFinding(subject, language.New("已加签", "signed"))
}

func (r Robot) addressFinding() Finding {
	subject := language.New("webhook", "webhook")
	switch {
	case !r.TLS:
		return warningFinding(subject, language.Newf("%s 不是 https，令牌在网络上是明文", "%s is not https: its token travels in clear", r.Host), language.New("改用 https://", "use https://"))
	case r.Host != dingTalkHost:
		return warningFinding(subject, language.Newf("主机是 %s，不是 %s", "its host is %s, not %s", r.Host, dingTalkHost),
			language.New("确认这是你们自己的转发地址：令牌会交给它", "make sure that it is your own relay: it gets the token"))
	}
	return okFinding(subject, language.Newf("指向 %s", "leads to %s", dingTalkHost))
}

// postTest sends a card in each style, if that is requested.
func (r Robot) postTest(ctx context.Context) Finding {
	subject := language.New("发送", "posting")
	if !r.SendTest {
		return okFinding(subject, language.New("没有发送；加 --send-test 真正发出测试消息", "nothing was posted; --send-test posts test messages"))
	}
	var err error
	for _, m := range r.Samples {
		err = errors.Join(err, r.Sender.Send(ctx, m))
	}
	if err == nil {
		return okFinding(subject, language.Newf("%d 条测试消息已被接受：一条是表格，一条是列表；哪一种在你们的手机和电脑上都看得清，就设置 notification.dingtalk.style（table 或 list）",
			"%d test messages were taken: a table and a list; set notification.dingtalk.style (table or list) to the one that reads well on your phones and computers", len(r.Samples)))
	}
	var refused *notify.Error
	fix := language.New("检查网络，稍后再试", "check the network and try again later")
	if errors.As(err, &refused) && refused.Kind == notify.InvalidConfig {
		fix = language.New("核对 webhook、加签密钥、关键词与 IP 白名单（关键词可设为 JMS）", "compare webhook, secret, keywords (JMS will do) and the list of addresses")
	}
	return failureFinding(subject, language.New("测试消息没有被接受", "the test message was not taken").WithError(err), fix)
}
