package core

import (
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

// TestRaced: make check looks for data races in every package whose tests link no SDK but those of Alibaba's and
// Huawei's ECS and Tencent's CVM, which are small, and in no other: EC2 alone takes minutes to compile with -race.
func TestRaced(t *testing.T) {
	t.Parallel()
	raced := racedPatterns(t)
	product, tests := importsOf(t)
	for folder, own := range tests {
		heavy := reaches(product, folder, own)
		listed := slices.ContainsFunc(raced, func(pattern string) bool { return matches(pattern, folder) })
		switch {
		// Those of core only read files, and those of walk run built programs one after the other, which takes minutes.
		case heavy == "" && !listed && folder != "core" && folder != "functions/internal/walk" && !isOwnModule(folder):
			t.Errorf("%s is not in RACED of the Makefile", folder)
		case heavy != "" && listed:
			t.Errorf("%s is in RACED of the Makefile, but links %s", folder, heavy)
		}
	}
}

// isOwnModule reports whether a folder is a module of its own, which make test-modules runs.
func isOwnModule(folder string) bool {
	_, err := os.Stat(filepath.Join("..", folder, "go.mod"))
	return err == nil
}

// racedPatterns returns the patterns of RACED in the Makefile.
func racedPatterns(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(strings.ReplaceAll(string(text), "\\\n", " "), "\nRACED ")
	line, _, _ := strings.Cut(rest, "\n")
	var patterns []string
	for _, group := range regexp.MustCompile(`\$\(addprefix \./([^,]*),([^)]*)\)`).FindAllStringSubmatch(line, -1) {
		for _, name := range strings.Fields(group[2]) {
			patterns = append(patterns, group[1]+name)
		}
	}
	if len(patterns) < 10 {
		t.Fatalf("RACED of the Makefile reads as %q", patterns)
	}
	return patterns
}

func matches(pattern, folder string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return folder == below || all && strings.HasPrefix(folder, below+"/")
}

// importsOf returns what the product files of each package import and, for packages that have tests, what product files
// and tests import.
func importsOf(t *testing.T) (product, tests map[string][]string) {
	t.Helper()
	product, tests = map[string][]string{}, map[string][]string{}
	tested := map[string][]string{}
	for _, file := range goFiles(t) {
		if strings.Contains(file, "/testdata/") {
			continue
		}
		folder := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "../")
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		into := product
		if strings.HasSuffix(file, "_test.go") {
			into = tested
		}
		for _, i := range parsed.Imports {
			into[folder] = append(into[folder], strings.Trim(i.Path.Value, `"`))
		}
	}
	for folder, own := range tested {
		tests[folder] = slices.Concat(product[folder], own)
	}
	return product, tests
}

// reaches returns a large SDK that imports lead to; "" = none.
func reaches(product map[string][]string, folder string, imports []string) string {
	seen := map[string]bool{folder: true}
	for left := slices.Clone(imports); len(left) > 0; left = left[1:] {
		target, ours := strings.CutPrefix(left[0], module)
		switch {
		case ours && !seen[target]:
			seen[target] = true
			left = append(left, product[target]...)
		case !ours && isHeavy(target):
			return target
		}
	}
	return ""
}

func isHeavy(name string) bool {
	return slices.ContainsFunc([]string{
		"github.com/aliyun/alibabacloud-oss", "github.com/huaweicloud/huaweicloud-sdk-go-obs", "github.com/aws/aws-sdk-go-v2/",
		"github.com/Azure/",
	}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
