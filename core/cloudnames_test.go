package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// cloudNames matches the names of the clouds in a text of the program, in any language and case.
var cloudNames = regexp.MustCompile(`(?i)alibaba|aliyun|huawei|tencent\b|azure|\baws\b|阿里云|华为云|腾讯云`)

// TestCloudsAreNamedAtHome: a cloud's name stands in its own folder. Else in core only object stores have one, as they
// know the credentials of the cloud that they are of, and the constants of core/inventory for the clouds on which
// this program can run. What a setting of one cloud means is said by the setting's own description.
func TestCloudsAreNamedAtHome(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		folder := strings.TrimPrefix(file[:strings.LastIndex(file, "/")], "../")
		atHome := regexp.MustCompile(`^core/(cloud/[a-z]+(/|$)|storage|inventory$)`).MatchString(folder)
		if !strings.HasPrefix(folder, "core/") || atHome || strings.HasSuffix(file, "_test.go") || isTest(folder) {
			continue
		}
		for _, name := range namedClouds(t, file) {
			t.Errorf("%s names a cloud: %s", file, name)
		}
	}
}

// namedClouds returns the texts and identifiers of a file that name a cloud; comments, imports and tags of fields are
// left out.
func namedClouds(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "inventory" && cloudNames.MatchString(n.Sel.Name) {
				found = append(found, "inventory."+n.Sel.Name)
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && cloudNames.MatchString(text) {
				found = append(found, n.Value)
			}
		}
		return true
	})
	return found
}
