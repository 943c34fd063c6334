package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
)

// senderFunc is a doctor.Sender.
type senderFunc func(m notify.Message) error

func (f senderFunc) Send(_ context.Context, m notify.Message) error { return f(m) }

// TestChannelCheck: what is examined of a channel, and that nothing is sent unasked.
func TestChannelCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*doctor.Channel)
		worst  doctor.Verdict
		says   string
		sent   int
	}{
		"well":     {func(*doctor.Channel) {}, doctor.OK, "nothing was sent", 0},
		"sent":     {func(c *doctor.Channel) { c.SendTest = true }, doctor.OK, "was accepted", 1},
		"unused":   {func(c *doctor.Channel) { c.Unused, c.SendTest = language.New("不用", "not here"), true }, doctor.OK, "not here", 0},
		"wrong":    {func(c *doctor.Channel) { c.Err, c.Sender = errors.New("url is odd"), nil }, doctor.Failure, "url is odd", 0},
		"in clear": {func(c *doctor.Channel) { c.InClear = true }, doctor.Warning, "set tls: starttls", 0},
		"unsigned": {func(c *doctor.Channel) { c.Unsigned = true }, doctor.Warning, "not signed", 0},
		"no DNS":   {func(c *doctor.Channel) { c.Host, c.SendTest = "nowhere.example.com", true }, doctor.Failure, "cannot be looked up", 0},
		"proxied":  {func(c *doctor.Channel) { c.Host, c.Proxied = "nowhere.example.com", true }, doctor.OK, "nothing was sent", 0},
		"refused": {func(c *doctor.Channel) { c.SendTest, c.Sample.Title = true, "refuse" }, doctor.Failure,
			"what the other side allows", 1},
		"away": {func(c *doctor.Channel) { c.SendTest, c.Sample.Title = true, "away" }, doctor.Failure, "try again later", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := 0
			channel := doctor.Channel{Name: "ops", Type: "email", Host: "smtp.example.com", LookupHost: newHostLookup("nowhere.example.com")}
			channel.Sender = senderFunc(func(m notify.Message) error {
				sent++
				switch m.Title {
				case "refuse":
					return &notify.Error{Kind: notify.InvalidConfig, Message: "no"}
				case "away":
					return &notify.Error{Kind: notify.Temporary, Message: "late"}
				}
				return nil
			})
			c.change(&channel)
			text, worst := runCheck(t, doctor.ChannelCheck(channel))
			if worst != c.worst || !strings.Contains(text, c.says) || sent != c.sent || !strings.Contains(text, "channel ops (email)") {
				t.Errorf("%v, %d sent:\n%s", worst, sent, text)
			}
		})
	}
}
