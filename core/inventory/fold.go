package inventory

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldName returns a form of a text that is equal for any two texts which a database under JumpServer
// may call equal. PostgreSQL compares texts sign by sign; MariaDB and MySQL compare them by a
// collation, and then `Web01` and `web01` are one name. Which collation it is cannot be asked, so
// Fold joins what the known ones join (utf8_general_ci, as JumpServer's installer ships it,
// utf8mb4_general_ci, utf8mb4_unicode_ci, utf8mb4_0900_ai_ci): case, accents, full and half width,
// the kana's two scripts, ß with s and ss, signs that are not seen, blanks at both ends, and all
// signs of four bytes. It may join a few texts that no database joins ("pas" and "pass"). It is for
// asking whether a name is free; MayBeEqual is for telling whether a text is ours.
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

// MayBeEqual reports whether a database under JumpServer may call two texts equal, and therefore
// answer with the one where the other was written. Unlike Fold it takes ß for s or for ss, as one
// collation does at a time: "pas" and "pass" differ.
func MayBeEqual(a, b string) bool {
	if a == b {
		return true
	}
	if isPrintableASCII(a) && isPrintableASCII(b) {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	return foldText(a, "s") == foldText(b, "s") || foldText(a, "ss") == foldText(b, "ss")
}

// isPrintableASCII reports whether a text has nothing but the printable signs of ASCII.
func isPrintableASCII(text string) bool {
	for n := range len(text) {
		if text[n] < ' ' || text[n] > '~' {
			return false
		}
	}
	return true
}

// isFolded reports whether Fold would return a text as it is; most names are such.
func isFolded(text string) bool {
	return isPrintableASCII(text) && strings.TrimSpace(text) == text && !strings.Contains(text, "ss") &&
		!strings.ContainsFunc(text, unicode.IsUpper)
}

// fourByteMark stands for every sign that takes four bytes in UTF-8: MariaDB calls them all equal
// where it can store them at all.
const fourByteMark = unicode.ReplacementChar

// foldText does all of Fold but the last step; sharp is what ß becomes.
func foldText(text, sharp string) string {
	text = strings.Map(toThreeBytes, text)
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFKD.String(text) { // é becomes e and an accent, full width plain signs
		writeFolded(&b, r, sharp)
	}
	return strings.TrimSpace(b.String())
}

// HasFourByteRunes reports whether any of these texts has a sign that takes four bytes in UTF-8, such as an
// emoji or a rare Han: a JumpServer on MariaDB as its installer ships it cannot hold it.
func HasFourByteRunes(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return r > 0xFFFF })
	})
}

// DropFourByteRunes returns a text without signs of four bytes, and without those by which they are joined; blanks at
// its ends go too. It may be "".
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

// toThreeBytes returns a sign that takes at most three bytes.
func toThreeBytes(r rune) rune {
	if r > 0xFFFF {
		return fourByteMark
	}
	return r
}

// writeFolded writes what one decomposed sign becomes: nothing where collations do not see it.
func writeFolded(into *strings.Builder, r rune, sharp string) {
	r = toThreeBytes(unicode.ToLower(unicode.ToUpper(r))) // by way of the upper case: ı becomes i, ς becomes σ
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

// isIgnorable reports whether a sign is one that collations leave out: a combining accent, a voicing
// mark of kana, a joiner, a zero-width space, a variation selector.
func isIgnorable(r rune) bool {
	if r >= ' ' && r <= '~' {
		return false
	}
	return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) ||
		norm.NFKD.PropertiesString(string(r)).CCC() != 0
}

// toHiragana returns a sign of the katakana as the full-sized one of the hiragana, and any other as it is.
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
