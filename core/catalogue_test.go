package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	// chineseText is what only a Chinese text has: Han, or the punctuation that goes with it.
	chineseText = regexp.MustCompile(`[\p{Han}\x{3001}-\x{303F}\x{FF01}-\x{FF5E}]`)
	// formatVerb is a verb of fmt, with the index of its argument if it names one.
	formatVerb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+#0]*\d*(?:\.\d+)?([a-zA-Z%])`)
	docTag     = regexp.MustCompile(`doc:"((?:[^"\\]|\\.)*)"`)
	letters    = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// pairMakers are the functions and methods whose first two arguments are a text in Chinese and in English.
func pairMakers() []string {
	return []string{"language.New", "language.Newf", "language.Errorf", "Text", "Textf", "text", "printLine"}
}

// notForReaders are the Chinese literals that are no text for people but data: what clouds and servers write, and what is
// compared with it.
func notForReaders() map[string][]string {
	return map[string][]string{
		"core/cloud/alibaba/provider.go": {"阿里云"}, // the spellings of type in a configuration
		"core/cloud/huawei/provider.go":  {"华为云"},
		"core/cloud/tencent/provider.go": {"腾讯云"},
		"core/jumpserver/intermediary.go": { // pages of proxies and login portals
			`(?i)rejected|blocked|forbidden|denied|拦截|阻断|拒绝|禁止`,
			`(?i)maintenance|maintaining|be right back|temporarily unavailable|维护|升级中|暂停服务|暂时无法`,
			`(?i)log ?in|sign ?in|single sign|\bsso\b|authenticat|登录|登陆|认证|单点`,
		},
		"core/plan/ownership.go":        {",;，；。"},    // what people write behind an id in a comment
		"core/report/escape.go":         {"：//", "．"}, // keeps clients from making a link
		"functions/local/init_cloud.go": {", ，、+"},    // between regions that people type
	}
}

// TestCatalogue: whatever people read stands in the code in Chinese and in English, beside each other, with the same
// verbs.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	pairs := 0
	exemptions := notForReaders()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || isTest(path.Dir(file)) || strings.HasPrefix(file, "../infra/") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(file, "../")
		found, n := untranslated(parsed)
		pairs += n
		for _, u := range found {
			at := slices.Index(exemptions[name], u.text)
			if at < 0 {
				t.Errorf("%s: %s: %s", set.Position(u.at), u.what, u.text)
				continue
			}
			exemptions[name] = slices.Delete(exemptions[name], at, at+1)
		}
	}
	for name, unused := range exemptions {
		if len(unused) > 0 {
			t.Errorf("%s does not have %q any more", name, unused)
		}
	}
	if pairs < 500 {
		t.Errorf("only %d pairs were found: the search is broken", pairs)
	}
}

// lack is a text that lacks its other half.
type lack struct {
	at         token.Pos
	what, text string
}

// untranslated returns the texts of a file that are not in both languages, and the number of pairs.
func untranslated(file *ast.File) (all []lack, pairs int) {
	var above []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		above = append(above, n)
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag != nil {
				all = append(all, tagLacks(n.Tag)...)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && chineseText.MatchString(literal(n)) && !isTag(above, n) && !inPair(above) {
				all = append(all, lack{n.Pos(), "no English beside it", literal(n)})
			}
		case ast.Expr:
			zh, en, is := pairOf(n)
			if is {
				pairs++
				what := pairFault(zh, en, halvesOf(n))
				if what != "" {
					all = append(all, lack{n.Pos(), what, zh + " / " + en})
				}
			}
		}
		return true
	})
	return all, pairs
}

// inPair reports whether the last of these nodes is in one half of a pair.
func inPair(above []ast.Node) bool {
	return slices.ContainsFunc(above, func(n ast.Node) bool {
		e, is := n.(ast.Expr)
		if !is {
			return false
		}
		halves := halvesOf(e)
		return len(halves) == 2 && above[len(above)-1].End() <= halves[0].End() && above[len(above)-1].Pos() >= halves[0].Pos()
	})
}

// halvesOf returns the two expressions of a pair: the first two arguments of a call that makes one, or the elements of a
// literal of texts.
func halvesOf(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.CallExpr:
		if len(e.Args) >= 2 && slices.Contains(pairMakers(), calledName(e)) {
			return e.Args[:2]
		}
	case *ast.CompositeLit:
		name, _ := e.Type.(*ast.Ident)
		if len(e.Elts) == 2 && name != nil && name.Name == "texts" {
			return e.Elts
		}
		return halvesByKey(e)
	}
	return nil
}

