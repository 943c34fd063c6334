package core

import (
	"os"
	"strings"
	"testing"
)

// TestCanaries: each text that make canaries searches for in the output of all tests is, or is a part of, a secret of
// some test or emulator, so that the search does not go stale.
func TestCanaries(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../.ci/canaries")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, file := range goFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	canaries := strings.Split(strings.TrimSpace(string(list)), "\n")
	for _, c := range canaries {
		if len(c) < 6 || !strings.Contains(sources.String(), c) {
			t.Errorf("%q is in no source, or too short to be a secret's", c)
		}
	}
	if len(canaries) < 10 {
		t.Errorf("only %d", len(canaries))
	}
}
