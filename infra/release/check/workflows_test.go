package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWorkflows: actionlint has nothing to say about the workflows; they run .ci/run and the release; actions of others
// are pinned by commit.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(repository, ".github", "workflows")
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	lint := exec.CommandContext(t.Context(), "go", append([]string{"tool", "actionlint", "-no-color", "-shellcheck=", "-pyflakes="}, files...)...)
	if said, err := lint.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	all := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
		if !regexp.MustCompile(`(?m)^permissions:`).Match(text) || !strings.Contains(string(text), "timeout-minutes:") {
			t.Errorf("%s: permissions and a time limit are wanted", file)
		}
		for _, m := range regexp.MustCompile(`uses: (\S+)(.*)`).FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`@[0-9a-f]{40}$`).MatchString(m[1]) || !strings.Contains(m[2], "# v") {
				t.Errorf("%s: %s is not pinned by commit, with its version beside it", file, m[1])
			}
		}
	}
	for _, step := range []string{"run: .ci/run", "make release-check", "gh release create"} {
		if !strings.Contains(all, step) {
			t.Errorf("no workflow does %s", step)
		}
	}
}