// halvesByKey returns the values of the keys ZH and EN.
func halvesByKey(e *ast.CompositeLit) []ast.Expr {
	byKey := map[string]ast.Expr{}
	for _, element := range e.Elts {
		pair, is := element.(*ast.KeyValueExpr)
		if !is {
			continue
		}
		key, is := pair.Key.(*ast.Ident)
		if is {
			byKey[key.Name] = pair.Value
		}
	}
	if byKey["ZH"] == nil || byKey["EN"] == nil {
		return nil
	}
	return []ast.Expr{byKey["ZH"], byKey["EN"]}
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if from, is := f.X.(*ast.Ident); is && from.Name == "language" {
			return "language." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// pairOf returns the literal texts of a pair's halves, if there are any.
func pairOf(e ast.Expr) (zh, en string, is bool) {
	halves := halvesOf(e)
	if len(halves) != 2 {
		return "", "", false
	}
	zh, en = literalsOf(halves[0]), literalsOf(halves[1])
	return zh, en, zh+en != ""
}

// literalsOf joins all string literals of an expression.
func literalsOf(e ast.Expr) string {
	var b strings.Builder
	ast.Inspect(e, func(n ast.Node) bool {
		if l, is := n.(*ast.BasicLit); is && l.Kind == token.STRING {
			b.WriteString(literal(l))
		}
		return true
	})
	return b.String()
}

// pairFault returns what is wrong with a pair; "" = nothing.
func pairFault(zh, en string, halves []ast.Expr) string {
	switch {
	case slices.ContainsFunc(halves, isEmptyLiteral):
		return "one half is empty"
	case chineseText.MatchString(en):
		return "the English half is Chinese"
	case zh != "" && zh != en && letters.MatchString(formatVerb.ReplaceAllString(en, "")) && !chineseText.MatchString(zh):
		return "the Chinese half is not Chinese"
	case zh != "" && en != "" && !slices.Equal(verbsOf(zh), verbsOf(en)):
		return "the halves have other verbs"
	}
	return ""
}

func isEmptyLiteral(e ast.Expr) bool {
	l, is := e.(*ast.BasicLit)
	return is && literal(l) == ""
}

// verbsOf returns the verbs of a format with the index of their arguments, in the order of these.
func verbsOf(format string) []string {
	var all []string
	next := 1
	for _, m := range formatVerb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		all = append(all, strconv.Itoa(next)+m[2])
		next++
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tagLacks returns what is wrong with the text of a setting, "Chinese;English".
func tagLacks(tag *ast.BasicLit) []lack {
	doc := docTag.FindStringSubmatch(literal(tag))
	if doc == nil {
		return nil
	}
	zh, en, _ := strings.Cut(doc[1], ";")
	what := pairFault(zh, en, nil)
	if zh == "" || en == "" {
		what = "one half is empty"
	}
	if what == "" {
		return nil
	}
	return []lack{{tag.Pos(), what, doc[1]}}
}

func isTag(above []ast.Node, l *ast.BasicLit) bool {
	field, is := above[len(above)-2].(*ast.Field)
	return is && field.Tag == l
}

func literal(l *ast.BasicLit) string {
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return l.Value
	}
	return text
}

// TestUntranslated: a text that lacks a half is found, and what only looks like it is not.
func TestUntranslated(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`lang.Text("提醒", "Warnings")`: 0, `lang.Text("提醒", "提醒")`: 2, `lang.Text("提醒", "")`: 1, `lang.Text("", "x")`: 1, `lang.Text("Warnings", "Warning list")`: 1,
		`lang.Text("DNS", "DNS")`: 0, `lang.Text("（", " (")`: 0, `lang.Textf("%d 个 %s", "%d of %s", n, s)`: 0, `lang.Textf("%d 个 %s", "%s: %d", n, s)`: 1,
		`lang.Textf("%d 个 %s", "%[2]s: %[1]d", n, s)`: 0, `lang.Textf("%d 个", "some", n)`: 1, `language.New("不认识 "+x, "unknown "+x)`: 0, `language.New("不认识 "+x, x)`: 0,
		`errors.New("不认识")`: 1, `fmt.Errorf("不认识 (unknown): %w", err)`: 1, `x = "不认识"`: 1, `f("提醒", "Warnings")`: 1, `reason.New(code, "one two")`: 0,
		`language.New("应为 "+strings.Join(n, "、"), "must be "+strings.Join(n, ", "))`: 0, `x = T{ZH: "一", EN: "one"}`: 0, `x = T{ZH: "一"}`: 1, `x = "plain"`: 0,
		"x = struct{ A int `doc:\"一;one\"` }{}": 0, "x = struct{ A int `doc:\"一\"` }{}": 1, "x = struct{ A int `doc:\"一;一\"` }{}": 1,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc y() {\n"+body+"\n}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := untranslated(file); len(got) != want {
			t.Errorf("%s: %d: %v", body, len(got), got)
		}
	}
}
