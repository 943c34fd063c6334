package mapping

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/language"
)

// pattern is one compiled pattern, without the ! before it.
type pattern struct {
	text       string
	isGlob     bool           // text has * or ?
	pieces     []string       // of a glob in ASCII without ?: what stands between its *, in lower case
	expression *regexp.Regexp // nil = text counts
}

// compilePattern compiles a pattern for texts. A mistake is empty where there is none.
func compilePattern(text string) (pattern, language.Text) {
	inner, is := cutSlashes(text)
	if !is {
		if strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/i") && len(text) > len("//i") {
			return pattern{}, language.Newf("%q：正则表达式写成 /…/，不分大小写写成 /(?i)…/", "%q: an expression is /…/, and /(?i)…/ where case does not count", text)
		}
		return newGlob(text), language.Text{}
	}
	if inner == "" {
		return pattern{}, language.New("正则表达式是空的：它符合一切", "the expression is empty: it matches everything")
	}
	compiled, err := regexp.Compile(inner)
	if err != nil {
		return pattern{}, language.Newf("正则表达式 %s 写错了（RE2 语法）", "%s is no expression (RE2 syntax)", text).WithError(err)
	}
	return pattern{text: text, expression: compiled}, language.Text{}
}

// newGlob returns the pattern of a text that may have * and ?.
func newGlob(text string) pattern {
	p := pattern{text: text, isGlob: strings.ContainsAny(text, "*?")}
	if p.isGlob && isASCII(text) && !strings.Contains(text, "?") {
		p.pieces = strings.Split(strings.ToLower(text), "*")
	}
	return p
}

func isASCII(text string) bool {
	for n := range len(text) {
		if text[n] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cutSlashes returns what stands between two slashes, and reports whether a text is so written.
func cutSlashes(text string) (string, bool) {
	rest, begins := strings.CutPrefix(text, "/")
	inner, ends := strings.CutSuffix(rest, "/")
	return inner, begins && ends
}

// matches reports whether a value fits.
func (p pattern) matches(value string) bool {
	switch {
	case p.expression != nil:
		return p.expression.MatchString(value)
	case p.pieces != nil && isASCII(value):
		return matchesPieces(p.pieces, value)
	case p.isGlob:
		return matchesGlob(p.text, value)
	}
	return strings.EqualFold(p.text, value)
}

// matchesPieces reports whether a value in ASCII begins with the first of some pieces, ends with the last, and has the others
// in their order between them. It says what matchesGlob says, and is faster.
func matchesPieces(pieces []string, value string) bool {
	last := len(pieces) - 1
	first, end := pieces[0], len(value)-len(pieces[last])
	if len(first) > end || !hasLower(value, 0, first) || !hasLower(value, end, pieces[last]) {
		return false
	}
	from := len(first)
	for _, piece := range pieces[1:last] {
		for !hasLower(value, from, piece) {
			from++
			if from+len(piece) > end {
				return false
			}
		}
		from += len(piece)
	}
	return from <= end
}

// hasLower reports whether a value in ASCII has a text in lower case at a place.
func hasLower(value string, at int, lower string) bool {
	if at+len(lower) > len(value) {
		return false
	}
	for n := range len(lower) {
		b := value[at+n]
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != lower[n] {
			return false
		}
	}
	return true
}

// matchesGlob reports whether a value fits a text in which * stands for any text and ? for one character. Case does not
// count. It allocates nothing.
func matchesGlob(glob, value string) bool {
	star, from := -1, 0 // behind the last *, and where the text that it stands for ends for now
	at, in := 0, 0
	for in < len(value) {
		r, size := utf8.DecodeRuneInString(value[in:])
		wanted, width := utf8.DecodeRuneInString(glob[at:]) // width 0 = the glob is over
		switch {
		case width > 0 && wanted == '*':
			at += width
			star, from = at, in
		case width > 0 && (wanted == '?' || isSameRune(wanted, r)):
			at += width
			in += size
		case star >= 0: // the last * stands for one character more
			_, one := utf8.DecodeRuneInString(value[from:])
			from += one
			at, in = star, from
		default:
			return false
		}
	}
	return strings.Trim(glob[at:], "*") == ""
}

// isSameRune reports whether two characters differ by nothing but case, as strings.EqualFold has it.
func isSameRune(a, b rune) bool {
	if a == b {
		return true
	}
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		return unicode.ToLower(a) == unicode.ToLower(b)
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}
