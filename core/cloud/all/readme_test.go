package all_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// vendorWords are words of the README in the form of Go names that are calls and words of the clouds, or of the README's own sentences.
var vendorWords = regexp.MustCompile(`^(DryRun|Describe\w+|Show\w+|InstanceIds|UnauthorizedOperation|Ecs|BadCredentials|Throttled|Incomplete|Invalid|Deadline|TestSixthCloud)$`)

// TestReadmeNamesWhatExists: every Go name that core/cloud/README.md puts into a span is declared in the packages of
// which it speaks, and every file that it names is there.
func TestReadmeNamesWhatExists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	declarations := sourceOf(t, "../*.go", "../cloudtest/*.go", "../peertest/*.go", "../alibaba/*.go", "../tencent/*.go", "../../inventory/*.go", "../../config/load.go")
	names := regexp.MustCompile("`(?:[a-z]+\\.)?([A-Z][A-Za-z]+(?:\\.[A-Z][A-Za-z]+)*)`")
	checked := 0
	for _, m := range names.FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(m[1], ".") {
			checked++
			if !vendorWords.MatchString(name) && !regexp.MustCompile(`(?m)(func (\([^)]*\) )?|type |^\t+)`+name+`\b`).MatchString(declarations) {
				t.Errorf("README names %s (of %s), which nothing declares", name, m[0])
			}
		}
	}
	for _, m := range regexp.MustCompile("`([a-z]+/)?([a-z_]+\\.go)`").FindAllStringSubmatch(string(text), -1) {
		checked++
		found, _ := filepath.Glob("../" + m[1] + m[2])
		more, _ := filepath.Glob("../*/" + m[2])
		if len(found)+len(more) == 0 && m[1] != "infra/" {
			t.Errorf("README names the file %s, which is not there", m[0])
		}
	}
	if checked < 60 {
		t.Errorf("only %d names were found: the search is broken", checked)
	}
}

func sourceOf(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
