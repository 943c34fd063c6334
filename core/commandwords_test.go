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

// languageless are the words that the command's messages have in both languages: names, and the words that go on with a
// message of their own.
func languageless() []string { return []string{"jms-sync", "demo"} }

// TestCommandSpeaksBoth: what functions/local prints, and its errors, take their words through pairs.
func TestCommandSpeaksBoth(t *testing.T) {
	t.Parallel()
	looked := 0
	for _, file := range goFiles(t) {
		if !strings.HasPrefix(file, "../functions/local/") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if texts := shownTexts(n); len(texts) > 0 {
				looked++
				for _, e := range texts {
					if words := barewords(e); words != "" {
						t.Errorf("%s: English only: %q", set.Position(e.Pos()), words)
					}
				}
			}
			return true
		})
	}
	if looked < 200 {
		t.Errorf("only %d texts were looked at: the search is broken", looked)
	}
}

var (
	printers  = regexp.MustCompile(`^(Fprint|Fprintf|Fprintln|Errorf|New|printf)$`)
	flagMaker = regexp.MustCompile(`^(String|Bool|Int|Duration|StringArray|StringSlice)VarP?$`)
	// wordless are words that are none: the names of flags, and the requests of man pages.
	wordless = regexp.MustCompile(`--[a-z-]+|(?m)^\.[A-Za-z]{2}\b`)
)

// shownTexts returns the expressions of a node that people read: the arguments of what prints or makes an error, the
// descriptions of commands and flags.
func shownTexts(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, is := n.Key.(*ast.Ident); is && slices.Contains([]string{"Short", "Long", "Example"}, key.Name) {
			return []ast.Expr{n.Value}
		}
	case *ast.CallExpr:
		called, is := n.Fun.(*ast.SelectorExpr)
		if !is {
			return nil
		}
		if flagMaker.MatchString(called.Sel.Name) {
			return n.Args[len(n.Args)-1:]
		}
		from, _ := called.X.(*ast.Ident)
		if from != nil && (from.Name == "fmt" || from.Name == "errors") && printers.MatchString(called.Sel.Name) {
			return n.Args
		}
	}
	return nil
}

// barewords returns the words of the literals of an expression that are in no pair and no other call, "" = none.
func barewords(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return barewords(e.X) + barewords(e.Y)
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text := wordless.ReplaceAllString(formatVerb.ReplaceAllString(literal(e), ""), "")
		for _, name := range languageless() {
			text = strings.ReplaceAll(text, name, "")
		}
		if letters.MatchString(text) {
			return text
		}
	}
	return ""
}

// TestBarewords: words that a person reads in English only are found.
func TestBarewords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`errors.New("not found")`: true, `errors.New(o.lang.Text("一", "one"))`: false, `fmt.Fprintf(out, "%s: %d\n", a, b)`: false, `fmt.Fprintln(out, "jms-sync", v)`: false,
		`fmt.Errorf("--output: %w", err)`: false, `fmt.Errorf("--output: broken: %w", err)`: true, `fmt.Fprint(out, x+" of all")`: true,
		`f.StringVar(&x, "name", "", "what it is")`: true, `f.StringVar(&x, "name", "", o.lang.Text("一", "one"))`: false, `c = cobra.Command{Use: "x", Short: "Do it"}`: true,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc y() {\n"+body+"\n}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range shownTexts(n) {
				found = found || barewords(e) != ""
			}
			return true
		})
		if found != want {
			t.Errorf("%s: %t", body, found)
		}
	}
}
