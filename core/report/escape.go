package report

import (
	"encoding/json"
	"strings"
	"unicode"
)

// sanitizeLine returns a text from outside as one harmless line: a host's name may contain anything. Line breaks
// and control characters become spaces, invisible format characters (which can change the direction of writing) go,
// and runs of spaces become one.
func sanitizeLine(s string) string {
	if isPlainASCII(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf):
			return -1
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// isPlainASCII reports whether a text has nothing to clean, as most names. It is a fast path.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// escapeMarkdown makes a text harmless in Markdown: it can forge no row, link, mention, heading or markup.
// Characters that could become their full-width twins, because clients differ in whether they know a backslash. The
// underscore stays: within a line it can at worst slant some letters, and it is in many names that people search
// for.
func escapeMarkdown(s string) string {
	s = strings.Map(fullWidthTwin, sanitizeLine(s))
	s = strings.ReplaceAll(s, "://", "：//")
	// Clients also turn "www." into a link, in any case.
	const www = "www."
	for i := 0; i+len(www) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(www)], www) {
			s = s[:i+len(www)-1] + "．" + s[i+len(www):]
		}
	}
	return s
}

// fullWidthTwin returns the full-width form of a character that has a meaning in Markdown.
func fullWidthTwin(r rune) rune {
	const fullWidth = 'Ａ' - 'A'
	if strings.ContainsRune("|`[]<>@\\*~#&!", r) {
		return r + fullWidth
	}
	return r
}

// truncateRunes cuts a text to at most this many characters, with an ellipsis as the last.
func truncateRunes(s string, most int) string {
	n, end := 0, 0
	for at := range s {
		n++
		if n == most {
			end = at
		}
		if n > most {
			return s[:end] + "…"
		}
	}
	return s
}

// jsonSize returns how many bytes a text takes inside a JSON document, in the longer of the usual forms (with <, >
// and & escaped).
func jsonSize(s string) int {
	text, err := json.Marshal(s)
	if err != nil { // never for a string
		return 6 * len(s)
	}
	return len(text) - len(`""`)
}

// truncateRunesMiddle returns a text with at most this many characters: its beginning and its end, where it is longer. The
// end of an error names what is missing.
func truncateRunesMiddle(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	head := most * 3 / 5
	return string(runes[:head]) + "…" + string(runes[len(runes)-(most-head-1):])
}
