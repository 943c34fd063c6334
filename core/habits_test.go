package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// dialect is how comments of this project once said "returns" and "reports whether".
var dialect = regexp.MustCompile(`\btells? whether\b|\bso as rather to\b`)

// TestHabits: what a reader has to stop at is not written: an assignment inside an if, a switch with an initialiser and
// no tag, a comment in words of our own for "returns" and "reports whether".
func TestHabits(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, odd := range oddities(parsed) {
			t.Errorf("%s: %s", set.Position(odd.at), odd.what)
		}
	}
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
