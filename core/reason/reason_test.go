package reason

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
)

// declaredCodes returns the constants of codes.go, so that none is forgotten here.
func declaredCodes(t *testing.T) map[string]Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Values) == 1 {
			if text, ok := spec.Values[0].(*ast.BasicLit); ok {
				out[spec.Names[0].Name] = Code(strings.Trim(text.Value, `"`))
			}
		}
		return true
	})
	return out
}

// TestEveryCodeHasWords: in both languages, which take the same arguments in the same order.
func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%(%|[a-z])`)
	all := declaredCodes(t)
	if len(all) < 30 {
		t.Errorf("%d codes", len(all))
	}
	seen := map[Code]bool{}
	for name, code := range all {
		w, there := textsOf(code)
		if !there || w.zh == "" || w.en == "" || seen[code] {
			t.Errorf("%s %q: words %+v, seen before %v", name, code, w, seen[code])
		}
		seen[code] = true
		zh, en := verb.FindAllString(w.zh, -1), verb.FindAllString(w.en, -1)
		if !slices.Equal(zh, en) {
			t.Errorf("%s takes %q in Chinese, %q in English", name, zh, en)
		}
		if strings.IndexFunc(w.zh, func(r rune) bool { return r > 0x2e80 }) < 0 {
			t.Errorf("%s is not in Chinese: %q", name, w.zh)
		}
		if strings.IndexFunc(w.en, func(r rune) bool { return r > 0x2e80 }) >= 0 {
			t.Errorf("%s is not in English: %q", name, w.en)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	r := New(ScopeFailed, "aliyun-prod", "cn-beijing")
	for lang, want := range map[language.Lang]string{
		language.Chinese: "保留：账号 aliyun-prod 区域 cn-beijing 本次读取失败",
		"":               "保留：账号 aliyun-prod 区域 cn-beijing 本次读取失败",
		language.English: "kept: account aliyun-prod region cn-beijing could not be read",
	} {
		if got := r.Text(lang); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if got := New(GuardShare, 5, 20, 20).Text(language.English); got != "held: the scope would lose 5 of 20 assets, more than 20%" {
		t.Error(got)
	}
	if got := (Reason{Code: "other"}).Text(language.Chinese); got != "other" {
		t.Errorf("unknown code: %q", got)
	}
	if got := New(GuardUnproven, "100% denied").Text(language.English); !strings.Contains(got, "100% denied") {
		t.Error(got)
	}
}
