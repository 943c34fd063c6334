package httpx_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/httpx"
)

// TestScrubber: secrets in each form in which they travel.
func TestScrubber(t *testing.T) {
	t.Parallel()
	s := httpx.NewScrubber("LTAI5tKEY", "", "to/ken", "to/ken+more", "se+cret/=")
	for text, want := range map[string]string{
		"plain":                                "plain",
		"the key LTAI5tKEY is off":             "the key ****** is off",
		"secret se+cret/= and se%2Bcret%2F%3D": "secret ****** and ******",
		"to/ken to%2Fken to%252Fken dG8va2Vu":  "****** ****** ****** ******",
		"to/ken+more":                          "******",
	} {
		if got := s.Replace(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := httpx.NewScrubber().Replace("nothing to hide"); got != "nothing to hide" {
		t.Error(got)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", " two\n\tlines ": "two lines", "a\xffb": "a\uFFFDb"} {
		if got := httpx.OneLine(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "", strings.Repeat("x", 10): strings.Repeat("x", 10), "12345678901": "123456 … 8901", "长长长长": "长长 … 长",
	} {
		if got := httpx.TruncateMiddle(text, 10); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "", strings.Repeat("x", 9): strings.Repeat("x", 9), strings.Repeat("x", 10): strings.Repeat("x", 9) + "…", "1234567长": "1234567…",
	} {
		if got := httpx.Truncate(text, 9); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
