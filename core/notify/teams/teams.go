// Package teams sends messages through a webhook of a workflow of Microsoft Teams ("Post to a channel when a webhook request is
// received"), as Adaptive Cards. All of this is from Microsoft's documentation
// (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using,
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format). A workflow says that it took a
// message, not that it has shown it.
package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

// MaxMentions is how many people a message may mention, as each takes up room in it.
const MaxMentions = 50

// Settings are one workflow.
type Settings struct {
	Webhook secret.Value // https://….logic.azure.com/workflows/…, or ….api.powerplatform.com/…, with its signature
	Mention []string     // sign-in addresses
}

// Workflow is a notify.Notifier. It is safe for concurrent use.
type Workflow struct {
	address string
	private []string
	mention []string
	sender  *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Workflow, error) {
	address, private, err := post.ParseWebhook(s.Webhook.Reveal())
	if err != nil {
		return nil, err
	}
	if len(s.Mention) > MaxMentions {
		return nil, post.NewConfigError(fmt.Sprintf("more than %d people to mention", MaxMentions))
	}
	w := &Workflow{address: address.String(), private: private}
	for n, text := range s.Mention {
		one, err := mail.ParseAddress(text)
		if err != nil || strings.ContainsAny(one.Address, "<>&\"") {
			return nil, post.NewConfigError(fmt.Sprintf("sign-in address %d to mention is no address", n+1))
		}
		w.mention = append(w.mention, one.Address)
	}
	w.sender, err = post.NewSender(o)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Name returns "teams".
func (w *Workflow) Name() string { return "teams" }

// Send posts the message as a card.
func (w *Workflow) Send(ctx context.Context, m notify.Message) error {
	body, err := w.encodeMessage(m)
	if err != nil {
		return err
	}
	return w.sender.Send(ctx, post.Request{Address: w.address, Body: body, Private: w.private, Judge: judge})
}

// limitPause is how long a channel is left alone that took too many messages. The documents speak of seconds.
const limitPause = time.Minute

// judge judges an answer. Workflows say 202 and nothing, connectors 200 and "1"; both can also tell of an error within a success:
// as JSON, or as "Microsoft Teams endpoint returned HTTP error 429". Other texts are what a step of a workflow says.
func judge(status int, answer []byte, quote func(string) string) *notify.Error {
	text := strings.TrimSpace(string(answer))
	var reply struct {
		Error *struct{ Code, Message string } `json:"error"`
	}
	isJSON := json.Unmarshal(answer, &reply) == nil
	refusal := &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("HTTP %d", status)}
	if isJSON && reply.Error != nil {
		refusal.Message += ": " + quote(reply.Error.Code+": "+reply.Error.Message)
	}
	within := httpError(text)
	switch {
	case within != "":
		return judgeWithin(within)
	case status == http.StatusRequestEntityTooLarge, status >= http.StatusBadRequest, isJSON && reply.Error != nil:
		return refusal
	case isPage(text):
		return &notify.Error{Kind: notify.Unknown, Message: "the answer is not a workflow's"}
	}
	return nil
}

// httpError returns the status that a text tells of, "" if it tells of none.
func httpError(text string) string {
	found := regexp.MustCompile(`(?i)HTTP error (\d{3})`).FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[1]
}

// judgeWithin returns what an error within a success means.
func judgeWithin(status string) *notify.Error {
	e := &notify.Error{Kind: notify.InvalidConfig, Message: "Teams answered HTTP " + status}
	switch {
	case status == "429":
		e.Kind, e.RetryAfter = notify.RateLimited, limitPause
	case status[0] == '5':
		e.Kind = notify.Temporary
	}
	return e
}

// isPage reports whether a text is a page of the web: a portal or a proxy answers, and nobody was told.
func isPage(text string) bool { return strings.HasPrefix(text, "<") }
