// Package notifytest checks that a channel keeps the contract of notify.Notifier. Every channel's test runs it against
// the channel's emulator.
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

// Channel is a newly opened notifier and its emulator. The notifier must not really
// sleep between its tries.
type Channel struct {
	Notifier notify.Notifier
	// RejectAll, ThrottleAll and BreakConnections make all further requests fail: refused for good, refused as
	// too many, or with a broken connection.
	RejectAll, ThrottleAll, BreakConnections func()
	// AcceptedTexts returns the texts that people would read.
	AcceptedTexts func() []string
	// CallCount returns the number of requests, LargestBody the length of the longest accepted body in bytes.
	CallCount, LargestBody func() int
	// MaxBodyBytes is how many bytes of a body the other side accepts.
	MaxBodyBytes int
	// MentionCount returns how many of the accepted messages mention somebody. The notifier is configured to.
	MentionCount func() int
	// Secrets must never appear in an error.
	Secrets []string
	// ShowsWordsOnly says that the channel shows a message in forms of its own: people read its words, and no marks of Markdown
	// and no empty lines.
	ShowsWordsOnly bool
}

// MaxCallsPerMessage is how many requests one message may cause, whatever happens.
const MaxCallsPerMessage = 4

// RunContract checks the contract. open is called once per case.
func RunContract(t *testing.T, open func(t *testing.T) Channel) {
	t.Run("a message arrives once", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		if err := c.Notifier.Send(t.Context(), SampleMessage()); err != nil {
			t.Fatal(err)
		}
		if got := c.AcceptedTexts(); len(got) != 1 || !strings.Contains(got[0], c.shown(SampleMessage().Markdown)) {
			t.Errorf("taken: %q", got)
		}
		if c.Notifier.Name() == "" || c.CallCount() != 1 {
			t.Errorf("name %q, %d calls", c.Notifier.Name(), c.CallCount())
		}
	})
	t.Run("only what people must act on mentions them", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		for _, mention := range []bool{false, true} {
			m := SampleMessage()
			m.Mention = mention
			if err := c.Notifier.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if got, want := c.MentionCount(), map[bool]int{true: 1}[mention]; got != want {
				t.Errorf("mention %t: %d messages mention somebody, want %d", mention, got, want)
			}
		}
	})
	t.Run("a refusal is an error, and not repeated", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.RejectAll()
		expectError(t, c, c.Notifier.Send(t.Context(), SampleMessage()), notify.InvalidConfig, 1)
	})
	t.Run("too many messages: not repeated, and says how long to wait", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.ThrottleAll()
		err := c.Notifier.Send(t.Context(), SampleMessage())
		expectError(t, c, err, notify.RateLimited, 1)
		var fault *notify.Error
		if !errors.As(err, &fault) || fault.RetryAfter <= 0 {
			t.Errorf("no hint how long to wait: %v", err)
		}
	})
	t.Run("a broken network is tried again, not for ever", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		c.BreakConnections()
		expectError(t, c, c.Notifier.Send(t.Context(), SampleMessage()), notify.Temporary, MaxCallsPerMessage)
		if c.CallCount() < 2 {
			t.Error("it was not tried again")
		}
	})
	t.Run("nothing is sent after the end of the context", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := c.Notifier.Send(ctx, SampleMessage())
		if !errors.Is(err, context.Canceled) || c.CallCount() != 0 {
			t.Errorf("%d calls: %v", c.CallCount(), err)
		}
		expectNoSecret(t, c, err)
	})
	t.Run("a long text arrives cut", func(t *testing.T) {
		t.Parallel()
		testLongTexts(t, open)
	})
}

// testLongTexts sends texts over the limit, of characters that are long in some encoding.
func testLongTexts(t *testing.T, open func(t *testing.T) Channel) {
	for _, unit := range []string{"x", "名", "𠮷", "\"", "\n", "<", "\x01", "\u2028", "\xff名", "| a | b |\n"} {
		c := open(t)
		m := SampleMessage()
		m.Markdown = "### begin\n" + strings.Repeat(unit, 2*c.MaxBodyBytes/len(unit))
		if err := c.Notifier.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", unit, err)
			continue
		}
		got := c.AcceptedTexts()
		if len(got) != 1 || !strings.Contains(got[0], c.shown("### begin")) || strings.Contains(got[0], "\uFFFD") != (unit[0] == 0xff) {
			t.Errorf("%q: %d messages, cut inside a character, or without a beginning", unit, len(got))
		}
		isEmpty := c.ShowsWordsOnly && unit == "\n"
		if n := c.LargestBody(); n > c.MaxBodyBytes || n < c.MaxBodyBytes/2 && !isEmpty {
			t.Errorf("%q: %d bytes of %d", unit, n, c.MaxBodyBytes)
		}
	}
}

// shown returns what people read of a line of Markdown.
func (c Channel) shown(line string) string {
	if c.ShowsWordsOnly {
		return strings.TrimPrefix(line, "### ")
	}
	return line
}

func expectError(t *testing.T, c Channel, err error, kind notify.Kind, calls int) {
	t.Helper()
	if KindOf(err) != kind {
		t.Errorf("kind %q, want %q: %v", KindOf(err), kind, err)
	}
	if c.CallCount() > calls {
		t.Errorf("%d calls, at most %d", c.CallCount(), calls)
	}
	if len(c.AcceptedTexts()) != 0 {
		t.Errorf("taken: %q", c.AcceptedTexts())
	}
	expectNoSecret(t, c, err)
}

// expectNoSecret fails the test if an error shows a secret, however it is printed.
func expectNoSecret(t *testing.T, c Channel, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range c.Secrets {
			if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, secret) {
				t.Errorf("a secret is in an error: %s", strings.ReplaceAll(text, secret, "******"))
			}
		}
	}
}

// SampleMessage returns the message that the contract sends.
func SampleMessage() notify.Message {
	return notify.Message{
		Title: "JMS资产同步通知", Markdown: "### 同步时间：2023-12-15 09:30:25",
		LinkText: "查看资产详情", LinkURL: "https://jms.example.com/ui/#/console/assets/assets",
	}
}

// NoSleep replaces a pause in tests; like a real one it ends with the context.
func NoSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// KindOf returns the kind of the outermost notify.Error in an error's chain, Unknown for other
// errors, "" for nil.
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
