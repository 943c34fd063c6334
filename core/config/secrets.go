package config

import "github.com/jms-sync/jms-sync/core/secret"

// Secrets returns everything in the configuration that nobody may read.
func (c Config) Secrets() []secret.Value {
	d := c.Notification.DingTalk
	all := []secret.Value{
		c.Proxy, c.JumpServer.AccessKeyID, c.JumpServer.AccessKeySecret, c.JumpServer.Proxy, d.Webhook, d.Secret,
		c.Metrics.Pushgateway, c.Metrics.RemoteWrite, c.Metrics.RemoteWriteToken,
		c.Console.CookieKey, c.Console.Login.ClientSecret,
	}
	for _, cloud := range c.Clouds {
		all = append(all, cloud.AccessKeyID, cloud.AccessKeySecret)
	}
	for _, channel := range c.Notification.Channels {
		all = append(all, channel.Webhook, channel.URL, channel.Secret, channel.Token, channel.Password)
	}
	return all
}
