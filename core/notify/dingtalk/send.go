package dingtalk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

// banDuration is how long DingTalk blocks a robot that sent more than 20 messages in a minute.
const banDuration = 10 * time.Minute

// Send posts the message as a card. Only an answer with errcode 0 is success: DingTalk answers
// everything with 200, and its gateway's refusals have no errcode.
func (r *Robot) Send(ctx context.Context, m notify.Message) error {
	body, err := r.encodeMessage(m)
	if err != nil {
		return err
	}
	address, private := r.signedURL()
	return r.sender.Send(ctx, post.Request{Address: address, Body: body, Private: private, Judge: judge})
}

// judge judges an answer. The numbers are documented; 410100 and the gateway's form were reported by others.
// An answer in another form is not quoted: a proxy's error page repeats the requested address.
func judge(status int, answer []byte, quote func(string) string) *notify.Error {
	if status != http.StatusOK {
		return &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("HTTP %d", status)}
	}
	var reply struct {
		Code    *int64 `json:"errcode"`
		Message string `json:"errmsg"`
		Status  int    `json:"status"` // of the gateway
		Wait    int    `json:"wait"`   // seconds
	}
	if json.Unmarshal(answer, &reply) != nil {
		return &notify.Error{Kind: notify.Unknown, Message: "the answer is not DingTalk's"}
	}
	if reply.Code == nil && reply.Status == 0 {
		return &notify.Error{Kind: notify.Unknown, Message: "the answer has no errcode"}
	}
	if reply.Code == nil {
		wait := max(0, min(reply.Wait, 24*60*60))
		return &notify.Error{
			Kind: notify.RateLimited, RetryAfter: time.Duration(wait) * time.Second,
			Message: fmt.Sprintf("the gateway refuses messages (status %d)", reply.Status),
		}
	}
	refusal := &notify.Error{Kind: notify.InvalidConfig, Message: fmt.Sprintf("errcode %d: %s", *reply.Code, quote(reply.Message))}
	switch *reply.Code {
	case 0:
		return nil
	case -1:
		refusal.Kind = notify.Temporary
	case 130101, 410100:
		refusal.Kind, refusal.RetryAfter = notify.RateLimited, banDuration
	}
	return refusal
}
