package report

import (
	"encoding/json"
	"strings"
	"unicode"
)

// sanitizeLine makes one harmless line of a text from outside: a host's name may hold anything. Line
// breaks and control characters become a space, invisible format characters (which can turn
// the direction of writing) go, and runs of spaces are one.
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

// isPlainASCII tells, quickly, that a text has nothing to clean: as most names are.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// escapeMarkdown makes a text harmless in Markdown: it can forge no row, link, mention, heading or
// markup. The characters that could are replaced by their full-width twins, because clients
// differ in whether they know a backslash. The underscore stays: within a line it can at worst
// slant some letters, and it is in many names that people search for.
func escapeMarkdown(s string) string {
	s = strings.Map(fullWidthTwin, sanitizeLine(s))
	s = strings.ReplaceAll(s, "://", "：//")
	// Clients make links of a bare "www." as well, in any case.
	const www = "www."
	for i := 0; i+len(www) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(www)], www) {
			s = s[:i+len(www)-1] + "．" + s[i+len(www):]
		}
	}
	return s
}

// fullWidthTwin gives the full-width form of a character that means something in Markdown.
func fullWidthTwin(r rune) rune {
	const fullWidth = 'Ａ' - 'A'
	if strings.ContainsRune("|`[]<>@\\*~#&!", r) {
		return r + fullWidth
	}
	return r
}

// truncateRunes cuts a text to so many characters, with an ellipsis as the last.
func truncateRunes(s string, most int) string {
	n, end := 0, 0
	for at := range s {
		if n++; n == most {
			end = at
		}
		if n > most {
			return s[:end] + "…"
		}
	}
	return s
}

// jsonSize gives the bytes of a text inside a JSON document, in the longer of the usual forms
// (with <, > and & escaped as well).
func jsonSize(s string) int {
	text, err := json.Marshal(s)
	if err != nil { // never for a string
		return 6 * len(s)
	}
	return len(text) - len(`""`)
}
