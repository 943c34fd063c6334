package mapping

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// template is a compiled text with parts that are put in.
type template struct {
	parts []part
	// isStatic says that the template is a text that is the same for every instance: that of its only part.
	isStatic bool
}

// part is a literal text, or what is put in.
type part struct {
	literal     string
	isKey       bool
	key         key
	tag         string
	fallback    string
	hasFallback bool
}

// isUnread reports whether the cloud did not show what a part of the template puts in.
func (t *template) isUnread(v *view) bool {
	for n := range t.parts {
		if t.parts[n].isKey && v.isUnread(t.parts[n].key) {
			return true
		}
	}
	return false
}

// parseTemplate parses a template. A mistake is empty where there is none.
func parseTemplate(text string) (template, language.Text) {
	var parsed template
	if strings.ContainsFunc(text, isUnprintable) {
		return parsed, language.Newf("%q 里有控制字符", "%q has control characters", text)
	}
	var literal strings.Builder
	addLiteral := func() {
		if literal.Len() > 0 {
			parsed.parts = append(parsed.parts, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for rest := text; rest != ""; {
		n := strings.IndexAny(rest, "{}")
		if n < 0 {
			literal.WriteString(rest)
			break
		}
		literal.WriteString(rest[:n])
		rest = rest[n:]
		if rest[:1] == rest[1:min(2, len(rest))] { // {{ or }}
			literal.WriteByte(rest[0])
			rest = rest[2:]
			continue
		}
		inner, behind, isClosed := strings.Cut(rest[1:], "}")
		if rest[0] == '}' || !isClosed || strings.Contains(inner, "{") {
			return template{}, language.Newf("%q 里的花括号不成对；花括号本身写成 {{ 与 }}", "the braces in %q do not match; a brace itself is written {{ or }}", text)
		}
		addLiteral()
		p, wrong := parsePlaceholder(inner)
		if wrong != (language.Text{}) {
			return template{}, wrong
		}
		parsed.parts = append(parsed.parts, p)
		rest = behind
	}
	addLiteral()
	parsed.isStatic = len(parsed.parts) == 1 && !parsed.parts[0].isKey
	return parsed, language.Text{}
}

// parsePlaceholder parses what stands between braces.
func parsePlaceholder(inner string) (part, language.Text) {
	name, fallback, hasFallback := strings.Cut(inner, "|")
	k, tag, found := findKey(name)
	if found && k != keyGroup {
		return part{isKey: true, key: k, tag: tag, fallback: fallback, hasFallback: hasFallback}, language.Text{}
	}
	near := language.Nearest(name, Placeholders())
	if near != "" {
		return part{}, language.Newf("不认识 {%s}；是不是 {%s}？", "{%s} is unknown; is it {%s}?", name, near)
	}
	return part{}, language.Newf("不认识 {%s}；可用的有：%s", "{%s} is unknown; there are %s", name, strings.Join(Placeholders(), ", "))
}

// appendTo appends the text for an instance to a buffer. value changes what the instance has into what may stand there.
// ok is false if a part is empty and has no default.
func (t *template) appendTo(buffer []byte, v *view, value func(string) string) (_ []byte, ok bool) {
	for n := range t.parts {
		p := &t.parts[n]
		if !p.isKey {
			buffer = append(buffer, p.literal...)
			continue
		}
		text := value(v.value(p.key, p.tag))
		switch {
		case text != "":
			buffer = append(buffer, text...)
		case p.hasFallback:
			buffer = append(buffer, p.fallback...)
		default:
			return buffer, false
		}
	}
	return buffer, true
}

// text returns the template's text for an instance. ok is false if a part is empty and has no default.
func (t *template) text(v *view, value func(string) string) (_ string, ok bool) {
	if t.isStatic {
		return t.parts[0].literal, true
	}
	var space [128]byte
	text, ok := t.appendTo(space[:0], v, value)
	return string(text), ok
}
