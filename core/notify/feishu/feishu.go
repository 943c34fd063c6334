// Package feishu sends messages through a custom bot of a Feishu or Lark group, as cards. Rules and error numbers are those of
// the documentation (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot); that 9499 also means "too many
// request" was reported by others.
package feishu

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// MaxMentions is how many people a message may mention, as each takes up room in it.
const MaxMentions = 50

// Settings are one bot.
type Settings struct {
	Webhook    secret.Value // https://open.feishu.cn/open-apis/bot/v2/hook/…, or open.larksuite.com
	Secret     secret.Value // of "signature verification"; empty if the bot is protected in another way
	Mention    []string     // open_ids or user_ids
	MentionAll bool
}

// Bot is a notify.Notifier. It is safe for concurrent use.
type Bot struct {
	address, signingKey string
	private             []string
	mention             []string
	sender              *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Bot, error) {
	address, private, err := post.ParseWebhook(s.Webhook.Reveal())
	if err != nil {
		return nil, err
	}
	if len(s.Mention) > MaxMentions {
		return nil, post.NewConfigError(fmt.Sprintf("more than %d people to mention", MaxMentions))
	}
	for n, id := range s.Mention {
		if !isID(id) {
			return nil, post.NewConfigError(fmt.Sprintf("id %d to mention is not an open_id or user_id", n+1))
		}
	}
	mention := s.Mention
	if s.MentionAll {
		mention = append(append([]string{}, mention...), "all")
	}
	sender, err := post.NewSender(o)
	if err != nil {
		return nil, err
	}
	b := &Bot{address: address.String(), signingKey: s.Secret.Reveal(), private: private, mention: mention, sender: sender}
	if b.signingKey != "" {
		b.private = append(b.private, b.signingKey)
	}
	return b, nil
}

// isID reports whether a text is an id: nothing else may stand in a mention.
func isID(text string) bool {
	const longest = 64
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
}

// Name returns "feishu".
func (b *Bot) Name() string { return "feishu" }

// Send posts the message as a card, signed if the bot wants it.
func (b *Bot) Send(ctx context.Context, m notify.Message) error {
	body, signature, err := b.encodeMessage(m)
	if err != nil {
		return err
	}
	private := b.private
	if signature != "" {
		private = append([]string{signature}, private...)
	}
	return b.sender.Send(ctx, post.Request{Address: b.address, Body: body, Private: private, Judge: judge})
}

// Sign returns the signature of a time in seconds, valid for an hour: the HMAC-SHA256 of nothing, whose key is the time, a line
// break and the secret, in base64.
func Sign(timestamp, key string) string {
	return base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(timestamp+"\n"+key)).Sum(nil))
}

// limitPause is how long a bot is left alone that sent more than 100 messages in a minute or 5 in a second, as documented.
const limitPause = time.Minute

// judge judges an answer. Old bots answer with StatusCode, new ones with code, some with both; refusals come with 200 or 400. An
// answer in another form is not quoted: a proxy's error page repeats the requested address.
func judge(status int, answer []byte, quote func(string) string) *notify.Error {
	var reply struct {
		Code       *int64 `json:"code"`
		StatusCode *int64 `json:"StatusCode"`
		Message    string `json:"msg"`
		StatusText string `json:"StatusMessage"`
	}
	err := json.Unmarshal(answer, &reply)
	if err != nil || reply.Code == nil && reply.StatusCode == nil {
		if status >= 400 {
			return &notify.Error{Kind: notify.InvalidConfig, Message: "HTTP " + strconv.Itoa(status)}
		}
		return &notify.Error{Kind: notify.Unknown, Message: "the answer is not Feishu's"}
	}
	code := int64(0)
	for _, one := range []*int64{reply.StatusCode, reply.Code} {
		if one != nil && *one != 0 {
			code = *one
		}
	}
	text := reply.Message
	if text == "" {
		text = reply.StatusText
	}
	refusal := &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("code %d: %s", code, quote(text))}
	switch {
	case code == 0 && status == 200:
		return nil
	case code == 0:
		refusal.Message = "HTTP " + strconv.Itoa(status)
	case code == 11232, code == 9499 && strings.Contains(strings.ToLower(text), "too many"): // else 9499 is "Bad Request"
		refusal.Kind, refusal.RetryAfter = notify.RateLimited, limitPause
	}
	return refusal
}
