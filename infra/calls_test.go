package infra

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// sdkCalls returns the methods that a file calls on the client made by one of makers ("sdk.New").
func sdkCalls(t *testing.T, file string, makers ...string) []string {
	t.Helper()
	parsed := parseFile(t, file)
	clients := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if assign, ok := n.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if call, ok := assign.Rhs[0].(*ast.CallExpr); ok && slices.Contains(makers, dottedName(call.Fun)) {
				clients[dottedName(assign.Lhs[0])] = true
			}
		}
		return true
	})
	found := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if on, method, isMethod := strings.Cut(dottedName(call.Fun), "."); isMethod && clients[on] && ast.IsExported(method) {
				found[method] = true
			}
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s: no call of the SDK was found, so that nothing can be said about rights", file)
	}
	return slices.Sorted(maps.Keys(found))
}

func parseFile(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// dottedName returns a or a.b, and "" for everything else.
func dottedName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if on, ok := e.X.(*ast.Ident); ok {
			return on.Name + "." + e.Sel.Name
		}
	}
	return ""
}
