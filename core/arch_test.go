package core

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/jms-sync/jms-sync/"

// allowedImports is the whole list of who may import whom, tests left out. "/<x>" stands for any one adapter, which may
// import its own subfolders but never a sibling.
func allowedImports() map[string][]string {
	return map[string][]string{
		"core":                           {},
		"core/browsertest":               {},
		"core/language":                  {},
		"core/sorting":                   {},
		"core/secret":                    {},
		"core/inventory":                 {"core/language"},
		"core/wait":                      {},
		"core/httpx":                     {"core/secret", "core/wait"},
		"core/cloud":                     {"core/inventory", "core/language", "core/wait", "core/httpx", "core/secret"},
		"core/cloud/<x>":                 {"core/cloud", "core/httpx", "core/inventory", "core/language", "core/secret"},
		"core/cloud/all":                 {"core/cloud", "core/cloud/<x>", "core/inventory"},
		"core/cloud/cloudtest":           {"core/cloud", "core/cloud/peertest", "core/inventory", "core/secret", "core/wait"},
		"core/cloud/peertest":            {},
		"core/jumpserver":                {"core/inventory", "core/wait", "core/httpx", "core/secret"},
		"core/jumpserver/jumpservertest": {},
		"core/reason":                    {"core/inventory", "core/language"},
		"core/mapping":                   {"core/inventory", "core/language"},
		"core/plan":                      {"core/inventory", "core/language", "core/reason", "core/mapping"},
		"core/explain":                   {"core/access", "core/inventory", "core/language", "core/mapping", "core/plan", "core/reason"},
		"core/access":                    {"core/inventory", "core/plan"},
		"core/apply":                     {"core/language", "core/plan", "core/reason", "core/inventory"},
		"core/report":                    {"core/access", "core/explain", "core/apply", "core/language", "core/plan", "core/reason", "core/inventory", "core/notify"},
		"core/metrics":                   {"core/httpx", "core/inventory", "core/plan", "core/report", "core/secret", "core/state", "core/wait"},
		"core/report/page":               {"core/report", "core/access", "core/language", "core/plan"},
		"core/notify":                    {},
		"core/notify/post":               {"core/notify", "core/wait", "core/httpx"},
		"core/notify/<x>":                {"core/notify", "core/notify/post", "core/wait", "core/httpx", "core/secret"},
		"core/notify/all":                {"core/notify", "core/notify/<x>", "core/secret"},
		"core/notify/notifytest":         {"core/notify", "core/secret"},
		"core/notify/posttest":           {},
		"core/config":                    {"core/inventory", "core/language", "core/secret", "core/plan", "core/mapping"},
		"core/storage":                   {"core/inventory", "core/language", "core/wait", "core/httpx", "core/secret"},
		"core/storage/<x>":               {"core/storage", "core/inventory", "core/language", "core/secret"},
		"core/storage/all":               {"core/storage", "core/storage/<x>", "core/inventory", "core/secret"},
		"core/storage/storagetest":       {"core/storage", "core/inventory", "core/secret"},
		"core/state":                     {"core/storage", "core/inventory"},
		"core/history":                   {"core/language", "core/report", "core/state"},
		"core/delivery":                  {"core/language", "core/report", "core/plan", "core/reason", "core/notify", "core/state", "core/inventory"},
		"core/engine": {"core/access", "core/language", "core/httpx", "core/cloud", "core/plan", "core/reason", "core/apply", "core/report", "core/delivery",
			"core/state", "core/inventory"},
		"core/reconcile":           {"core/language", "core/engine", "core/cloud", "core/mapping", "core/plan", "core/reason", "core/apply", "core/report", "core/state", "core/inventory"},
		"core/operator":            {"core/engine", "core/cloud", "core/plan", "core/reason", "core/apply", "core/report", "core/delivery", "core/inventory", "core/language"},
		"core/doctor":              {"core/inventory", "core/language", "core/notify", "core/storage"},
		"core/engine/chaos":        {}, // tests only
		"core/engine/enginetest":   {"core/*", "core/cloud/<x>", "core/notify/<x>", "*test"},
		"core/console":             {"core/access", "core/console/login", "core/console/web", "core/explain", "core/inventory", "core/language"},
		"core/console/login":       {"core/console/link"},
		"core/console/link":        {},
		"core/console/web":         {},
		"core/console/backend":     {"core/*", "core/console/login"},
		"core/session":             {"core/*", "core/console/link", "core/report/page", "core/cloud/all", "core/notify/all", "core/notify/post", "core/storage/all"},
		"core/session/sessiontest": {"core/*", "*test"},
		"functions/internal/wire": {"core/cloud", "core/config", "core/engine", "core/inventory", "core/language", "core/notify", "core/reconcile", "core/report",
			"core/secret", "core/session", "core/state", "core/storage",
			"functions/internal/logs", "functions/internal/logs/logfile", "functions/internal/trigger"},
		"functions/internal/logs":         {"core/language", "core/secret"},
		"functions/internal/logs/logfile": {"core/language"},
		"functions/internal/trigger":      {"core/inventory"},
		"functions/internal/fgruntime":    {"core/wait"},
		"functions/internal/walk":         {}, // tests only
		"functions/internal/functiontest": {"core/*", "core/cloud/all", "core/storage/dir", "*test"},
		"functions/runtimetest":           {},
		"functions/<x>":                   {"functions/internal/wire", "functions/internal/trigger", "functions/internal/fgruntime"},
		"functions/console":               {"core/config", "core/console", "core/console/backend", "core/doctor", "core/language", "core/session", "functions/internal/wire"},
		"functions/local":                 {"core/*", "core/console/backend", "core/console/login", "core/report/page", "*test", "functions/internal/logs", "functions/internal/logs/logfile", "functions/internal/trigger", "functions/internal/wire"},
		"infra":                           {}, // files, and tests that compare them with the program
		"infra/pack":                      {}, "infra/mutants": {}, "infra/schemas": {}, "infra/schemas/standin": {},
		"infra/bench": {"core/*", "*test"},
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	rules := allowedImports()
	for _, p := range packages(t) {
		rule, known := findRule(rules, p.folder)
		if !known {
			t.Errorf("%s: no row in the list of who may import whom", p.folder)
			continue
		}
		for _, target := range p.imports {
			if target != "core/sorting" && !permits(rule, p.folder, target) { // which stands for a package of the standard library
				t.Errorf("%s must not import %s", p.folder, target)
			}
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if !p.documented {
			t.Errorf("%s has no package doc", p.folder)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 400 {
			t.Errorf("%s has %d lines, more than 400", file, n)
		}
	}
}

func TestRulesBite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"core/plan", "core/inventory", true},
		{"core/plan", "core/jumpserver", false},
		{"core/cloud/huawei", "core/cloud", true},
		{"core/cloud/huawei", "core/cloud/aws", false},
		{"core/cloud/alibaba", "core/cloud/alibaba/alibabatest", false},
		{"core/engine", "core/jumpserver", false},
		{"functions/fc-timer", "core/jumpserver/jumpservertest", false},
		{"functions/fc-timer", "functions/internal/wire", true},
		{"functions/local", "core/jumpserver/jumpservertest", true},
		{"core/engine", "core/session", false},
		{"core/engine", "core/operator", false},
		{"core/operator", "core/reconcile", false},
		{"core/session", "core/session/sessiontest", false},
		{"infra/bench", "core/session/sessiontest", true},
		{"infra/bench", "functions/internal/wire", false},
		{"core/session", "core/jumpserver", true},
		{"functions/internal/wire", "core/session", true},
		{"functions/internal/wire", "core/jumpserver", false},
		{"functions/internal/wire", "core/jumpserver/jumpservertest", false},
	} {
		rule, known := findRule(allowedImports(), c.from)
		if !known || permits(rule, c.from, c.to) != c.want {
			t.Errorf("%s → %s: want %v", c.from, c.to, c.want)
		}
	}
	if _, known := findRule(allowedImports(), "core/util"); known {
		t.Error("core/util has a row")
	}
}

