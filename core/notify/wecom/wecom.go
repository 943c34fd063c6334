// Package wecom sends messages through a robot of a WeCom (企业微信) group. Rules and error numbers are those of WeCom's
// documentation (https://developer.work.weixin.qq.com/document/path/99110); 93000, 45009 and 40058 were seen as answers.
package wecom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// MaxMentions is how many people a message may mention, as each takes up room in it.
const MaxMentions = 20

// Settings are one robot.
type Settings struct {
	Webhook    secret.Value // https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…
	Mention    []string     // userids
	MentionAll bool
}

// Robot is a notify.Notifier. It is safe for concurrent use.
type Robot struct {
	address    string
	private    []string
	mention    []string
	mentionAll bool
	sender     *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Robot, error) {
	address, private, err := post.ParseWebhook(s.Webhook.Reveal())
	if err != nil {
		return nil, err
	}
	if address.Query().Get("key") == "" {
		return nil, post.NewConfigError("webhook has no key")
	}
	if len(s.Mention) > MaxMentions {
		return nil, post.NewConfigError(fmt.Sprintf("more than %d people to mention", MaxMentions))
	}
	for n, id := range s.Mention {
		if !isUserID(id) {
			return nil, post.NewConfigError(fmt.Sprintf("userid %d to mention is not 1 to 64 letters, digits and _-@.", n+1))
		}
	}
	sender, err := post.NewSender(o)
	if err != nil {
		return nil, err
	}
	return &Robot{
		address: address.String(), private: append(private, address.Query().Get("key")), mention: s.Mention, mentionAll: s.MentionAll, sender: sender,
	}, nil
}

// isUserID reports whether a text is a userid: nothing else may stand in a mention.
func isUserID(text string) bool {
	const longest = 64
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-@.", r)
	}) < 0
}

// Name returns "wecom".
func (r *Robot) Name() string { return "wecom" }

// Send posts the message. Everybody is mentioned by a second, short one: only plain texts can do that.
func (r *Robot) Send(ctx context.Context, m notify.Message) error {
	content, err := r.content(m)
	if err != nil {
		return err
	}
	err = r.post(ctx, request{Type: "markdown", Markdown: &markdown{content}})
	if err != nil || !m.Mention || !r.mentionAll {
		return err
	}
	return r.post(ctx, request{Type: "text", Text: &text{Content: post.Truncate(m.Title, maxTextBytes, post.TextSize), Mentioned: []string{"@all"}}})
}

func (r *Robot) post(ctx context.Context, message request) error {
	body, err := post.EncodeJSON(message)
	if err != nil {
		return err
	}
	return r.sender.Send(ctx, post.Request{Address: r.address, Body: body, Private: r.private, Judge: judge})
}

// limitPause is how long a robot is left alone that sent more than 20 messages in a minute, as documented.
const limitPause = time.Minute

// judge judges an answer. WeCom answers everything with 200. An answer in another form is not quoted: a proxy's error page
// repeats the requested address.
func judge(status int, answer []byte, quote func(string) string) *notify.Error {
	if status != http.StatusOK {
		return &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("HTTP %d", status)}
	}
	var reply struct {
		Code    *int64 `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if json.Unmarshal(answer, &reply) != nil || reply.Code == nil {
		return &notify.Error{Kind: notify.Unknown, Message: "the answer is not WeCom's"}
	}
	refusal := &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("errcode %d: %s", *reply.Code, quote(reply.Message))}
	switch *reply.Code {
	case 0:
		return nil
	case -1: // "system busy"
		refusal.Kind = notify.Temporary
	case 45009, 45033: // too many in a minute, too many at once
		refusal.Kind, refusal.RetryAfter = notify.RateLimited, limitPause
	}
	return refusal
}
