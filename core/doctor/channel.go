package doctor

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/notify"
)

// Sender posts a message.
type Sender interface {
	Send(ctx context.Context, m notify.Message) error
}

// Robot is a DingTalk robot as it is examined. Nothing is posted unless Test is set.
type Robot struct {
	Off     bool
	Address string // host of the webhook, without its token
	TLS     bool
	Signed  bool // a secret is set
	Odd     bool // the secret does not look like one of DingTalk's, which begin with SEC
	Proxied bool
	Sender  Sender
	Err     error // why there is no Sender
	Test    bool
	Link    string // what the test message's button opens
	Lookup  func(ctx context.Context, host string) ([]string, error)
}

// dingTalk is the host of its robots (https://open.dingtalk.com/document/orgapp/custom-robot-access).
const dingTalk = "oapi.dingtalk.com"

// RobotAt judges a webhook by its form. Its token goes nowhere.
func RobotAt(webhook, secret string) Robot {
	r := Robot{Signed: secret != "", Odd: secret != "" && !strings.HasPrefix(secret, "SEC")}
	if at, err := url.Parse(webhook); err == nil {
		r.Address, r.TLS = at.Hostname(), at.Scheme == "https"
	}
	return r
}

// Channel examines a robot.
func Channel(r Robot) Check {
	return Check{Title: say("钉钉通知", "DingTalk"), Run: r.run}
}

func (r Robot) run(ctx context.Context) []Line {
	if r.Off {
		return []Line{warn(say("通知", "notification"), say("没有启用：失败与暂缓的移除只在日志里", "off: failures and held removals are only in the log"),
			say("设置 notification.dingtalk.enabled 与 webhook", "set notification.dingtalk.enabled and its webhook"))}
	}
	if r.Err != nil {
		return []Line{fail(say("webhook", "webhook"), say("不能使用", "it cannot be used").with(r.Err), say("从钉钉的机器人设置里重新复制", "copy it again from the robot's settings"))}
	}
	lines := []Line{r.signing(), r.address()}
	if _, err := netip.ParseAddr(r.Address); err != nil && !r.Proxied && r.Lookup != nil {
		if found, err := r.Lookup(ctx, r.Address); err != nil || len(found) == 0 {
			return append(lines, fail(say("DNS", "DNS"), sayf("查不到 %s", "%s cannot be looked up", r.Address),
				say("检查这台机器（或函数所在 VPC）能否访问公网", "check that this machine (or the function's VPC) reaches the internet")))
		}
		lines = append(lines, fine(say("DNS", "DNS"), sayf("%s 可以解析", "%s is known", r.Address)))
	}
	return append(lines, r.post(ctx))
}

func (r Robot) signing() Line {
	subject := say("加签", "signing")
	switch {
	case !r.Signed:
		return warn(subject, say("没有加签：谁拿到 webhook 都能以机器人的名义发消息", "the webhook is not signed: whoever has its address can post as the robot"),
			say("在机器人的安全设置里选“加签”，把密钥写进 notification.dingtalk.secret", "choose signing in the robot's security settings, and set notification.dingtalk.secret"))
	case r.Odd:
		return warn(subject, say("secret 不是以 SEC 开头，不像加签密钥", "the secret does not begin with SEC, as signing secrets do"),
			say("从机器人的安全设置里重新复制", "copy it again from the robot's security settings"))
	}
	return fine(subject, say("已加签", "signed"))
}

func (r Robot) address() Line {
	subject := say("webhook", "webhook")
	switch {
	case !r.TLS:
		return warn(subject, sayf("%s 不是 https，令牌在网络上是明文", "%s is not https: its token travels in clear", r.Address), say("改用 https://", "use https://"))
	case r.Address != dingTalk:
		return warn(subject, sayf("主机是 %s，不是 %s", "its host is %s, not %s", r.Address, dingTalk),
			say("确认这是你们自己的转发地址：令牌会交给它", "make sure that it is your own relay: it gets the token"))
	}
	return fine(subject, sayf("指向 %s", "leads to %s", dingTalk))
}

// post sends one message, if that was asked for.
func (r Robot) post(ctx context.Context) Line {
	subject := say("发送", "posting")
	if !r.Test {
		return fine(subject, say("没有发送；加 --send-test 真正发一条", "nothing was posted; --send-test posts one message"))
	}
	err := r.Sender.Send(ctx, notify.Message{
		Title: "jms-sync doctor", Markdown: "### jms-sync doctor\n\n这是一条测试消息：通知可以送达。 / A test: messages arrive.",
		LinkText: "JumpServer", LinkURL: r.Link,
	})
	if err == nil {
		return fine(subject, say("测试消息已被接受", "the test message was taken"))
	}
	var refused *notify.Error
	fix := say("检查网络，稍后再试", "check the network and try again later")
	if errors.As(err, &refused) && refused.Kind == notify.Config {
		fix = say("核对 webhook、加签密钥、关键词与 IP 白名单（关键词可设为 JMS）", "compare webhook, secret, keywords (JMS will do) and the list of addresses")
	}
	return fail(subject, say("测试消息没有被接受", "the test message was not taken").with(err), fix)
}
