// Package all knows every channel: one line leads from the settings of a channel to its notifier.
package all

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/alertmanager"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/notify/email"
	"github.com/jms-sync/jms-sync/core/notify/feishu"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/notify/slack"
	"github.com/jms-sync/jms-sync/core/notify/teams"
	"github.com/jms-sync/jms-sync/core/notify/webhook"
	"github.com/jms-sync/jms-sync/core/notify/wecom"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Settings are those of one channel, as it is configured. Each type takes some of them; the configuration's check refuses
// others.
type Settings struct {
	Type, Name                            string // a channel without a name has that of its type
	Webhook, URL, Secret, Token, Password secret.Value
	Username, Server, TLS, From           string
	Source                                string // whose messages they are: the URL of JumpServer
	To, Mention                           []string
	MentionAll                            bool
}

// channelType is a type of channels, and how one is made. New checks the settings and sends nothing.
type channelType struct {
	name string
	// tracks says that the other side keeps track of what lasts; wantsData, that it takes the results document.
	tracks, wantsData bool
	new               func(Settings, post.Options) (notify.Notifier, error)
}

// channelTypes is the table of all types, by the names that the configuration uses.
func channelTypes() []channelType {
	return []channelType{
		{name: "dingtalk", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(dingtalk.New(dingtalk.Settings{Webhook: s.Webhook, Secret: s.Secret, AtMobiles: s.Mention, AtAll: s.MentionAll}, o))
		}},
		{name: "wecom", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(wecom.New(wecom.Settings{Webhook: s.Webhook, Mention: s.Mention, MentionAll: s.MentionAll}, o))
		}},
		{name: "feishu", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(feishu.New(feishu.Settings{Webhook: s.Webhook, Secret: s.Secret, Mention: s.Mention, MentionAll: s.MentionAll}, o))
		}},
		{name: "slack", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(slack.New(slack.Settings{Webhook: s.Webhook, Mention: s.Mention, MentionAll: s.MentionAll}, o))
		}},
		{name: "teams", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(teams.New(teams.Settings{Webhook: s.Webhook, Mention: s.Mention}, o))
		}},
		{name: "webhook", wantsData: true, new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(webhook.New(webhook.Settings{URL: s.URL, Secret: s.Secret, Token: s.Token, Source: s.Source}, o))
		}},
		{name: "alertmanager", tracks: true, new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(alertmanager.New(alertmanager.Settings{
				URL: s.URL, Token: s.Token, Username: s.Username, Password: s.Password, Source: s.Source,
			}, o))
		}},
		{name: "email", new: func(s Settings, o post.Options) (notify.Notifier, error) {
			return opened(email.New(email.Settings{
				Server: s.Server, TLS: s.TLS, Username: s.Username, Password: s.Password, From: s.From, To: s.To,
			}, email.Options{Timeout: o.Timeout, Now: o.Now, Sleep: o.Sleep}))
		}},
	}
}

// opened returns a notifier, or no notifier at all where there is an error: a nil pointer would be one.
func opened[N notify.Notifier](n N, err error) (notify.Notifier, error) {
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Types returns the names of all types.
func Types() []string {
	var names []string
	for _, t := range channelTypes() {
		names = append(names, t.name)
	}
	return names
}

// Tracks reports whether channels of a type keep track of what lasts, see notify.Message.Alerts.
func Tracks(name string) bool {
	return slices.ContainsFunc(channelTypes(), func(t channelType) bool { return t.name == name && t.tracks })
}

// WantsData reports whether channels of a type take notify.Message.Data.
func WantsData(name string) bool {
	return slices.ContainsFunc(channelTypes(), func(t channelType) bool { return t.name == name && t.wantsData })
}

// New returns the notifier of a channel, by the channel's name. It sends nothing. Its errors are of kind InvalidConfig and
// name no secret.
func New(s Settings, o post.Options) (notify.Notifier, error) {
	for _, t := range channelTypes() {
		if t.name != s.Type {
			continue
		}
		n, err := t.new(s, o)
		if err != nil || s.Name == "" || s.Name == n.Name() {
			return n, err
		}
		return named{n, s.Name}, nil
	}
	return nil, post.NewConfigError("there is no channel of type " + s.Type)
}

// named is a notifier by another name.
type named struct {
	notify.Notifier
	name string
}

// Name implements notify.Notifier.
func (n named) Name() string { return n.name }
