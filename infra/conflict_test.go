package infra

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestNoConflictMarkers: no file of the repository has the markers that a merge leaves.
func TestNoConflictMarkers(t *testing.T) {
	t.Parallel()
	marker := regexp.MustCompile(`(?m)^(<{7} |>{7} |\|{7} |={7}$)`)
	if !marker.Match([]byte("a\n<<<"+"<<<< HEAD\n")) || !marker.Match([]byte("===="+"===\n")) {
		t.Fatal("the test finds none")
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == ".git" || path == filepath.Join(root, "bin") || path == filepath.Join(root, "dist")) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		files++
		if at := marker.FindIndex(text); at != nil {
			t.Errorf("%s:%d holds a conflict marker", path, 1+bytes.Count(text[:at[0]], []byte("\n")))
		}
		return nil
	})
	if err != nil || files < 500 {
		t.Errorf("%d files: %v", files, err)
	}
}
