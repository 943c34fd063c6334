package main

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// TestMutantsAreUpToDate: each rule is where the list says, is really broken, and its test exists. Whether the tests
// notice is for `make mutants`, which takes minutes.
func TestMutantsAreUpToDate(t *testing.T) {
	t.Parallel()
	const root = "../.."
	seen := map[string]bool{}
	for _, m := range allMutants() {
		source, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Fatal(err)
		}
		broken, err := m.breakRule(string(source))
		if err != nil || broken == string(source) || seen[m.name] {
			t.Errorf("%s: changes nothing, is there twice, or: %v", m.name, err)
		}
		seen[m.name] = true
		if _, err := format.Source([]byte(broken)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if !hasTest(t, filepath.Join(root, m.pkg), m.test) {
			t.Errorf("%s: %s has no %s", m.name, m.pkg, m.test)
		}
	}
	if len(seen) < 15 {
		t.Errorf("%d mutants", len(seen))
	}
}

// hasTest reports whether a package has a test function with this name.
func hasTest(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			function, is := d.(*ast.FuncDecl)
			if is && function.Recv == nil && function.Name.Name == test {
				return true
			}
		}
	}
	return false
}

func TestApply(t *testing.T) {
	t.Parallel()
	m := mutant{file: "x.go", old: "a", broken: "b"}
	for source, want := range map[string]string{"xay": "xby", "x": "", "aa": ""} {
		if got, err := m.breakRule(source); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", source, got, err)
		}
	}
}

// TestVerdicts: only the named test's own result counts.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for out, want := range map[string][2]bool{
		"=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\n":              {true, false},
		"=== RUN   TestA\n--- FAIL: TestA (0.00s)\nFAIL\n":              {false, true},
		"=== RUN   TestA\npanic: nil\n":                                 {false, true},
		"=== RUN   TestAB\n--- FAIL: TestAB (0.00s)\nFAIL\n":            {false, false},
		"# x\n./x.go:1:1: syntax error\nFAIL\tx [build failed]\nFAIL\n": {false, false},
		"testing: warning: no tests to run\nPASS\n":                     {false, false},
	} {
		if got := [2]bool{hasPassed(out, "TestA"), hasFailed(out, "TestA")}; got != want {
			t.Errorf("%q: %v", out, got)
		}
	}
}
