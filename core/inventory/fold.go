package inventory

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldName returns the same text for any two texts that a database under JumpServer may call equal. PostgreSQL
// compares texts character by character; MariaDB and MySQL compare them by a collation, and then `Web01` and
// `web01` are one name. Nothing tells which collation it is, so FoldName joins what the known ones join
// (utf8_general_ci, as JumpServer's installer ships it, utf8mb4_general_ci, utf8mb4_unicode_ci,
// utf8mb4_0900_ai_ci): case, accents, full and half width, the two scripts of kana, ß with s and ss, invisible
// characters, spaces at both ends, and all characters of four bytes. It may join a few texts that no database joins
// ("pas" and "pass"). Use it to ask whether a name is free, and MayBeEqual to ask whether a text is ours.
func FoldName(text string) string {
	if isFolded(text) {
		return text
	}
	last := rune(-1)
	return strings.Map(func(r rune) rune {
		repeated := r == 's' && last == 's'
		last = r
		if repeated {
			return -1
		}
		return r
	}, foldText(text, "s"))
}

// MayBeEqual reports whether a database under JumpServer may call two texts equal, and therefore answer with one
// although the other was written. Unlike FoldName it takes ß either for s or for ss, as any one collation does:
// "pas" and "pass" differ.
func MayBeEqual(a, b string) bool {
	if a == b {
		return true
	}
	if isPrintableASCII(a) && isPrintableASCII(b) {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	return foldText(a, "s") == foldText(b, "s") || foldText(a, "ss") == foldText(b, "ss")
}

// isPrintableASCII reports whether a text has nothing but printable characters of ASCII.
func isPrintableASCII(text string) bool {
	for n := range len(text) {
		if text[n] < ' ' || text[n] > '~' {
			return false
		}
	}
	return true
}

// isFolded reports whether FoldName would return the text itself, as for most names.
func isFolded(text string) bool {
	return isPrintableASCII(text) && strings.TrimSpace(text) == text && !strings.Contains(text, "ss") &&
		!strings.ContainsFunc(text, unicode.IsUpper)
}

// fourByteMark stands for every character that takes four bytes in UTF-8: MariaDB calls them all equal if it can
// store them at all.
const fourByteMark = unicode.ReplacementChar

// foldText does all of FoldName but the last step; sharp replaces ß.
func foldText(text, sharp string) string {
	text = strings.Map(toThreeBytes, text)
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFKD.String(text) { // é becomes e and an accent, full-width characters become plain ones
		writeFolded(&b, r, sharp)
	}
	return strings.TrimSpace(b.String())
}

// HasFourByteRunes reports whether any of these texts has a character that takes four bytes in UTF-8, such as an
// emoji or a rare Han: a JumpServer on MariaDB as its installer ships it cannot store it.
func HasFourByteRunes(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return r > 0xFFFF })
	})
}

// DropFourByteRunes returns a text without characters of four bytes and those that join them, and without spaces at
// its ends. It may be "".
func DropFourByteRunes(text string) string {
	if !HasFourByteRunes(text) {
		return text
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r > 0xFFFF || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, text))
}

// toThreeBytes returns fourByteMark for a character of four bytes, and any other as it is.
func toThreeBytes(r rune) rune {
	if r > 0xFFFF {
		return fourByteMark
	}
	return r
}

// writeFolded writes the folded form of one decomposed character: nothing if collations ignore it.
func writeFolded(into *strings.Builder, r rune, sharp string) {
	r = toThreeBytes(unicode.ToLower(unicode.ToUpper(r))) // through upper case: ı becomes i, ς becomes σ
	switch r {
	case 'ß':
		into.WriteString(sharp)
	case 'ø':
		into.WriteByte('o')
	case 'ł':
		into.WriteByte('l')
	case 'đ', 'ð':
		into.WriteByte('d')
	case 'æ':
		into.WriteString("ae")
	case 'œ':
		into.WriteString("oe")
	default:
		if !isIgnorable(r) {
			into.WriteRune(toHiragana(r))
		}
	}
}

// isIgnorable reports whether collations ignore a character: a combining accent, a voicing mark of kana, a joiner,
// a zero-width space, a variation selector.
func isIgnorable(r rune) bool {
	if r >= ' ' && r <= '~' {
		return false
	}
	return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) ||
		norm.NFKD.PropertiesString(string(r)).CCC() != 0
}

// toHiragana returns a katakana character as the full-sized hiragana one, and any other as it is.
func toHiragana(r rune) rune {
	if r >= 'ァ' && r <= 'ヶ' {
		r -= 'ァ' - 'ぁ'
	}
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ':
		return r + 1
	case 'ゕ':
		return 'か'
	case 'ゖ':
		return 'け'
	}
	return r
}
