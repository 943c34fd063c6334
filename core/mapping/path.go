package mapping

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/language"
)

// rootPath stands for the organisation's root node, whatever its name is.
const rootPath = "/DEFAULT"

// maxLevels is how many nodes a path may have below the root: JumpServer keeps the numbers of all of them in one key of 64
// characters.
const maxLevels = 12

// path is the compiled template of a node's path.
type path struct {
	parts  []template // below the root
	static string     // the path, if it is the same for every instance
}

// parsePath parses the template of a node's path. A mistake is empty where there is none.
func parsePath(text string) (path, language.Text) {
	whole, wrong := parseTemplate(text)
	if wrong != (language.Text{}) {
		return path{}, wrong
	}
	if !strings.HasPrefix(text, rootPath+"/") || len(text) == len(rootPath+"/") {
		return path{}, language.Newf("%q：节点的路径以 /DEFAULT/ 开头，它表示组织的根节点，无论它叫什么", "%q: the path of a node begins with /DEFAULT/, which stands for the organisation's root node, whatever its name", text)
	}
	p := path{parts: splitPath(whole)}
	for n := range p.parts {
		wrong = checkPart(&p.parts[n], text)
		if wrong != (language.Text{}) {
			return path{}, wrong
		}
	}
	if len(p.parts) > maxLevels {
		return path{}, language.Newf("%q 有 %d 层，最多 %d 层", "%q has %d levels, %d are the most", text, len(p.parts), maxLevels)
	}
	if whole.isStatic {
		p.static = rootPath
		for _, t := range p.parts {
			p.static += "/" + strings.TrimSpace(t.parts[0].literal)
		}
	}
	return p, language.Text{}
}

// splitPath returns the templates of a path's parts below the root.
func splitPath(whole template) []template {
	var parts []template
	var one template
	for _, p := range whole.parts {
		for n, literal := range strings.Split(p.literal, "/") {
			if n > 0 {
				parts, one = append(parts, one), template{}
			}
			p.literal = literal
			if p.isKey || literal != "" {
				one.parts = append(one.parts, p)
			}
		}
	}
	return append(parts, one)[2:] // without what stands before the first slash, and DEFAULT
}

// checkPart returns what is wrong with a part of a path.
func checkPart(t *template, text string) language.Text {
	fixed := 0
	isEmpty := true
	for n := range t.parts {
		p := &t.parts[n]
		fixed += utf8.RuneCountInString(p.literal)
		isEmpty = isEmpty && !p.isKey && strings.TrimSpace(p.literal) == ""
		if strings.Contains(p.fallback, "/") {
			return language.Newf("%q：缺省值里不能有 /", "%q: a default may not hold a /", text)
		}
	}
	switch {
	case isEmpty:
		return language.Newf("%q 有空的一层", "%q has an empty part", text)
	case fixed > maxPartLength:
		return language.Newf("%q 的一层超过 %d 个字符", "a part of %q has more than %d characters", text, maxPartLength)
	}
	return language.Text{}
}

// isUnread reports whether the cloud did not show what a part of the path puts in.
func (p *path) isUnread(v *view) bool {
	for n := range p.parts {
		if p.parts[n].isUnread(v) {
			return true
		}
	}
	return false
}

// text returns the path for an instance. ok is false if a part is empty and has no default. A part of which nothing is
// left, as its default is empty, falls away; the root alone is no path.
func (p *path) text(v *view) (_ string, ok bool) {
	if p.static != "" {
		return p.static, true
	}
	var space [256]byte
	whole := append(space[:0], rootPath...)
	for n := range p.parts {
		before := len(whole)
		whole, ok = p.parts[n].appendTo(append(whole, '/'), v, pathValue)
		if !ok {
			return "", false
		}
		whole = fitPart(whole, before)
	}
	return string(whole), len(whole) > len(rootPath)
}

// pathValue returns what an instance has as it may stand in a part of a path.
func pathValue(value string) string {
	if strings.Contains(value, "/") {
		value = strings.ReplaceAll(value, "/", "-")
	}
	return clean(value)
}

// fitPart makes what stands behind a place, a slash and a part, fit: without spaces around the part, not too long, and
// nothing if the part is empty.
func fitPart(whole []byte, from int) []byte {
	part := whole[from+1:]
	trimmed := bytes.TrimSpace(part)
	switch {
	case len(trimmed) == 0:
		return whole[:from]
	case len(trimmed) < len(part), utf8.RuneCount(part) > maxPartLength:
		return append(whole[:from+1], cut(string(trimmed), maxPartLength)...)
	}
	return whole
}

// parseTagPath returns the path that the tag jms:node means: "/DEFAULT/a/b", or "a/b" below the root; "" = none.
func parseTagPath(value string) string {
	value = clean(value)
	below, isWhole := strings.CutPrefix(value, rootPath+"/")
	if !isWhole && strings.HasPrefix(value, "/") {
		return ""
	}
	parts := strings.Split(below, "/")
	if len(parts) > maxLevels {
		return ""
	}
	whole := rootPath
	for _, text := range parts {
		text = pathPart(text)
		if text == "" {
			return ""
		}
		whole += "/" + text
	}
	return whole
}
