package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// placeFiles creates files in a folder of their own, with times and modes that differ each time.
func placeFiles(t *testing.T, mode os.FileMode, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chmod(path, mode), os.Chtimes(path, time.Now(), time.Now().Add(-time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pack(t *testing.T, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	if err := run(args, &said); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestArchivesAreReproducible: only names and bytes of files matter, not the order of the arguments, modes or times.
func TestArchivesAreReproducible(t *testing.T) {
	t.Parallel()
	files := map[string]string{"jms-sync": strings.Repeat("program", 1000), "README.md": "read me"}
	for _, kind := range []string{".zip", ".tar.gz"} {
		one, two := placeFiles(t, 0o600, files), placeFiles(t, 0o644, files)
		first, second := filepath.Join(one, "a"+kind), filepath.Join(two, "b"+kind)
		pack(t, "archive", "-o", first, "-root", "jms-sync_1", "-epoch", "1700000001", one+"/jms-sync", one+"/README.md=docs/README.md")
		pack(t, "archive", "-o", second, "-root", "jms-sync_1", "-epoch", "1700000001", two+"/README.md=docs/README.md", two+"/jms-sync")
		if !bytes.Equal(read(t, first), read(t, second)) {
			t.Errorf("%s: two archives of the same files differ", kind)
		}
		want := map[string]string{
			"jms-sync_1/jms-sync":       "-rwxr-xr-x 2023-11-14T22:13:20Z " + files["jms-sync"],
			"jms-sync_1/docs/README.md": "-rw-r--r-- 2023-11-14T22:13:20Z read me",
		}
		if got := contents(t, first); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", kind, got)
		}
		if leftovers, err := filepath.Glob(filepath.Join(one, ".pack-*")); err != nil || len(leftovers) > 0 {
			t.Errorf("left behind: %v %v", leftovers, err)
		}
	}
}

func contents(t *testing.T, name string) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(name string, info os.FileInfo, body io.Reader) {
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = info.Mode().String() + " " + info.ModTime().UTC().Format(time.RFC3339) + " " + string(data)
	}
	if strings.HasSuffix(name, ".zip") {
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			body, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.FileInfo(), body)
		}
		return all
	}
	g, err := gzip.NewReader(bytes.NewReader(read(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" {
			t.Errorf("%s belongs to %d:%d %s", header.Name, header.Uid, header.Gid, header.Uname)
		}
		add(header.Name, header.FileInfo(), r)
	}
}

// TestEpochBefore1980: a time before what a zip can hold becomes the earliest one.
func TestEpochBefore1980(t *testing.T) {
	t.Parallel()
	dir := placeFiles(t, 0o644, map[string]string{"a": "a"})
	pack(t, "archive", "-o", dir+"/o.zip", "-root", "r", "-epoch", "0", dir+"/a")
	if got := contents(t, dir+"/o.zip")["r/a"]; got != "-rw-r--r-- 1980-01-01T00:00:00Z a" {
		t.Error(got)
	}
}

func TestSums(t *testing.T) {
	t.Parallel()
	dir := placeFiles(t, 0o644, map[string]string{"b": "", "a": "abc"})
	pack(t, "sums", "-o", dir+"/SHA256SUMS", dir+"/b", dir+"/a")
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
	if got := string(read(t, dir+"/SHA256SUMS")); got != want {
		t.Error(got)
	}
}

// TestFormula: Homebrew finds each archive at the release's address, with its sum.
func TestFormula(t *testing.T) {
	t.Parallel()
	dir := placeFiles(t, 0o644, map[string]string{"jms-sync_v1.2.3_darwin_arm64.tar.gz": "abc", "jms-sync_v1.2.3_linux_amd64.tar.gz": ""})
	pack(t, "formula", "-o", dir+"/jms-sync.rb", "-version", "v1.2.3", dir+"/jms-sync_v1.2.3_darwin_arm64.tar.gz", dir+"/jms-sync_v1.2.3_linux_amd64.tar.gz")
	formula := string(read(t, dir+"/jms-sync.rb"))
	for _, want := range []string{
		"version \"1.2.3\"\n", "  on_macos do\n    on_arm do\n      url \"https://github.com/jms-sync/jms-sync/releases/download/v1.2.3/jms-sync_v1.2.3_darwin_arm64.tar.gz\"\n" +
			"      sha256 \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n    end\n  end\n", "  on_linux do\n    on_intel do\n",
	} {
		if !strings.Contains(formula, want) {
			t.Errorf("%q is not in\n%s", want, formula)
		}
	}
	err := run([]string{"formula", "-o", dir + "/x.rb", "-version", "v1.2.4", dir + "/jms-sync_v1.2.3_linux_amd64.tar.gz"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "no archive of v1.2.4") {
		t.Error(err)
	}
}

// TestNotes: a release's page says what the changelog says of its version and nothing of others.
func TestNotes(t *testing.T) {
	t.Parallel()
	dir := placeFiles(t, 0o644, map[string]string{"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.3] - 2026-11-29\n\n### Added\n\n- this\n\n## [1.2.2] - 2026-01-01\n\n- before\n\n[1.2.3]: https://x\n"})
	pack(t, "notes", "-o", dir+"/notes.md", "-version", "v1.2.3", dir+"/CHANGELOG.md")
	if got := string(read(t, dir+"/notes.md")); got != "### Added\n\n- this\n" {
		t.Errorf("%q", got)
	}
	err := run([]string{"notes", "-o", dir + "/x.md", "-version", "v9.9.9", dir + "/CHANGELOG.md"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "## [9.9.9]") {
		t.Error(err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	dir := placeFiles(t, 0o644, map[string]string{"a": "a", "bootstrap": "#!/bin/sh\n"})
	for want, args := range map[string][]string{
		"usage":               {"archive"},
		"flag provided":       {"archive", "-x", "a"},
		"-root":               {"archive", "-o", dir + "/o.zip", dir + "/a"},
		"neither .zip":        {"archive", "-o", dir + "/o.rar", "-root", "r", dir + "/a"},
		"no such file":        {"archive", "-o", dir + "/o.zip", "-root", "r", dir + "/c"},
		"is no file":          {"archive", "-o", dir + "/o.zip", "-root", "r", dir},
		"twice":               {"archive", "-o", dir + "/o.zip", "-root", "r", dir + "/a", dir + "/bootstrap=a"},
		"file named bootstra": {"function", "-o", dir + "/o.zip", dir + "/a"},
		"no Linux program":    {"function", "-o", dir + "/o.zip", dir + "/bootstrap"},
		"amd64 or arm64":      {"function", "-o", dir + "/o.zip", "-arch", "mips", dir + "/bootstrap"},
	} {
		if err := run(args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if _, err := os.Stat(dir + "/o.zip"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused archive was written: %v", err)
	}
}

// TestFunction: a function's package holds a program that the platform can start, and nothing else.
func TestFunction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	build := func(goos, goarch string) string {
		program := filepath.Join(dir, goos+goarch, "bootstrap")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GO111MODULE=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return program
	}
	program := build("linux", "amd64")
	said := pack(t, "function", "-o", dir+"/f.zip", "-epoch", "1700000000", program)
	if !strings.Contains(said, "linux/amd64, static") {
		t.Error(said)
	}
	got := contents(t, dir+"/f.zip")
	if want := "-rwxr-xr-x 2023-11-14T22:13:20Z " + string(read(t, program)); len(got) != 1 || got["bootstrap"] != want {
		t.Errorf("%d entries", len(got))
	}
	if err := run([]string{"function", "-o", dir + "/g.zip", "-arch", "arm64", program}, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "not for EM_AARCH64") {
		t.Errorf("a program for amd64 as one for arm64: %v", err)
	}
}
