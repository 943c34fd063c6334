package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/language"
)

// isQuoted reports whether a value begins and ends with the same quote: docker --env-file and systemd's shell-less
// relatives pass quotes on as part of the value (https://github.com/docker/cli/issues/3630).
func isQuoted(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0]
}

func quotedText() language.Text {
	return language.New("首尾的引号成了值的一部分（docker --env-file 不会去掉引号）：去掉引号",
		"the quotes around it are part of the value (docker --env-file does not take them off): take them out")
}

// unexpandedPattern matches a variable that nothing replaces, as the whole value or at the end of an address.
var unexpandedPattern = regexp.MustCompile(`(?:^|[=/])\$\(?([A-Za-z_][A-Za-z0-9_]*)\)?$`)

// unexpandedText returns what is wrong with a value that names a variable as shells and Kubernetes do; empty = nothing.
func unexpandedText(text string) language.Text {
	found := unexpandedPattern.FindStringSubmatch(strings.TrimSpace(text))
	if found == nil {
		return language.Text{}
	}
	return language.New("变量要写成 ${名称}", "a variable is written ${NAME}")
}

// oddSpaces are characters that look like a space or like nothing, and are none of YAML's spaces.
func oddSpaces() map[rune]language.Text {
	return map[rune]language.Text{
		'\u00a0': language.New("不换行空格", "a non-breaking space"), '\u2007': language.New("不换行空格", "a non-breaking space"),
		'\u202f': language.New("不换行空格", "a non-breaking space"), '\u3000': language.New("全角空格", "a full-width space"),
		'\u200b': language.New("零宽空格", "a zero-width space"), '\u200c': language.New("零宽字符", "a zero-width character"),
		'\u200d': language.New("零宽字符", "a zero-width character"), '\u2060': language.New("零宽字符", "a zero-width character"),
		'\ufeff': language.New("字节顺序标记（BOM）", "a byte order mark"),
	}
}

// oddSpace returns the name of the first odd space of a text, with its number, and reports whether there is one.
func oddSpace(text string) (language.Text, bool) {
	names := oddSpaces()
	for _, r := range text {
		name, odd := names[r]
		if odd {
			return language.New(name.ZH+fmt.Sprintf("（U+%04X）", r), name.EN+fmt.Sprintf(" (U+%04X)", r)), true
		}
	}
	return language.Text{}, false
}

// unreadableText names the first character of a text that no key, id or address has. It shows nothing else of the text.
func unreadableText(text string) language.Text {
	at := strings.IndexFunc(text, isUnreadableInKey)
	r := []rune(text[at:])[0]
	odd, isOdd := oddSpace(string(r))
	switch {
	case isOdd:
		return language.New("有"+odd.ZH, "holds "+odd.EN)
	case r == '\n' || r == '\r':
		return language.New("有换行", "holds a line break")
	case unicode.IsSpace(r):
		return language.New("有空格", "holds a space")
	}
	return language.New("有不可见字符", "holds an invisible character")
}

// withOddSpace adds to what is wrong with a document the first line that has an odd space outside of comments.
func withOddSpace(w language.Text, data []byte) language.Text {
	for n, line := range bytes.Split(data, []byte("\n")) {
		text, _, _ := strings.Cut(strings.TrimPrefix(string(line), "\ufeff"), " #") // a document may begin with a mark
		odd, isOdd := oddSpace(text)
		if isOdd && !strings.HasPrefix(strings.TrimSpace(text), "#") {
			return language.New(w.ZH+fmt.Sprintf("；第 %d 行有", n+1)+odd.ZH, w.EN+fmt.Sprintf("; line %d holds ", n+1)+odd.EN)
		}
	}
	return w
}
