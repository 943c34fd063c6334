package session

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	channels "github.com/jms-sync/jms-sync/core/notify/all"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/webhook/webhooktest"
	"github.com/jms-sync/jms-sync/core/secret"
)

// channelConfig returns a configuration with DingTalk and these channels.
func channelConfig(list ...config.Channel) config.Config {
	cfg := config.Default()
	cfg.JumpServer.URL, cfg.Environment.Type = "https://jms.example.com", "PRODUCTION"
	d := &cfg.Notification.DingTalk
	d.Enabled, d.Webhook = true, secret.New("http://robot.invalid/?access_token=x")
	cfg.Notification.Channels = list
	return cfg
}

func channel(kind string, change func(*config.Channel)) config.Channel {
	c := config.DefaultChannel()
	c.Type, c.Name, c.On = kind, kind, "failure"
	switch kind {
	case "email":
		c.Server, c.From, c.To = "smtp.example.com:587", "a@example.com", []string{"b@example.com"}
	case "webhook", "alertmanager":
		c.URL = secret.New("http://hooks.invalid/x")
	default:
		c.Webhook = secret.New("https://robot.invalid/hook?access_token=x&key=y&sig=z")
	}
	change(&c)
	return c
}

// TestTypesAreThoseOfTheConfiguration: no channel can be made that the configuration refuses.
func TestTypesAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, name := range channels.Types() {
		if !slices.Contains(config.ChannelTypes(), name) {
			t.Errorf("the configuration has no channel %s", name)
		}
		n, err := channels.New(channelSettings(config.Config{}, channel(name, func(c *config.Channel) { c.Name = "mine" })), post.Options{})
		if err != nil || n.Name() != "mine" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := channels.New(channels.Settings{Type: "pigeon"}, post.Options{}); err == nil || n != nil {
		t.Error("a channel of no type")
	}
	if n, err := channels.New(channels.Settings{Type: "webhook"}, post.Options{}); err == nil || n != nil {
		t.Errorf("a channel without an address: %v", n)
	}
}

// TestMentionsAreThoseOfTheConfiguration: as many people as the configuration lets a channel mention can be made, and no more; and
// none that it refuses.
func TestMentionsAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	for kind, who := range map[string]string{"dingtalk": "13800000000", "wecom": "zhang_san@corp", "feishu": "ou_18eac85d35a2", "slack": "U012AB3CD", "teams": "anna@example.com"} {
		most := config.MaxMentions(kind)
		for names, fine := range map[int]bool{1: true, most: true, most + 1: false} {
			c := channel(kind, func(c *config.Channel) { c.Mention = slices.Repeat([]string{who}, names) })
			if _, err := channels.New(channelSettings(config.Config{}, c), post.Options{}); (err == nil) != fine {
				t.Errorf("%s, %d people: %v", kind, names, err)
			}
		}
		c := channel(kind, func(c *config.Channel) { c.Mention = []string{"<@all>"} })
		if _, err := channels.New(channelSettings(config.Config{}, c), post.Options{}); err == nil {
			t.Errorf("%s mentions anything", kind)
		}
	}
	if config.MaxMentions("email") != 0 || config.MaxMentions("pigeon") != 0 {
		t.Error("who cannot mention may")
	}
}

// TestChannelsOfAConfiguration: what a configuration says of a channel reaches who delivers to it.
func TestChannelsOfAConfiguration(t *testing.T) {
	t.Parallel()
	cfg := channelConfig(
		channel("webhook", func(c *config.Channel) {
			c.Accounts, c.Severity, c.Quiet, c.Language = []string{"prod-*"}, "warning", "22:00-08:00", "en"
		}),
		channel("alertmanager", func(c *config.Channel) { c.Environments = []string{"prod*"} }),
		channel("email", func(c *config.Channel) { c.Environments = []string{"DEV*"} }),
		channel("email", func(c *config.Channel) { c.Enabled = false }),
	)
	all, err := NewChannels(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s %t %t", c.Name(), c.On, c.Tracks, c.WantsData))
	}
	if text := strings.Join(got, "; "); text != "dingtalk change false false; webhook failure false true; alertmanager failure true false" {
		t.Error(text)
	}
	hook := all[1]
	if hook.Accounts[0] != "prod-*" || hook.Severity != notify.SeverityWarning || hook.Lang != language.English ||
		!hook.Quiet.Includes(time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)) || hook.Quiet.Includes(time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)) { // in Shanghai
		t.Errorf("%+v", hook)
	}
	if all[0].Quiet.From != all[0].Quiet.To || all[0].Style != "table" {
		t.Errorf("%+v", all[0])
	}
}

// TestDoctorChannels: each channel has its check, and one test message if it is asked for, in its own language.
func TestDoctorChannels(t *testing.T) {
	t.Parallel()
	receiver := webhooktest.New(webhooktest.Options{ReportUnexpected: t.Errorf})
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	cfg := channelConfig(
		channel("webhook", func(c *config.Channel) { c.URL, c.Language = secret.New(server.URL), "en" }),
		channel("email", func(c *config.Channel) { c.Environments = []string{"DEV*"} }),
		channel("email", func(c *config.Channel) { c.Enabled = false }),
	)
	for _, send := range []bool{false, true} {
		var text strings.Builder
		for _, c := range cfg.Notification.Channels {
			d := doctorChannel(Examination{Config: cfg, SendTest: send}, c)
			found := doctor.RunChecks(t.Context(), []doctor.Check{doctor.ChannelCheck(d)}, time.Minute)
			if err := doctor.WriteText(&text, found, language.English); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"travel in clear", "not signed", "off (enabled: false)", "not used in this environment (PRODUCTION)"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in\n%s", want, text.String())
			}
		}
	}
	events := receiver.Events()
	if len(events) != 1 || events[0].Type != "com.github.jms-sync.test" || events[0].Data.Mention || !strings.Contains(events[0].Data.Text, "messages arrive by the channel webhook") {
		t.Errorf("%+v", events)
	}
}
