package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dialect is how comments of this project once said "returns" and "reports whether".
var dialect = regexp.MustCompile(`\btells? whether\b|\bso as rather to\b`)

// TestHabits: what a reader has to stop at is not written: an assignment inside an if, a switch with an initialiser and
// no tag, a closure on one line that hides a statement, a comment in words of our own for "returns" and "reports whether".
func TestHabits(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, odd := range slices.Concat(oddities(parsed), hiddenStatements(set, parsed)) {
			t.Errorf("%s: %s", set.Position(odd.at), odd.what)
		}
	}
}

// hiddenStatements returns the closures on one line that hide a statement: one besides a single call or return, or a
// change of what is not the closure's own. A row of a test's table may take several steps with what it is handed: they
// are the row.
func hiddenStatements(set *token.FileSet, file *ast.File) (all []oddity) {
	rows := tableRows(set, file)
	ast.Inspect(file, func(n ast.Node) bool {
		closure, is := n.(*ast.FuncLit)
		if !is || set.Position(closure.Pos()).Line != set.Position(closure.End()).Line {
			return true
		}
		steps := closure.Body.List
		if len(steps) > 1 && !rows[closure] || slices.ContainsFunc(steps, func(s ast.Stmt) bool { return hides(closure, s) }) {
			all = append(all, oddity{n.Pos(), "a closure on one line hides a statement"})
		}
		return true
	})
	return all
}

// tableRows returns the closures of a test file that stand in a composite literal.
func tableRows(set *token.FileSet, file *ast.File) map[ast.Expr]bool {
	rows := map[ast.Expr]bool{}
	if !strings.HasSuffix(set.Position(file.Pos()).Filename, "_test.go") {
		return rows
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				rows[e] = true
			}
		case *ast.KeyValueExpr:
			rows[n.Value] = true
		}
		return true
	})
	return rows
}

// hides reports whether a step of a closure is no call, no return, and no change of the closure's own parameters.
func hides(closure *ast.FuncLit, step ast.Stmt) bool {
	var changed []ast.Expr
	switch s := step.(type) {
	case *ast.ExprStmt, *ast.ReturnStmt:
	case *ast.AssignStmt:
		changed = s.Lhs
	case *ast.IncDecStmt:
		changed = []ast.Expr{s.X}
	default:
		return true
	}
	return slices.ContainsFunc(changed, func(e ast.Expr) bool { return !isOwn(closure, e) })
}

// isOwn reports whether an expression is a parameter of a closure, a part of one, or nothing that is kept.
func isOwn(closure *ast.FuncLit, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return isOwn(closure, e.X)
	case *ast.IndexExpr:
		return isOwn(closure, e.X)
	case *ast.StarExpr:
		return isOwn(closure, e.X)
	case *ast.Ident:
		return e.Name == "_" || slices.ContainsFunc(closure.Type.Params.List, func(p *ast.Field) bool {
			return slices.ContainsFunc(p.Names, func(name *ast.Ident) bool { return name.Name == e.Name })
		})
	}
	return false
}

type oddity struct {
	at   token.Pos
	what string
}

func oddities(file *ast.File) (all []oddity) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			init, is := n.Init.(*ast.AssignStmt)
			if is && init.Tok != token.DEFINE {
				all = append(all, oddity{n.Pos(), "an assignment inside an if"})
			}
		case *ast.FuncDecl:
			if strings.HasPrefix(n.Doc.Text(), n.Name.Name+" gives ") {
				all = append(all, oddity{n.Pos(), "a comment says " + n.Name.Name + " gives"})
			}
		case *ast.SwitchStmt:
			if n.Init != nil && n.Tag == nil {
				all = append(all, oddity{n.Pos(), "a switch with an initialiser and no tag"})
			}
		}
		return true
	})
	for _, group := range file.Comments {
		for _, c := range group.List {
			found := dialect.FindString(c.Text)
			if found != "" {
				all = append(all, oddity{c.Pos(), "a comment says " + found})
			}
		}
	}
	return all
}

// TestOddities: each is found, and what only looks like it is not.
func TestOddities(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		"if err := f(); err != nil {}": 0, "if x = 1; x > 0 {}": 1, "switch x := f(); {}": 1, "switch x := f(); x {}": 0, "switch {}": 0,
		"// It tells whether x is.\n": 1, "// who gives way\n": 0, "}\n// f gives one.\nfunc f() {": 1, "}\n// f returns one.\nfunc f() {": 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc y() {\n"+body+"\n}\n", parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if got := oddities(file); len(got) != want {
			t.Errorf("%q: %v", body, got)
		}
	}
}

// TestHiddenStatements: what a closure on one line may do, elsewhere and in the row of a test's table.
func TestHiddenStatements(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]int{ // in product code, in a test
		"g(func() { h() })":                                   {0, 0},
		"g(func() int { return 1 })":                          {0, 0},
		"g(func(a *t) { a.x, a.y[0] = 1, 2 })":                {0, 0},
		"defer func() { _ = c.Close() }()":                    {0, 0},
		"g(func() {})":                                        {0, 0},
		"g(func() {\n\tx = 1\n\th()\n})":                      {0, 0},
		"g(func() { x = 1 })":                                 {1, 1},
		"g(func(a *t) { b.x = a.x })":                         {1, 1},
		"g(func() { n++ })":                                   {1, 1},
		"g(func() { go h() })":                                {1, 1},
		"g(func() { h(); i() })":                              {1, 1},
		"g(func() { func() { h(); i() }() })":                 {1, 1},
		"_ = []t{{func(w *t) { w.x = 1; h(w) }}}":             {1, 0},
		"_ = map[string]f{`a`: func(w *t) { w.x = 1; h(w) }}": {1, 0},
		"_ = []t{{func(w *t) { w.x = 1; v = w }}}":            {1, 1},
		"_ = t{sleep: func() error { now++; return nil }}":    {1, 1},
		"_ = []t{{g(func(w *t) { w.x = 1; h(w) })}}":          {1, 1},
	} {
		for n, name := range []string{"x.go", "x_test.go"} {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, "package x\nfunc y() {\n"+body+"\n}\n", parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if got := hiddenStatements(set, file); len(got) != want[n] {
				t.Errorf("%s, %q: %v", name, body, got)
			}
		}
	}
}
