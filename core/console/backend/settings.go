package backend

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/httpx"
)

// loginTimeout is how long a login provider may take for one answer.
const loginTimeout = 10 * time.Second

// NewSettings returns the settings of the console that a configuration enables.
func NewSettings(cfg config.Config, log *slog.Logger) (console.Settings, error) {
	c := cfg.Console
	s := console.Settings{
		Origins: []string{c.URL}, Sessions: login.NewSessions([]byte(c.CookieKey.Reveal()), c.Session, isHTTPS(c.URL), time.Now), Login: c.Login.Type,
		Viewers: c.Viewers, Approvers: c.Approvers, ApprovalLink: c.Approval.Link, Log: log, Scrub: NewScrub(cfg),
	}
	proxy, err := httpx.NewProxyFunc(cfg.Proxy.Reveal())
	if err != nil {
		return s, err
	}
	app := login.Application{
		Issuer: c.Login.Issuer, ClientID: c.Login.ClientID, ClientSecret: c.Login.ClientSecret.Reveal(), GroupsClaim: c.Login.GroupsClaim, Endpoint: c.Login.Endpoint,
		Client: &http.Client{Timeout: loginTimeout, Transport: &http.Transport{Proxy: proxy, TLSHandshakeTimeout: loginTimeout, MaxResponseHeaderBytes: 64 << 10}},
	}
	switch c.Login.Type {
	case config.LoginDingTalk:
		s.Provider = login.NewDingTalk(app)
	case config.LoginFeishu:
		s.Provider = login.NewFeishu(app)
	default:
		s.Provider = login.NewOIDC(app)
	}
	return s, nil
}

func isHTTPS(url string) bool { return len(url) > 5 && url[:5] == "https" }

// leastSecret is how long a secret must be to be told from ordinary words.
const leastSecret = 6

// NewScrub returns what hides a configuration's secrets in a text.
func NewScrub(cfg config.Config) func(string) string {
	var all []string
	for _, hidden := range cfg.Secrets() {
		if len(hidden.Reveal()) >= leastSecret {
			all = append(all, hidden.Reveal())
		}
	}
	return httpx.NewScrubber(all...).Replace
}
