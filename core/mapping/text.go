package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxPartLength is how many characters one part of a node's path may have.
const maxPartLength = 128

// suffixLength is how many characters of a hash end a text that was cut.
const suffixLength = 8

// cut returns a text of at most some characters. One that is longer ends with a hash of the whole, so that two that begin
// alike stay apart, and each is always the same.
func cut(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	hash := sha256.Sum256([]byte(text))
	kept := 0
	for range length - suffixLength - 1 {
		_, size := utf8.DecodeRuneInString(text[kept:])
		kept += size
	}
	return strings.TrimSpace(text[:kept]) + "-" + hex.EncodeToString(hash[:suffixLength/2])
}

// clean returns a value without control characters and without spaces at its ends.
func clean(value string) string {
	if strings.ContainsFunc(value, isUnprintable) {
		value = strings.Map(func(r rune) rune {
			if isUnprintable(r) {
				return ' '
			}
			return r
		}, value)
	}
	return strings.TrimSpace(value)
}

// isUnprintable reports whether a character is none that JumpServer stores as it is.
func isUnprintable(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }

// labelText returns a text as every version of JumpServer takes it in a label: its name or its value.
func labelText(text string) string {
	if strings.ContainsAny(text, ":,") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, ":", "-"), ",", "-")
	}
	text = clean(text)
	if text == "" {
		return "-"
	}
	return cut(text, inventory.MaxLabelLength)
}

// pathPart returns a text as one part of a node's path; "" if nothing is left of it.
func pathPart(text string) string {
	return cut(clean(strings.ReplaceAll(text, "/", "-")), maxPartLength)
}
