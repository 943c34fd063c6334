package core

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestInvariantsHaveTests: every invariant of docs/invariants.md names tests, and all of them are there.
func TestInvariantsHaveTests(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../docs/invariants.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| ([^|]+) \|$`).FindAllStringSubmatch(string(table), -1)
	if len(rows) != 15 {
		t.Errorf("%d invariants, want 15", len(rows))
	}
	for _, row := range rows {
		named := regexp.MustCompile("`(Test[^`]+)`").FindAllStringSubmatch(row[2], -1)
		if len(named) == 0 {
			t.Errorf("invariant %s names no test", row[1])
		}
		for _, n := range named {
			name, sub, _ := strings.Cut(n[1], "/")
			if !strings.Contains(sources.String(), "func "+name+"(t *testing.T)") {
				t.Errorf("invariant %s: there is no %s", row[1], name)
			}
			switch _, err := os.Stat(filepath.Join("engine/testdata/scenarios", sub+".json")); {
			case name == "TestScenarios" && sub != "" && err != nil:
				t.Errorf("invariant %s: there is no scenario %s", row[1], sub)
			case name == "TestInvariants" && !strings.Contains(sources.String(), "\t\t{"+sub+", "):
				t.Errorf("invariant %s: TestInvariants lacks %s", row[1], sub)
			}
		}
	}
}
