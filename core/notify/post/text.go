package post

import (
	"bytes"
	"encoding/json"
	"strings"
)

// EncodeJSON returns JSON with <, > and & as they are: an escape would cost six bytes each.
func EncodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, NewConfigError("the message cannot be encoded")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

const more = "\n\n…"

// Truncate cuts a text to at most so much, ellipsis included; size returns how much a character takes: JSONSize, TextSize
// or RuneCount. It cuts after a line, or, if that would lose half of it, after a character. The text is valid UTF-8
// afterwards.
func Truncate(text string, most int, size func(rune) int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	moreSize := 0
	for _, r := range more {
		moreSize += size(r)
	}
	total, line, end := 0, 0, 0
	for at, r := range text {
		if r == '\n' && total <= most-moreSize {
			line = at
		}
		total += size(r)
		if total <= most-moreSize {
			end = at + len(string(r))
		}
	}
	switch {
	case total <= most:
		return text
	case most <= moreSize:
		return ""
	case line > end/2:
		end = line
	}
	return text[:end] + more
}

// JSONSize returns the number of bytes that a character takes in the JSON of EncodeJSON.
func JSONSize(r rune) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
		return len(`\n`)
	case r < ' ', r == '\u2028', r == '\u2029':
		return len(`\u2028`)
	}
	return len(string(r))
}

// TextSize returns the number of bytes that a character takes in UTF-8.
func TextSize(r rune) int { return len(string(r)) }

// RuneCount counts characters.
func RuneCount(rune) int { return 1 }
