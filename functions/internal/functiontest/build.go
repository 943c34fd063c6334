package functiontest

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// A function's package is fetched at every cold start, so its program, and the zip with nothing else in it, have at most
// these sizes in bytes.
const (
	maxProgramBytes = 22 << 20
	maxPackageBytes = 9_000_000
)

// Program is a built function and the script that starts it as the platforms do: in a folder of its own, here its HOME.
type Program struct{ file, script string }

// File returns where the program is.
func (p Program) File() string { return p.file }

// Build compiles the function in the test's own folder, once for all tests of a process, and checks that it is small
// enough for a platform.
func Build(t *testing.T) Program {
	t.Helper()
	dir := t.TempDir()
	file, err := runtimetest.Build(t.Context(), dir, ".", flags(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	checkSize(t, text)
	// Once for all tests, because Linux does not start a file that a forking thread still has open for writing.
	p := Program{file, filepath.Join(dir, "start")}
	if err := os.WriteFile(p.script, []byte("#!/bin/sh\ncd \"$HOME\" && exec \"$PROGRAM\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

// flags returns the flags of the Makefile for the function in whose folder a test runs.
func flags(t *testing.T) (f runtimetest.Flags) {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(folder) == "console" {
		f.Tags, f.LDFlags = []string{"nethttpomithttp2"}, []string{"-funcalign=8"}
	}
	return f
}

// checkSize prints the sizes of a program and of its package, and wants them small.
func checkSize(t *testing.T, text []byte) {
	t.Helper()
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	entry, err := archive.Create("bootstrap") // Create deflates
	if err == nil {
		_, err = entry.Write(text)
	}
	err = errors.Join(err, archive.Close())
	if err != nil {
		t.Fatal(err)
	}
	const mib = 1 << 20
	t.Logf("%.2f MiB, %.2f MiB zipped", float64(len(text))/mib, float64(packed.Len())/mib)
	if len(text) > maxProgramBytes || packed.Len() > maxPackageBytes {
		t.Errorf("%d bytes and %d zipped, the most are %d and %d", len(text), packed.Len(), maxProgramBytes, maxPackageBytes)
	}
}
