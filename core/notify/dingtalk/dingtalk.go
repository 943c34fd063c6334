// Package dingtalk sends messages through a custom robot of a DingTalk group, as action cards
// with one button. Rules and error numbers are those of DingTalk's documentation of custom
// robots (https://open.dingtalk.com/document/robots/custom-robot-access).
package dingtalk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"

	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Settings are one robot, as its owner copies them from DingTalk.
type Settings struct {
	Webhook   secret.Value // https://oapi.dingtalk.com/robot/send?access_token=…
	Secret    secret.Value // of "sign"; empty if the robot is protected in another way
	AtMobiles []string     // digits only, at most MaxMobiles
	AtAll     bool
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
	sender     *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Robot, error) {
	address, err := url.Parse(s.Webhook.Reveal())
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, post.NewConfigError("webhook is not a http(s) URL")
	}
	token := address.Query().Get("access_token")
	if token == "" {
		return nil, post.NewConfigError("webhook has no access_token")
	}
	if len(s.AtMobiles) > MaxMobiles {
		return nil, post.NewConfigError("more than " + strconv.Itoa(MaxMobiles) + " mobile numbers to mention")
	}
	for n, m := range s.AtMobiles {
		if !isMobileNumber(m) {
			return nil, post.NewConfigError("mobile number " + strconv.Itoa(n+1) + " to mention is not 5 to 20 digits")
		}
	}
	sender, err := post.NewSender(o)
	if err != nil {
		return nil, err
	}
	return &Robot{
		webhook: address, token: token, signingKey: s.Secret.Reveal(), mobiles: s.AtMobiles, mentionAll: s.AtAll, sender: sender,
	}, nil
}

// Name returns "dingtalk".
func (r *Robot) Name() string { return "dingtalk" }

// signedURL returns the address with a new signature, base64(HMAC-SHA256(secret,
// "<milliseconds>\n<secret>")), valid for an hour, and the parts of it that no error may show.
func (r *Robot) signedURL() (address string, private []string) {
	if r.signingKey == "" {
		return r.webhook.String(), []string{r.token}
	}
	at := strconv.FormatInt(r.sender.Now().UnixMilli(), 10)
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
