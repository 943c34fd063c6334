// Package dingtalk sends messages through a custom robot of a DingTalk group, as action cards
// with one button. Rules and error numbers are those of DingTalk's documentation of custom
// robots (https://open.dingtalk.com/document/robots/custom-robot-access).
package dingtalk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/wait"
)

// Settings are one robot, as its owner copies them from DingTalk.
type Settings struct {
	Webhook   secret.Value // https://oapi.dingtalk.com/robot/send?access_token=…
	Secret    secret.Value // of "sign"; empty if the robot is protected in another way
	AtMobiles []string     // digits only, at most MaxMobiles
	AtAll     bool
}

// Options replace what tests control; the zero value is right for everything else.
type Options struct {
	Proxy     string            // http(s)://…; "" = HTTP(S)_PROXY of the process; NO_PROXY applies to both
	Timeout   time.Duration     // of one request; 0 = 10 s
	Transport http.RoundTripper // nil = a new one, with Proxy
	Now       func() time.Time
	Sleep     func(ctx context.Context, d time.Duration) error // returns early when ctx ends
}

// MaxMobiles is how many people a message may mention, as each takes up room in it.
const MaxMobiles = 100

// Robot is a notify.Notifier. It is safe for concurrent use.
type Robot struct {
	webhook    *url.URL
	token      string
	signingKey string
	mobiles    []string
	mentionAll bool
	client     *http.Client
	now        func() time.Time
	sleep      func(context.Context, time.Duration) error
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o Options) (*Robot, error) {
	address, err := url.Parse(s.Webhook.Reveal())
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, newConfigError("webhook is not a http(s) URL")
	}
	token := address.Query().Get("access_token")
	if token == "" {
		return nil, newConfigError("webhook has no access_token")
	}
	if len(s.AtMobiles) > MaxMobiles {
		return nil, newConfigError("more than " + strconv.Itoa(MaxMobiles) + " mobile numbers to mention")
	}
	for n, m := range s.AtMobiles {
		if !isMobileNumber(m) {
			return nil, newConfigError("mobile number " + strconv.Itoa(n+1) + " to mention is not 5 to 20 digits")
		}
	}
	client, err := newHTTPClient(o)
	if err != nil {
		return nil, err
	}
	r := &Robot{
		webhook: address, token: token, signingKey: s.Secret.Reveal(),
		mobiles: s.AtMobiles, mentionAll: s.AtAll, client: client, now: o.Now, sleep: o.Sleep,
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.sleep == nil {
		r.sleep = wait.For
	}
	return r, nil
}

// newHTTPClient returns a client that follows no redirect: the token must not reach another host.
func newHTTPClient(o Options) (*http.Client, error) {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Transport == nil {
		by, err := httpx.NewProxyFunc(o.Proxy)
		if err != nil {
			return nil, newConfigError(err.Error())
		}
		transport := httpx.NewTransport(by, o.Timeout)
		transport.ForceAttemptHTTP2 = true
		transport.DisableKeepAlives = true // a function is frozen between two messages, and a kept connection would be dead
		o.Transport = transport
	}
	client := httpx.NewClient(o.Transport)
	client.Timeout = o.Timeout
	return client, nil
}

// Name returns "dingtalk".
func (r *Robot) Name() string { return "dingtalk" }

// signedURL returns the address with a new signature, base64(HMAC-SHA256(secret,
// "<milliseconds>\n<secret>")), valid for an hour, and the parts of it that no error may show.
func (r *Robot) signedURL() (address string, private []string) {
	if r.signingKey == "" {
		return r.webhook.String(), []string{r.token}
	}
	at := strconv.FormatInt(r.now().UnixMilli(), 10)
	signature := signTimestamp(at, r.signingKey)
	signed := *r.webhook
	query := signed.Query()
	query.Set("timestamp", at)
	query.Set("sign", signature)
	signed.RawQuery = query.Encode()
	return signed.String(), []string{r.token, r.signingKey, signature}
}

func signTimestamp(timestamp, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + "\n" + key))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func isMobileNumber(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) >= 5 && len(s) <= 20
}

func newConfigError(text string) error {
	return &notify.Error{Kind: notify.InvalidConfig, Message: text}
}
