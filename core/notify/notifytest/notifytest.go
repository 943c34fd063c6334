// Package notifytest is the contract of notify.Notifier: every channel's test runs it against
// the channel's emulator, and what it checks is what a channel has to do.
package notifytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
)

// Channel is a notifier that was just opened, and its emulator. The notifier must not really
// sleep between its tries.
type Channel struct {
	Notifier notify.Notifier
	// Refuse, Throttle and Break make all further requests be refused for good, refused because
	// there are too many, or have their connection broken.
	Refuse, Throttle, Break func()
	// Taken gives the texts that people would read.
	Taken func() []string
	// Calls counts requests, Biggest is the longest body of a message that was taken, in bytes.
	Calls, Biggest func() int
	// Limit is what the other side takes, in bytes of a body.
	Limit int
	// Secrets must never be seen in an error.
	Secrets []string
}

// MaxCalls is how many requests one message may make, whatever happens.
const MaxCalls = 4

// Run checks the contract. open is called once per case.
func Run(t *testing.T, open func(t *testing.T) Channel) {
	t.Run("a message arrives once", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		if err := c.Notifier.Send(t.Context(), Sample()); err != nil {
			t.Fatal(err)
		}
		if got := c.Taken(); len(got) != 1 || !strings.Contains(got[0], Sample().Markdown) {
			t.Errorf("taken: %q", got)
		}
		if c.Notifier.Name() == "" || c.Calls() != 1 {
			t.Errorf("name %q, %d calls", c.Notifier.Name(), c.Calls())
		}
	})
	t.Run("a refusal is an error, and not repeated", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.Refuse()
		failed(t, c, c.Notifier.Send(t.Context(), Sample()), notify.Config, 1)
	})
	t.Run("too many messages: not repeated, and says how long to wait", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.Throttle()
		err := c.Notifier.Send(t.Context(), Sample())
		failed(t, c, err, notify.TooFast, 1)
		var fault *notify.Error
		if !errors.As(err, &fault) || fault.Wait <= 0 {
			t.Errorf("no hint how long to wait: %v", err)
		}
	})
	t.Run("a broken network is tried again, not for ever", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.Break()
		failed(t, c, c.Notifier.Send(t.Context(), Sample()), notify.Temporary, MaxCalls)
		if c.Calls() < 2 {
			t.Error("it was not tried again")
		}
	})
	t.Run("nothing is sent after the end of the context", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := c.Notifier.Send(ctx, Sample())
		if !errors.Is(err, context.Canceled) || c.Calls() != 0 {
			t.Errorf("%d calls: %v", c.Calls(), err)
		}
		silent(t, c, err)
	})
	t.Run("a long text arrives cut", func(t *testing.T) { t.Parallel(); long(t, open) })
}

// long sends texts over the limit, of characters that are long in every encoding.
func long(t *testing.T, open func(t *testing.T) Channel) {
	for _, unit := range []string{"x", "名", "𠮷", "\"", "\n", "<", "\x01", "\u2028", "\xff名", "| a | b |\n"} {
		c := open(t)
		m := Sample()
		m.Markdown = "### begin\n" + strings.Repeat(unit, 2*c.Limit/len(unit))
		if err := c.Notifier.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", unit, err)
			continue
		}
		got := c.Taken()
		if len(got) != 1 || !strings.Contains(got[0], "### begin") || strings.Contains(got[0], "\uFFFD") != (unit[0] == 0xff) {
			t.Errorf("%q: %d messages, cut inside a character, or without a beginning", unit, len(got))
		}
		if n := c.Biggest(); n > c.Limit || n < c.Limit/2 {
			t.Errorf("%q: %d bytes of %d", unit, n, c.Limit)
		}
	}
}

func failed(t *testing.T, c Channel, err error, kind notify.Kind, calls int) {
	t.Helper()
	if KindOf(err) != kind {
		t.Errorf("kind %q, want %q: %v", KindOf(err), kind, err)
	}
	if c.Calls() > calls {
		t.Errorf("%d calls, at most %d", c.Calls(), calls)
	}
	if len(c.Taken()) != 0 {
		t.Errorf("taken: %q", c.Taken())
	}
	silent(t, c, err)
}

// silent looks for secrets in an error, however it is printed.
func silent(t *testing.T, c Channel, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range c.Secrets {
			if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, secret) {
				t.Errorf("a secret is in an error: %s", strings.ReplaceAll(text, secret, "******"))
			}
		}
	}
}

// Sample is the message that the contract sends.
func Sample() notify.Message {
	return notify.Message{
		Title: "JMS资产同步通知", Markdown: "### 同步时间：2023-12-15 09:30:25",
		LinkText: "查看资产详情", LinkURL: "https://jms.example.com/ui/#/console/assets/assets",
	}
}

// NoSleep stands for a pause in tests; like a real one it does not outlast the context.
func NoSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// KindOf finds the kind of an error: of the outermost notify.Error in its chain, Unknown for all
// else, "" for nil.
func KindOf(err error) notify.Kind {
	if err == nil {
		return ""
	}
	var fault *notify.Error
	if errors.As(err, &fault) {
		return fault.Kind
	}
	return notify.Unknown
}
