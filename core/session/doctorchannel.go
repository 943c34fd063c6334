package session

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	channels "github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/report"
)

// doctorChannel returns what doctor examines of a channel of notification.channels.
func doctorChannel(x Examination, c config.Channel) doctor.Channel {
	d := doctor.Channel{Name: cmp.Or(c.Name, c.Type, "?"), Type: cmp.Or(c.Type, "?"), SendTest: x.SendTest, LookupHost: net.DefaultResolver.LookupHost}
	switch {
	case !c.Enabled:
		d.Unused = language.New("没有启用（enabled: false）", "off (enabled: false)")
		return d
	case !isUsedIn(c, x.Config):
		d.Unused = language.Newf("不在这个环境（%s）使用", "not used in this environment (%s)", x.Config.Environment.Type)
		return d
	}
	settings := channelSettings(x.Config, c)
	settings.Mention, settings.MentionAll = nil, false // a test message mentions nobody
	d.Sender, d.Err = channels.New(settings, post.Options{Proxy: x.Config.Proxy.Reveal()})
	address := cmp.Or(c.Webhook.Reveal(), c.URL.Reveal())
	parsed, err := url.Parse(address)
	switch {
	case c.Type == "email":
		d.Host, _, _ = net.SplitHostPort(c.Server)
		d.InClear = c.TLS == config.TLSNone
	case err == nil:
		d.Host, d.InClear = parsed.Hostname(), parsed.Scheme != "https"
		d.Proxied = isProxied(x.Config.Proxy, address)
	}
	d.Unsigned = slices.Contains([]string{"dingtalk", "feishu", "webhook"}, c.Type) && c.Secret.IsEmpty() && c.Token.IsEmpty()
	o := ReportOptions(x.Config)
	o.Lang = cmp.Or(language.Lang(c.Language), o.Lang)
	d.Sample = report.NewTestMessage(d.Name, time.Now(), o)
	return d
}
