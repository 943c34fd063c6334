package post

import (
	"net/url"
	"strings"
)

// minPrivate is how long a part of an address must be at least to count as a secret in it.
const minPrivate = 9

// ParseWebhook returns the address of a robot, and what of it no error may show: path and query hold its key. Its errors are of
// kind InvalidConfig.
func ParseWebhook(webhook string) (address *url.URL, private []string, err error) {
	address, err = url.Parse(webhook)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, nil, NewConfigError("webhook is not a http(s) URL")
	}
	parts := []string{webhook, address.RequestURI(), address.RawQuery}
	parts = append(parts, strings.Split(address.EscapedPath(), "/")...)
	for _, values := range address.Query() {
		parts = append(parts, values...)
	}
	for _, part := range parts {
		if len(part) >= minPrivate {
			private = append(private, part)
		}
	}
	return address, private, nil
}
