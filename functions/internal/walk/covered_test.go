package walk

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notWalked is why the commands of a page are executed by no walk.
func notWalked() map[string]string {
	return map[string]string{
		"README":          "make demo is walked in the quick start, make test is what runs this test",
		"docs/README":     "make demo is walked in the quick start, make test is what runs this test",
		"docs/jumpserver": "labels clean is tried by functions/local/labels_test.go",
		"infra/README":    "root, systemd, docker and Terraform of other clouds: infra/host_test.go, cron_test.go, prepare_test.go try what they lead to",
		"docs/mapping":    "its recipes are tried by functions/local/recipes_test.go",
		"docs/metrics":    "its commands print all series, which functions/local tests one by one",
		"docs/console":    "its commands serve until they are stopped: functions/local/serve_test.go and demo_test.go try them",
		"docs/benchmarks": "its commands measure, and take minutes",
	}
}

// notExecuted is why commands that begin so are executed by no walk, though their page is walked.
func notExecuted() map[string]string {
	const chart = "there is no cluster here; the chart is rendered by its own tests"
	return map[string]string{"kubectl ": chart, "helm ": chart}
}

// isExecuted reports whether a walk executes a command.
func isExecuted(c command) bool {
	for begin := range notExecuted() {
		if strings.HasPrefix(c.text, begin) {
			return false
		}
	}
	return true
}

// pagePairs returns the pages of the repository by the name that both languages share.
func pagePairs(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "infra/README*.md"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name, _ := filepath.Rel(repository, file)
			base := strings.TrimSuffix(strings.TrimSuffix(name, ".md"), ".en")
			found[base] = append(found[base], name)
		}
	}
	return found
}

// TestEveryPageIsWalked: a page with commands has a walk, or a reason.
func TestEveryPageIsWalked(t *testing.T) {
	t.Parallel()
	walked, reasons := pages(), notWalked()
	withCommands := 0
	for base, files := range pagePairs(t) {
		n := 0
		for _, file := range files {
			n += len(readPage(t, file))
		}
		if n > 0 {
			withCommands++
		}
		if n > 0 && walked[base] == nil && reasons[base] == "" {
			t.Errorf("%s has %d commands that nobody walks", base, n)
		}
	}
	if withCommands < len(walked) {
		t.Errorf("only %d pages have commands", withCommands)
	}
}

var (
	quoted   = regexp.MustCompile(`"[^"$]*"`)
	words    = regexp.MustCompile(`<[^<>\n]*>`)
	typeLine = regexp.MustCompile(`(?m)^  - type: .*$`)
)

// skeleton is a command without what each language says in its own words.
func skeleton(text string) string {
	text = quoted.ReplaceAllString(words.ReplaceAllString(text, "<>"), `""`)
	return typeLine.ReplaceAllString(strings.ReplaceAll(text, "\nlanguage: en\n", "\n"), "  - type:")
}

// TestBothLanguagesHaveTheSameCommands: and show an output for the same ones.
func TestBothLanguagesHaveTheSameCommands(t *testing.T) {
	t.Parallel()
	for base := range pagePairs(t) {
		english := base + ".en.md"
		if base == "README" {
			english = "docs/README.en.md"
		}
		if _, err := os.Stat(filepath.Join(repository, english)); err != nil || base == "docs/README" {
			continue // one page for both
		}
		zh, en := readPage(t, base+".md"), readPage(t, english)
		for n := range max(len(zh), len(en)) {
			switch {
			case n >= len(zh):
				t.Errorf("%s lacks %q", base, en[n].text)
			case n >= len(en):
				t.Errorf("%s lacks %q", english, zh[n].text)
			case skeleton(zh[n].text) != skeleton(en[n].text) || (zh[n].shown == nil) != (en[n].shown == nil):
				t.Errorf("%s:%d and %s:%d differ:\n%s\n%s", base, zh[n].line, english, en[n].line, zh[n].text, en[n].text)
			default:
				continue
			}
			break
		}
	}
}

// TestSkeleton: words and languages may differ, all else may not.
func TestSkeleton(t *testing.T) {
	t.Parallel()
	const zh, en = "s -a 'x' --reason \"看一下\" oss://<桶>/a\n  - type: 阿里云\n", "s -a 'x' --reason \"a look\" oss://<bucket>/a\n  - type: aliyun\nlanguage: en\n"
	if skeleton(zh) != skeleton(en) {
		t.Errorf("%q, %q", skeleton(zh), skeleton(en))
	}
	if skeleton(zh) == skeleton(strings.Replace(en, "-a", "-b", 1)) {
		t.Error("another option is no difference")
	}
}
