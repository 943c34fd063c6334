package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// TestManualPages: every command has a page in both languages, with all its flags and nothing of its text lost; the same
// sources make the same pages.
func TestManualPages(t *testing.T) { // not parallel: it sets a variable of the process
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	dir := t.TempDir()
	d := newDesk(t)
	d.runRaw(t.Context(), exitDone, "man", dir)
	for folder, english := range map[string]bool{"man1": true, "zh_CN/man1": false} {
		pages, err := filepath.Glob(filepath.Join(dir, folder, "*.1"))
		if err != nil || len(pages) < 24 {
			t.Fatalf("%d pages, %v", len(pages), err)
		}
		for _, page := range pages {
			text := d.readFile(page)
			if strings.ContainsFunc(text, func(c rune) bool { return unicode.Is(unicode.Han, c) }) == english {
				t.Errorf("%s is in the other language:\n%s", page, text)
			}
			if !strings.HasPrefix(text, `.TH "JMS-SYNC`) || !strings.Contains(text, `"2026-01-01"`) || !strings.Contains(text, `\-\-config`) {
				t.Errorf("%s:\n%s", page, text)
			}
		}
		adopt := d.readFile(filepath.Join(dir, folder, "jms-sync-adopt.1"))
		for _, want := range []string{"instance_id: <", `\-\-by\-address`, "jms-sync(1)"} {
			if !strings.Contains(adopt, strings.ReplaceAll(want, "jms-sync(1)", `jms\-sync(1)`)) {
				t.Errorf("%s is missing:\n%s", want, adopt)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "man1", "jms-sync-man.1")); err == nil {
		t.Error("the hidden command has a page")
	}
}

func TestRoff(t *testing.T) {
	t.Parallel()
	if got, want := roff(".a\n'b\n-c \\d"), `\&.a`+"\n"+`\&'b`+"\n"+`\-c \ed`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
