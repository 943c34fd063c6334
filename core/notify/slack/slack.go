// Package slack sends messages through an incoming webhook of Slack, as blocks. All of this is from Slack's documentation
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks) and that of its blocks
// (https://docs.slack.dev/reference/block-kit/blocks).
package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// MaxMentions is how many people a message may mention, as each takes up room in it.
const MaxMentions = 50

// Settings are one webhook.
type Settings struct {
	Webhook    secret.Value // https://hooks.slack.com/services/…
	Mention    []string     // ids of members (U…, W…) and of user groups (S…)
	MentionAll bool         // everybody in the channel
}

// Hook is a notify.Notifier. It is safe for concurrent use.
type Hook struct {
	address  string
	private  []string
	mentions []element
	sender   *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Hook, error) {
	address, private, err := post.ParseWebhook(s.Webhook.Reveal())
	if err != nil {
		return nil, err
	}
	if len(s.Mention) > MaxMentions {
		return nil, post.NewConfigError(fmt.Sprintf("more than %d people to mention", MaxMentions))
	}
	h := &Hook{address: address.String(), private: private}
	for n, id := range s.Mention {
		if !isID(id) {
			return nil, post.NewConfigError(fmt.Sprintf("id %d to mention is not that of a member (U…) or of a group (S…)", n+1))
		}
		mention := element{Type: "user", UserID: id}
		if id[0] == 'S' {
			mention = element{Type: "usergroup", GroupID: id}
		}
		h.addMention(mention)
	}
	if s.MentionAll {
		h.addMention(element{Type: "broadcast", Range: "channel"})
	}
	h.sender, err = post.NewSender(o)
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (h *Hook) addMention(who element) {
	if len(h.mentions) > 0 {
		h.mentions = append(h.mentions, element{Type: "text", Text: " "})
	}
	h.mentions = append(h.mentions, who)
}

// isID reports whether a text is the id of a member or of a group.
func isID(text string) bool {
	const longest = 64
	return len(text) > 1 && len(text) <= longest && strings.ContainsRune("UWS", rune(text[0])) &&
		strings.IndexFunc(text, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}

// Name returns "slack".
func (h *Hook) Name() string { return "slack" }

// Send posts the message. Slack says "ok" to what it took.
func (h *Hook) Send(ctx context.Context, m notify.Message) error {
	body, err := h.encodeMessage(m)
	if err != nil {
		return err
	}
	return h.sender.Send(ctx, post.Request{Address: h.address, Body: body, Private: h.private, Judge: judge})
}

// judge judges an answer, a word of plain text: "invalid_payload", "no_service", "channel_is_archived" … What is no such word is
// not quoted: a proxy's error page repeats the requested address.
func judge(status int, answer []byte, quote func(string) string) *notify.Error {
	word := strings.TrimSpace(string(answer))
	switch {
	case status == http.StatusOK && word == "ok":
		return nil
	case !isErrorWord(word) && status < http.StatusBadRequest:
		return &notify.Error{Kind: notify.Unknown, Message: "the answer is not Slack's"}
	case !isErrorWord(word):
		return &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("HTTP %d", status)}
	}
	refusal := &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("HTTP %d: %s", status, quote(word))}
	if word == "rollup_error" {
		refusal.Kind = notify.Temporary
	}
	return refusal
}

// isErrorWord reports whether a text is an error as Slack names them.
func isErrorWord(text string) bool {
	const longest = 64
	return text != "" && len(text) <= longest && strings.IndexFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) < 0
}
