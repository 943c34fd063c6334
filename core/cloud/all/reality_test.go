package all_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The folder whose recorded answers TestRealityOfFolder replays, and the file that it writes its table to;
// the Makefile sets both.
const (
	varReality      = "JMS_SYNC_TEST_REALITY"
	varRealityTable = "JMS_SYNC_TEST_REALITY_TABLE"
)

// TestReality replays one small answer of each cloud in each form that a folder may hold: all that the raw
// answers say is listed, and what is no answer is named.
func TestReality(t *testing.T) {
	t.Parallel()
	files := replayFolder(t, filepath.Join("testdata", "reality"))
	got := map[string]string{}
	for _, f := range files {
		f.report(t)
		got[f.path] = fmt.Sprintf("%d/%d %s", f.answers, f.instances, strings.Join(f.unknown, "; "))
	}
	want := map[string]string{
		"alibaba.json": "1/2 ", "aws-placebo.json": "1/3 ", "aws.xml": "1/1 ", "azure-cassette.json": "1/2 ", "document.md": "2/2 ", "document.rst": "1/1 a block that is not the JSON that it should be",
		"huawei.json": "1/3 ", "tencent-cassette.yaml": "1/3 ", "lightweight.json": "0/0 InstanceSet of another API", "source.py": "0/0 not JSON, XML, YAML, Markdown or reStructuredText",
		"empty.json": "0/0 no list of instances",
	}
	if !maps.Equal(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}
}

// TestRealityFindsWrongFields: a listing that differs from the raw answer in any field is told, one wrong field
// for each difference.
func TestRealityFindsWrongFields(t *testing.T) {
	t.Parallel()
	said := expectation{id: "i-1", name: "web", status: "running", os: "linux", region: "cn-1", vpc: "vpc-1", private: []string{"10.0.0.1", "10.0.0.2"}, public: []string{"1.2.3.4"}, ipv6: []string{"2001:db8::1"}, facts: factTexts{factTags: "app=shop"}}
	for field, change := range map[string]func(*expectation){
		"name": func(e *expectation) { e.name = "other" }, "status": func(e *expectation) { e.status = "stopped" }, "os": func(e *expectation) { e.os = "windows" },
		"region": func(e *expectation) { e.region = "cn-2" }, "vpc": func(e *expectation) { e.vpc = "" }, "public": func(e *expectation) { e.public = nil },
		"private": func(e *expectation) { slices.Reverse(e.private) }, "ipv6": func(e *expectation) { e.ipv6 = nil }, "extra": func(e *expectation) { e.id = "i-2" }, factTags: func(e *expectation) { e.facts = nil },
	} {
		listed := said
		listed.private = slices.Clone(said.private)
		change(&listed)
		var f replayedFile
		f.compare([]expectation{said}, []expectation{listed})
		if f.wrong[field] == nil || field != "extra" && len(f.wrong) != 1 {
			t.Errorf("%s: told as %q", field, f.wrong)
		}
	}
}

// TestRealityOfFolder replays the recorded answers of a folder that is none of ours. Public recordings
// are not committed.
func TestRealityOfFolder(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(varReality)
	if folder == "" {
		t.Skip("skipped: make test-reality DIR=…")
	}
	files := replayFolder(t, folder)
	instances := 0
	for _, f := range files {
		f.report(t)
		instances += f.instances
	}
	if instances == 0 {
		t.Errorf("no instance in the %d files of %s", len(files), folder)
	}
	if path := os.Getenv(varRealityTable); path != "" {
		if err := os.WriteFile(path, []byte(realityTable(files)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// replayFolder replays every file of a folder, in the order of their paths.
func replayFolder(t *testing.T, folder string) []*replayedFile {
	t.Helper()
	var files []*replayedFile
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path) //nolint:gosec // the folder is the tester's own
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		files = append(files, replayFile(t, filepath.ToSlash(name), body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// report fails the test for each wrong field, and logs what is not replayed.
func (f *replayedFile) report(t *testing.T) {
	t.Helper()
	for _, field := range slices.Sorted(maps.Keys(f.wrong)) {
		t.Errorf("%s: %s: %d wrong, such as %s", f.path, field, len(f.wrong[field]), f.wrong[field][0])
	}
	for _, why := range slices.Concat(f.unknown, f.notes) {
		t.Logf("%s: %s", f.path, why)
	}
}

// realityTable is a table of the files, of which each is named.
func realityTable(files []*replayedFile) string {
	var b strings.Builder
	answers, instances, fields, wrong := 0, 0, 0, 0
	b.WriteString("| file | sha256 | cloud | answers | instances | fields | wrong fields | notes |\n|---|---|---|---|---|---|---|---|\n")
	for _, f := range files {
		var bad []string
		for _, field := range slices.Sorted(maps.Keys(f.wrong)) {
			bad = append(bad, fmt.Sprintf("%s ×%d (%s)", field, len(f.wrong[field]), f.wrong[field][0]))
			wrong += len(f.wrong[field])
		}
		answers, instances, fields = answers+f.answers, instances+f.instances, fields+f.fields
		cell := func(texts []string) string {
			return strings.NewReplacer("|", "/", "\n", " ").Replace(strings.Join(texts, "; "))
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %d | %d | %d | %s | %s |\n", f.path, f.sum, strings.Join(slices.Sorted(maps.Keys(f.clouds)), ", "), f.answers, f.instances, f.fields, cell(bad), cell(slices.Concat(f.unknown, f.notes)))
	}
	fmt.Fprintf(&b, "\n%d files, %d answers, %d instances, %d fields compared, %d wrong.\n", len(files), answers, instances, fields, wrong)
	return b.String()
}
