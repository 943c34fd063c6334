package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedFlags: every flag that the document gives bin/bench is one.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile("bin/bench((?: +[^\\s`#]+)*)").FindAllStringSubmatch(string(text), -1)
	if len(lines) < 5 {
		t.Fatalf("%d command lines were found: the search is broken", len(lines))
	}
	for _, line := range lines {
		cmd := newCommand(io.Discard)
		err := cmd.ParseFlags(strings.Fields(line[1]))
		if err != nil {
			t.Errorf("%s: %v", line[0], err)
		}
	}
}

// TestDocumentHasTheMarkers: bench finds the place of its figures in the document.
func TestDocumentHasTheMarkers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), beginMarker) != 1 || strings.Count(string(text), endMarker) != 1 {
		t.Errorf("docs/benchmarks.md has not one %s and one %s", beginMarker, endMarker)
	}
}
