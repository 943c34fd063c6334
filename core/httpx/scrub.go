package httpx

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// NewScrubber returns what takes secrets out of texts: as they are, escaped for a query once and twice, and in
// base64. Of secrets of which one begins with another the longer one is seen first.
func NewScrubber(secrets ...string) *strings.Replacer {
	var forms []string
	for _, s := range secrets {
		if s != "" {
			escaped := url.QueryEscape(s)
			forms = append(forms, s, escaped, url.QueryEscape(escaped), base64.StdEncoding.EncodeToString([]byte(s)))
		}
	}
	sorting.By(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, secret.Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// OneLine returns a text on one line, with single blanks, in valid UTF-8.
func OneLine(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}

// Truncate returns a text, or its beginning and "…" where it has more bytes. A text is scrubbed before: half a
// secret is not recognised.
func Truncate(text string, maxBytes int) string {
	if len(text) <= maxBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxBytes], "") + "…"
}

// TruncateMiddle returns a text, or its beginning and its end with " … " between them where it has more bytes than
// maxBytes: what the end names, such as a missing right, is as much the point as the code at the beginning. It is
// scrubbed before, as for Truncate.
func TruncateMiddle(text string, maxBytes int) string {
	if len(text) <= maxBytes {
		return text
	}
	head, tail := maxBytes*3/5, maxBytes*2/5
	return strings.ToValidUTF8(text[:head], "") + " … " + strings.ToValidUTF8(text[len(text)-tail:], "")
}