// TestOneAssembly: engines are assembled in one file, whoever runs them.
func TestOneAssembly(t *testing.T) {
	t.Parallel()
	const assembly = "../core/session/engine.go"
	literal := regexp.MustCompile(`(engine\.Engine|reconcile\.EventHandler|delivery\.Cards)\{[^}]`)
	found := map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || isTest(path.Dir(filepath.ToSlash(file))) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if literal.Match(text) {
			found[filepath.ToSlash(file)] = true
		}
	}
	if len(found) != 1 || !found[assembly] {
		t.Errorf("engines are put together in %v, not in %s alone", found, assembly)
	}
}

// findRule returns the row of a folder: its own, or that of the pattern it matches.
func findRule(rules map[string][]string, folder string) ([]string, bool) {
	if rule, ok := rules[folder]; ok {
		return rule, true
	}
	parent := path.Dir(folder)
	if isTest(folder) {
		// An emulator may use what is below it, and what other emulators stand on.
		if rule, ok := findRule(rules, parent); ok {
			return rule, true
		}
	}
	rule, ok := rules[parent+"/<x>"]
	return rule, ok
}

func permits(rule []string, from, target string) bool {
	for _, r := range rule {
		switch {
		case r == target:
			return true
		case r == "core/*" && strings.Count(target, "/") == 1 && strings.HasPrefix(target, "core/"):
			return true
		case r == "*test" && isTest(target):
			return true
		case strings.HasSuffix(r, "/<x>") && path.Dir(target) == strings.TrimSuffix(r, "/<x>") && !isTest(target):
			return true
		}
	}
	return isTest(from) && (path.Dir(from) == target || target == "core/cloud/peertest" || target == "core/notify/posttest")
}

func isTest(folder string) bool { return strings.HasSuffix(folder, "test") }

type pkg struct {
	folder     string
	imports    []string
	documented bool
}

// packages parses the product files of every package below core and functions.
func packages(t *testing.T) []pkg {
	t.Helper()
	found := map[string]*pkg{}
	var order []string
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/testdata/") {
			continue
		}
		folder := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "../")
		if found[folder] == nil {
			found[folder] = &pkg{folder: folder}
			order = append(order, folder)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		found[folder].add(parsed)
	}
	out := make([]pkg, 0, len(order))
	for _, folder := range order {
		out = append(out, *found[folder])
	}
	return out
}

func (p *pkg) add(file *ast.File) {
	p.documented = p.documented || file.Doc != nil && len(file.Doc.Text()) > 20
	for _, i := range file.Imports {
		name := strings.Trim(i.Path.Value, `"`)
		if target, ours := strings.CutPrefix(name, module); ours {
			p.imports = append(p.imports, target)
		}
	}
}

func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, top := range []string{"../core", "../functions", "../infra"} {
		err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !d.IsDir() && strings.HasSuffix(file, ".go") {
				files = append(files, file)
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return files
}
