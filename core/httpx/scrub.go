package httpx

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/secret"
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
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
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
