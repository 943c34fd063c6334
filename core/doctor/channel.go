package doctor

import (
	"context"
	"errors"
	"net/netip"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
)

// Channel is what a check needs of a channel of notification.channels. Nothing is sent unless SendTest is set.
type Channel struct {
	Name, Type string
	Unused     language.Text // why it is not used; the zero value = it is
	Host       string        // "" = not known
	// InClear says that what is secret travels unencrypted, Unsigned that nothing proves who sends although the type can.
	InClear, Unsigned bool
	Proxied           bool
	Sender            Sender
	Err               error // why there is no Sender
	SendTest          bool
	Sample            notify.Message // what SendTest sends
	LookupHost        func(ctx context.Context, host string) ([]string, error)
}

// ChannelCheck examines a channel.
func ChannelCheck(c Channel) Check {
	return Check{Title: language.New("通知渠道 "+c.Name+"（"+c.Type+"）", "channel "+c.Name+" ("+c.Type+")"), Run: c.findings}
}

func (c Channel) findings(ctx context.Context) []Finding {
	if c.Unused != (language.Text{}) {
		return []Finding{okFinding(language.New("使用", "use"), c.Unused)}
	}
	if c.Err != nil {
		return []Finding{failureFinding(language.New("设置", "settings"), language.New("不能使用", "they cannot be used").WithError(c.Err),
			language.New("核对这个渠道的配置", "compare the settings of this channel"))}
	}
	lines := c.addressFindings()
	if _, err := netip.ParseAddr(c.Host); c.Host != "" && err != nil && !c.Proxied && c.LookupHost != nil {
		subject := language.New("DNS", "DNS")
		found, err := c.LookupHost(ctx, c.Host)
		if err != nil || len(found) == 0 {
			return append(lines, failureFinding(subject, language.Newf("查不到 %s", "%s cannot be looked up", c.Host),
				language.New("检查地址，以及这台机器（或函数所在 VPC）能否访问它", "check the address, and that this machine (or the function's VPC) reaches it")))
		}
		lines = append(lines, okFinding(subject, language.Newf("%s 可以解析", "%s is known", c.Host)))
	}
	return append(lines, c.sendTest(ctx))
}

// addressFindings returns what the settings show of who can read along, and who can send as us.
func (c Channel) addressFindings() []Finding {
	var lines []Finding
	if c.InClear {
		fix := language.New("改用 https://", "use https://")
		if c.Type == "email" {
			fix = language.New("设置 tls: starttls 或 implicit", "set tls: starttls or implicit")
		}
		lines = append(lines, warningFinding(language.New("加密", "encryption"), language.New("没有加密，密钥与内容在网络上是明文", "there is none: secrets and contents travel in clear"),
			fix))
	}
	if c.Unsigned {
		lines = append(lines, warningFinding(language.New("签名", "signing"), language.New("没有签名：谁拿到地址都能冒充发送", "it is not signed: whoever has the address can send as well"),
			language.New("在对方启用签名校验，并设置 secret", "have the other side check signatures, and set secret")))
	}
	return lines
}

// sendTest sends a test message, if that is requested.
func (c Channel) sendTest(ctx context.Context) Finding {
	subject := language.New("发送", "sending")
	if !c.SendTest {
		return okFinding(subject, language.New("没有发送；加 --send-test 真正发出测试消息", "nothing was sent; --send-test sends a test message"))
	}
	err := c.Sender.Send(ctx, c.Sample)
	if err == nil {
		return okFinding(subject, language.New("测试消息已被接受", "the test message was accepted"))
	}
	fix := language.New("检查网络，稍后再试", "check the network and try again later")
	var refused *notify.Error
	if errors.As(err, &refused) && refused.Kind == notify.InvalidConfig {
		fix = language.New("核对地址、密钥与对方的限制（关键词、IP 白名单、发件人）", "compare address, secrets and what the other side allows (keywords, addresses, senders)")
	}
	return failureFinding(subject, language.New("测试消息没有被接受", "the test message was not accepted").WithError(err), fix)
}
