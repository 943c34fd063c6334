package core

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// invariants is the number of invariants.
const invariants = 24

// TestInvariants: every invariant of docs/invariants.md has tests, each of which exists and names it in its comment; and
// no test names an invariant that the table does not have.
func TestInvariants(t *testing.T) {
	t.Parallel()
	named := namedTests(t)
	text, err := os.ReadFile("../docs/invariants.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	row, test := regexp.MustCompile(`(?m)^\| (\d+) \|.*$`), regexp.MustCompile("`([a-z/-]+) (Test\\w+)`")
	rows := row.FindAllStringSubmatch(string(text), -1)
	for n, r := range rows {
		if r[1] != fmt.Sprint(n+1) {
			t.Errorf("row %d is invariant %s", n+1, r[1])
		}
		tests := test.FindAllStringSubmatch(r[0], -1)
		if len(tests) == 0 {
			t.Errorf("invariant %s has no test", r[1])
		}
		for _, m := range tests {
			name := m[1] + " " + m[2]
			said[name] = append(said[name], r[1])
			if !slices.Contains(named[name], r[1]) {
				t.Errorf("invariant %s: there is no %s, or its comment names only %v", r[1], name, named[name])
			}
		}
	}
	if len(rows) != invariants {
		t.Errorf("%d invariants, not %d", len(rows), invariants)
	}
	for name, numbers := range named {
		for _, n := range numbers {
			if !slices.Contains(said[name], n) {
				t.Errorf("%s names invariant %s, for which the table does not name it", name, n)
			}
		}
	}
}

// namedTests returns the invariants that each test's comment names ("Invariants: 1, 2."), by folder and name.
func namedTests(t *testing.T) map[string][]string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^Invariants: ([\d, ]+)\.$`)
	found := map[string][]string{}
	for _, file := range goFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		folder := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "../")
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Doc == nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			if m := line.FindStringSubmatch(f.Doc.Text()); m != nil {
				found[folder+" "+f.Name.Name] = strings.Split(m[1], ", ")
			}
		}
	}
	return found
}
